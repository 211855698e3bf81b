"""What an indicator earns of its weight at the end of a period, and a unit's score made of it.

Nothing is rounded on the way: shares are exact fractions, and the sum is rounded once, half up to two places. The
decision tables are tests/domain/cases/score_shares.csv, scoring.csv and score_departments.csv; the sources of the
formulas stand in docs/rules/scoring.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from kpi.domain.rag import LAST_STAGE
from kpi.domain.values import Comparator, Kind, Polarity, Strength, Timeliness

FULL = Fraction(1)
NOTHING = Fraction(0)
# A control figure earns 2 − actual ÷ plan, so at most twice its weight: where excess counts, it does so up to there.
TWICE = Fraction(2)
PLACES = 2
BASE = 100
FIGURES = frozenset({Kind.CUMULATIVE, Kind.POINT_IN_TIME, Kind.RATIO, Kind.COVERAGE})


class ScoreBasis(StrEnum):
    """How a figure beyond its plan counts: not at all, in proportion, or by a bonus of its own."""

    CAPPED = "capped"
    PROPORTIONAL = "proportional"
    EXCESS_BONUS = "excess_bonus"


class ScoreRole(StrEnum):
    """Whose item it is: the lead's, a supporting unit's, or that of the leader in charge."""

    LEAD = "lead"
    SUPPORTING = "supporting"
    CHARGE = "charge"


class ScoreReason(StrEnum):
    """The closed list of what may be taken off or added. Leaders' remarks and directives, log-ins, photos and files,
    meetings held and papers issued are not in it, and must never be (中办《整治形式主义为基层减负若干规定》)."""

    LATE = "late"
    MISSING = "missing"
    RETURNED = "returned"
    FALSE_DATA = "false_data"
    EXCESS = "excess"
    LED = "led"
    SUPPORTED = "supported"
    AWARD = "award"


R = ScoreReason
DEDUCTIONS = (R.LATE, R.MISSING, R.RETURNED, R.FALSE_DATA)
BONUSES = (R.EXCESS, R.LED, R.SUPPORTED, R.AWARD)
# Put on record by a person with the document they rest on; all others are found in the snapshots and reviews.
BY_HAND = frozenset({R.FALSE_DATA, R.AWARD})


class Unmeasured(StrEnum):
    """Why the weight of an item is left out: neither nothing nor all of it."""

    NOT_DUE = "not_due"
    NOT_ASKED = "not_asked"
    UNAPPROVED = "unapproved"
    UNPUBLISHED = "unpublished"
    PEERS_MISSING = "peers_missing"
    NO_TARGET = "no_target"
    BY_OFFICE = "by_office"


class Yardstick(StrEnum):
    """What a figure was held against: the plan to date while the year runs, the full-year target at its end, or
    nothing but the fact itself."""

    PLAN = "plan"
    TARGET = "target"
    FACT = "fact"


@dataclass(frozen=True)
class Figures:
    """An indicator as the period's snapshot has it. ``is_final``: its final date has come. ``last_asked`` is how the
    last report that was asked for came, ``None`` where none ever was."""

    kind: Kind
    polarity: Polarity
    comparator: Comparator
    is_final: bool
    actual: Decimal | None
    expected: Decimal | None
    target: Decimal | None
    last_asked: Timeliness | None = None
    is_unpublished: bool = False
    peers_known: bool = True

    @property
    def is_lower_better(self) -> bool:
        return self.polarity is Polarity.LOWER_IS_BETTER

    def meets(self, yardstick: Decimal) -> bool:
        assert self.actual is not None
        return self.comparator.is_met(self.actual, yardstick, self.polarity)


@dataclass(frozen=True)
class Measured:
    """``share`` of the weight that is earned, exact; ``exceeds``: beyond the full-year target once that is what
    counts."""

    share: Fraction
    against: Yardstick
    yardstick: Decimal | None = None
    exceeds: bool = False


def measure(figures: Figures, basis: ScoreBasis) -> Measured | Unmeasured:
    """The share of its weight an indicator earns, or why it has none yet."""
    if figures.actual is None:
        return _without_figure(figures)
    if figures.kind is Kind.RANK:
        if not figures.peers_known:
            return Unmeasured.PEERS_MISSING
        if figures.target is None:
            return Unmeasured.NO_TARGET
        return _by_fact(figures.actual <= figures.target, figures.target)
    if figures.kind is Kind.BOTTOM_LINE:
        return _by_fact(figures.actual <= 0, Decimal(0))
    if figures.is_final:
        return _against(figures, Yardstick.TARGET, _full_target(figures), basis)
    if figures.expected is None and _is_reached(figures):
        # Before anything was planned: nothing is open any more.
        return Measured(FULL, Yardstick.TARGET, _full_target(figures))
    return _against(figures, Yardstick.PLAN, figures.expected, basis)


def _without_figure(figures: Figures) -> Measured | Unmeasured:
    """What was owed and never came earns nothing; what could not be there yet is left out."""
    if figures.is_unpublished:
        return Unmeasured.UNPUBLISHED
    if figures.last_asked is Timeliness.MISSING:
        return Measured(NOTHING, Yardstick.FACT)
    return Unmeasured.NOT_ASKED if figures.last_asked is None else Unmeasured.UNAPPROVED


def _by_fact(holds: bool, yardstick: Decimal) -> Measured:
    return Measured(FULL if holds else NOTHING, Yardstick.FACT, yardstick)


def _is_reached(figures: Figures) -> bool:
    target = _full_target(figures)
    return target is not None and not figures.is_lower_better and figures.meets(target)


def _full_target(figures: Figures) -> Decimal | None:
    return Decimal(LAST_STAGE) if figures.kind is Kind.STAGE else figures.target


def _against(
    figures: Figures, against: Yardstick, yardstick: Decimal | None, basis: ScoreBasis
) -> Measured | Unmeasured:
    if yardstick is None:
        return Unmeasured.NOT_DUE if against is Yardstick.PLAN else Unmeasured.NO_TARGET
    if yardstick <= 0:
        return _without_measure(figures, against, yardstick)
    assert figures.actual is not None
    is_beyond = figures.kind in FIGURES and against is Yardstick.TARGET
    raw = raw_share(figures.actual, yardstick, figures.polarity)
    most = TWICE if basis is ScoreBasis.PROPORTIONAL and figures.kind in FIGURES else FULL
    return Measured(min(max(raw, NOTHING), most), against, yardstick, exceeds=is_beyond and raw > FULL)


def _without_measure(figures: Figures, against: Yardstick, yardstick: Decimal) -> Measured | Unmeasured:
    """Nothing can be divided by a yardstick of 0 or below: it is kept or it is not. A plan of 0 asks nothing yet."""
    if against is Yardstick.PLAN and not figures.is_lower_better:
        return Unmeasured.NOT_DUE
    return Measured(FULL if figures.meets(yardstick) else NOTHING, against, yardstick)


def raw_share(actual: Decimal, yardstick: Decimal, polarity: Polarity) -> Fraction:
    """actual ÷ yardstick, or 2 − actual ÷ yardstick where lower is better; the yardstick is above 0."""
    share = Fraction(actual) / Fraction(yardstick)
    return 2 - share if polarity is Polarity.LOWER_IS_BETTER else share


@dataclass(frozen=True)
class ReasonRule:
    """What each case of a reason takes off or adds, and the most it can come to. For ``EXCESS`` the points are per
    cent of the item's own points, ``key_points`` those of a key item."""

    points: Decimal
    cap: Decimal
    key_points: Decimal = Decimal(0)


