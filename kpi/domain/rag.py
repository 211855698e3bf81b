"""Red, amber, green: where an indicator stands against its plan, by a dated rule, with the reason.

The order of questions is the same for every kind: is there a figure? is the full-year target met? is the final date
over? is anything planned for this month? and only then: how far from the plan? A report that comes late never
changes the lamp; a figure below last year's is normal. Days are read as ended: ``as_of`` 30 June includes that day.

Sources of the presets: the cities' published rules as listed in docs/rules/rag.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from kpi.domain.values import Comparator, Kind, Polarity, Rag

ONE = Decimal(1)
RATIO_PLACES = Decimal("0.000001")
LAST_STAGE = 4


class Basis(StrEnum):
    """What is compared with the thresholds. Cities publish all three; they disagree, so the rule names its own."""

    PERCENT_OF_PLAN = "percent_of_plan"
    POINTS_BEHIND = "points_behind"
    BINARY = "binary"


@dataclass(frozen=True)
class Rule:
    """A lamp rule. ``green_from`` and ``amber_from`` are shares of the plan (0.95) for ``PERCENT_OF_PLAN`` and
    ``BINARY``, and points behind it as a share of the year's target (0.10) for ``POINTS_BEHIND``.

    ``green_includes_edge`` and ``amber_includes_edge`` say to whom the edge itself belongs.
    """

    code: str
    version: str
    basis: Basis
    green_from: Decimal
    amber_from: Decimal
    ahead_from: Decimal = Decimal("1.05")
    node_amber_days: int = 15
    green_includes_edge: bool = True
    amber_includes_edge: bool = True

    @classmethod
    def from_thresholds(cls, *, code: str, version: str, basis: Basis, thresholds: Mapping[str, object]) -> Rule:
        """A rule from stored thresholds, whose figures are text so that no float comes near them."""
        decimals = {
            name: Decimal(str(thresholds[name]))
            for name in ("green_from", "amber_from", "ahead_from")
            if name in thresholds
        }
        flags = {
            name: bool(thresholds[name])
            for name in ("green_includes_edge", "amber_includes_edge")
            if name in thresholds
        }
        days = int(str(thresholds.get("node_amber_days", 15)))
        return cls(code=code, version=version, basis=basis, node_amber_days=days, **decimals, **flags)  # type: ignore[arg-type]


DEFAULT_RULE = Rule("default", "1.0", Basis.PERCENT_OF_PLAN, Decimal("0.95"), Decimal("0.80"))
YINCHUAN = Rule("yinchuan", "2025", Basis.POINTS_BEHIND, Decimal("0.10"), Decimal("0.30"), green_includes_edge=False)
SANYA = Rule("sanya", "2022", Basis.PERCENT_OF_PLAN, Decimal("1"), Decimal("0.5"))
XUANCHENG = Rule("xuancheng", "2020", Basis.BINARY, Decimal("1"), Decimal("1"))


@dataclass(frozen=True)
class Node:
    """A milestone: due by the end of ``due_on``, done on ``done_on`` or not yet."""

    ordinal: int
    name: str
    due_on: date
    done_on: date | None = None

    def days_late(self, as_of: date) -> int | None:
        """Days since it was due, from 0 on the due day itself; ``None`` while done or not due."""
        return (as_of - self.due_on).days if self.done_on is None and self.due_on <= as_of else None


@dataclass(frozen=True)
class Standing:
    """Everything ``assess`` needs. Figures are in the indicator's unit: per cent for ratios, covered units for
    coverage, the place for a rank, events for a bottom line, 0–4 for a stage; milestones bring ``nodes``."""

    kind: Kind
    comparator: Comparator
    polarity: Polarity
    as_of: date
    target: Decimal | None = None
    expected: Decimal | None = None
    actual: Decimal | None = None
    final_due_on: date | None = None
    nodes: tuple[Node, ...] = ()
    peers_known: bool = True
    baseline: Decimal | None = None
    decimals: int = 2
    is_confirmed: bool = True

    @property
    def is_final(self) -> bool:
        """Whether the final date has come: nothing more can be done about it."""
        return self.final_due_on is not None and self.as_of >= self.final_due_on

    @property
    def is_target_met(self) -> bool:
        if self.actual is None or self.target is None:
            return False
        return self.comparator.is_met(self.actual, self.target, self.polarity)

    @property
    def lower_is_better(self) -> bool:
        return self.polarity is Polarity.LOWER_IS_BETTER


class Assessment(NamedTuple):
    """A lamp with its reason.

    ``ratio`` = achieved share of the plan to date, ``gap`` = actual − expected (negative means behind where higher is
    better), ``to_green`` = the smallest change that turns it green (``None`` when it needs none or none can).
    """

    rag: Rag
    reason: str
    params: Mapping[str, object]
    ratio: Decimal | None
    gap: Decimal | None
    actual: Decimal | None
    expected: Decimal | None
    target: Decimal | None
    to_green: Decimal | None
    is_ahead: bool
    rule_code: str
    rule_version: str


@dataclass(frozen=True)
class Verdict:
    """What a kind's own rule finds; ``assess`` adds the figures and the rule's name."""

    rag: Rag
    reason: str
    params: Mapping[str, object] = field(default_factory=dict)
    to_green: Decimal | None = None


def assess(standing: Standing, rule: Rule) -> Assessment:
    """The lamp of one indicator on one day. Pure: the same standing and rule always give the same lamp."""
    verdict = JUDGES[standing.kind](standing, rule)
    share = _share_of_plan(standing)
    actual, expected = _figures(standing)
    return Assessment(
        rag=verdict.rag,
        reason=verdict.reason,
        params=verdict.params,
        ratio=None if share is None else _rounded(share),
        gap=None if actual is None or expected is None else actual - expected,
        actual=actual,
        expected=expected,
        target=standing.target,
        to_green=verdict.to_green,
        is_ahead=share is not None and share >= rule.ahead_from,
        rule_code=rule.code,
        rule_version=rule.version,
    )


def _judge_figure(standing: Standing, rule: Rule) -> Verdict:
    """Cumulative, point in time, coverage, ratio: the figure against the plan and the full-year target."""
    if standing.actual is None:
        return Verdict(Rag.NOT_DUE, "no_value")
    if standing.is_target_met and (standing.is_final or not standing.lower_is_better):
        return Verdict(Rag.DONE, "target_met")
    if standing.is_final and standing.target is not None:
        return Verdict(Rag.RED, "final_date_missed", {"final_due_on": standing.final_due_on}, _to_target(standing))
    if standing.expected is None:
        return Verdict(Rag.NOT_DUE, "no_plan_yet")
    return _against_plan(standing, rule)


def _against_plan(standing: Standing, rule: Rule) -> Verdict:
    shortfall = _shortfall(standing, rule)
    green, amber = _limits(rule)
    if shortfall < green or (shortfall == green and rule.green_includes_edge):
        return Verdict(Rag.GREEN, "on_plan")
    to_green = _to_green(standing, rule)
    if shortfall < amber or (shortfall == amber and rule.amber_includes_edge):
        return Verdict(Rag.AMBER, "behind_amber", {}, to_green)
    return Verdict(Rag.RED, "behind_red", {}, to_green)


def _limits(rule: Rule) -> tuple[Fraction, Fraction]:
    """The largest shortfall that is green, and the largest that is amber."""
    if rule.basis is Basis.POINTS_BEHIND:
        return Fraction(rule.green_from), Fraction(rule.amber_from)
    return 1 - Fraction(rule.green_from), 1 - Fraction(rule.amber_from)


def _shortfall(standing: Standing, rule: Rule) -> Fraction:
    """How far behind the plan, as an exact share of ``_yardstick``; negative when ahead."""
    assert standing.expected is not None and standing.actual is not None
    behind = Fraction(standing.expected) - Fraction(standing.actual)
    if standing.lower_is_better:
        behind = -behind
    yardstick = _yardstick(standing, rule)
    if yardstick == 0:
        # Nothing was planned: anything behind it is infinitely far behind, which is as red as can be.
        return Fraction(0) if behind <= 0 else Fraction(10**9)
    return behind / yardstick


def _yardstick(standing: Standing, rule: Rule) -> Fraction:
    """What the shortfall is a share of: the plan to date, the year's target, or 100 points for a ratio."""
    if standing.kind is Kind.RATIO:
        return Fraction(100)
    measure = standing.target if rule.basis is Basis.POINTS_BEHIND else standing.expected
    return Fraction(measure or 0)


