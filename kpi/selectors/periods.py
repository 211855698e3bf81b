"""Which reporting months exist, which are open, and which one “now” means."""

from __future__ import annotations

from datetime import datetime

from kpi.models import Period, Report


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


def phase(period: Period, now: datetime) -> str:
    """``not_open``, ``open``, ``grace``, ``review`` or ``locked`` — computed for a moment, never stored."""
    if period.locked_at is not None:
        return "locked"
    if now < period.opens_at:
        return "not_open"
    if now <= period.due_at:
        return "open"
    return "grace" if now <= period.grace_ends_at else "review"
