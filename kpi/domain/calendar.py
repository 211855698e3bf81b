"""Working days: weekdays, statutory holidays and make-up workdays, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

DAY = timedelta(days=1)
SATURDAY = 5


class Roll(StrEnum):
    """What happens to a due day that is not a workday; notices of the cities rarely say, so it is a choice."""

    FORWARD = "forward"
    BACK = "back"
    FIXED = "fixed"


@dataclass(frozen=True)
class WorkCalendar:
    """Days off and make-up workdays of the ``known_years``; any other year is guessed as Monday to Friday."""

    holidays: frozenset[date] = frozenset()
    makeup_workdays: frozenset[date] = frozenset()
    known_years: frozenset[int] = frozenset()

    def is_known(self, day: date) -> bool:
        """Whether the official calendar of the day's year is stored; if not, pages show a warning."""
        return day.year in self.known_years

    def unknown_years(self, years: Iterable[int]) -> tuple[int, ...]:
        """Which of ``years`` are only guessed."""
        return tuple(sorted(set(years) - self.known_years))

    def is_workday(self, day: date) -> bool:
        if day in self.makeup_workdays:
            return True
        return day.weekday() < SATURDAY and day not in self.holidays

    def add_workdays(self, day: date, count: int) -> date:
        """The workday ``count`` workdays after ``day`` (before it, if negative); ``day`` itself is not counted.

        With 0 the day is returned unchanged, workday or not.
        """
        step = DAY if count > 0 else -DAY
        for _ in range(abs(count)):
            day = self._next(day, step)
        return day

    def workdays_between(self, start: date, end: date) -> int:
        """Workdays after ``start`` up to and including ``end``; negative if ``end`` comes first."""
        if end < start:
            return -self.workdays_between(end, start)
        return sum(self.is_workday(start + DAY * offset) for offset in range(1, (end - start).days + 1))

    def roll(self, day: date, how: Roll) -> date:
        """``day`` itself if it is a workday or fixed, else the nearest workday in the direction of ``how``."""
        if how is Roll.FIXED or self.is_workday(day):
            return day
        return self._next(day, DAY if how is Roll.FORWARD else -DAY)

    def _next(self, day: date, step: timedelta) -> date:
        day += step
        while not self.is_workday(day):
            day += step
        return day
