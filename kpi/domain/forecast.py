"""Where an indicator will stand at its final date if it keeps its present pace, and the odds of meeting the target.

Pace is what was done ÷ what was planned over the same months, so the season is in the plan: grain that is harvested in
October is not drawn through May by a ruler. The remaining planned amount is multiplied by past paces:

- likely: the last three steps taken together; low and high: the slowest and the fastest of the three;
- odds: every stretch of past steps (each step, each two in a row, … the whole year) is one way it may go on. With
  ``n`` steps, odds = (n × share of stretches that meet the target + 1) ÷ (n + 2): a rule of succession, so that little
  experience never sounds certain, and odds are never 0 or 100 per cent. A higher last figure raises or keeps every
  stretch, so it never lowers the odds (a spread estimated from the same few figures would).

Outcomes are rounded half up to the indicator's own precision, in which they will be reported, before they are judged.
This says what the numbers so far say, not what somebody will do about it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from itertools import combinations, pairwise

from kpi.domain.guards import Doubt, question
from kpi.domain.periods import Period
from kpi.domain.values import Comparator, Kind, Polarity

LEAST_POINTS = 3
RECENT_STEPS = 3
# A step smaller than this share of the average planned one says nothing by itself: it is counted with the next.
SMALL_STEP = Fraction(1, 4)
# Months without a figure after which the last pace is old news.
STALE_AFTER = 3
# A year of these starts from nothing; of the others the first figure is where counting starts.
FROM_ZERO = (Kind.CUMULATIVE, Kind.COVERAGE)
FORECAST_KINDS = (*FROM_ZERO, Kind.POINT_IN_TIME, Kind.RATIO)


class Silence(StrEnum):
    """Why there is no forecast."""

    KIND = "kind"
    NO_TARGET = "no_target"
    UNPUBLISHED = "unpublished"
    TOO_FEW = "too_few"
    IN_DOUBT = "in_doubt"
    REACHED = "reached"
    YEAR_OVER = "year_over"
    STALE = "stale"
    PLAN_BLANK = "plan_blank"
    NOTHING_PLANNED = "nothing_planned"


@dataclass(frozen=True)
class Course:
    """What a forecast is made from, as of the end of ``as_of``.

    ``figures`` are the approved ones of the months themselves, none carried, in the indicator's unit (per cent for a
    ratio); ``plan`` is the whole planned curve.
    """

    kind: Kind
    comparator: Comparator
    polarity: Polarity
    decimals: int
    target: Decimal | None
    plan: Mapping[Period, Decimal]
    figures: Mapping[Period, Decimal]
    as_of: Period
    final_due_on: date
    is_unpublished: bool = False

    @cached_property
    def usable(self) -> list[Period]:
        """Months with a figure and a plan, oldest first. A cumulative figure above a later one was corrected and no
        longer counts."""
        known = sorted(month for month in self.figures if month in self.plan and month <= self.as_of)
        if self.kind not in FROM_ZERO:
            return known
        kept: list[Period] = []
        for month in reversed(known):
            if not kept or self.figures[month] <= self.figures[kept[-1]]:
                kept.append(month)
        return kept[::-1]

    @cached_property
    def ahead(self) -> list[Period]:
        """Planned months after the last usable figure, up to the final date."""
        last = self.usable[-1]
        return sorted(month for month in self.plan if last < month <= Period.of(self.final_due_on))


@dataclass(frozen=True)
class Reach:
    """Where a month may end, in the indicator's unit; ``low <= likely <= high`` as numbers, whatever is better."""

    period: Period
    low: Decimal
    likely: Decimal
    high: Decimal


@dataclass(frozen=True)
class Forecast:
    """The final month's reach with the odds of meeting the target there.

    ``odds`` has two places and lies between 0 and 1, both excluded; ``is_short``: the likely value misses the target;
    ``months`` are the planned months ahead with the final one last; ``since`` is the month of the figure it starts
    from; ``pace`` is the done share of what was planned over the last steps, which took ``span`` months; ``steps``
    says how many there are to learn from.
    """

    low: Decimal
    likely: Decimal
    high: Decimal
    odds: Decimal
    is_short: bool
    months: tuple[Reach, ...]
    since: Period
    pace: Decimal
    span: int
    steps: int


@dataclass(frozen=True)
class _Point:
    """Planned and done by the end of one month, mirrored where the plan falls, so that forward is up."""

    month: Period
    planned: Fraction
    done: Fraction

    def pace_since(self, earlier: _Point) -> Fraction:
        return (self.done - earlier.done) / (self.planned - earlier.planned)


def project(course: Course) -> Forecast | Silence:
    """The forecast, or why there is none. Pure: the same course always gives the same one."""
    ground = _ground(course)
    if isinstance(ground, Silence):
        return ground
    marks = ground
    months = _reaches(course, marks, course.ahead)
    final, target = months[-1], course.target
    assert target is not None
    return Forecast(
        low=final.low,
        likely=final.likely,
        high=final.high,
        odds=_odds(course, marks),
        is_short=not course.comparator.is_met(final.likely, target, course.polarity),
        months=months,
        since=course.usable[-1],
        pace=_rounded(_recent(marks), 4),
        span=len(Period.range(marks[-RECENT_STEPS - 1 :][0].month, marks[-1].month)) - 1,
        steps=len(marks) - 1,
    )


def reach_of(course: Course, month: Period) -> Reach | None:
    """The range of one planned month ahead, without the odds; ``None`` where there is no forecast for it."""
    ground = _ground(course)
    if isinstance(ground, Silence) or month not in course.ahead:
        return None
    return _reaches(course, ground, [month])[0]