@dataclass(frozen=True)
class OwnWeight:
    """What an indicator weighs by its own row of the scheme, and whether it is a key item."""

    weight: Decimal
    is_key: bool = False


@dataclass(frozen=True)
class Scheme:
    """A scoring scheme. A total cap of ``None``: only the reasons' own caps. ``bonus_breaks_ties_only``: a bonus is
    shown, and added to nothing. ``own`` are weights by indicator code, over the default of the indicator's strength."""

    basis: ScoreBasis
    lead_weight: Decimal
    supporting_weight: Decimal
    weights: Mapping[Strength, Decimal]
    rules: Mapping[ScoreReason, ReasonRule]
    most_deduction: Decimal | None
    most_bonus: Decimal | None
    bonus_breaks_ties_only: bool = False
    own: Mapping[str, OwnWeight] = field(default_factory=dict)

    def weight_of(self, code: str, strength: Strength, role: ScoreRole) -> Decimal:
        """The weight of an item in the sheet of a unit with this part in it."""
        weight = self.own[code].weight if code in self.own else self.weights[strength]
        if role is ScoreRole.SUPPORTING:
            return weight * self.supporting_weight
        return weight * self.lead_weight if role is ScoreRole.LEAD else weight

    def is_key(self, code: str) -> bool:
        return code in self.own and self.own[code].is_key


