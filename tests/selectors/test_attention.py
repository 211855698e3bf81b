"""What stands under “needs attention”, with forecasts and directives as inputs."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kpi.domain.attention import Concern
from kpi.domain.values import Rag
from kpi.models import Indicator
from kpi.selectors import attention, forecasts, scoreboard
from tests.conftest import NOW


@pytest.fixture
def board(db):
    return scoreboard.build(year=2025, now=NOW)


def codes(found) -> list[str]:
    return [item.row.indicator.code for item in found]


def test_every_red_row_has_a_card_and_new_ones_come_first(board):
    found = attention.cards(attention.items(board, day=NOW.date()))
    assert {item.row.rag for item in found} == {Rag.RED} and len(found) == board.counts[Rag.RED]
    runs = [item.row.run_length for item in found]
    assert runs == sorted(runs)


def test_a_green_row_with_an_overdue_directive_comes_after_the_reds(board):
    green = next(row for row in board.rows if row.rag is Rag.GREEN)
    found = attention.items(board, day=NOW.date(), overdue_days={green.indicator.pk: 9})
    place = codes(found).index(green.indicator.code)
    assert found[place].concerns == (Concern.DIRECTIVE_OVERDUE,)
    assert place == board.counts[Rag.RED]


def test_a_short_forecast_counts_only_near_the_due_date(db):
    """Farmland will not reach its target; in July that is half a year away."""
    farmland = Indicator.objects.filter(code="A06")
    for days, is_there in ((61, False), (60, True)):
        farmland.update(final_due_on=NOW.date() + timedelta(days=days))
        board = scoreboard.build(year=2025, now=NOW)
        item = next(
            item
            for item in attention.items(board, day=NOW.date(), forecast_of=forecasts.forecast_of)
            if item.row.indicator.code == "A06"
        )
        assert (Concern.FORECAST_SHORT in item.concerns) is is_there
        assert item.forecast.is_short


def test_days_are_counted_from_the_day_looked_at(board):
    farmland = next(row for row in board.rows if row.indicator.code == "A06")
    item = next(found for found in attention.items(board, day=date(2025, 12, 1)) if found.row is farmland)
    assert item.days_left == 30
