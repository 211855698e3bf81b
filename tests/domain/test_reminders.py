"""The reminder planner against its decision tables, and what must hold for any input."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi.domain.hours import OfficeHours
from kpi.domain.reminders import Holding, Ladder, Obligation, Push, parse_key, people_of, plan
from tests.domain.policies import shipped_policy
from tests.domain.tables import rows
from tests.domain.test_tables import official_calendar

ZONE = ZoneInfo("Asia/Shanghai")
POLICY = shipped_policy()
CALENDAR = official_calendar()
NUMBERS = {"staff": 1, "head": 2, "supervisor": 3, "leader": 4, "contact": 5}
NAMES = {number: name for name, number in NUMBERS.items()}
PEOPLE = {name: (number,) for name, number in NUMBERS.items()}
DUE = datetime(2025, 7, 7, 18, 0, tzinfo=ZONE)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def tokens(text: str) -> list[list[str]]:
    return [token.split(":") for token in text.split(";") if token]


def owed_of(row, people=PEOPLE) -> Obligation:
    period, cycle = row.get("报告期", "2025-06"), int(row.get("轮次", 1))
    return Obligation(Ladder(row["梯级"]), f"A03:{period}", local(row["起算"]), people, cycle, period)


@pytest.mark.parametrize("row", rows("reminders"))
def test_only_the_highest_step_that_is_due_is_planned_and_only_once(row):
    owed = owed_of(row)
    recorded = frozenset(owed.key(NUMBERS[name], int(level)) for name, level in tokens(row["已记录"]))
    found = plan([owed], now=local(row["时刻"]), policy=POLICY, calendar=CALENDAR, recorded=recorded)
    assert ";".join(sorted(f"{NAMES[notice.recipient]}:{notice.level}" for notice in found)) == row["应发"]
    lower = {(NAMES[notice.recipient], level) for notice in found for level, _key in notice.supersedes}
    wanted = {(name, int(level)) for name, level in tokens(row["同时取代"])}
    assert lower >= wanted
    # The table names for each person the highest of the lower steps; below it everything is superseded too.
    assert {name for name, _level in lower} == {name for name, _level in wanted}
    assert all(level <= max(found for who, found in wanted if who == name) for name, level in lower)


@pytest.mark.parametrize("row", rows("reminders_cap"))
def test_the_ladders_push_so_often_and_not_more(row):
    pushed = [token.split("/") for token in row["已推送"].split(";") if token]
    (found,) = plan(
        [owed_of(row, {row["对象"]: PEOPLE[row["对象"]]})],
        now=local(row["时刻"]),
        policy=POLICY,
        calendar=CALENDAR,
        pushed=[Push(NUMBERS[who], group, period, int(cycle), local(at)) for who, group, period, cycle, at in pushed],
    )
    assert found.level == int(row["级别"])
    assert found.is_pushed == (row["推送"] == "yes")


@pytest.mark.parametrize("row", rows("reminders_expiry"))
def test_a_reminder_says_and_lasts_what_is_true_when_it_is_read(row):
    found = plan([owed_of(row)], now=local(row["时刻"]), policy=POLICY, calendar=CALENDAR)
    notice = next(each for each in found if each.level == int(row["级别"]))
    assert notice.not_before == local(row["不早于"])
    assert notice.expires_at == local(row["失效"])
    assert notice.days_left == int(row["剩余工作日"])


def test_what_only_goes_out_after_the_due_moment_says_so():
    """The afternoon's digest has gone out already: the next one comes the morning after."""
    owed = Obligation(Ladder.REPORT, "A03:2025-06", DUE, {"head": (2,)}, 1, "2025-06")
    slot = DUE.replace(hour=16)
    (found,) = plan(
        [owed], now=DUE.replace(hour=17), policy=POLICY, calendar=CALENDAR, pushed=[Push(2, "unit", "2025-06", 1, slot)]
    )
    assert found.not_before == datetime(2025, 7, 8, 9, 0, tzinfo=ZONE)
    assert found.days_left == -1 and found.expires_at > found.not_before


@given(st.integers(-20, 40), st.integers(0, 23), st.sampled_from(Ladder))
def test_planning_twice_plans_nothing_new(offset_days, hour, ladder):
    people = PEOPLE | {"staff": (1, 9)}
    owed = Obligation(ladder, "A03:2025-06", DUE, people)
    now = (DUE + timedelta(days=offset_days)).replace(hour=hour)
    first = plan([owed], now=now, policy=POLICY, calendar=CALENDAR)
    recorded = frozenset(notice.key for notice in first)
    assert plan([owed], now=now, policy=POLICY, calendar=CALENDAR, recorded=recorded) == ()
    assert len({notice.recipient for notice in first}) == len(first)
    assert all(notice.due_step_at <= now <= notice.not_before < notice.expires_at for notice in first)


