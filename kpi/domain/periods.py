"""Reporting months, and the rule that dates them. The month reported is kept apart from the day it is due."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from typing import NamedTuple, Self

from kpi.domain.calendar import Roll, WorkCalendar
from kpi.domain.errors import DomainError
from kpi.domain.values import Frequency

SHAPE = re.compile(r"(\d{4})-(\d{2})")


class _YearAndMonth(NamedTuple):
    year: int
    month: int


class Period(_YearAndMonth):
    """A calendar month, written ``2025-06``. A tuple: a board compares and looks up months by the ten thousand."""

    __slots__ = ()

    def __new__(cls, year: int, month: int) -> Self:
        if not 1 <= month <= 12:
            raise DomainError("period_malformed", value=f"{year}-{month}")
        return super().__new__(cls, year, month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @classmethod
    @lru_cache(maxsize=1024)  # a board asks for the same dozen months thousands of times
    def parse(cls, text: str) -> Period:
        """Raises ``DomainError`` ``period_malformed`` for anything but ``YYYY-MM``."""
        found = SHAPE.fullmatch(text)
        if not found or not text.isascii():
            raise DomainError("period_malformed", value=text)
        return cls(int(found.group(1)), int(found.group(2)))

    @classmethod
    def of(cls, day: date) -> Period:
        return cls(day.year, day.month)

    @classmethod
    def range(cls, first: Period, last: Period) -> tuple[Period, ...]:
        """All months from ``first`` to ``last``, both included; empty if ``last`` comes first."""
        return tuple(first.plus(offset) for offset in range(last._count() - first._count() + 1))

    def plus(self, months: int) -> Period:
        year, month = divmod(self._count() + months, 12)
        return Period(year, month + 1)

    def next(self) -> Period:
        return self.plus(1)

    def previous(self) -> Period:
        return self.plus(-1)

    @property
    def first_day(self) -> date:
        return self.day(1)

    @property
    def last_day(self) -> date:
        return self.day(31)

    @property
    def quarter(self) -> int:
        return (self.month + 2) // 3

    def day(self, number: int) -> date:
        """The ``number``-th day; the last one where the month is shorter."""
        return date(self.year, self.month, min(number, calendar.monthrange(self.year, self.month)[1]))

    def _count(self) -> int:
        return self.year * 12 + self.month - 1


@dataclass(frozen=True)
class DueRule:
    """Due on ``day`` of the month ``month_offset`` later, at ``at``, rolled off days that are not workdays.

    ``opens_day`` is the day of the reported month itself on which filing opens. Source of the default: monthly
    reports by the 5th of the following month are one of the cadences in use; the 25th and 28th of the same month are
    others (``month_offset=0``).
    """

    day: int = 5
    month_offset: int = 1
    at: time = time(18, 0)
    roll: Roll = Roll.FORWARD
    grace_workdays: int = 2
    opens_day: int = 25

    def opens_on(self, period: Period) -> date:
        """The first day the period can be filed; the first of the month where it is due in that same month."""
        is_due_before = self.month_offset == 0 and self.day <= self.opens_day
        return period.first_day if is_due_before else period.day(self.opens_day)

    def due_on(self, period: Period, calendar: WorkCalendar) -> date:
        """The due day; rolling may carry it into another month than the rule names."""
        return calendar.roll(period.plus(self.month_offset).day(self.day), self.roll)

    def grace_ends_on(self, period: Period, calendar: WorkCalendar) -> date:
        """The last day before a report counts as missing."""
        return calendar.add_workdays(self.due_on(period, calendar), self.grace_workdays)


def reporting_periods(year: int, frequency: Frequency) -> tuple[Period, ...]:
    """The months of ``year`` for which a report is owed."""
    months = Period.range(Period(year, 1), Period(year, 12))
    return tuple(period for period in months if frequency.reports_in(period.month))
