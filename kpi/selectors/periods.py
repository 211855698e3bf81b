"""Which reporting months exist, which are open, and which one “now” means."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kpi.domain.window import Extension as MoreTime
from kpi.domain.window import Window
from kpi.models import Extension, Period, Report


def latest_year() -> int | None:
    """The year of the latest report; ``None`` before the first one is loaded (1 query)."""
    return Report.objects.order_by("-year").values_list("year", flat=True).first()


def of_year(year: int) -> list[Period]:
    """All periods of a year in order (1 query)."""
    return list(Period.objects.filter(report__year=year).select_related("report").order_by("code"))


def current(periods: list[Period], now: datetime) -> Period:
    """The latest period that has opened; the first one while none has. ``periods`` must not be empty."""
    opened = [period for period in periods if period.opens_at <= now]
    return opened[-1] if opened else periods[0]


def open_ones(periods: list[Period], now: datetime) -> list[Period]:
    """Periods a department may still file for: opened and not locked, oldest first."""
    return [period for period in periods if period.opens_at <= now and period.locked_at is None]


def window(period: Period, extensions: Iterable[Extension] = ()) -> Window:
    """The period's window for the department whose ``extensions`` are given; the general one without any."""
    return Window(
        opens_at=period.opens_at,
        due_at=period.due_at,
        grace_ends_at=period.grace_ends_at,
        locked_at=period.locked_at,
        extensions=[
            MoreTime(granted_at=found.decided_at, until=found.until)
            for found in extensions
            if found.decided_at is not None and found.until is not None
        ],
    )


def window_for(period: Period, department_id: int) -> Window:
    """The period's window as it is for one department (1 query)."""
    return window(period, Extension.objects.filter(period=period, department=department_id, until__isnull=False))
