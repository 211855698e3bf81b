"""Lending a signature, adjusting a lamp, co-signing: in a real browser, with and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Product
from tests.journeys.test_signing import four_green  # noqa: F401 — a fixture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WHY = "验收手续在途，实际已达到计划进度"


@pytest.fixture
def without_javascript(product: Product, browser: Browser) -> Callable[[str], Page]:
    """A page that runs no script, signed in."""

    def open_as(username: str) -> Page:
        context = browser.new_context(base_url=product.address, locale="zh-CN", java_script_enabled=False)
        page = context.new_page()
        page.goto("/login/")
        page.get_by_label("用户名").fill(username)
        page.get_by_label("密码").fill("trial-2025-zjj")
        page.locator("form.card").get_by_role("button", name="登录").click()
        return page

    return open_as


def row(page: Page, code: str):
    return page.locator(".queue > li").filter(has_text=code)


def test_a_report_is_signed_inside_its_row_in_two_clicks(four_green, sign_in):  # noqa: F811
    """One click opens the row, the second signs; the list is where one started."""
    page = sign_in("nyj_head")
    page.goto("/")
    page.evaluate("window.clicks = 0; addEventListener('click', () => { window.clicks += 1; }, true)")
    row(page, four_green[0]).locator(".more > summary").click()
    expect(row(page, four_green[0])).to_contain_text("按计划推进")
    assert page.evaluate("window.clicks") == 1
    row(page, four_green[0]).get_by_role("button", name="审签通过").click()
    expect(page.get_by_role("status")).to_contain_text("已审签")


def test_a_phrase_fills_the_field_and_can_be_written_on(four_green, sign_in):  # noqa: F811
    page = sign_in("nyj_head")
    page.goto("/2025/signoff/")
    found = row(page, four_green[0])
    found.locator(".more > summary").first.click()
    found.locator(".sendback summary").click()
    found.locator(".chip", has_text="请补充数据来源或佐证材料").click()
    field = found.get_by_role("textbox", name="退回原因")
    expect(field).to_have_value("请补充数据来源或佐证材料")
    expect(field).to_be_focused()
    page.keyboard.type("，附会议纪要")
    found.get_by_role("button", name="退回修改").click()
    expect(page.get_by_role("status")).to_contain_text("已退回")


@pytest.mark.parametrize("has_script", [True, False])
def test_a_signature_is_lent_used_and_taken_back(sign_in, without_javascript, has_script):
    enter = sign_in if has_script else without_javascript
    head = enter("nyj_head")
    head.goto("/2025/signoff/")
    head.locator(".lend summary").click()
    head.get_by_label("代签人").select_option(label="市农业农村局填报人（示例）")
    head.get_by_label("最后一天（含）").fill("2025-07-07")
    head.get_by_label("事由").fill("外出学习")
    head.get_by_role("button", name="委托代签").click()
    expect(head.locator("#lent")).to_contain_text("生效中")

    staff = enter("nyj_staff")
    staff.goto("/inbox/")
    expect(staff.locator("main")).to_contain_text("委托你代签")
    staff.get_by_role("link", name="审签").first.click()
    expect(staff.locator("main")).to_contain_text("办理记录会写明")
    staff.get_by_role("link", name=re.compile("A07")).click()
    staff.get_by_role("button", name="审签通过").click()
    expect(staff.get_by_role("status")).to_contain_text("已审签")

    office = enter("dcs_1")
    office.goto("/2025/desk/")
    office.get_by_role("link", name=re.compile("A07")).first.click()
    said = "市农业农村局填报人（示例） 代 市农业农村局负责人（示例）（委托 7月2日至7日）"
    expect(office.locator(".steps-log")).to_contain_text(said)
    expect(office.locator(".checks")).to_contain_text("提交人与代签人为同一人")

    head.goto("/2025/signoff/")
    head.locator(".sure summary").click()
    head.get_by_role("button", name="确认撤销").click()
    expect(head.get_by_role("status")).to_contain_text("已撤销")
    assert staff.goto("/2025/signoff/").status == 403


@pytest.mark.parametrize("has_script", [True, False])
def test_a_lamp_is_adjusted_and_both_are_shown(sign_in, without_javascript, has_script):
    enter = sign_in if has_script else without_javascript
    office = enter("dcs_1")
    office.goto("/2025/desk/")
    office.get_by_role("link", name=re.compile("T36")).first.click()
    office.locator("summary", has_text="调整亮灯").click()
    office.get_by_label("预警").check()
    office.locator("#override_reason").fill("太短了")
    office.get_by_role("button", name="调整亮灯").click()
    expect(office.get_by_role("alert")).to_contain_text("至少 10 字")
    expect(office.locator("#override_reason")).to_have_value("太短了")
    expect(office.get_by_label("预警")).to_be_checked()
    office.locator("#override_reason").fill(WHY)
    office.get_by_role("button", name="调整亮灯").click()
    expect(office.get_by_role("status")).to_contain_text("亮灯已调整")
    expect(office.locator(".adjusted")).to_contain_text(f"计算为正常，复核调整为预警：{WHY}")
    expect(office.locator(".adjusted")).to_contain_text("审定后生效")
    office.get_by_role("button", name="审定").click()

    staff = enter("wlj_staff")
    staff.goto("/2025/kpis/T36/")
    expect(staff.locator(".adjusted")).to_contain_text(f"计算为正常，复核调整为预警：{WHY}")
    leader = enter("mayor")
    leader.goto("/2025/cockpit/")
    expect(leader.locator("main")).to_contain_text("其中 1 项经复核调整")
    cell = leader.locator("tr.row").filter(has=leader.locator(".code", has_text="T36")).locator("td.c-adj")
    expect(cell).to_contain_text("6月 预警（复核调整）")


@pytest.mark.parametrize("has_script", [True, False])
def test_a_report_waits_for_its_co_signatures(sign_in, without_javascript, has_script):
    """I37: the industry bureau has objected, the development commission has not spoken yet."""
    enter = sign_in if has_script else without_javascript
    unit = enter("fgw_staff")
    unit.goto("/2025/todo/")
    unit.get_by_role("link", name=re.compile("I37")).first.click()
    unit.get_by_role("button", name="确认本单位部分").click()
    expect(unit.get_by_role("status")).to_contain_text("已确认本单位部分")

    head = enter("jrb_head")
    head.goto("/2025/signoff/")
    expect(row(head, "I37")).to_contain_text("会签未齐，需逐项看")
    head.get_by_role("link", name=re.compile("I37")).click()
    expect(head.locator(".checks")).to_contain_text("会签有异议：市工信局")
    head.get_by_role("button", name="审签通过").click()

    office = enter("dcs_1")
    office.goto("/2025/desk/")
    office.get_by_role("link", name=re.compile("I37")).first.click()
    office.get_by_role("button", name="审定").click()
    expect(office.get_by_role("alert")).to_contain_text("会签单位有异议，不能审定：市工信局")

    objector = enter("gxj_staff")
    objector.goto("/2025/todo/")
    objector.get_by_role("link", name=re.compile("I37")).first.click()
    objector.get_by_role("button", name="确认本单位部分").click()
    office.goto("/2025/desk/")
    office.get_by_role("link", name=re.compile("I37")).first.click()
    expect(office.locator(".checks")).to_contain_text("会签已齐")
    office.get_by_role("button", name="审定").click()
    expect(office.get_by_role("status")).to_contain_text("已审定")


def test_with_the_keyboard_alone_a_report_is_returned(four_green, sign_in):  # noqa: F811
    page = sign_in("nyj_head")
    page.goto("/2025/signoff/")
    found = row(page, four_green[0])
    found.locator(".more > summary").first.focus()
    page.keyboard.press("Enter")
    found.locator(".sendback summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # the first phrase
    expect(found.get_by_role("textbox", name="退回原因")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已退回")