def paces_of(course: Course) -> tuple[Decimal, ...]:
    """What was done ÷ planned, step by step, oldest first; empty where nothing of it can be forecast."""
    if course.kind not in FORECAST_KINDS or not course.usable:
        return ()
    return tuple(_rounded(after.pace_since(before), 4) for before, after in pairwise(_marks(course)))


def _ground(course: Course) -> list[_Point] | Silence:
    """The steps to learn from, or why they cannot be used."""
    silence = _silence(course)
    if silence is not None:
        return silence
    marks = _marks(course)
    is_too_short = len(marks) - (course.kind in FROM_ZERO) < LEAST_POINTS
    return Silence.TOO_FEW if is_too_short else marks


def _silence(course: Course) -> Silence | None:
    """What stands against a forecast before its steps are counted, the first reason found."""
    if course.kind not in FORECAST_KINDS:
        return Silence.KIND
    if course.target is None:
        return Silence.NO_TARGET
    if course.is_unpublished:
        return Silence.UNPUBLISHED
    usable = course.usable
    if not usable:
        return Silence.TOO_FEW
    figures = [course.figures[month] for month in usable]
    return _silence_of_last(course, figures) or _silence_of_plan(course)


def _silence_of_last(course: Course, figures: Sequence[Decimal]) -> Silence | None:
    last, target = course.usable[-1], course.target
    assert target is not None
    doubt = question(kind=course.kind, value=figures[-1], earlier=figures[:-1], plan=course.plan[last], target=target)
    if doubt is not None and doubt.doubt is Doubt.UNIT_SLIP:
        return Silence.IN_DOUBT
    is_higher_better = course.polarity is Polarity.HIGHER_IS_BETTER
    if is_higher_better and course.comparator.is_met(figures[-1], target, course.polarity):
        return Silence.REACHED
    if course.as_of >= Period.of(course.final_due_on):
        return Silence.YEAR_OVER
    return Silence.STALE if course.as_of >= last.plus(STALE_AFTER) else None


def _silence_of_plan(course: Course) -> Silence | None:
    ahead = course.ahead
    if not ahead:
        return Silence.PLAN_BLANK
    remaining = _sign(course) * (course.plan[ahead[-1]] - course.plan[course.usable[-1]])
    return None if remaining > 0 else Silence.NOTHING_PLANNED


def _sign(course: Course) -> int:
    """−1 where lower is better and the plan goes down; a ceiling that fills up in the year counts upwards."""
    is_falling = course.plan[max(course.plan)] < course.plan[min(course.plan)]
    return -1 if is_falling and course.polarity is Polarity.LOWER_IS_BETTER else 1


def _marks(course: Course) -> list[_Point]:
    """Where steps begin and end: the origin, then each figure by which enough more was planned."""
    sign = _sign(course)
    points = [
        _Point(month, Fraction(sign * course.plan[month]), Fraction(sign * course.figures[month]))
        for month in course.usable
    ]
    if course.kind in FROM_ZERO:
        points.insert(0, _Point(Period(points[0].month.year - 1, 12), Fraction(0), Fraction(0)))
    end = Fraction(sign * course.plan[max(course.plan)])
    least = (end - points[0].planned) / len(course.plan) * SMALL_STEP
    marks = points[:1]
    for point in points[1:]:
        step = point.planned - marks[-1].planned
        if step > 0 and step >= least:
            marks.append(point)
    return marks


def _reaches(course: Course, marks: Sequence[_Point], months: Sequence[Period]) -> tuple[Reach, ...]:
    """Months ahead at the slowest, the pooled and the fastest recent pace."""
    recent = marks[-RECENT_STEPS - 1 :]
    paces = [after.pace_since(before) for before, after in pairwise(recent)]
    found = []
    for month in months:
        low, high = sorted(_outcome(course, month, pace) for pace in (min(paces), max(paces)))
        found.append(Reach(month, low, _outcome(course, month, _recent(marks)), high))
    return tuple(found)


def _recent(marks: Sequence[_Point]) -> Fraction:
    """The last steps taken together: large planned steps weigh more, so that a quiet month cannot carry the year."""
    return marks[-1].pace_since(marks[-RECENT_STEPS - 1 :][0])


def _outcome(course: Course, month: Period, pace: Fraction) -> Decimal:
    """Where ``month`` ends at a pace from the last figure on, kept within what the kind can be."""
    last = course.usable[-1]
    value = Fraction(course.figures[last]) + pace * Fraction(course.plan[month] - course.plan[last])
    if course.kind is Kind.RATIO:
        value = min(max(value, Fraction(0)), Fraction(100))
    if course.kind is Kind.COVERAGE:
        assert course.target is not None
        value = min(value, Fraction(max(course.target, course.figures[last])))
    return _rounded(value, course.decimals)


def _odds(course: Course, marks: Sequence[_Point]) -> Decimal:
    assert course.target is not None
    final, steps = course.ahead[-1], len(marks) - 1
    stretches = [after.pace_since(before) for before, after in combinations(marks, 2)]
    outcomes = [_outcome(course, final, pace) for pace in stretches]
    met = sum(course.comparator.is_met(outcome, course.target, course.polarity) for outcome in outcomes)
    return _rounded((Fraction(steps * met, len(outcomes)) + 1) / (steps + 2), 2)


def _rounded(value: Fraction, decimals: int) -> Decimal:
    """Half up, at the precision the figure is reported in."""
    return Decimal(math.floor(value * 10**decimals + Fraction(1, 2))).scaleb(-decimals)
