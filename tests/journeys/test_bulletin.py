"""A month's bulletin in the browser: drafted and rewritten, sent, published by a second person, found in an inbox."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

MAY = "/2025/bulletins/2025-05/"


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def says(page: Page, text: str) -> None:
    expect(page.get_by_role("status").first).to_contain_text(text)


def test_a_bulletin_goes_from_the_desk_to_the_inboxes(sign_in):
    drafter = sign_in("dcs_1")
    drafter.get_by_role("navigation", name="主导航").get_by_role("link", name="督查通报").click()
    drafter.locator("li", has_text="2025年5月").get_by_role("button").click()
    drafter.locator("[id='p-change'] summary").click()
    drafter.locator("[id='text-change']").fill("与上月相比总体平稳。")
    press(drafter, "保存")
    expect(drafter.locator("#errors")).to_contain_text("改写须写明理由")
    expect(drafter.locator("[id='text-change']")).to_have_value("与上月相比总体平稳。")
    drafter.locator("[id='reason-change']").fill("按领导意见概括")
    press(drafter, "保存并看全文")
    expect(drafter.get_by_role("article")).to_contain_text("与上月相比总体平稳。")
    press(drafter, "送审")
    says(drafter, "已送审")
    expect(drafter.get_by_role("button", name="签发并发布")).to_have_count(0)

    second = sign_in("dcs_2")
    second.goto("/inbox/")
    second.get_by_role("link", name="督查通报待签发").click()
    press(second, "签发并发布")
    says(second, "张政督〔2025〕1号 已发布")

    head = sign_in("gzw_head")
    head.goto("/inbox/?tab=about")
    head.get_by_role("link", name="督查通报 张政督〔2025〕1号").click()
    expect(head.get_by_role("article")).to_contain_text("与上月相比总体平稳。")
    with head.expect_download() as fetched:
        head.get_by_role("link", name="下载 Word").click()
    assert fetched.value.suggested_filename.startswith("张政督〔2025〕1号 关于2025年")
