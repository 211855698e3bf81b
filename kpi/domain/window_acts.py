"""What the office may do to the window of a whole period, and where its moments lie afterwards.

Nothing that was relied on is taken away: what came in time stays in time. More time given before the due moment moves
it; given later it only opens the door again, as for a single unit (``kpi.domain.window``). The decision tables are
tests/domain/cases/window_acts.csv and window_undos.csv.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from kpi.domain.calendar import WorkCalendar
from kpi.domain.errors import DomainError, IllegalTransition, PeriodClosed
from kpi.domain.window import Phase, Window

# A longer extension is more likely a slip in the month or the year.
LONGEST = timedelta(days=60)


class WindowAct(StrEnum):
    """Open before the day, more time for everybody, or no more time from now on."""

    OPEN = "open"
    EXTEND = "extend"
    CLOSE = "close"


class Moments(NamedTuple):
    """When a period opens, is due, and ceases to take what is late."""

    opens_at: datetime
    due_at: datetime
    grace_ends_at: datetime


def moments_of(window: Window) -> Moments:
    return Moments(window.opens_at, window.due_at, window.grace_ends_at)


def after(
    act: WindowAct, window: Window, *, now: datetime, until: datetime | None = None, calendar: WorkCalendar
) -> Moments:
    """The moments after an act at ``now``; ``until`` is what an extension gives.

    Raises ``PeriodClosed`` (locked or not open), ``IllegalTransition`` where it is so already, or ``DomainError`` at
    ``until``. All moments must share one time zone.
    """
    if window.locked_at is not None:
        raise PeriodClosed("period_closed")
    if act is WindowAct.OPEN:
        return _opened(window, now)
    if window.phase(now) is Phase.NOT_OPEN:
        raise PeriodClosed("period_not_open")
    if act is WindowAct.CLOSE:
        return _closed(window, now)
    return _extended(window, now, until, calendar)


def _opened(window: Window, now: datetime) -> Moments:
    if window.opens_at <= now:
        raise IllegalTransition("window_open_already")
    return moments_of(window)._replace(opens_at=now)


def _closed(window: Window, now: datetime) -> Moments:
    if now > window.grace_ends_at:
        raise IllegalTransition("window_closed_already")
    if now <= window.opens_at:
        raise IllegalTransition("window_just_opened")
    return moments_of(window)._replace(due_at=min(window.due_at, now), grace_ends_at=now)


def _extended(window: Window, now: datetime, until: datetime | None, calendar: WorkCalendar) -> Moments:
    if until is None:
        raise DomainError("until_required", field="until")
    if until <= now:
        raise DomainError("until_in_past", field="until")
    if until > now + LONGEST:
        raise DomainError("until_too_far", field="until", limit=LONGEST.days)
    if now > window.due_at:
        if until <= window.grace_ends_at:
            raise DomainError("until_before_grace", field="until")
        return moments_of(window)._replace(grace_ends_at=until)
    if until <= window.due_at:
        raise DomainError("until_before_due", field="until")
    return moments_of(window)._replace(due_at=until, grace_ends_at=_grace(window, until, calendar))


def _grace(window: Window, until: datetime, calendar: WorkCalendar) -> datetime:
    """As many workdays of grace as before, at the same time of day."""
    workdays = calendar.workdays_between(window.due_at.date(), window.grace_ends_at.date())
    day = calendar.add_workdays(until.date(), workdays)
    return max(until, datetime.combine(day, window.grace_ends_at.timetz()))


def check_undo(act: WindowAct, *, before: Moments, present: Moments, now: datetime, has_reports: bool) -> None:
    """Raise ``IllegalTransition`` where taking an act back would take time away that somebody may have relied on.

    An early closing only took time, so it can be taken back until the period is locked.
    """
    if act is WindowAct.CLOSE:
        return
    if act is WindowAct.OPEN:
        if has_reports:
            raise IllegalTransition("undo_has_reports")
        is_relied_on = now >= before.opens_at
    else:
        is_relied_on = now > (before.due_at if before.due_at != present.due_at else before.grace_ends_at)
    if is_relied_on:
        raise IllegalTransition("undo_too_late")