@given(st.lists(st.integers(0, 24 * 60), min_size=1, max_size=30))
def test_whenever_the_planner_runs_the_last_step_of_each_person_is_reached(gaps):
    """However irregular the ticks: nothing twice, nothing lower after something higher, the highest at the end."""
    owed = Obligation(Ladder.REPORT, "A03:2025-06", DUE, PEOPLE, 1, "2025-06")
    now, recorded, last = DUE - timedelta(days=10), set(), {}
    end = DUE + timedelta(days=20)
    for minutes in [*gaps, (end - now) // timedelta(minutes=1)]:
        now = min(now + timedelta(minutes=minutes), end)
        for notice in plan([owed], now=now, policy=POLICY, calendar=CALENDAR, recorded=frozenset(recorded)):
            assert notice.key not in recorded
            assert last.get(notice.recipient, 0) < notice.level
            last[notice.recipient] = notice.level
            recorded.add(notice.key)
    wanted = {}
    for step in POLICY.of(Ladder.REPORT):
        wanted |= dict.fromkeys(people_of(PEOPLE, step), step.level)
    assert last == wanted


def test_what_has_the_same_day_and_people_is_worked_out_once():
    owed = [Obligation(Ladder.REPORT, f"A{number:02}:2025-06", DUE, PEOPLE, 1, "2025-06") for number in range(3)]
    owed.append(Obligation(Ladder.REPORT, "A09:2025-06", DUE, {"head": (9,)}, 1, "2025-06"))
    found = plan(owed, now=DUE, policy=POLICY, calendar=CALENDAR)
    assert len(found) == 10 and len({notice.key for notice in found}) == 10
    assert len({notice.push for notice in found if notice.push}) == 4, "one digest a person"


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from((Ladder.REPORT, Ladder.SIGN_OFF, Ladder.REVIEW)), st.integers(0, 6)), max_size=8
    ),
    st.lists(st.integers(1, 60), min_size=1, max_size=15),
)
def test_no_account_is_pushed_more_often_than_allowed(tasks, gaps):
    """Over any ticks and any number of indicators: distinct slots by person, group, period and cycle."""
    owed = [
        Obligation(ladder, f"A{number:02}:2025-06", DUE + timedelta(days=days), PEOPLE, 1, "2025-06")
        for number, (ladder, days) in enumerate(tasks)
    ]
    now, recorded, pushed = DUE - timedelta(days=9), set(), set()
    for hours in gaps:
        now += timedelta(hours=hours)
        found = plan(owed, now=now, policy=POLICY, calendar=CALENDAR, recorded=recorded, pushed=pushed)
        recorded |= {notice.key for notice in found}
        pushed |= {notice.push for notice in found if notice.push}
    accounts: dict[tuple, set] = {}
    for push in pushed:
        accounts.setdefault(push[:4], set()).add(push.slot)
    assert all(len(slots) <= POLICY.most_pushes for slots in accounts.values())


def test_a_reminder_stands_while_it_is_owed_in_its_cycle_to_somebody_of_its_step():
    owed = Obligation(Ladder.REPORT, "A03:2025-06", DUE, PEOPLE, 2, "2025-06")
    holding = Holding(POLICY, [owed])
    assert holding.stands(owed.key(1, 3))
    assert not holding.stands(owed.key(3, 3)), "the office is not of step 3"
    assert not holding.stands(owed.key(7, 3)), "somebody else's by now"
    assert not holding.stands(owed.key(1, 9)), "no such step any more"
    assert not holding.stands(owed.key(1, 3).replace(":c2", ":c1")), "it came back since"
    assert not holding.stands(owed.key(1, 3).replace("A03", "A04")), "filed"
    assert holding.stands("report.chased:1"), "not planned by a ladder"
    assert parse_key(owed.key(1, 3)) == ("report:A03:2025-06", 1, 3, 2)


HOURS = OfficeHours(time(8, 30), time(18, 0), (time(9, 0), time(16, 0)))


@pytest.mark.parametrize(
    ("moment", "opening", "slot", "next_slot"),
    [
        ("2025-07-02T08:00", "2025-07-02T08:30", "2025-07-02T09:00", "2025-07-02T09:00"),
        ("2025-07-02T09:00", "2025-07-02T09:00", "2025-07-02T09:00", "2025-07-02T16:00"),
        ("2025-07-02T17:00", "2025-07-02T17:00", "2025-07-02T16:00", "2025-07-03T09:00"),
        ("2025-07-02T18:00", "2025-07-03T08:30", "2025-07-03T09:00", "2025-07-03T09:00"),
        ("2025-07-05T10:00", "2025-07-07T08:30", "2025-07-07T09:00", "2025-07-07T09:00"),
        ("2025-09-28T10:00", "2025-09-28T10:00", "2025-09-28T09:00", "2025-09-28T16:00"),  # a make-up Sunday
    ],
)
def test_nobody_is_disturbed_outside_working_hours(moment, opening, slot, next_slot):
    at = local(moment)
    assert HOURS.opening(at, CALENDAR) == local(opening)
    assert HOURS.slot(at, CALENDAR) == local(slot)
    assert HOURS.next_slot(at, CALENDAR) == local(next_slot)


@pytest.mark.parametrize(
    ("own", "opens_at", "closes_at", "slots"),
    [
        ((None, None, None), time(8, 30), time(18, 0), (time(9, 0), time(16, 0))),
        ((None, None, time(10, 15)), time(8, 30), time(18, 0), (time(10, 15), time(16, 0))),
        ((time(7, 0), time(20, 0), None), time(8, 30), time(18, 0), (time(9, 0), time(16, 0))),
        ((time(10, 0), time(15, 0), None), time(10, 0), time(15, 0), (time(10, 0),)),
        ((time(18, 0), None, None), time(8, 30), time(18, 0), (time(9, 0), time(16, 0))),
    ],
)
def test_own_hours_narrow_the_general_ones(own, opens_at, closes_at, slots):
    assert HOURS.narrowed(*own) == OfficeHours(opens_at, closes_at, slots)
