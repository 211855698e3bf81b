"""The judge of the pages: what is painted like something judged before is left out, and nothing else."""

from __future__ import annotations

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from tests.journeys.judging import Judge, misfits

pytestmark = [pytest.mark.browser]
ROW = "<tr><td>粮食</td><td>64 万吨</td></tr>"
PALE = "<tr><td>粮食</td><td style='color:#ccc'>64 万吨</td></tr>"
ON_GREY = "<tr style='background:#444'><td>粮食</td><td>64 万吨</td></tr>"


def page_of(browser, *rows: str):
    page = browser.new_page()
    page.set_content(f"<main><table>{''.join(rows)}</table></main>")
    page.evaluate(AXE_SCRIPT)
    return page


def test_a_long_table_is_judged_by_its_ways_of_being_painted(browser):
    judge = Judge()
    assert judge.unreadable(page_of(browser, *[ROW] * 50)) == []
    assert len(judge.paints) == 1


@pytest.mark.parametrize("odd", [PALE, ON_GREY], ids=["pale words", "a darker ground"])
def test_one_cell_that_cannot_be_read_is_found_among_many(browser, odd):
    judge = Judge()
    judge.unreadable(page_of(browser, ROW))
    [found] = judge.unreadable(page_of(browser, *[ROW] * 50, odd, ROW))
    assert found.startswith("color-contrast")


def test_what_is_lifted_out_of_the_flow_is_judged_each_time(browser):
    lifted = (
        "<tr><td><div style='position:relative'><span style='position:absolute;color:#ccc'>红灯</span></div></td></tr>"
    )
    judge = Judge()
    assert [len(judge.unreadable(page_of(browser, lifted))) for _ in range(2)] == [1, 1]


def test_what_is_too_wide_or_too_low_is_found(browser):
    page = page_of(
        browser, "<tr><td><button style='height:20px;padding:0'>报</button><p style='width:700px'></p></td></tr>"
    )
    found = list(misfits(page, "closed"))
    assert [line.split(" at ")[1].partition(":")[0] for line in found if "wide" in line] == ["320", "375"]
    assert sum("lower than 24 px" in line for line in found) == 4
