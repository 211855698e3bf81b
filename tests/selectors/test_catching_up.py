"""A month that was behind keeps its colour; what was made good later is told by a notch."""

from __future__ import annotations

import re

from kpi.selectors import scoreboard
from kpi.selectors.catching_up import caught_up_in
from kpi.selectors.scoreboard import Row
from tests.conftest import NOW


def row(code: str, period: str = "2025-06") -> Row:
    board = scoreboard.build(year=2025, now=NOW, period_code=period)
    return next(row for row in board.rows if row.indicator.code == code)


def made_good(found: Row) -> dict[str, str]:
    return {month.period.code: later for month in found.months if (later := caught_up_in(found, month))}


def test_an_amber_month_was_made_good_in_the_first_green_one(db):
    lamps = [str(month.rag) for month in row("A12").months]
    assert lamps[:4] == ["green", "amber", "amber", "green"]
    assert made_good(row("A12")) == {"2025-02": "2025-04", "2025-03": "2025-04"}


def test_a_month_is_not_made_good_before_it_is(db):
    assert made_good(row("A12", "2025-03")) == {}


def test_less_amber_than_before_is_not_made_good(db):
    """I31 was red in May and is amber in June."""
    assert "2025-05" not in made_good(row("I31"))


def test_cockpit_and_kpi_page_show_the_notch_and_the_word_on_the_old_colour(as_user):
    cell = re.compile(r'<td class="c c-y c-made">.*?<span class="vh">2月 预警（4月补齐）</span></td>')
    for path in ("/2025/cockpit/", "/2025/kpis/A12/"):
        assert cell.search(as_user("mayor").get(path).content.decode())
    assert "c-made" not in as_user("mayor").get("/2025/kpis/A12/?period=2025-03").content.decode()
