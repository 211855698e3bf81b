"""What a KPI page tells beside the months: targets and plans as they were changed, the units a coverage counts.

Everything comes with the indicator itself (``with_story``), so that the page needs no query of its own for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Exists, F, OuterRef
from django.db.models.functions import Cast, JSONObject

from accounts.models import Department, User
from kpi.domain.periods import Period as Month
from kpi.domain.values import Verb
from kpi.models import Follow, Indicator, Milestone, PastResult, PlanPoint, Review, Target, TargetChange
from kpi.models.querysets import IndicatorQuerySet
from kpi.selectors.terms import Terms, terms_at

BEGINNING, END = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
PAST = ("year", "month", "unit", "source", "note")
# Text, because a JSON number would pass through a float.
EXACT = Cast("value", CharField())


def with_story(indicators: IndicatorQuerySet) -> IndicatorQuerySet:
    """Annotate what the functions of this module read."""
    target_events = Target.pgh_event_model.objects.filter(indicator=OuterRef("pk"))
    plan_events = PlanPoint.pgh_event_model.objects.filter(indicator=OuterRef("pk"))
    node_events = Milestone.pgh_event_model.objects.filter(indicator=OuterRef("pk"))
    units = Department.objects.filter(kind=OuterRef("coverage_scope"), is_active=True).order_by("ordinal")
    targets = Target.objects.filter(indicator=OuterRef("pk")).order_by("effective_on")
    past = PastResult.objects.filter(indicator=OuterRef("pk")).order_by("-year", "month")
    about = {"at": "pgh_created_at", "label": "pgh_label", "key": "pgh_obj_id"}
    return indicators.annotate(
        said_targets=ArraySubquery(targets.values(row=JSONObject(value=EXACT, day="effective_on", reason="reason"))),
        said_target_events=ArraySubquery(
            target_events.order_by("pgh_id").values(row=JSONObject(value=EXACT, what="effective_on", **about))
        ),
        said_plan_events=ArraySubquery(
            plan_events.order_by("pgh_id").values(row=JSONObject(value=EXACT, what="period", slot="period", **about))
        ),
        said_node_events=ArraySubquery(
            node_events.order_by("pgh_id").values(
                row=JSONObject(value=F("due_on"), what="name", slot="ordinal", **about)
            )
        ),
        said_past=ArraySubquery(past.values(row=JSONObject(value=EXACT, **{name: name for name in PAST}))),
        has_cases=Exists(TargetChange.objects.filter(indicator=OuterRef("pk"))),
        said_units=ArraySubquery(
            units.values(row=JSONObject(code="code", name="short_name", group="parent__short_name"))
        ),
    )


def with_follow(indicators: IndicatorQuerySet, user: User) -> IndicatorQuerySet:
    """Annotate ``is_followed``: whether the reader is told when the lamp changes."""
    return indicators.annotate(is_followed=Exists(Follow.objects.filter(indicator=OuterRef("pk"), user=user)))


@dataclass(frozen=True)
class DatedTarget:
    """A full-year target with the day it took effect; ``before`` is ``None`` for the report's own."""

    effective_on: date
    value: Decimal
    before: Decimal | None
    reason: str


def targets_of(indicator: Indicator) -> list[DatedTarget]:
    """Every target of the year, oldest first."""
    changes: list[DatedTarget] = []
    for row in indicator.said_targets:
        before = changes[-1].value if changes else None
        changes.append(DatedTarget(date.fromisoformat(row["day"]), Decimal(row["value"]), before, row["reason"]))
    return changes


@dataclass(frozen=True)
class PastFigure:
    """A figure as it was published in an earlier year; ``unit`` is the one it is in."""

    value: Decimal
    unit: str
    source: str
    note: str


@dataclass(frozen=True)
class PastYear:
    """What is known of one earlier year: of all of it, and to date at the end of months (1–12)."""

    year: int
    whole: PastFigure | None
    months: Mapping[int, PastFigure]

    @property
    def sources(self) -> str:
        """Where its figures come from, each once."""
        found = [*([self.whole] if self.whole else []), *self.months.values()]
        return "；".join(dict.fromkeys(figure.source for figure in found))

    @property
    def notes(self) -> str:
        found = [*([self.whole] if self.whole else []), *self.months.values()]
        return "；".join(dict.fromkeys(figure.note for figure in found if figure.note))


def past_of(indicator: Indicator) -> list[PastYear]:
    """Results of earlier years, the latest first."""
    years: dict[int, dict[int | None, PastFigure]] = defaultdict(dict)
    for row in indicator.said_past:
        unit = row["unit"] or indicator.unit
        years[row["year"]][row["month"]] = PastFigure(Decimal(row["value"]), unit, row["source"], row["note"])
    return [
        PastYear(year, found.get(None), {month: figure for month, figure in found.items() if month is not None})
        for year, found in years.items()
    ]


def same_month_last_year(indicator: Indicator, month: Month) -> PastFigure | None:
    """The figure to date of the same month a year before, where it can be compared: it is in the same unit."""
    for year in past_of(indicator):
        if year.year == month.year - 1:
            figure = year.months.get(month.month) or (year.whole if month.month == 12 else None)
            return figure if figure and figure.unit == indicator.unit else None
    return None


def target_by_month(indicator: Indicator, year: int) -> Mapping[Month, Decimal]:
    """The target in force at the end of each month of ``year``; months before the first one are absent."""
    months = Month.range(Month(year, 1), Month(year, 12))
    targets = targets_of(indicator)
    in_force = {month: [found for found in targets if found.effective_on <= month.last_day] for month in months}
    return {month: found[-1].value for month, found in in_force.items() if found}


