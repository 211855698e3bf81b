"""Requests for more time and for reopening a period, and what the office itself did to its window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject
from django.utils.timezone import localtime

from kpi.domain.calendar import WorkCalendar
from kpi.domain.window_acts import WindowAct
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


@dataclass(frozen=True)
class WindowState:
    """What stands open about a period's window: ``waiting`` requests for more time, an ``unlock`` that is asked for or
    running (whether it is confirmed), and the office's latest ``change`` that was not taken back."""

    waiting: int
    unlock: bool | None
    change: LastChange | None


@dataclass(frozen=True)
class LastChange:
    """The latest change of a window, as far as the desk names it."""

    pk: int
    act: WindowAct
    who: str
    at: datetime


def state_of(period: Period) -> WindowState:
    """What the desk has to say about the period's window (1 query)."""
    waiting = Extension.objects.filter(period=OuterRef("pk"), decided_at__isnull=True).order_by().values("period")
    unlock = Unlock.objects.filter(period=OuterRef("pk"), relocked_at__isnull=True)
    unlock = unlock.filter(Q(decided_at__isnull=True) | Q(is_confirmed=True)).order_by("-id")
    change = WindowChange.objects.filter(period=OuterRef("pk"), undone_at__isnull=True).order_by("-id")
    row = JSONObject(pk="pk", act="act", who="actor__display_name", at="at")
    found = Period.objects.annotate(
        waiting=Subquery(waiting.values(count=Count("pk"))),
        is_unlock_confirmed=Subquery(unlock.values("is_confirmed")[:1]),
        change=Subquery(change.values(row=row)[:1]),
    ).get(pk=period.pk)
    return WindowState(found.waiting or 0, found.is_unlock_confirmed, _last(found.change))


def _last(row: Mapping[str, Any] | None) -> LastChange | None:
    if row is None:
        return None
    return LastChange(row["pk"], WindowAct(row["act"]), row["who"], datetime.fromisoformat(row["at"]))


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
