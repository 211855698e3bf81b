"""The life of a change of target (目标调整): which step a state allows and who takes it, whether it was asked for in
time, from which month it holds, and what becomes of the plan.

The tables are tests/domain/cases/target_changes.csv, target_change_window.csv and target_change_flaws.csv. A change
never touches a locked month; what held before is kept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from kpi.domain.errors import DomainError, IllegalTransition
from kpi.domain.periods import Period
from kpi.domain.values import Comparator, Kind, Polarity

# Kinds whose full-year target follows from something else: the count of their nodes, the last stage.
FIXED_TARGET = frozenset({Kind.MILESTONE, Kind.STAGE})
MONTH_AND_DAY = re.compile(r"(\d{2})-(\d{2})", re.ASCII)
# A year that has every day there is.
LEAP_YEAR = 2024


class ChangeState(StrEnum):
    ASKED = "asked"
    SIGNED = "signed"
    AGREED = "agreed"
    RETURNED = "returned"
    APPLIED = "applied"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ChangeVerb(StrEnum):
    """Every entry of a case is one of these steps."""

    ASK = "ask"
    SIGN = "sign"
    AGREE = "agree"
    APPLY = "apply"
    SEND_BACK = "send_back"
    REPAIR = "repair"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class ChangeParty(StrEnum):
    """What a person is to a case; one person may be several. The leader is whoever holds the post in charge."""

    UNIT = "unit"
    HEAD = "head"
    LEADER = "leader"
    OFFICE = "office"


class ChangeReason(StrEnum):
    EXTERNAL = "external"
    POLICY = "policy"
    BASELINE = "baseline"
    DEFINITION = "definition"
    DISASTER = "disaster"
    PROCEDURE = "procedure"
    OTHER = "other"


S, V, P = ChangeState, ChangeVerb, ChangeParty


class Step(NamedTuple):
    """Where a step leads, and who may take it."""

    state: ChangeState
    party: ChangeParty


# The chain in order: each state that waits for somebody, with the step that carries it on.
CHAIN: Mapping[ChangeState, tuple[ChangeVerb, Step]] = {
    S.ASKED: (V.SIGN, Step(S.SIGNED, P.HEAD)),
    S.SIGNED: (V.AGREE, Step(S.AGREED, P.LEADER)),
    S.AGREED: (V.APPLY, Step(S.APPLIED, P.OFFICE)),
}
TRANSITIONS: Mapping[tuple[ChangeState, ChangeVerb], Step] = {
    **{(state, verb): step for state, (verb, step) in CHAIN.items()},
    **{(state, V.SEND_BACK): Step(S.RETURNED, step.party) for state, (_verb, step) in CHAIN.items()},
    # A head who does not sign sends it back; refusing is the business of those who decide.
    (S.SIGNED, V.REFUSE): Step(S.REFUSED, P.LEADER),
    (S.AGREED, V.REFUSE): Step(S.REFUSED, P.OFFICE),
    (S.RETURNED, V.REPAIR): Step(S.ASKED, P.UNIT),
    **{(state, V.WITHDRAW): Step(S.WITHDRAWN, P.UNIT) for state in (*CHAIN, S.RETURNED)},
}
WAITS_FOR: Mapping[ChangeState, ChangeParty] = {
    **{state: step.party for state, (_verb, step) in CHAIN.items()},
    S.RETURNED: P.UNIT,
}
OPEN = frozenset(WAITS_FOR)


def next_state(state: ChangeState, verb: ChangeVerb) -> ChangeState:
    """The state after a step. Raises ``IllegalTransition`` ``target_change_moved`` where the table has none."""
    try:
        return TRANSITIONS[state, verb].state
    except KeyError:
        raise IllegalTransition("target_change_moved", state=str(state), verb=str(verb)) from None


def may(parties: Collection[ChangeParty], state: ChangeState, verb: ChangeVerb) -> bool:
    """Whether somebody who is ``parties`` to a case may take a step in ``state``.

    In a state that does not allow the step, whether they may take it in any: so that the wrong moment is told from the
    wrong person.
    """
    steps = [step for (found, name), step in TRANSITIONS.items() if name is verb]
    here = TRANSITIONS.get((state, verb))
    return any(step.party in parties for step in ([here] if here else steps))


def verbs_for(state: ChangeState, parties: Collection[ChangeParty]) -> frozenset[ChangeVerb]:
    """The steps of ``state`` that are open to somebody who is ``parties`` to the case."""
    return frozenset(verb for (found, verb), step in TRANSITIONS.items() if found is state and step.party in parties)


# When it was asked for


class Timing(StrEnum):
    """``AFTER_WINDOW`` and ``AFTER_DUE`` are overdue: it may still be asked for, and counts as missed."""

    IN_TIME = "in_time"
    AFTER_WINDOW = "after_window"
    AFTER_DUE = "after_due"


@dataclass(frozen=True)
class AskingWindow:
    """The days of the year on which a change is asked for in time, both included; ``(month, day)``.

    Source of the default, 1 January to 31 October: a city forestry bureau's rule that changes be reported before the
    end of October (成都林业局, domain.md §3.4).
    """

    opens: tuple[int, int] = (1, 1)
    closes: tuple[int, int] = (10, 31)

    @classmethod
    def parse(cls, opens: str, closes: str) -> AskingWindow:
        """From ``01-01`` and ``10-31``. Raises ``day_of_year_malformed`` or ``window_ends_before_it_begins``."""
        window = cls(_month_and_day("opens_on", opens), _month_and_day("closes_on", closes))
        if window.closes < window.opens:
            raise DomainError("window_ends_before_it_begins", field="closes_on")
        return window

    def in_year(self, year: int) -> tuple[date, date]:
        """Its first and last day in a year; 29 February is the 28th where there is none."""
        return Period(year, self.opens[0]).day(self.opens[1]), Period(year, self.closes[0]).day(self.closes[1])


def _month_and_day(name: str, text: str) -> tuple[int, int]:
    found = MONTH_AND_DAY.fullmatch(text)
    try:
        day = date(LEAP_YEAR, int(found[1]), int(found[2])) if found else None
    except ValueError:
        day = None
    if day is None:
        raise DomainError("day_of_year_malformed", field=name, value=text)
    return day.month, day.day


def timing(asked_on: date, *, window: AskingWindow, year: int, final_due_on: date) -> Timing:
    """Whether a change of the year's target is asked for in time. Raises ``target_change_too_early`` before the window.

    Source: what is asked for after the deadline counts as overdue (domain.md §2.3).
    """
    opens, closes = window.in_year(year)
    if asked_on < opens:
        raise DomainError("target_change_too_early", opens=opens.isoformat())
    if asked_on > final_due_on:
        return Timing.AFTER_DUE
    return Timing.AFTER_WINDOW if asked_on > closes else Timing.IN_TIME


def applies_from(
    asked_on: date, *, year: int, locked_until: Period | None = None, last_change: Period | None = None
) -> Period:
    """The first month the new plan holds in: the one it was asked for in, after everything that is locked, and not the
    month the change before it begins with. Raises ``target_change_no_month_left``.
    """
    after = [found.next() for found in (locked_until, last_change) if found is not None]
    first = max([Period.of(asked_on), *after])
    if first.year > year:
        raise DomainError("target_change_no_month_left", year=year)
    return first


# What is asked for


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
    low, high = BOUNDS.get(subject.kind, (None, None))
    if low is None or high is None:
        return []
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
