"""An indicator's plan as the office edits it: curve, milestones, what of it is fixed by now, its earlier versions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef
from django.utils.timezone import localtime

from kpi.domain.amending import Rule, Stage, rule_for
from kpi.domain.periods import Period as Month
from kpi.domain.plan_shapes import LEVEL_KINDS, Drawing, Points, Wording, end_of
from kpi.domain.values import WHOLE_KINDS, Accumulation, Comparator, Kind, Polarity
from kpi.models import AssessmentSnapshot, Indicator, Milestone, Period, PlanPoint, Submission
from kpi.models.querysets import IndicatorQuerySet


def with_stage(indicators: IndicatorQuerySet) -> IndicatorQuerySet:
    """Annotate ``is_filed`` and ``is_published``, from which ``stage_of`` is told, without a query of its own."""
    filed = Submission.objects.filter(indicator=OuterRef("pk"), first_submitted_at__isnull=False)
    published = AssessmentSnapshot.objects.filter(indicator=OuterRef("pk"), period__locked_at__isnull=False)
    return indicators.annotate(is_filed=Exists(filed), is_published=Exists(published))


def stage_of(indicator: Indicator) -> Stage:
    """How far an indicator that was read ``with_stage`` has come."""
    return Stage.of(is_filed=indicator.is_filed, is_locked=indicator.is_published)


@dataclass(frozen=True)
class PlannedNode:
    """A milestone; ``is_fixed``: its month is locked, so that its day is on record."""

    ordinal: int
    name: str
    due_on: date
    is_fixed: bool = False


@dataclass(frozen=True)
class Plan:
    """What is planned, and what of it may still be changed; ``points`` by month code, ``locked`` month codes."""

    indicator: Indicator
    year: int
    stage: Stage
    target: Decimal | None
    points: Mapping[str, Decimal]
    nodes: Sequence[PlannedNode]
    locked: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        return Kind(self.indicator.kind)

    @property
    def has_nodes(self) -> bool:
        return self.kind is Kind.MILESTONE

    @property
    def decimals(self) -> int:
        """Places of a planned value."""
        return 0 if self.kind in WHOLE_KINDS else self.indicator.decimals

    @property
    def months(self) -> list[str]:
        return [str(month) for month in Month.range(Month(self.year, 1), Month(self.year, 12))]

    @property
    def wording(self) -> Wording:
        return wording_of(self.indicator, self.target, self.year)

    @property
    def may_reorder(self) -> bool:
        """Whether nodes may still be taken out or change places."""
        return rule_for("node_removed", self.stage) is Rule.FREE

    @property
    def stamp(self) -> str:
        """Changes with anything of the plan, whoever changes it by whatever way."""
        return stamp(self.as_json())

    def as_json(self) -> dict[str, Any]:
        return {
            "target": str(self.target),
            "points": {code: str(value) for code, value in sorted(self.points.items())},
            "nodes": [[node.ordinal, node.name, node.due_on.isoformat()] for node in self.nodes],
        }


def stamp(content: Mapping[str, Any]) -> str:
    """A short checksum of what a form was opened with: another one by now means that somebody else wrote."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def wording_of(indicator: Indicator, target: Decimal | None, year: int) -> Wording:
    """What a curve of the indicator is judged by."""
    due = indicator.final_due_on
    return Wording(
        Kind(indicator.kind),
        Comparator(indicator.comparator),
        Polarity(indicator.polarity),
        target,
        due.month if due.year == year else 12,
    )


def with_plan_to_edit(indicators: IndicatorQuerySet, year: int) -> IndicatorQuerySet:
    """Annotate everything ``plan_from`` reads."""
    locked = Period.objects.filter(report=OuterRef("report"), locked_at__isnull=False).order_by("code")
    return with_stage(
        indicators.with_target(date(year, 12, 31))
        .with_plan()
        .with_nodes()
        .annotate(locked_months=ArraySubquery(locked.values("code")))
    )


def locked_months(indicator: Indicator) -> frozenset[str]:
    """Codes of the indicator's months that are locked (1 query)."""
    locked = Period.objects.filter(report=indicator.report_id, locked_at__isnull=False)
    return frozenset(locked.values_list("code", flat=True))


def points_of(indicator: Indicator) -> dict[str, Decimal]:
    """The planned value of each month that has one (1 query)."""
    return dict(PlanPoint.objects.filter(indicator=indicator).order_by("period").values_list("period", "value"))


def plan_of(indicator: Indicator) -> Plan:
    """The plan as it is stored now (1 query)."""
    year = indicator.report.year
    return plan_from(with_plan_to_edit(Indicator.objects.select_related("report"), year).get(pk=indicator.pk))


def plan_from(indicator: Indicator) -> Plan:
    """The plan of an indicator that was read ``with_plan_to_edit`` with its report."""
    locked = tuple(indicator.locked_months)
    return Plan(
        indicator=indicator,
        year=indicator.report.year,
        stage=stage_of(indicator),
        target=indicator.target_value,
        points={code: Decimal(value) for code, value in (indicator.planned or {}).items()},
        nodes=[_node(row, locked) for row in indicator.node_rows],
        locked=locked,
    )


