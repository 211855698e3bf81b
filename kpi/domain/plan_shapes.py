"""Drawing the year's planned curve: presets, what looks wrong with a curve, and splitting a target among units.

Months are numbers 1–12. The tables are tests/domain/cases/plan_presets.csv, plan_doubts.csv and plan_shares.csv. A
month without a value is not due (未到期). No curve is refused here: what looks wrong is said, and the office decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate, pairwise
from math import floor

from kpi.domain.errors import DomainError
from kpi.domain.values import Comparator, Kind, Polarity

MONTHS = range(1, 13)
QUARTER_ENDS = (3, 6, 9, 12)
# Judged against the same figure all year: a place, and events that must not happen.
LEVEL_KINDS = frozenset({Kind.RANK, Kind.BOTTOM_LINE})

Points = Mapping[int, Decimal]


class Preset(StrEnum):
    """The shapes the office may start from."""

    EVEN = "even"
    QUARTER_ENDS = "quarter_ends"
    BACK_LOADED = "back_loaded"
    CHOSEN_MONTHS = "chosen_months"
    LAST_YEAR = "last_year"


@dataclass(frozen=True)
class Drawing:
    """What a preset needs: from ``start`` (the year's first day) to ``end``, in ``decimals`` places.

    ``open_months`` are those that may still be drawn; then ``start`` is what was planned before them. ``chosen`` are
    the months of ``CHOSEN_MONTHS``; ``last_year`` and ``last_start`` are what ``LAST_YEAR`` copies.
    """

    start: Decimal
    end: Decimal
    decimals: int
    chosen: Collection[int] = ()
    last_year: Points | None = None
    last_start: Decimal = Decimal(0)
    open_months: Collection[int] = MONTHS


def draw(preset: Preset, drawing: Drawing) -> dict[int, Decimal]:
    """The curve of a preset; its last month is ``drawing.end`` itself, whatever was rounded before.

    Values are rounded half up, the running total and not the step: the steps add up to the target exactly.
    Raises ``DomainError``: ``preset_months_missing``, ``preset_last_year_missing`` or ``preset_last_year_flat``.
    """
    if preset is Preset.LAST_YEAR:
        return _placed(_shares_of(drawing), drawing)
    return _placed(_running(_weights(preset, drawing)), drawing)


def _weights(preset: Preset, drawing: Drawing) -> Mapping[int, int]:
    """How much of the way is made in each month that has a plan."""
    wanted = {Preset.QUARTER_ENDS: QUARTER_ENDS, Preset.CHOSEN_MONTHS: drawing.chosen}.get(preset, MONTHS)
    months = sorted(set(wanted) & set(drawing.open_months))
    if not months:
        raise DomainError("preset_months_missing", field="months")
    # Back-loaded: each month a step more than the one before it, about a quarter of the way at half time.
    return {month: place if preset is Preset.BACK_LOADED else 1 for place, month in enumerate(months, start=1)}


def _running(weights: Mapping[int, int]) -> dict[int, Fraction]:
    sums = list(accumulate(weights.values()))
    return {month: Fraction(reached, sums[-1]) for month, reached in zip(weights, sums, strict=True)}


def _shares_of(drawing: Drawing) -> dict[int, Fraction]:
    """How far last year's plan had come at each open month's end, from what stood before it to its own end."""
    points = drawing.last_year or {}
    months = sorted(set(points) & set(drawing.open_months))
    if not months:
        raise DomainError("preset_last_year_missing", field="preset")
    before = [points[month] for month in sorted(points) if month < months[0]]
    start = Fraction(before[-1] if before else drawing.last_start)
    way = Fraction(points[months[-1]]) - start
    if way == 0:
        raise DomainError("preset_last_year_flat", field="preset")
    return {month: (Fraction(points[month]) - start) / way for month in months}


def _placed(shares: Mapping[int, Fraction], drawing: Drawing) -> dict[int, Decimal]:
    start, way = Fraction(drawing.start), Fraction(drawing.end) - Fraction(drawing.start)
    points = {month: _rounded(start + way * share, drawing.decimals) for month, share in shares.items()}
    points[max(points)] = drawing.end
    return points


def _rounded(value: Fraction, decimals: int) -> Decimal:
    # Exact up to the rounding itself: a third has no last digit.
    return Decimal(floor(value * 10**decimals + Fraction(1, 2))).scaleb(-decimals)


def end_of(target: Decimal, comparator: Comparator, decimals: int) -> Decimal:
    """What a plan must end at to reach the target as worded: “超过200家” is planned as 201."""
    unit = Decimal(1).scaleb(-decimals)
    if comparator is Comparator.MORE_THAN:
        return target + unit
    return target - unit if comparator is Comparator.LESS_THAN else target


def ends_at_target(last: Decimal, target: Decimal, comparator: Comparator, polarity: Polarity) -> bool:
    """Whether a plan's last value reaches the target by the indicator's own comparator; a rank must be that rank."""
    if comparator is Comparator.RANK:
        return last == target
    return comparator.is_met(last, target, polarity)


class Doubt(StrEnum):
    """What looks wrong with a curve; it is said beside the curve and never refused."""

    EMPTY = "empty"
    FALLS = "falls"
    RISES = "rises"
    ENDS_SHORT = "ends_short"
    ENDS_BEYOND = "ends_beyond"
    ENDS_EARLY = "ends_early"
    AFTER_DUE = "after_due"


@dataclass(frozen=True)
class Finding:
    """A doubt at a month, with the value there and what it is compared with (the month before, or the target)."""

    doubt: Doubt
    month: int = 0
    value: Decimal | None = None
    other: Decimal | None = None


@dataclass(frozen=True)
class Wording:
    """What of an indicator a curve is judged by; ``due_month`` is the month of its final date, 12 where it is later."""

    kind: Kind
    comparator: Comparator
    polarity: Polarity
    target: Decimal | None
    due_month: int = 12


def doubts(points: Points, wording: Wording) -> list[Finding]:
    """Everything that looks wrong with a curve, in the order of the months, its end last."""
    if not points:
        return [Finding(Doubt.EMPTY)]
    return [*_turns(points, wording), *_end(points, wording)]


def _turns(points: Points, wording: Wording) -> Iterator[Finding]:
    """Months that go against the direction: a running total never falls, what should sink must not rise."""
    if wording.kind in LEVEL_KINDS:
        return
    sinks = wording.polarity is Polarity.LOWER_IS_BETTER and wording.kind is not Kind.CUMULATIVE
    for earlier, later in pairwise(sorted(points)):
        before, after = points[earlier], points[later]
        if (after > before) if sinks else (after < before):
            yield Finding(Doubt.RISES if sinks else Doubt.FALLS, later, after, before)


def _end(points: Points, wording: Wording) -> Iterator[Finding]:
    month = max(points)
    last, target = points[month], wording.target
    if target is not None:
        if not ends_at_target(last, target, wording.comparator, wording.polarity):
            yield Finding(Doubt.ENDS_SHORT, month, last, target)
        elif last != target and wording.comparator not in (Comparator.MORE_THAN, Comparator.LESS_THAN):
            yield Finding(Doubt.ENDS_BEYOND, month, last, target)
    in_time = [points[each] for each in sorted(points) if each <= wording.due_month]
    if month < wording.due_month:
        yield Finding(Doubt.ENDS_EARLY, month)
    elif not in_time or in_time[-1] != last:
        yield Finding(Doubt.AFTER_DUE, month)


def split(total: Decimal, weights: Sequence[Decimal | int], *, decimals: int) -> list[Decimal]:
    """``total`` shared out in proportion to ``weights``, in ``decimals`` places, adding up to it exactly.

    What rounding down leaves over goes, unit by unit, to the largest remainders; of equal ones to the first.
    Without any weight everybody gets the same.
    """
    parts = [Fraction(weight) for weight in weights]
    if not any(parts):
        parts = [Fraction(1)] * len(parts)
    units = [Fraction(total) * 10**decimals * part / sum(parts) for part in parts]
    floors = [floor(unit) for unit in units]
    left = int(total.scaleb(decimals)) - sum(floors)
    largest = sorted(range(len(units)), key=lambda place: (floors[place] - units[place], place))
    for place in largest[:left]:
        floors[place] += 1
    return [Decimal(share).scaleb(-decimals) for share in floors]


def difference(shares: Iterable[Decimal], target: Decimal | None) -> Decimal | None:
    """What the shares add up to beyond the target (negative: short of it); ``None`` without shares or target."""
    given = list(shares)
    return sum(given, Decimal(0)) - target if given and target is not None else None