def _to_green(standing: Standing, rule: Rule) -> Decimal:
    """The smallest step, at the indicator's own precision, that brings the figure into the green."""
    assert standing.expected is not None and standing.actual is not None
    allowed = _limits(rule)[0] * _yardstick(standing, rule)
    edge = Fraction(standing.expected) + (allowed if standing.lower_is_better else -allowed)
    return _step_to(standing, edge, is_edge_enough=rule.green_includes_edge)


def _to_target(standing: Standing) -> Decimal:
    assert standing.target is not None
    is_strict = standing.comparator in (Comparator.MORE_THAN, Comparator.LESS_THAN)
    return _step_to(standing, Fraction(standing.target), is_edge_enough=not is_strict)


def _step_to(standing: Standing, edge: Fraction, *, is_edge_enough: bool) -> Decimal:
    assert standing.actual is not None
    unit = ONE.scaleb(-standing.decimals)
    scaled = edge / Fraction(unit)
    goal = unit * (math.floor(scaled) if standing.lower_is_better else math.ceil(scaled))
    if not is_edge_enough and Fraction(goal) == edge:
        goal += -unit if standing.lower_is_better else unit
    return goal - standing.actual


def _judge_milestones(standing: Standing, rule: Rule) -> Verdict:
    """Late nodes: up to ``node_amber_days`` amber, beyond or past the final date red."""
    if not standing.nodes:
        return Verdict(Rag.NOT_DUE, "no_plan_yet")
    if all(node.done_on is not None for node in standing.nodes):
        return Verdict(Rag.DONE, "all_nodes_done")
    if standing.is_final:
        return Verdict(Rag.RED, "final_date_missed", {"final_due_on": standing.final_due_on})
    late = [(days, node) for node in standing.nodes if (days := node.days_late(standing.as_of)) is not None]
    if late:
        days, node = max(late, key=lambda found: found[0])
        params = {"node": node.name, "days": days, "count": len(late)}
        if days > rule.node_amber_days:
            return Verdict(Rag.RED, "node_far_late", params, Decimal(len(late)))
        return Verdict(Rag.AMBER, "node_late", params, Decimal(len(late)))
    is_begun = any(node.done_on is not None for node in standing.nodes)
    return Verdict(Rag.GREEN, "nodes_on_time") if is_begun else Verdict(Rag.NOT_DUE, "no_plan_yet")