@dataclass(frozen=True)
class Item:
    """One weighed line; without a share its weight is left out."""

    weight: Decimal
    share: Fraction | None


@dataclass(frozen=True)
class Extra:
    """One case of a deduction or bonus. ``item_weight``: of the item whose points an excess is per cent of."""

    reason: ScoreReason
    points: Decimal
    item_weight: Decimal | None = None


@dataclass(frozen=True)
class Sum:
    """All cases of one reason: how many, what they come to, and what of it counts."""

    count: int
    raw: Fraction
    counted: Fraction


@dataclass(frozen=True)
class Score:
    """A unit's result. ``base`` and ``total`` are ``None`` where nothing could be measured."""

    measured: Decimal
    left_out: Decimal
    base: Fraction | None
    sums: Mapping[ScoreReason, Sum]
    deduction: Fraction
    bonus: Fraction
    total: Decimal | None

    def points_of(self, item: Item) -> Fraction | None:
        """What an item contributes to the base, exact; ``None`` for one that is left out."""
        if item.share is None or not self.measured:
            return None
        return BASE * Fraction(item.weight) * item.share / Fraction(self.measured)

    def amount_of(self, extra: Extra) -> Fraction:
        """What one case comes to before any cap."""
        return _amount(extra, self.measured)


def score(items: Sequence[Item], extras: Iterable[Extra], scheme: Scheme) -> Score:
    """100 × Σ weight × share ÷ Σ weight of what could be measured, less the deductions, with the bonus; never below 0.

    Each reason is capped by its own rule, deductions and bonus by the scheme's totals.
    """
    measured = sum((item.weight for item in items if item.share is not None), Decimal(0))
    left_out = sum((item.weight for item in items if item.share is None), Decimal(0))
    sums = _sums(extras, measured, scheme)
    deduction = _limited((sums[each].counted for each in DEDUCTIONS if each in sums), scheme.most_deduction)
    bonus = _limited((sums[each].counted for each in BONUSES if each in sums), scheme.most_bonus)
    base = None
    if measured:
        earned = sum((Fraction(item.weight) * item.share for item in items if item.share is not None), NOTHING)
        base = BASE * earned / Fraction(measured)
    added = NOTHING if scheme.bonus_breaks_ties_only else bonus
    total = None if base is None else rounded(max(base - deduction + added, NOTHING))
    return Score(measured, left_out, base, sums, deduction, bonus, total)


def _sums(extras: Iterable[Extra], measured: Decimal, scheme: Scheme) -> Mapping[ScoreReason, Sum]:
    cases: dict[ScoreReason, list[Fraction]] = {}
    for extra in extras:
        cases.setdefault(extra.reason, []).append(_amount(extra, measured))
    found = {}
    for reason, amounts in cases.items():
        raw = sum(amounts, NOTHING)
        found[reason] = Sum(len(amounts), raw, min(raw, Fraction(scheme.rules[reason].cap)))
    return found


def _amount(extra: Extra, measured: Decimal) -> Fraction:
    points = Fraction(extra.points)
    if extra.item_weight is None:
        return points
    return points / 100 * BASE * Fraction(extra.item_weight) / Fraction(measured) if measured else NOTHING


def _limited(parts: Iterable[Fraction], most: Decimal | None) -> Fraction:
    total = sum(parts, NOTHING)
    return total if most is None else min(total, Fraction(most))


def rounded(points: Fraction) -> Decimal:
    """Two places, half up; points are never negative."""
    return Decimal(math.floor(points * 10**PLACES + Fraction(1, 2))).scaleb(-PLACES)


def places(scores: Sequence[tuple[Decimal, Decimal]]) -> list[int]:
    """The place of each total, the higher the better, a higher bonus first where two are equal; who is level in both
    shares the place, and the next ones are left free."""
    return [1 + sum(other > mine for other in scores) for mine in scores]