@dataclass(frozen=True)
class PlanChange:
    """Something of the plan that was put right where it stood: ``what`` is a month's code, a node's name, or the day of
    a target; ``slot`` its key in the plan, a month's code or a node's ordinal.

    ``before`` is ``None`` where it was added, ``after`` empty where it was taken out.
    """

    at: datetime
    kind: str
    what: str
    slot: str | int | None
    before: str | None
    after: str


def plan_changes(indicator: Indicator) -> list[PlanChange]:
    """Corrections of planned values, node dates and of targets already on record, newest first, from their history.

    What was written together with the first entry is the plan itself, what was written together with a former plan is a
    change of target: neither is a correction.
    """
    changed_at = {row["recorded_at"] for row in indicator.former_rows}
    found = [
        *_changes("plan", indicator.said_plan_events, changed_at),
        *_changes("node", indicator.said_node_events, changed_at),
        # A new target is a line of ``targets_of``; here are only those rewritten where they stood.
        *(change for change in _changes("target", indicator.said_target_events, changed_at) if change.before),
    ]
    return sorted(found, key=lambda change: change.at, reverse=True)


def terms_as_known(indicator: Indicator, month: Month, until: datetime) -> Terms:
    """What held in ``month`` as it was known at a moment: what was put right later is undone."""
    terms = terms_at(indicator, month)
    since, before = _reign(indicator, terms)
    later = [found for found in plan_changes(indicator) if found.at > until and since < found.at < before]
    if not later:
        return terms
    plan, days = dict(terms.planned), {row["ordinal"]: row["due_on"] for row in terms.node_rows}
    for change in later:
        values = plan if change.kind == "plan" else days if change.kind == "node" else {}
        if change.before is None:
            values.pop(change.slot, None)
        else:
            values[change.slot] = change.before
    nodes = [dict(row, due_on=days[row["ordinal"]]) for row in terms.node_rows if row["ordinal"] in days]
    return terms.with_plan(plan, nodes)


def _reign(indicator: Indicator, terms: Terms) -> tuple[datetime, datetime]:
    """From when to when the plan of ``terms`` stood in the tables, where it could be put right."""
    ends = [datetime.fromisoformat(row["recorded_at"]) for row in indicator.former_rows]
    place = indicator.former_rows.index(terms.former) if terms.former else len(ends)
    return ends[place - 1] if place else BEGINNING, ends[place] if place < len(ends) else END


def _changes(kind: str, events: Sequence[Mapping[str, Any]], changed_at: Collection[str]) -> Iterable[PlanChange]:
    last: dict[int, str] = {}
    first_at = events[0]["at"] if events else None
    for event in events:
        before = last.get(event["key"])
        # What was taken out says nothing from then on.
        after = "" if event["label"] == "delete" else event["value"]
        last[event["key"]] = after
        is_first_plan = event["label"] == "insert" and event["at"] == first_at
        if not is_first_plan and before != after and event["at"] not in changed_at:
            at = datetime.fromisoformat(event["at"])
            yield PlanChange(at, kind, event["what"], event.get("slot"), before, after)


@dataclass(frozen=True)
class CoveredUnit:
    """A district or township: since which approved month it has counted as covered, without a break until now."""

    name: str
    since: str | None
    months: frozenset[str]

    @property
    def is_covered(self) -> bool:
        return self.since is not None


@dataclass(frozen=True)
class CoverageGroup:
    """Units of one district; of the city where districts themselves are counted (``name`` is empty)."""

    name: str
    units: Sequence[CoveredUnit]

    @property
    def covered(self) -> int:
        return sum(unit.is_covered for unit in self.units)

    @property
    def open_units(self) -> list[CoveredUnit]:
        return [unit for unit in self.units if not unit.is_covered]


@dataclass(frozen=True)
class Coverage:
    """Who is covered and who is not, by the approved reports; ``months`` are those with a report, oldest first."""

    groups: Sequence[CoverageGroup]
    months: Sequence[str]

    @property
    def covered(self) -> int:
        return sum(group.covered for group in self.groups)

    @property
    def total(self) -> int:
        return sum(len(group.units) for group in self.groups)


def coverage_of(indicator: Indicator, steps: Iterable[Review], until: str) -> Coverage:
    """Ticks of the reports approved up to month ``until``; ``steps`` newest first, as from ``history.steps_of``."""
    ticked: dict[str, frozenset[str]] = {}
    for step in steps:
        code = step.submission.period.code
        if step.verb == Verb.APPROVE and code <= until and not step.content.get("is_unpublished"):
            ticked.setdefault(code, frozenset(step.content.get("covered_units") or ()))
    months = sorted(ticked)
    groups: dict[str, list[CoveredUnit]] = defaultdict(list)
    is_by_district = indicator.coverage_scope == "district"
    for unit in indicator.said_units:
        known = frozenset(month for month in months if unit["code"] in ticked[month])
        name = "" if is_by_district else unit["group"] or ""
        groups[name].append(CoveredUnit(unit["name"], _since(months, known), known))
    return Coverage([CoverageGroup(name, units) for name, units in groups.items()], months)


def _since(months: Sequence[str], known: frozenset[str]) -> str | None:
    """The first month of the unbroken run that ends with the latest report."""
    since = None
    for month in reversed(months):
        if month not in known:
            break
        since = month
    return since