def _node(row: Mapping[str, Any], locked: Sequence[str]) -> PlannedNode:
    due_on = date.fromisoformat(row["due_on"])
    return PlannedNode(row["ordinal"], row["name"], due_on, str(Month.of(due_on)) in locked)


def drawing_of(plan: Plan, *, chosen: Collection[int] = (), start: Decimal | None = None) -> Drawing:
    """What a preset draws from (at most 1 query, for last year's plan); ``plan.target`` must be known.

    Locked months stay as they are, and the curve goes on from them. ``start`` in place of the usual beginning.
    """
    target = plan.target or Decimal(0)
    end = end_of(target, Comparator(plan.indicator.comparator), plan.decimals)
    past = [plan.points[code] for code in sorted(plan.points) if code in plan.locked]
    before = _predecessor_of(plan.indicator)
    return Drawing(
        start=past[-1] if past else (start if start is not None else start_of(plan.indicator, end)),
        end=end,
        decimals=plan.decimals,
        chosen=chosen,
        last_year=_points_of(before),
        last_start=start_of(before, before.target_value or Decimal(0)) if before else Decimal(0),
        open_months=[Month.parse(code).month for code in plan.months if code not in plan.locked],
    )


def start_of(indicator: Indicator, end: Decimal) -> Decimal:
    """Where a curve begins: at nothing; at the baseline for stocks and shares; at the end for what is level."""
    if indicator.kind in LEVEL_KINDS or indicator.accumulation == Accumulation.PERIOD:
        return end
    is_stock = indicator.kind in (Kind.POINT_IN_TIME, Kind.RATIO)
    is_same_unit = indicator.baseline_unit in ("", indicator.unit)
    if is_stock and is_same_unit and indicator.baseline_value is not None:
        return indicator.baseline_value
    return Decimal(0)


def last_year_points(indicator: Indicator) -> Points:
    """Last year's plan by month number; empty for a task that begins this year (1 query at most)."""
    return _points_of(_predecessor_of(indicator))


def _predecessor_of(indicator: Indicator) -> Indicator | None:
    if indicator.predecessor_id is None:
        return None
    earlier = Indicator.objects.with_plan().with_target(date(indicator.report.year, 1, 1))
    return earlier.get(pk=indicator.predecessor_id)


def _points_of(indicator: Indicator | None) -> Points:
    planned = (indicator.planned or {}) if indicator else {}
    return {Month.parse(code).month: Decimal(value) for code, value in planned.items()}


def by_month(points: Mapping[str, Decimal]) -> Points:
    """Month numbers in place of codes, as the domain draws and judges."""
    return {Month.parse(code).month: value for code, value in points.items()}


@dataclass(frozen=True)
class Version:
    """A plan as it was from a moment on; ``number`` names it. ``who`` is empty where nobody is on record."""

    number: int
    at: datetime
    who: str
    points: Mapping[str, Decimal] = field(default_factory=dict)
    nodes: Sequence[tuple[str, date]] = ()

    def says(self, plan: Plan) -> bool:
        """Whether it is the plan as it is now."""
        if plan.has_nodes:
            return list(self.nodes) == [(node.name, node.due_on) for node in plan.nodes]
        return self.points == plan.points


def versions(plan: Plan) -> list[Version]:
    """The plan's versions, newest first, from the history of its rows (1 query).

    Rows that were written together are one version: those of one context, else of one moment.
    """
    model = Milestone if plan.has_nodes else PlanPoint
    events = model.pgh_event_model.objects.filter(indicator=plan.indicator).order_by("pgh_created_at", "pgh_id")
    found: list[Version] = []
    rows: dict[int, Any] = {}
    groups = list(events.select_related("pgh_context"))
    for place, event in enumerate(groups):
        if event.pgh_label == "delete":
            rows.pop(event.pgh_obj_id, None)
        else:
            rows[event.pgh_obj_id] = event
        following = groups[place + 1] if place + 1 < len(groups) else None
        if following is None or _occasion(following) != _occasion(event):
            found.append(_version(event, rows.values(), has_nodes=plan.has_nodes))
    return found[::-1]


def _occasion(event: Any) -> object:
    return event.pgh_context_id or event.pgh_created_at


def _version(event: Any, rows: Iterable[Any], *, has_nodes: bool) -> Version:
    said = event.pgh_context.metadata if event.pgh_context else {}
    at = datetime.fromisoformat(said["at"]) if "at" in said else event.pgh_created_at
    who = said.get("who", "")
    if has_nodes:
        nodes = [(row.name, row.due_on) for row in sorted(rows, key=lambda row: row.ordinal)]
        return Version(event.pgh_id, localtime(at), who, nodes=nodes)
    return Version(event.pgh_id, localtime(at), who, points={row.period: row.value for row in rows})