def _judge_rank(standing: Standing, rule: Rule) -> Verdict:
    """A place is held or lost; without known peers it cannot be judged."""
    if standing.actual is None:
        return Verdict(Rag.NOT_DUE, "no_value")
    if not standing.peers_known:
        return Verdict(Rag.NOT_DUE, "peers_missing")
    if not standing.is_target_met:
        return Verdict(Rag.RED, "rank_lost", {"rank": standing.actual})
    return Verdict(Rag.DONE if standing.is_final else Rag.GREEN, "rank_held", {"rank": standing.actual})


def _judge_bottom_line(standing: Standing, rule: Rule) -> Verdict:
    """No event is green, any event is red; only the end of the year makes it done."""
    if standing.actual is None:
        return Verdict(Rag.NOT_DUE, "no_value")
    if standing.actual > 0:
        return Verdict(Rag.RED, "events_found", {"count": standing.actual})
    return Verdict(Rag.DONE if standing.is_final else Rag.GREEN, "no_events")


def _judge_stage(standing: Standing, rule: Rule) -> Verdict:
    """Stages against the planned stage: one behind is amber, more is red; stage 4 is done once confirmed."""
    if standing.actual is None:
        return Verdict(Rag.NOT_DUE, "no_value")
    if standing.actual >= LAST_STAGE and standing.is_confirmed:
        return Verdict(Rag.DONE, "target_met")
    if standing.is_final:
        return Verdict(Rag.RED, "final_date_missed", {"final_due_on": standing.final_due_on})
    if standing.expected is None:
        return Verdict(Rag.NOT_DUE, "no_plan_yet")
    behind = standing.expected - standing.actual
    if behind <= 0:
        return Verdict(Rag.GREEN, "stage_on_plan")
    if behind <= 1:
        return Verdict(Rag.AMBER, "stage_behind", {"behind": behind}, behind)
    return Verdict(Rag.RED, "stage_far_behind", {"behind": behind}, behind)


JUDGES: Mapping[Kind, Callable[[Standing, Rule], Verdict]] = {
    Kind.CUMULATIVE: _judge_figure,
    Kind.POINT_IN_TIME: _judge_figure,
    Kind.RATIO: _judge_figure,
    Kind.COVERAGE: _judge_figure,
    Kind.MILESTONE: _judge_milestones,
    Kind.RANK: _judge_rank,
    Kind.BOTTOM_LINE: _judge_bottom_line,
    Kind.STAGE: _judge_stage,
}
# Kinds whose figure can be put as a share of the plan to date.
SHARED_KINDS = frozenset({Kind.CUMULATIVE, Kind.POINT_IN_TIME, Kind.RATIO, Kind.COVERAGE, Kind.STAGE})


def _figures(standing: Standing) -> tuple[Decimal | None, Decimal | None]:
    """Actual and expected; for milestones the nodes done and the nodes due by now."""
    if standing.kind is not Kind.MILESTONE:
        return standing.actual, standing.expected
    done = sum(node.done_on is not None for node in standing.nodes)
    due = sum(node.due_on <= standing.as_of for node in standing.nodes)
    return Decimal(done), Decimal(due)


def _share_of_plan(standing: Standing) -> Fraction | None:
    """Actual ÷ expected; 2 − actual ÷ expected where lower is better, never below 0; ``None`` without a plan."""
    if standing.kind not in SHARED_KINDS or standing.actual is None or not standing.expected:
        return None
    share = Fraction(standing.actual) / Fraction(standing.expected)
    return max(2 - share, Fraction(0)) if standing.lower_is_better else share


def _rounded(share: Fraction) -> Decimal:
    """For display and storage only: six places, half up. The lamp is decided on the exact share."""
    return math.floor(share * 10**6 + Fraction(1, 2)) * RATIO_PLACES
