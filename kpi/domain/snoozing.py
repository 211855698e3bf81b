"""Until when a message may be put off: at the office's own times, on workdays."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from kpi.domain.calendar import WorkCalendar
from kpi.domain.hours import OfficeHours

WEEK = 7


class Snooze(StrEnum):
    """The choices a person is given; the moment of each follows from the day."""

    LATER_TODAY = "later_today"
    NEXT_DAY = "next_day"
    NEXT_WEEK = "next_week"


def snooze_choices(moment: datetime, hours: OfficeHours, calendar: WorkCalendar) -> dict[Snooze, datetime]:
    """When a message put off at ``moment`` would come back, soonest first; choices that do not exist are left out.

    Later today is the day's last slot, on a workday before it; the others are the first slot of the next workday and of
    the first workday from next Monday on, which is left out where both are the same day.
    """
    day, first, last = moment.date(), hours.slots[0], hours.slots[-1]
    monday = day + timedelta(days=WEEK - day.weekday())
    next_day = calendar.add_workdays(day, 1)
    next_week = calendar.add_workdays(monday - timedelta(days=1), 1)
    found = {}
    if calendar.is_workday(day) and moment.time() < last:
        found[Snooze.LATER_TODAY] = datetime.combine(day, last, moment.tzinfo)
    found[Snooze.NEXT_DAY] = datetime.combine(next_day, first, moment.tzinfo)
    if next_week > next_day:
        found[Snooze.NEXT_WEEK] = datetime.combine(next_week, first, moment.tzinfo)
    return found
