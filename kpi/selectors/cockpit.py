"""What a leader looks at, derived from one scoreboard: changes, coming dates, units, reporting, explanations.

Everything here works on rows already loaded; only ``explanations`` asks the database again (1 query).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter

from django.db.models import Q

from accounts.models import Department
from kpi.domain.reporting import Rates, rates
from kpi.domain.values import Kind, Rag, Timeliness, Verb
from kpi.models import Review, Submission
from kpi.selectors.content import Content
from kpi.selectors.scoreboard import SEVERITY, Row, Scoreboard, worst_first

BAD = (Rag.RED, Rag.AMBER)


@dataclass(frozen=True)
class Change:
    """A lamp that is not what it was a month ago."""

    row: Row
    before: Rag
    after: Rag

    @property
    def direction(self) -> str:
        """``done``, ``due`` (first lamp), ``worse`` or ``better``."""
        if self.after is Rag.DONE:
            return "done"
        if self.before is Rag.NOT_DUE:
            return "due"
        return "worse" if SEVERITY[self.after] < SEVERITY[self.before] else "better"


@dataclass(frozen=True)
class Coming:
    """A date ahead: a milestone that is not done, or the final date of an indicator without milestones."""

    row: Row
    name: str
    due_on: date
    days_left: int


@dataclass(frozen=True)
class Reporting:
    """How many reports of a period were asked for, filed in time, late, and are missing."""

    asked: int
    on_time: int
    late: int
    missing: int

    @property
    def filed(self) -> int:
        return self.on_time + self.late


@dataclass(frozen=True)
class Unit:
    """A lead department with its rows, worst first, and the rates of everything asked of it so far."""

    department: Department
    rows: Sequence[Row]
    reported: Rates


def changes(board: Scoreboard) -> list[Change]:
    """Lamps that changed since last month, worsening ones first."""
    order = {"worse": 0, "better": 1, "done": 2, "due": 3}
    found = [Change(row, row.previous_rag, row.rag) for row in board.rows if row.previous_rag and row.has_changed]
    return sorted(found, key=lambda change: order[change.direction])


def coming(board: Scoreboard, today: date, most: int = 4) -> list[Coming]:
    """The next dates that are still open, nearest first, one for each indicator."""
    found = [date_ahead for row in board.rows if row.rag is not Rag.DONE and (date_ahead := _next_date(row, today))]
    return sorted(found, key=attrgetter("due_on"))[:most]


def _next_date(row: Row, today: date) -> Coming | None:
    dates = [(node.due_on, node.name) for node in row.terms.nodes()]
    dates = dates or [(row.terms.final_due_on, "")]
    ahead = sorted(found for found in dates if found[0] >= today)
    # The last node is what the report promised; those before it are the unit's own steps.
    if not ahead or row.indicator.kind == Kind.STAGE:
        return None
    due_on, name = ahead[-1]
    return Coming(row, name, due_on, (due_on - today).days)


def reporting(board: Scoreboard) -> Reporting:
    """Reporting of the chosen period; lateness is an axis of its own and never colours a lamp."""
    months = [row.current for row in board.rows if row.current.is_asked]
    count = defaultdict(int)
    for month in months:
        count[month.timeliness] += 1
    return Reporting(len(months), count[Timeliness.ON_TIME], count[Timeliness.LATE], count[Timeliness.MISSING])


def units(board: Scoreboard) -> list[Unit]:
    """Lead departments in their official order, never ranked."""
    groups: dict[Department, list[Row]] = defaultdict(list)
    for row in board.rows:
        groups[row.indicator.lead_department].append(row)
    ordered = sorted(groups, key=attrgetter("ordinal", "code"))
    return [Unit(department, worst_first(groups[department]), rates_of(groups[department])) for department in ordered]


def rates_of(rows: Iterable[Row]) -> Rates:
    """The two rates of everything asked of the rows so far."""
    return rates(came for row in rows for month in row.months if (came := month.came))


def explanations(rows: Iterable[Row], until: datetime) -> Mapping[str, Submission]:
    """The report behind each row's lamp as it was approved last by ``until``, by indicator code (1 query).

    A correction approved later says nothing about the moment looked at. The reports are never to be saved.
    """
    sources: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if row.current.source_period:
            sources[row.current.source_period].append(row.indicator.pk)
    wanted = Q(pk__in=[])
    for period, indicators in sources.items():
        wanted |= Q(submission__period__code=period, submission__indicator__in=indicators)
    approvals = Review.objects.filter(wanted, verb=Verb.APPROVE, at__lte=until).order_by("submission_id", "-version")
    last = approvals.distinct("submission_id").select_related("submission__indicator")
    return {found.submission.indicator.code: _as_approved(found) for found in last}


def _as_approved(approval: Review) -> Submission:
    """The report of an approval; where it moved on since, with the content of that moment."""
    report = approval.submission
    if report.version != approval.version:
        for name, value in Content.from_json(approval.content).as_fields().items():
            setattr(report, name, value)
    return report
