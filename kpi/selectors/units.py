"""One unit's or one chapter's part of a board: its rows, its reporting month by month, the chapters of the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from django.db.models import Count, Q

from accounts.models import Department
from kpi.domain.reporting import Came, Rates, rates
from kpi.models import Commitment, Indicator, Period
from kpi.models.querysets import IndicatorQuerySet
from kpi.selectors.scoreboard import Row, Scoreboard, worst_first


@dataclass(frozen=True)
class Group:
    """Rows under one heading, worst first. ``code`` is a commitment of the chapter, by which it is addressed."""

    title: str
    rows: Sequence[Row]
    code: str = ""

    @property
    def alone(self) -> list[Group]:
        """The rows without their heading, for a table of their own."""
        return [Group("", self.rows)]


class MonthRates(NamedTuple):
    """How the reports of one month came."""

    period: Period
    rates: Rates


def chapters(rows: Iterable[Row]) -> list[Group]:
    """Rows by chapter in report order, worst first inside each."""
    return _grouped(rows, "section")


def parts_of_chapter(rows: Iterable[Row]) -> list[Group]:
    """Rows of one chapter by its parts, in report order."""
    return _grouped(rows, "subsection")


def _grouped(rows: Iterable[Row], level: str) -> list[Group]:
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda found: (found.indicator.commitment.start, found.indicator.code)):
        groups.setdefault(getattr(row.indicator.commitment, level), []).append(row)
    return [Group(title, worst_first(found), found[0].indicator.commitment.code) for title, found in groups.items()]


def rates_by_month(board: Scoreboard) -> list[MonthRates]:
    """The twelve months of the year; those after the board's have no reports."""
    came: dict[str, list[Came]] = {period.code: [] for period in board.periods}
    for row in board.rows:
        for month in row.months:
            if month.came:
                came[month.period.code].append(month.came)
    return [MonthRates(period, rates(came[period.code])) for period in board.periods]


def involving(department: Department, year: int) -> IndicatorQuerySet:
    """What a department leads or supports in a year."""
    supported = Indicator.supporting_departments.through.objects.filter(department=department)
    return Indicator.objects.of_year(year).filter(
        Q(lead_department=department) | Q(pk__in=supported.values("indicator_id"))
    )


def supporting(year: int) -> list[Department]:
    """Departments that support others in a year, with how many as ``supports``, in official order (1 query)."""
    of_year = Q(supported_indicators__report__year=year, supported_indicators__is_active=True)
    found = Department.objects.annotate(supports=Count("supported_indicators", filter=of_year))
    return list(found.filter(supports__gt=0).order_by("ordinal", "code"))


@dataclass(frozen=True)
class UnitLine:
    """A department in the list of all: what it leads, how many it supports, how it reports."""

    department: Department
    rows: Sequence[Row]
    supports: int
    reported: Rates


def lines(leading: Iterable, also: Iterable[Department]) -> list[UnitLine]:
    """Leading (``cockpit.units``) and supporting departments together, in official order and never ranked."""
    supports = {department.pk: department.supports for department in also}
    found = {
        unit.department.pk: UnitLine(unit.department, unit.rows, supports.get(unit.department.pk, 0), unit.reported)
        for unit in leading
    }
    for department in also:
        found.setdefault(department.pk, UnitLine(department, (), department.supports, rates(())))
    return sorted(found.values(), key=attrgetter("department.ordinal", "department.code"))


def chapter_of(year: int, code: str) -> str | None:
    """The chapter a commitment stands in; ``None`` where there is no such commitment (1 query)."""
    found = Commitment.objects.filter(report__year=year, code=code).exclude(section="")
    return found.values_list("section", flat=True).first()


def leading(year: int) -> list[Department]:
    """Departments that lead something in a year, in official order (1 query)."""
    found = Department.objects.filter(led_indicators__report__year=year, led_indicators__is_active=True)
    return list(found.distinct().order_by("ordinal", "code"))
