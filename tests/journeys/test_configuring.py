"""The office sets up a task in a browser: a phrase picked by keyboard and by mouse, a plan pasted from a workbook."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from kpi.models import Indicator
from tests.services.test_indicators import FREE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PASTE = """(row) => {
    const cell = document.getElementById("2025-07"), data = new DataTransfer();
    data.setData("text/plain", row);
    cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
# Where a clause begins and ends on the screen: it may go on in the next line.
ENDS = """(clause) => {
    const lines = [...clause.getClientRects()], first = lines[0], last = lines[lines.length - 1];
    return [[first.left, first.top + first.height / 2], [last.right, last.top + last.height / 2]];
}"""


def cells(page: Page) -> list[str]:
    return [page.locator(f"[id='2025-{month:02d}']").input_value() for month in range(6, 13)]


def pick_by_keyboard(page: Page) -> None:
    """The last two clauses before the end of the report but one, and their commas with them."""
    page.locator("#text").focus()
    clauses = page.locator("#text [role=option]").all_inner_texts()
    first = next(place for place, words in enumerate(clauses) if words.startswith("产业兴则百业兴"))
    for _ in range(first + 1):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")


def pick_by_mouse(page: Page, words: str) -> None:
    clause = page.locator("#text [role=option]", has_text=words)
    # At an edge the browser would scroll on while the mouse is held.
    clause.evaluate("(each) => each.scrollIntoView({ block: 'center' })")
    (left, top), (right, bottom) = clause.evaluate(ENDS)
    page.mouse.move(left + 1, top)
    page.mouse.down()
    page.mouse.move(right - 1, bottom, steps=4)
    page.mouse.up()


def test_a_phrase_is_picked_and_its_plan_pasted(sign_in):
    office = sign_in("dcs_1")
    office.goto("/2025/desk/kpis/new/")
    pick_by_keyboard(office)
    expect(office.locator("#quote")).to_have_value(FREE)
    expect(office.get_by_role("button", name="按这句话预填")).to_be_focused()
    pick_by_mouse(office, "产业兴则百业兴")
    expect(office.locator("#quote")).to_have_value("产业兴则百业兴")
    office.get_by_role("button", name="按这句话预填").click()
    expect(office.locator("#name")).to_have_value("产业兴则百业兴")

    office.locator("#name").fill("产业兴旺行动")
    for name, value in (("kind", "cumulative"), ("lead", "agriculture"), ("post", "vice_mayor_agriculture")):
        office.locator(f"#{name}").select_option(value)
    office.locator("#unit").fill("家")
    office.locator("#target").fill("12")
    office.get_by_role("button", name="建立任务").click()
    office.wait_for_url("**/plan/")
    expect(office.locator(".findings")).to_contain_text("还没有计划")

    office.evaluate(PASTE, "2\t4\t3\t8\t10\t12")
    assert cells(office) == ["", "2", "4", "3", "8", "10", "12"]
    expect(office.locator(".findings")).to_contain_text("9月计划 3 家，低于前面的 4 家")
    office.locator("[id='2025-09']").fill("6")
    office.keyboard.press("Enter")
    expect(office.locator("[id='2025-10']")).to_be_focused()
    expect(office.locator(".fine")).to_be_visible()
    office.get_by_text("保存计划").click()
    expect(office.locator(".flash")).to_contain_text("计划已保存")
    made = Indicator.objects.get(name="产业兴旺行动")
    assert list(made.plan_points.values_list("value", flat=True)) == [2, 4, 6, 8, 10, 12]
