"""Who reported how punctually, unit by unit and month by month, with the two rates of ``kpi.domain.reporting``.

Everything is derived from one board; no query. The first filings (``history.before``) only tell by how many days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from accounts.models import Department
from kpi.domain.reporting import Rates, days_late, rates
from kpi.domain.values import Timeliness
from kpi.domain.window import Window
from kpi.models import Period
from kpi.selectors import periods as period_selector
from kpi.selectors.cockpit import units
from kpi.selectors.scoreboard import FILED, MonthLamp, Row, Scoreboard
from kpi.selectors.units import MonthRates

# When a report was filed first, by indicator and period.
Filed = Mapping[tuple[int, int], datetime]


@dataclass(frozen=True)
class Asked:
    """One report that was asked for: its due moment for the unit, and when it was filed first, where that is known."""

    row: Row
    month: MonthLamp
    due_at: datetime
    filed_at: datetime | None

    @property
    def timeliness(self) -> Timeliness:
        return self.month.timeliness or Timeliness.PENDING

    @property
    def days_late(self) -> int:
        """Days begun past the due moment; 0 for what came in time, or has not come."""
        if self.timeliness is not Timeliness.LATE or self.filed_at is None:
            return 0
        # Locked as late, though the unit was given time afterwards: still a day.
        return max(1, days_late(self.filed_at, self.due_at))


def _came(*wanted: Timeliness) -> Callable[[Asked], bool]:
    return lambda report: report.timeliness in wanted


# What the desk counts, and the list of reports shows.
STATES: Mapping[str, Callable[[Asked], bool]] = {
    "filed": _came(*FILED),
    "unfiled": lambda report: report.month.is_unfiled,
    "returned": lambda report: report.month.is_unfiled and report.month.cycle > 1,
    "on_time": _came(Timeliness.ON_TIME),
    "late": _came(Timeliness.LATE),
    "missing": _came(Timeliness.MISSING),
    "pending": _came(Timeliness.PENDING),
}


def counts_of(reports: Iterable[Asked]) -> Mapping[str, int]:
    """How many reports are in each of ``STATES``, and how many were ``asked`` for."""
    found = list(reports)
    return {"asked": len(found)} | {name: sum(map(admits, found)) for name, admits in STATES.items()}


@dataclass(frozen=True)
class UnitMonth:
    """A department's reports of one month."""

    period: Period
    reports: tuple[Asked, ...]

    @cached_property
    def counts(self) -> Counter[Timeliness]:
        return Counter(report.timeliness for report in self.reports)

    @property
    def asked(self) -> int:
        return len(self.reports)

    @property
    def filed(self) -> int:
        return sum(self.counts[timeliness] for timeliness in FILED)

    @property
    def days_late(self) -> int:
        """Of the latest one."""
        return max((report.days_late for report in self.reports), default=0)

    @property
    def is_partly(self) -> bool:
        """Some have come and others still may in time or within the grace."""
        return bool(self.filed and self.counts[Timeliness.PENDING])


@dataclass(frozen=True)
class UnitReporting:
    """One line of the desk's matrix: the months up to the chosen one, and the codes still missing in that."""

    department: Department
    months: tuple[UnitMonth, ...]
    unfiled: tuple[str, ...]

    @cached_property
    def year(self) -> Rates:
        """Of all the months shown."""
        return _rates(self.months)


@dataclass(frozen=True)
class Reporting:
    """The matrix with its sums: the rates of each month and of all of them."""

    units: tuple[UnitReporting, ...]
    by_month: tuple[MonthRates, ...]
    year: Rates

    @property
    def current(self) -> Rates:
        """Of the chosen month."""
        return self.by_month[-1].rates if self.by_month else rates(())


def reporting(board: Scoreboard, filed: Filed | None = None) -> Reporting:
    """Who filed how punctually up to the board's month, in official order, never ranked."""
    asked = _Asking(filed or {})
    found = tuple(_of_unit(unit.department, unit.rows, asked) for unit in units(board))
    columns = zip(*(unit.months for unit in found), strict=True)
    by_month = tuple(MonthRates(column[0].period, _rates(column)) for column in columns)
    return Reporting(found, by_month, _rates(month for unit in found for month in unit.months))


def _rates(months: Iterable[UnitMonth]) -> Rates:
    return rates(came for month in months for report in month.reports if (came := report.month.came))


def _of_unit(department: Department, rows: Iterable[Row], asked: _Asking) -> UnitReporting:
    led = list(rows)
    months = (UnitMonth(period, tuple(asked.of(led, place))) for place, period in enumerate(_periods(led)))
    return UnitReporting(
        department, tuple(months), tuple(sorted(row.indicator.code for row in led if row.current.is_unfiled))
    )


def _periods(rows: list[Row]) -> list[Period]:
    return [month.period for month in rows[0].months]


class _Asking:
    """Makes ``Asked`` of months; the windows of each unit are worked out once."""

    def __init__(self, filed: Filed):
        self._filed = filed
        self._windows: dict[tuple[int, int], Window] = {}

    def of(self, rows: Iterable[Row], place: int) -> Iterator[Asked]:
        for row in rows:
            month = row.months[place]
            if month.is_asked:
                window = self._window(month.period, row.indicator.lead_department_id)
                filed = self._filed.get((row.indicator.pk, month.period.pk))
                yield Asked(row, month, window.due_for_unit, filed)

    def _window(self, period: Period, department: int) -> Window:
        key = period.pk, department
        if key not in self._windows:
            self._windows[key] = period_selector.window(period, department)
        return self._windows[key]
