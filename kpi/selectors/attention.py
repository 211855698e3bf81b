"""What needs a leader's eye on a board, each row with its reasons. No query: forecasts and directives come in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from kpi.domain.attention import NEAR_DUE_DAYS, Concern, Watched, concerns
from kpi.domain.forecast import Forecast
from kpi.domain.values import Rag
from kpi.selectors.scoreboard import Row, Scoreboard

ORDER = {concern: place for place, concern in enumerate(Concern)}


@dataclass(frozen=True)
class Item:
    """A row with the reasons it stands here for, the most pressing first.

    ``forecast`` is asked for where it can be a reason or explains one, else ``None``.
    """

    row: Row
    concerns: tuple[Concern, ...]
    days_left: int
    overdue_days: int = 0
    forecast: Forecast | None = None

    @property
    def is_long_amber_only(self) -> bool:
        """Old news: one line is enough."""
        return self.concerns == (Concern.LONG_AMBER,)


def items(
    board: Scoreboard,
    *,
    day: date,
    forecast_of: Callable[[Row], Forecast | None] | None = None,
    overdue_days: Mapping[int, int] | None = None,
) -> list[Item]:
    """Rows that need attention on ``day``, the most pressing reason first.

    ``forecast_of`` gives a row's forecast (without it none falls short); ``overdue_days`` holds, by indicator id, for
    how long the reply to a directive has been overdue. Newly red comes before old red: what is new needs a decision,
    what is old has one. Ambers come with the longest first.
    """
    late = overdue_days or {}
    found = [_item(row, day, forecast_of, late.get(row.indicator.pk, 0)) for row in board.rows]
    return sorted((item for item in found if item.concerns), key=_urgency)


def _item(row: Row, day: date, forecast_of: Callable[[Row], Forecast | None] | None, overdue: int) -> Item:
    days_left = (row.terms.final_due_on - day).days
    is_worth_asking = days_left <= NEAR_DUE_DAYS or row.rag is Rag.AMBER
    forecast = forecast_of(row) if forecast_of is not None and is_worth_asking else None
    watched = Watched(
        rag=row.rag,
        run_length=row.run_length,
        days_left=days_left,
        is_short=forecast is not None and forecast.is_short,
        directive_overdue_days=overdue,
    )
    return Item(row, concerns(watched), days_left, overdue, forecast)


def _urgency(item: Item) -> tuple[int, int]:
    first = item.concerns[0]
    within = {
        Concern.RED: item.row.run_length,
        Concern.DIRECTIVE_OVERDUE: -item.overdue_days,
        Concern.FORECAST_SHORT: item.days_left,
        Concern.LONG_AMBER: -item.row.run_length,
    }
    return ORDER[first], within[first]


def cards(found: list[Item]) -> list[Item]:
    """Those that get a card of their own."""
    return [item for item in found if not item.is_long_amber_only]


def long_ambers(found: list[Item]) -> list[Item]:
    """Those that are here for a long amber only, one line each."""
    return [item for item in found if item.is_long_amber_only]
