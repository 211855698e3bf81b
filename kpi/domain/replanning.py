"""What an indicator is held to, what a change of it may ask for, and what holds once it is granted.

The table of what is wrong with a wish is tests/domain/cases/target_change_flaws.csv.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import NamedTuple

from kpi.domain.periods import Period
from kpi.domain.values import Comparator, Kind, Polarity

# Kinds whose full-year target follows from something else: the count of their nodes, the last stage.
FIXED_TARGET = frozenset({Kind.MILESTONE, Kind.STAGE})


@dataclass(frozen=True)
class Held:
    """All an indicator is held to: target, final date, planned values by month, due days of its nodes by ordinal."""

    target: Decimal | None
    final_due_on: date
    plan: Mapping[Period, Decimal] = field(default_factory=dict)
    nodes: Mapping[int, date] = field(default_factory=dict)


@dataclass(frozen=True)
class Wish:
    """What is to be another than it is. In ``plan`` a month with ``None`` is not to be due."""

    target: Decimal | None = None
    final_due_on: date | None = None
    plan: Mapping[Period, Decimal | None] = field(default_factory=dict)
    nodes: Mapping[int, date] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return self.target is None and self.final_due_on is None and not self.plan and not self.nodes


def without_same(held: Held, wish: Wish) -> Wish:
    """The wish without what holds already."""
    return Wish(
        target=None if wish.target == held.target else wish.target,
        final_due_on=None if wish.final_due_on == held.final_due_on else wish.final_due_on,
        plan={month: value for month, value in wish.plan.items() if value != held.plan.get(month)},
        nodes={ordinal: day for ordinal, day in wish.nodes.items() if day != held.nodes.get(ordinal)},
    )


def merged(held: Held, wish: Wish, first: Period, *, kind: Kind) -> Held:
    """What holds once the wish is granted from ``first`` on: months before stay as they are.

    The curve of a milestone follows from its nodes.
    """
    nodes = {**held.nodes, **wish.nodes}
    plan: Mapping[Period, Decimal | None] = _of_nodes(nodes, first) if kind is Kind.MILESTONE else wish.plan
    after = {**held.plan, **{month: value for month, value in plan.items() if month >= first}}
    return replace(
        held,
        target=held.target if wish.target is None else wish.target,
        final_due_on=wish.final_due_on or held.final_due_on,
        plan={month: value for month, value in sorted(after.items()) if value is not None},
        nodes=nodes,
    )


def _of_nodes(nodes: Mapping[int, date], first: Period) -> dict[Period, Decimal | None]:
    months = Period.range(first, Period(first.year, 12))
    return {month: Decimal(sum(day <= month.last_day for day in nodes.values())) for month in months}


class Flaw(NamedTuple):
    """What is wrong with a wish, at which field; ``node_3`` is the third milestone."""

    field: str
    code: str
    params: Mapping[str, object] = {}


@dataclass(frozen=True)
class Subject:
    """What a wish is about; ``done`` are the ordinals of the nodes that are completed."""

    kind: Kind
    comparator: Comparator
    polarity: Polarity
    year: int
    done: frozenset[int] = frozenset()


def flaws(subject: Subject, held: Held, wish: Wish, today: date) -> list[Flaw]:
    """Everything that keeps a wish from being asked for on ``today``; ``wish`` is ``without_same``."""
    if wish.is_empty:
        return [Flaw("form", "target_change_changes_nothing")]
    after = merged(held, wish, Period.of(today), kind=subject.kind)
    found = _date_flaws(subject, wish, today) + _node_flaws(subject, wish, after, today) + _range_flaws(subject, wish)
    return found or _curve_flaws(subject, wish, after)


# What a figure of a kind may be at least and at most.
BOUNDS: Mapping[Kind, tuple[int, int]] = {Kind.STAGE: (0, 4), Kind.RATIO: (0, 100), Kind.RANK: (1, 999)}


def _range_flaws(subject: Subject, wish: Wish) -> list[Flaw]:
    if subject.kind not in BOUNDS:
        return []
    low, high = BOUNDS[subject.kind]
    values = {"target": wish.target, **{f"plan_{month}": value for month, value in wish.plan.items()}}
    bounds = {"low": low, "high": high}
    outside = [name for name, value in values.items() if value is not None and not low <= value <= high]
    return [Flaw(name, "change_value_out_of_range", bounds) for name in outside]


def _curve_flaws(subject: Subject, wish: Wish, after: Held) -> list[Flaw]:
    """What is wrong with the curve as a whole."""
    if subject.kind is Kind.MILESTONE:
        return []
    if subject.kind is Kind.CUMULATIVE and wish.plan:
        values = [after.plan[month] for month in sorted(after.plan)]
        if any(later < earlier for earlier, later in pairwise(values)):
            return [Flaw("plan", "change_plan_falls")]
    if not _ends_at_target(subject, after):
        return [Flaw("plan", "change_plan_misses_target", {"target": after.target})]
    return []


def _date_flaws(subject: Subject, wish: Wish, today: date) -> list[Flaw]:
    if wish.final_due_on is None:
        return []
    if wish.final_due_on.year != subject.year:
        return [Flaw("final_due_on", "change_date_not_in_year", {"year": subject.year})]
    return [Flaw("final_due_on", "change_date_passed")] if wish.final_due_on < today else []


def _node_flaws(subject: Subject, wish: Wish, after: Held, today: date) -> list[Flaw]:
    found = []
    for ordinal, day in sorted(wish.nodes.items()):
        name = f"node_{ordinal}"
        if ordinal in subject.done:
            found.append(Flaw(name, "change_node_done"))
        elif day < today:
            found.append(Flaw(name, "change_date_passed"))
        elif day > after.final_due_on:
            found.append(Flaw(name, "change_node_after_end", {"day": after.final_due_on.isoformat()}))
    # A date that ends earlier than a node nobody moved is as wrong as the node.
    late = [ordinal for ordinal, day in after.nodes.items() if day > after.final_due_on and ordinal not in wish.nodes]
    return found + [
        Flaw(f"node_{ordinal}", "change_node_after_end", {"day": after.final_due_on.isoformat()}) for ordinal in late
    ]


def _ends_at_target(subject: Subject, after: Held) -> bool:
    """Whether the last planned month reaches the target; without a target or a plan there is nothing to reach."""
    if after.target is None or not after.plan:
        return True
    return subject.comparator.is_met(after.plan[max(after.plan)], after.target, subject.polarity)


def rescaled(held: Held, target: Decimal, first: Period, *, decimals: int) -> dict[Period, Decimal]:
    """The planned months from ``first`` on, stretched or shortened so that the last one is the new target.

    What was planned until the month before stays; the steps after it keep their proportions. Steps that add up to
    nothing are left flat until the last month.
    """
    ahead = [month for month in sorted(held.plan) if month >= first]
    behind = [held.plan[month] for month in sorted(held.plan) if month < first]
    start = behind[-1] if behind else Decimal(0)
    if not ahead:
        return {}
    whole, unit = held.plan[ahead[-1]] - start, Decimal(1).scaleb(-decimals)
    shares = {month: (held.plan[month] - start) / whole if whole else Decimal(0) for month in ahead}
    found = {month: (start + (target - start) * share).quantize(unit, ROUND_HALF_UP) for month, share in shares.items()}
    return found | {ahead[-1]: target}
