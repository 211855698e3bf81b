"""Requests for more time and for reopening a period, and what the office itself did to its window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.utils.timezone import localtime

from kpi.domain.calendar import WorkCalendar
from kpi.models import Extension, Period, Unlock, WindowChange

# What the desk proposes for an extension: so many workdays more, until close of business.
PROPOSED_WORKDAYS = 2
CLOSE_OF_BUSINESS = time(18, 0)


@dataclass(frozen=True)
class Requests:
    """The period's extensions by whether somebody has answered, and its open or running unlock."""

    waiting: Sequence[Extension]
    answered: Sequence[Extension]
    unlock: Unlock | None


def requests_of(period: Period) -> Requests:
    """Everything asked for about one period (2 queries)."""
    found = list(
        Extension.objects.filter(period=period)
        .select_related("department", "asked_by", "decided_by")
        .order_by("department__ordinal", "asked_at")
    )
    unlocks = Unlock.objects.filter(period=period, relocked_at__isnull=True).select_related("asked_by", "decided_by")
    running = [each for each in unlocks if each.decided_at is None or each.is_confirmed]
    return Requests(
        waiting=[each for each in found if each.decided_at is None],
        answered=[each for each in found if each.decided_at is not None],
        unlock=running[0] if running else None,
    )


def proposed_until(now: datetime, calendar: WorkCalendar) -> datetime:
    """Two workdays from now, at close of business."""
    local = localtime(now)
    day = calendar.add_workdays(local.date(), PROPOSED_WORKDAYS)
    return datetime.combine(day, CLOSE_OF_BUSINESS, local.tzinfo)


def last_change(period: Period) -> WindowChange | None:
    """The office's latest change of the window that was not taken back (1 query)."""
    standing = WindowChange.objects.filter(period=period, undone_at__isnull=True)
    return standing.select_related("period__report", "actor").order_by("-id").first()


def changes_of(period: Period) -> list[WindowChange]:
    """Every change of the window, the latest first, taken back or not (1 query)."""
    return list(WindowChange.objects.filter(period=period).select_related("actor", "undone_by").order_by("-id"))
