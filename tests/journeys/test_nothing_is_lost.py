"""The monthly form when things go wrong: a closed tab, an ended session, no connection, a colleague, no JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FORM = "/2025/reports/2025-06/A06/"
TEXT = "慈利、桑植两县新增验收面积，永定区预计七月中旬验收。"
SAVED = re.compile("草稿已自动保存")


def open_form(page: Page) -> Page:
    page.goto(FORM)
    return page


def figure(page: Page):
    return page.get_by_label(re.compile("累计完成"))


def wait_for_no_copy(page: Page) -> None:
    for _ in range(100):
        if page.evaluate("localStorage.length") == 0:
            return
        page.wait_for_timeout(100)
    raise AssertionError("the draft did not reach the server")


def test_a_closed_tab_loses_nothing_that_was_saved_by_itself(sign_in):
    page = open_form(sign_in("nyj_staff"))
    figure(page).fill("2.8")
    page.locator("#narrative").press_sequentially(TEXT)
    # The browser drops its own copy once the server has every key.
    wait_for_no_copy(page)
    context = page.context
    page.close(run_before_unload=False)
    again = open_form(context.new_page())
    expect(figure(again)).to_have_value("2.80")
    expect(again.locator("#narrative")).to_have_value(TEXT)
    expect(again.locator("#restored")).to_be_hidden()


def test_a_tab_closed_on_the_last_key_finds_it_again(sign_in):
    """Before the draft reaches the server, the browser's own copy holds every key."""
    page = open_form(sign_in("nyj_staff"))
    context = page.context
    context.set_offline(True)
    page.locator("#narrative").press_sequentially(TEXT)
    page.close(run_before_unload=False)
    context.set_offline(False)
    again = open_form(context.new_page())
    expect(again.locator("#restored")).to_be_visible()
    expect(again.locator("#narrative")).to_have_value(TEXT)
    expect(again.locator("#saved")).to_have_text(SAVED)


def test_a_lost_connection_is_said_and_made_up_for(sign_in):
    page = open_form(sign_in("nyj_staff"))
    page.context.set_offline(True)
    page.locator("#narrative").fill(TEXT)
    page.locator("#measures").evaluate("element => element.dispatchEvent(new Event('change', {bubbles: true}))")
    expect(page.locator("#saved")).to_have_text("未保存，网络恢复后重试")
    page.context.set_offline(False)
    expect(page.locator("#saved")).to_have_text(SAVED, timeout=15_000)
    page.reload()
    expect(page.locator("#narrative")).to_have_value(TEXT)
    expect(page.locator("#restored")).to_be_hidden()


def test_an_ended_session_keeps_the_text_and_returns_to_the_form(sign_in):
    page = open_form(sign_in("nyj_staff"))
    page.context.clear_cookies(name="sessionid")
    page.locator("#narrative").fill(TEXT)
    expect(page.locator("#saved")).to_contain_text("登录已过期")
    press_slowly(page, page.locator("#saved").get_by_role("link", name="重新登录"))
    page.get_by_label("用户名").fill("nyj_staff")
    page.get_by_label("密码").fill("trial-2025-zjj")
    page.locator("form.card").get_by_role("button", name="登录").click()
    page.wait_for_url(f"**{FORM}")
    expect(page.locator("#narrative")).to_have_value(TEXT)
    expect(page.locator("#saved")).to_have_text(SAVED)


def press_slowly(page: Page, target: Locator) -> None:
    """A click as a hand makes it: the field left by it has been saved before the button comes up again."""
    target.hover()
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith(FORM)) as saving:
        page.mouse.down()
    saving.value.finished()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.mouse.up()


def test_two_editors_merge_field_by_field(sign_in):
    first, second = open_form(sign_in("nyj_staff")), open_form(sign_in("nyj_head"))
    figure(first).fill("2.81")
    expect(first.locator("#saved")).to_have_text(SAVED)
    figure(second).fill("2.90")
    second.locator("#narrative").fill(TEXT)
    expect(second.locator("#saved")).to_contain_text("等你合并")
    press_slowly(second, second.get_by_role("button", name="查看并合并"))
    panel = second.locator("#errors")
    expect(panel).to_be_focused()
    panel.get_by_label("2.81").check()
    panel.get_by_role("button", name="合并并保存").click()
    expect(second.get_by_role("status").filter(has_text="草稿已保存").first).to_be_visible()
    expect(figure(second)).to_have_value("2.81")
    expect(second.locator("#narrative")).to_have_value(TEXT)


def test_without_javascript_the_form_saves_merges_and_files(sign_in, browser, product):
    cookies = sign_in("nyj_staff").context.cookies()
    context = browser.new_context(base_url=product.address, locale="zh-CN", java_script_enabled=False)
    context.add_cookies(cookies)
    page = open_form(context.new_page())
    figure(page).fill("3.10")
    page.locator("#narrative").fill(TEXT)
    page.get_by_role("button", name="保存草稿").click()
    expect(figure(page)).to_have_value("3.10")
    page.get_by_role("radio", name=re.compile("能完成")).check()
    page.get_by_role("button", name="提交部门审签").click()
    expect(page.get_by_role("status")).to_contain_text("已提交")


def test_from_home_to_a_filed_report_takes_four_clicks(sign_in):
    page = sign_in("nyj_staff")
    clicks = 0

    def click(target) -> None:
        nonlocal clicks
        clicks += 1
        target.click()

    page.goto("/")
    click(page.get_by_role("link", name=re.compile("A06")))
    figure(page).fill("3.10")
    page.locator("#narrative").fill(TEXT)
    click(page.get_by_role("radio", name=re.compile("能完成")))
    click(page.get_by_role("button", name="提交部门审签"))
    expect(page.get_by_role("status")).to_contain_text("已提交")
    assert clicks <= 4


def test_the_keyboard_alone_files_a_report(sign_in):
    page = open_form(sign_in("nyj_staff"))
    figure(page).focus()
    page.keyboard.type("3.10")
    reach(page, "narrative")
    page.keyboard.type(TEXT)
    reach(page, "outlook")
    page.keyboard.press("Space")
    reach(page, "action")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已提交")


def reach(page: Page, name: str) -> None:
    """Tab on until the control of that name has the focus."""
    for _ in range(25):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == name:
            return
    raise AssertionError(f"the keyboard does not reach {name}")
