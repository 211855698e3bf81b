"""The bulk grid in a real browser: pasting, keys alone, colleagues, lost connections, no JavaScript, a phone."""

from __future__ import annotations

import re

import pytest
from django.db import connections
from playwright.sync_api import Locator, Page, expect

from kpi.models import Submission

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

GRID = "/2025/reports/2025-06/grid/"
TEXT = "按计划推进，六月底达到序时进度。"
# What one department still owes: two figures and three stages, in the grid's order.
OWED = ("A06", "A08", "A12", "A13", "A20")
GREEN = ("3.10", "2", "53", "2", "2")


def open_grid(page: Page) -> Page:
    page.goto(GRID)
    expect(page.locator("#picked")).to_contain_text("已选")
    return page


def cell(page: Page, code: str, name: str = "value") -> Locator:
    return page.locator(f"#{code}-{name}")


def mark(page: Page, code: str) -> Locator:
    return page.locator(f"#{code}-mark")


def paste(page: Page, target: Locator, text: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    target.focus()
    page.keyboard.press("Control+V")


def wait_for_no_copy(page: Page) -> None:
    """The browser drops its own copy once the server has every line."""
    for _ in range(100):
        if page.evaluate("localStorage.length") == 0:
            return
        page.wait_for_timeout(100)
    raise AssertionError("the lines did not reach the server")


def test_a_block_from_a_spreadsheet_fills_rows_and_columns_and_says_what_it_did(sign_in):
    page = open_grid(sign_in("nyj_staff"))
    # As spreadsheets copy it: a cell with a line break is quoted, a blank one leaves what stands there.
    quoted = '2\t"他说“按期”，\n即 ""七月"" 完成。"\t大概'
    block = f"3.10\t{TEXT}\t能完成\n{quoted}\n\t{TEXT}\t\n2\t{TEXT}\t能完成\nx\ty\tz\n9\t\t\n"
    paste(page, cell(page, "A06"), block)
    expect(page.locator("#said")).to_contain_text("已填 10 格；4 格没有填")
    expect(page.locator("#said")).to_contain_text("A08 “大概” 没有这个选项")
    for code in OWED[:4]:
        expect(mark(page, code)).to_contain_text("✓ 已存")
    expect(page.locator("#A06-lamp")).to_contain_text("正常")
    wait_for_no_copy(page)
    again = open_grid(page)
    expect(cell(again, "A06")).to_have_value("3.10")
    expect(cell(again, "A08", "narrative")).to_have_value('他说“按期”，\n即 "七月" 完成。')
    expect(cell(again, "A08", "outlook")).to_have_value("")
    expect(cell(again, "A12")).to_have_value("53")
    expect(cell(again, "A13", "outlook")).to_have_value("confident")


def test_one_pasted_cell_is_the_browsers_own_paste(sign_in):
    page = open_grid(sign_in("nyj_staff"))
    paste(page, cell(page, "A06"), "2.86\r\n")
    expect(cell(page, "A06")).to_have_value("2.86")
    expect(page.locator("#A06-why")).to_contain_text("偏差已填")


@pytest.fixture
def returned_ratio(product) -> None:
    Submission.objects.filter(indicator__code="T36", period__code="2025-06").update(state="returned")
    connections.close_all()


def test_a_ratio_is_pasted_as_part_and_whole(returned_ratio, sign_in):
    page = open_grid(sign_in("wlj_staff"))
    paste(page, cell(page, "T36", "numerator"), f"17\t{TEXT}")
    expect(page.locator("#said")).to_contain_text("比率请写成 分子/分母")
    paste(page, cell(page, "T36", "numerator"), f"17／20\t{TEXT}")
    expect(cell(page, "T36", "denominator")).to_have_value("20")
    expect(mark(page, "T36")).to_contain_text("✓ 已存")
    expect(page.locator("#T36-lamp")).not_to_contain_text("待填")
    cell(page, "T36", "denominator").fill("")
    cell(page, "T36", "denominator").press("Tab")
    expect(page.locator("#T36-denominator-e")).to_contain_text("分子、分母须同时填写")


def test_five_green_reports_take_four_clicks(sign_in):
    page = sign_in("nyj_staff")
    page.goto("/")
    clicks = 0

    def click(target: Locator) -> None:
        nonlocal clicks
        clicks += 1
        target.click()

    click(page.get_by_label("主导航").get_by_role("link", name="批量填报"))
    click(cell(page, "A06"))
    block = "\n".join(f"{figure}\t{TEXT}\t能完成" for figure in GREEN)
    paste(page, cell(page, "A06"), block)
    click(page.get_by_label("全选已填的"))
    expect(page.locator("#picked")).to_have_text("已选 5 项")
    click(page.get_by_role("button", name="提交所选"))
    expect(page.get_by_role("status").first).to_contain_text("已提交 5 项")
    assert clicks <= 4
    page.reload()
    expect(page.get_by_role("status").first).to_contain_text("已提交 5 项")
    expect(page.locator("#r-A06")).to_contain_text("待审签")


def test_the_keyboard_alone_fills_reverts_and_files(sign_in):
    page = open_grid(sign_in("nyj_staff"))
    keys = page.keyboard
    reach(page, "A06-value")
    keys.type("3.10")
    keys.press("Enter")
    assert focused(page) == "A08-value"
    keys.press("ArrowDown")  # a list keeps its own arrows
    assert focused(page) == "A08-value"
    keys.press("Enter")
    assert focused(page) == "A12-value"
    keys.press("ArrowUp")
    assert focused(page) == "A08-value"
    keys.press("Enter")
    keys.press("ArrowDown")
    assert focused(page) == "A13-value"
    # Esc: back to what was saved last, not to the beginning.
    reach(page, "A06-value", backwards=True)
    expect(mark(page, "A06")).to_contain_text("✓ 已存")
    keys.type("9")
    expect(cell(page, "A06")).not_to_have_value("3.10")
    keys.press("Escape")
    expect(cell(page, "A06")).to_have_value("3.10")
    keys.press("Tab")
    keys.type(TEXT)
    keys.press("Shift+Enter")
    keys.type("第二行")
    expect(cell(page, "A06", "narrative")).to_have_value(f"{TEXT}\n第二行")
    keys.press("Tab")
    keys.press("ArrowDown")
    reach(page, "pick", backwards=True)
    keys.press("Space")
    for _ in range(60):
        keys.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "提交所选":
            break
    keys.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("已提交 1 项")


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.name")


def reach(page: Page, name: str, *, backwards: bool = False) -> None:
    for _ in range(60):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if focused(page) == name:
            return
    raise AssertionError(f"the keyboard does not reach {name}")


def test_enter_that_ends_a_chinese_word_stays_in_its_cell(sign_in):
    page = open_grid(sign_in("nyj_staff"))
    box = cell(page, "A06", "narrative")
    box.focus()
    pressed = "new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true, isComposing: true})"
    assert box.evaluate(f"element => element.dispatchEvent({pressed})"), "the key was taken from the input method"
    assert focused(page) == "A06-narrative"
    # The control: the same key outside a word moves on.
    page.keyboard.press("Enter")
    assert focused(page) == "A08-narrative"


def test_two_grids_meet_and_merge_on_the_form(sign_in):
    first, second = open_grid(sign_in("nyj_staff")), open_grid(sign_in("nyj_head"))
    cell(first, "A06").fill("2.81")
    cell(first, "A06").press("Tab")
    expect(mark(first, "A06")).to_contain_text("✓ 已存")
    cell(second, "A06").fill("2.90")
    cell(second, "A06", "narrative").fill(TEXT)
    cell(second, "A06", "narrative").press("Tab")
    expect(mark(second, "A06")).to_contain_text("同事刚改过")
    # Another line goes on undisturbed.
    cell(second, "A08").select_option("2")
    expect(mark(second, "A08")).to_contain_text("✓ 已存")
    second.get_by_role("button", name="查看并合并").click()
    panel = second.locator("#errors")
    expect(panel).to_be_focused()
    panel.get_by_label("2.81").check()
    panel.get_by_role("button", name="合并并保存").click()
    expect(second.get_by_role("status").filter(has_text="草稿已保存").first).to_be_visible()
    merged = open_grid(second)
    expect(cell(merged, "A06")).to_have_value("2.81")
    expect(cell(merged, "A06", "narrative")).to_have_value(TEXT)


def test_a_tab_closed_on_the_last_key_finds_it_again(sign_in):
    page = open_grid(sign_in("nyj_staff"))
    context = page.context
    context.set_offline(True)
    cell(page, "A06").press_sequentially("2.86")
    cell(page, "A08", "narrative").press_sequentially(TEXT)
    page.close(run_before_unload=False)
    context.set_offline(False)
    again = open_grid(context.new_page())
    expect(again.locator("#restored")).to_be_visible()
    expect(cell(again, "A06")).to_have_value("2.86")
    expect(cell(again, "A08", "narrative")).to_have_value(TEXT)
    expect(mark(again, "A06")).to_contain_text("✓ 已存")
    wait_for_no_copy(again)


def test_a_lost_connection_is_said_at_the_line_and_made_up_for(sign_in):
    page = open_grid(sign_in("nyj_staff"))
    page.context.set_offline(True)
    cell(page, "A06").fill("2.86")
    cell(page, "A06").press("Tab")
    expect(mark(page, "A06")).to_have_text("! 未保存，网络恢复后重试")
    page.context.set_offline(False)
    expect(mark(page, "A06")).to_contain_text("✓ 已存", timeout=15_000)
    expect(open_grid(page).locator("#A06-value")).to_have_value("2.86")


def test_an_ended_session_keeps_the_lines(sign_in):
    page = open_grid(sign_in("nyj_staff"))
    page.context.clear_cookies(name="sessionid")
    cell(page, "A06").fill("2.86")
    cell(page, "A06").press("Tab")
    expect(page.locator("#signed-out")).to_contain_text("登录已过期")
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#signed-out").get_by_role("link", name="重新登录").click()
    page.get_by_label("用户名").fill("nyj_staff")
    page.get_by_label("密码").fill("trial-2025-zjj")
    page.locator("form.card").get_by_role("button", name="登录").click()
    page.wait_for_url(f"**{GRID}")
    expect(cell(page, "A06")).to_have_value("2.86")
    expect(mark(page, "A06")).to_contain_text("✓ 已存")


def test_the_way_to_the_form_waits_until_the_line_is_saved(sign_in):
    page = open_grid(sign_in("nyj_staff"))
    cell(page, "A06").fill("2.86")
    page.locator("#r-A06").get_by_role("link", name=re.compile("建设高标准农田")).click()
    page.wait_for_url("**/2025-06/A06/")
    expect(page.get_by_label(re.compile("累计完成"))).to_have_value("2.86")


def test_a_line_mended_after_a_refusal_loses_its_message_and_is_filed(sign_in):
    page = open_grid(sign_in("nyj_staff"))
    cell(page, "A06").fill("3.1万亩")
    cell(page, "A06", "narrative").fill(TEXT)
    cell(page, "A06", "outlook").select_option("")
    page.get_by_label("选中 A06").check()
    page.get_by_role("button", name="提交所选").click()
    expect(page.locator("#errors")).to_be_focused()
    page.locator("#errors").get_by_role("link", name=re.compile("A06")).click()
    assert focused(page) == "A06-value"
    cell(page, "A06").fill("3.10")
    cell(page, "A06").press("Tab")
    expect(page.locator("#A06-value-e")).to_be_empty()
    expect(page.locator("#A06-outlook-e")).to_contain_text("请判断")
    cell(page, "A06", "outlook").select_option("confident")
    expect(page.locator("#A06-outlook-e")).to_be_empty()
    page.get_by_role("button", name="提交所选").click()
    expect(page.get_by_role("status").first).to_contain_text("已提交 1 项")


def test_without_javascript_the_table_saves_merges_and_files(sign_in, browser, product):
    cookies = sign_in("nyj_staff").context.cookies()
    context = browser.new_context(base_url=product.address, locale="zh-CN", java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(GRID)
    cell(page, "A06").fill("3.10")
    cell(page, "A08", "narrative").fill("短")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_role("status")).to_contain_text("已保存 2 项草稿")
    cell(page, "A06", "narrative").fill(TEXT)
    cell(page, "A06", "outlook").select_option("confident")
    for code in ("A06", "A08"):
        page.get_by_label(f"选中 {code}").check()
    page.get_by_role("button", name="提交所选").click()
    expect(page.get_by_role("alert")).to_contain_text("已提交 1 项；1 项没有提交")
    page.get_by_role("alert").get_by_role("link").click()
    expect(cell(page, "A08", "narrative")).to_have_value("短")


NAMELESS = """() => ["input", "select", "textarea", "button", "a"]
  .flatMap((name) => [...document.querySelectorAll(`main ${name}, .bar ${name}`)])
  .filter((control) => control.type !== "hidden" && control.checkVisibility?.() !== false)
  .filter((control) => !(control.ariaLabel || control.textContent.trim() || control.labels?.length))
  .map((control) => control.outerHTML)"""
DANGLING = """() => [...document.querySelectorAll("[aria-describedby], [aria-labelledby], a[href^='#']")]
  .flatMap((element) => (element.getAttribute("aria-describedby") || element.getAttribute("aria-labelledby")
    || element.getAttribute("href").slice(1)).split(" ")).filter((id) => !document.getElementById(id))"""
DOUBLED = """() => { const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  return ids.filter((id, at) => ids.indexOf(id) !== at); }"""
SMALL = """(least) => [...document.querySelectorAll(".bulk .inp, .bulk .btn, .bulk label.tick, .bar .btn")]
  .filter((control) => control.getClientRects().length && control.getBoundingClientRect().height < least)
  .map((control) => control.outerHTML)"""


@pytest.mark.parametrize(("width", "least"), [(320, 44), (375, 44), (768, 24), (1440, 24)])
def test_it_fits_every_width_and_can_be_named_and_hit(sign_in, width, least):
    page = sign_in("nyj_staff")
    page.set_viewport_size({"width": width, "height": 812})
    open_grid(page)
    page.get_by_label("选中 A06").check()
    page.get_by_role("button", name="提交所选").click()
    expect(page.locator("#errors")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(DANGLING) == []
    assert page.evaluate(DOUBLED) == []
    assert page.evaluate(SMALL, least) == []
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    if width >= 768:
        expect(page.get_by_role("table")).to_have_accessible_name(re.compile("一行一项任务"))


def test_the_focused_cell_is_never_under_the_fixed_row_column_or_bar(sign_in):
    page = sign_in("nyj_staff")
    page.set_viewport_size({"width": 1000, "height": 700})
    open_grid(page)
    cell(page, "A06").focus()
    for _ in range(35):
        page.keyboard.press("Tab")
        hidden = page.evaluate(
            """() => { const cell = document.activeElement; if (!cell.dataset.col) return "";
            const box = cell.getBoundingClientRect();
            const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
            return top && (cell.contains(top) || top.contains(cell)) ? "" : cell.id; }"""
        )
        assert hidden == ""
