"""Chasing two units: seen beforehand, told once, in the inbox of who files; the second time that day it is refused."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_two_units_are_chased_once_and_hear_of_it(sign_in):
    office = sign_in("dcs_1")
    office.goto("/2025/desk/")
    for name in ("市农业农村局", "桑植县"):
        office.locator("#matrix label", has_text=name).click()
    office.get_by_role("button", name="催办所选").click()
    expect(office.locator("article", has_text="市农业农村局填报人（示例）")).to_contain_text("还有 6 项未提交")
    expect(office.locator("article")).to_have_count(2)
    office.get_by_label("附言").fill("请今天报齐")
    office.get_by_role("button", name="催办 2 个单位").click()
    expect(office.get_by_role("status")).to_contain_text("已催办 市农业农村局、桑植县，通知 4 人")
    expect(office.locator("#matrix tr", has_text="桑植县")).to_contain_text("今天已催办")
    expect(office.locator("#matrix tr", has_text="桑植县").get_by_role("checkbox")).to_be_disabled()

    unit = sign_in("sangzhi_staff")
    unit.goto("/inbox/")
    notice = unit.locator("main li", has_text="催办：2025年6月期还有 1 项未提交")
    expect(notice).to_contain_text("督查室附言：请今天报齐")
    notice.get_by_role("link").click()
    expect(unit).to_have_url(office.url.partition("/2025/")[0] + "/2025/todo/")

    other = sign_in("dcs_2")
    other.goto("/2025/desk/chase/?period=2025-06&unit=sangzhi")
    expect(other.locator("article")).to_contain_text("今天已由督查室一科（示例）于")
    expect(other.locator("main")).to_contain_text("没有可以催办的单位")
