"""What must hold for every forecast, whatever the figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import accumulate

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi.domain.forecast import Course, Forecast, Silence, paces_of, project, reach_of
from kpi.domain.periods import Period
from kpi.domain.values import Comparator, Kind, Polarity

steps = st.lists(st.integers(0, 60), min_size=12, max_size=12)


@st.composite
def courses(draw) -> Course:
    """A cumulative year with a plan and figures that never fall, as of a month from March to November."""
    plan = list(accumulate(draw(steps)))
    done = list(accumulate(draw(steps)))
    known = draw(st.integers(3, 11))
    return Course(
        kind=Kind.CUMULATIVE,
        comparator=draw(st.sampled_from([Comparator.AT_LEAST, Comparator.MORE_THAN, Comparator.EQUAL])),
        polarity=Polarity.HIGHER_IS_BETTER,
        decimals=draw(st.integers(0, 2)),
        target=Decimal(max(plan[-1], 1)),
        plan={Period(2025, month): Decimal(value) for month, value in enumerate(plan, start=1)},
        figures={Period(2025, month): Decimal(done[month - 1]) for month in range(1, known + 1)},
        as_of=Period(2025, known),
        final_due_on=date(2025, 12, 31),
    )


def raised(course: Course, by: int) -> Course:
    last = max(course.figures)
    return replace(course, figures={**course.figures, last: course.figures[last] + by})


@settings(suppress_health_check=[HealthCheck.too_slow])  # the first example pays for the start on a busy machine
@given(courses())
def test_the_range_holds_the_likely_value_and_the_odds_are_never_certain(course):
    found = project(course)
    if isinstance(found, Silence):
        assert [reach_of(course, month) for month in course.plan] == [None] * len(course.plan)
        return
    assert all(reach.low <= reach.likely <= reach.high for reach in found.months)
    assert Decimal(0) < found.odds < Decimal(1)
    assert found.months[-1].likely == found.likely
    assert found.months == tuple(reach_of(course, month) for month in course.ahead)
    assert reach_of(course, found.since) is None


@given(courses(), st.integers(1, 40))
def test_more_done_never_lowers_the_odds_or_the_range(course, more):
    before, after = project(course), project(raised(course, more))
    if isinstance(before, Forecast) and isinstance(after, Forecast):
        assert after.odds >= before.odds
        assert (after.low, after.likely, after.high) >= (before.low, before.likely, before.high)
    else:
        # What could not be forecast may be reached now or look like a slip; nothing else changes.
        assert after in (before, Silence.REACHED, Silence.IN_DOUBT)


@given(courses(), st.integers(1, 40))
def test_a_higher_target_or_a_stricter_word_never_raises_the_odds(course, more):
    loose = replace(course, comparator=Comparator.AT_LEAST)
    found = project(loose)
    for harder in (replace(loose, target=course.target + more), replace(loose, comparator=Comparator.MORE_THAN)):
        against = project(harder)
        if isinstance(found, Forecast) and isinstance(against, Forecast):
            assert against.odds <= found.odds
            assert against.is_short or not found.is_short


@settings(suppress_health_check=[HealthCheck.too_slow])  # the first example pays for the start on a busy machine
@given(courses())
def test_the_best_kept_pace_lies_in_the_steps_of_the_year(course):
    found, paces = project(course), paces_of(course)
    if isinstance(found, Forecast):
        assert found.steps == len(paces) and min(paces) <= found.pace <= max(paces)


def test_a_kind_without_a_pace_has_none():
    stage = Course(
        Kind.STAGE, Comparator.AT_LEAST, Polarity.HIGHER_IS_BETTER, 0, Decimal(4), {}, {}, Period(2025, 6),
        date(2025, 12, 31),
    )  # fmt: skip
    assert paces_of(stage) == ()
