"""What must hold for any input, and the edges no table row names."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi.domain import rollup, trajectory
from kpi.domain.calendar import Roll, WorkCalendar
from kpi.domain.errors import DomainError
from kpi.domain.periods import DueRule, Period, reporting_periods
from kpi.domain.rag import DEFAULT_RULE, Basis, Rule, Standing, assess
from kpi.domain.trajectory import Trajectory
from kpi.domain.values import Comparator, Frequency, Kind, Polarity, Rag, parse_number
from kpi.domain.window import Extension, Window
from tests.domain.test_tables import official_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = official_calendar()
days = st.dates(date(2024, 12, 20), date(2026, 12, 31))
figures = st.decimals(min_value=0, max_value=10**9, places=4, allow_nan=False, allow_infinity=False)
DUE = datetime(2025, 7, 7, 18, 0, tzinfo=SHANGHAI)


@given(figures)
def test_a_figure_survives_being_written_and_read(value):
    assert parse_number(f"{value:,}", decimals=4) == value


@given(st.text(max_size=20))
def test_any_text_is_a_figure_or_a_coded_refusal(text):
    try:
        assert parse_number(text, decimals=4).is_finite()
    except DomainError as problem:
        assert problem.code.startswith("number_")


@given(figures, figures.filter(lambda value: value > 0))
def test_the_default_lamp_agrees_with_exact_fractions(actual, expected):
    share = Fraction(actual) / Fraction(expected)
    wanted = Rag.GREEN if share >= Fraction(95, 100) else Rag.AMBER if share >= Fraction(80, 100) else Rag.RED
    standing = Standing(
        Kind.CUMULATIVE,
        Comparator.AT_LEAST,
        Polarity.HIGHER_IS_BETTER,
        date(2025, 6, 30),
        target=Decimal(10**12),
        expected=expected,
        actual=actual,
    )
    assert assess(standing, DEFAULT_RULE).rag is wanted


@given(days, st.sampled_from(Roll))
def test_rolling_ends_on_a_workday_or_stays(day, how):
    rolled = CALENDAR.roll(day, how)
    assert rolled == day if how is Roll.FIXED else CALENDAR.is_workday(rolled)


@given(days, st.integers(-30, 30))
def test_adding_workdays_and_counting_them_agree(day, count):
    end = CALENDAR.add_workdays(day, count)
    if count >= 0 or CALENDAR.is_workday(day):
        assert CALENDAR.workdays_between(day, end) == count


def test_an_unknown_year_is_guessed_and_said_to_be():
    assert CALENDAR.unknown_years([2025, 2027]) == (2027,)
    assert not CALENDAR.is_known(date(2027, 1, 1))
    assert CALENDAR.is_workday(date(2027, 1, 1))
    assert WorkCalendar().workdays_between(date(2027, 1, 8), date(2027, 1, 1)) == -5


def test_periods_step_over_the_year_and_know_their_days():
    december = Period.parse("2025-12")
    assert (december.next(), december.previous()) == (Period(2026, 1), Period(2025, 11))
    assert (december.first_day, december.last_day, december.quarter) == (date(2025, 12, 1), date(2025, 12, 31), 4)
    assert Period.range(december, december.previous()) == ()
    assert str(Period.of(date(2024, 2, 29))) == "2024-02"


@pytest.mark.parametrize("text", ["2025-13", "2025-00", "2025-6", "x", "２０２５-06", "2025-06-01"])
def test_a_malformed_period_is_refused(text):
    with pytest.raises(DomainError, match="period_malformed"):
        Period.parse(text)


def test_filing_opens_in_the_month_itself_and_before_the_due_day():
    june = Period(2025, 6)
    assert DueRule().opens_on(june) == date(2025, 6, 25)
    assert DueRule(day=25, month_offset=0).opens_on(june) == date(2025, 6, 1)
    assert DueRule(day=28, month_offset=0).opens_on(june) == date(2025, 6, 25)
    assert DueRule().grace_ends_on(june, CALENDAR) == date(2025, 7, 9)


def test_each_rhythm_owes_its_months():
    assert [period.month for period in reporting_periods(2025, Frequency.QUARTERLY)] == [3, 6, 9, 12]
    assert [period.month for period in reporting_periods(2025, Frequency.HALF_YEARLY)] == [6, 12]
    assert len(reporting_periods(2025, Frequency.MONTHLY)) == 12


def test_curves_say_nothing_where_nothing_is_planned():
    steps = Trajectory({Period(2025, 8): Decimal(6), Period(2025, 10): Decimal(64)})
    assert steps.expected_on(date(2025, 7, 31)) is None
    assert (steps.expected_at(Period(2025, 9)), steps.end()) == (None, Decimal(64))
    assert Trajectory().end() is None
    nodes = trajectory.from_milestones(2025, [date(2025, 7, 31), date(2025, 3, 1)])
    assert (nodes.expected_at(Period(2025, 2)), nodes.expected_at(Period(2025, 6))) == (None, Decimal(1))


def test_rolling_up_leaves_missing_parts_out():
    parts = [Decimal(2), None, Decimal(1)]
    wanted = {"sum": 3, "max": 2, "latest": 1, "coverage": 2}
    assert {str(method): rollup.roll_up(method, parts) for method in rollup.Method} == wanted
    assert rollup.roll_up(rollup.Method.SUM, [None]) is None
    assert rollup.ratio([(Decimal(1), Decimal(2)), (Decimal(2), Decimal(2))]) == 75
    assert rollup.ratio([]) is None
    assert rollup.counts([Rag.RED])[Rag.GREEN] == 0


def test_a_stored_rule_keeps_its_figures_exact():
    rule = Rule.from_thresholds(
        code="x", version="2", basis=Basis.POINTS_BEHIND, thresholds={"green_from": "0.1", "amber_from": "0.3"}
    )
    assert (rule.green_from, rule.amber_from, rule.node_amber_days) == (Decimal("0.1"), Decimal("0.3"), 15)


def test_a_figure_without_a_target_is_judged_by_its_plan_alone():
    standing = Standing(
        Kind.CUMULATIVE,
        Comparator.AT_LEAST,
        Polarity.HIGHER_IS_BETTER,
        date(2025, 12, 31),
        expected=Decimal(10),
        actual=Decimal(11),
        final_due_on=date(2025, 12, 31),
    )
    found = assess(standing, DEFAULT_RULE)
    assert (found.rag, found.is_ahead, found.gap) == (Rag.GREEN, True, Decimal(1))


EDGES = [datetime(2025, 6, 25, tzinfo=SHANGHAI), DUE, DUE + timedelta(days=2), DUE + timedelta(days=9)]
MICROSECOND = timedelta(microseconds=1)
# Moments on the edges, a hair before and after them, and anywhere.
moments = st.one_of(
    st.builds(lambda edge, hair: edge + hair * MICROSECOND, st.sampled_from(EDGES), st.integers(-1, 1)),
    st.datetimes(datetime(2025, 6, 20), datetime(2025, 8, 1), timezones=st.just(SHANGHAI)),
)
grants = st.lists(
    st.builds(lambda one, other: Extension(min(one, other), max(one, other)), moments, moments), max_size=3
)


@settings(max_examples=5000)
@given(now=moments, extensions=grants, is_locked=st.booleans(), was_filed=st.booleans())
def test_the_window_is_open_exactly_when_it_was_said_to_be(now, extensions, is_locked, was_filed):
    """The rule once more as one sentence; turning any comparison round makes it fail (tried on each of them)."""
    opens, due, grace, __ = EDGES
    window = Window(opens, due, grace, locked_at=EDGES[3] if is_locked else None, extensions=extensions)
    has_time = any(found.granted_at <= now <= found.until for found in extensions)
    is_open = not is_locked and opens <= now and (now <= grace or was_filed or has_time)
    assert (window.refusal(now, was_filed=was_filed) is None) is is_open
    assert window.due_for_unit >= due
    in_time = [found for found in extensions if found.granted_at <= due]
    assert (window.due_for_unit > due) is any(found.until > due for found in in_time)
