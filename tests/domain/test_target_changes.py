"""The life of a change of target against its decision tables, and what it makes of a plan."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from kpi.domain.errors import DomainError, IllegalTransition
from kpi.domain.periods import Period
from kpi.domain.replanning import Held, Subject, Wish, flaws, merged, rescaled, without_same
from kpi.domain.target_changes import (
    AskingWindow,
    ChangeParty,
    ChangeState,
    ChangeVerb,
    applies_from,
    may,
    next_state,
    timing,
    verbs_for,
)
from kpi.domain.values import Comparator, Kind, Polarity
from tests.domain.tables import rows

EVERYBODY = set(ChangeParty)


@pytest.mark.parametrize("row", rows("target_changes"))
def test_every_state_and_step_has_one_answer_and_one_taker(row):
    state, verb = ChangeState(row["state"]), ChangeVerb(row["verb"])
    if not row["新状态"]:
        assert verb not in verbs_for(state, EVERYBODY)
        with pytest.raises(IllegalTransition, match="target_change_moved"):
            next_state(state, verb)
        return
    assert next_state(state, verb) == row["新状态"]
    for party in EVERYBODY:
        assert (verb in verbs_for(state, {party})) is may({party}, state, verb) is (party == row["谁"])


def test_the_wrong_moment_is_told_from_the_wrong_person():
    assert may({ChangeParty.HEAD}, ChangeState.APPLIED, ChangeVerb.SIGN), "right person, too late"
    assert not may({ChangeParty.OFFICE}, ChangeState.APPLIED, ChangeVerb.SIGN)
    assert not may((), ChangeState.ASKED, ChangeVerb.ASK), "asking is no step of a case that exists"


def day(text: str) -> date:
    return date.fromisoformat(text)


def month(text: str) -> Period | None:
    return Period.parse(text) if text else None


@pytest.mark.parametrize("row", rows("target_change_window"))
def test_when_it_was_asked_for_and_from_when_it_holds(row):
    asked_on, year, outcome, first = day(row["申请日"]), int(row["年度"]), "", ""
    try:
        window = AskingWindow.parse(row["窗口自"], row["窗口至"])
        outcome = str(timing(asked_on, window=window, year=year, final_due_on=day(row["完成时限"])))
    except DomainError as refusal:
        outcome = refusal.code
    else:
        locked, last = month(row["已锁定至"]), month(row["上次调整自"])
        try:
            first = str(applies_from(asked_on, year=year, locked_until=locked, last_change=last))
        except DomainError as refusal:
            first = refusal.code
    assert (outcome, first) == (row["时机"], row["自何月起"])


def test_the_window_in_force_without_any_on_record_is_the_whole_year_to_october():
    assert AskingWindow().in_year(2025) == (date(2025, 1, 1), date(2025, 10, 31))


def values(text: str) -> dict[Period, Decimal | None]:
    pairs = (part.split(":") for part in text.split())
    return {Period(2025, int(number)): None if value == "-" else Decimal(value) for number, value in pairs}


def nodes(text: str) -> dict[int, date]:
    pairs = (part.split("=") for part in text.split())
    return {int(ordinal): day(due) for ordinal, due in pairs}


def number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


@pytest.mark.parametrize("row", rows("target_change_flaws"))
def test_what_keeps_a_wish_from_being_asked_for(row):
    held = Held(number(row["目标"]), day(row["时限"]), values(row["计划"]), nodes(row["节点"]))
    due = day(row["改时限"]) if row["改时限"] else None
    wish = without_same(held, Wish(number(row["改目标"]), due, values(row["改计划"]), nodes(row["改节点"])))
    done = frozenset(int(ordinal) for ordinal in row["已完成"].split())
    kind, comparator = Kind(row["类型"]), Comparator(row["比较符"])
    subject = Subject(kind, comparator, Polarity.HIGHER_IS_BETTER, 2025, done)
    found = flaws(subject, held, wish, day(row["申请日"]))
    assert " ".join(f"{flaw.field}:{flaw.code}" for flaw in found) == row["问题"]


JULY = Period(2025, 7)
GRAIN = Held(Decimal(64), date(2025, 12, 31), values("6:4 8:6 10:34 12:64"))


def test_a_wish_leaves_the_months_before_as_they_are():
    after = merged(GRAIN, Wish(target=Decimal(60), plan=values("6:1 8:- 12:60")), JULY, kind=Kind.CUMULATIVE)
    assert (after.target, after.final_due_on, after.plan) == (60, date(2025, 12, 31), values("6:4 10:34 12:60"))


def test_the_curve_of_milestones_follows_their_days():
    held = Held(Decimal(2), date(2025, 7, 31), values("3:0 4:1 7:2"), nodes("1=2025-04-30 2=2025-07-31"))
    after = merged(held, Wish(None, date(2025, 10, 31), {}, nodes("2=2025-10-15")), JULY, kind=Kind.MILESTONE)
    assert after.plan == values("3:0 4:1 7:1 8:1 9:1 10:2 11:2 12:2")


@pytest.mark.parametrize(
    ("plan", "target", "first", "expected"),
    [
        ("6:4 8:6 10:34 12:64", "49", JULY, "8:5.5 10:26.5 12:49"),
        ("8:6 12:64", "32", JULY, "8:3.0 12:32"),
        ("6:4 8:4 12:4", "9", JULY, "8:4.0 12:9"),
        ("3:4", "9", JULY, ""),
    ],
    ids=["keeps_what_was_planned_until_then", "from_nothing", "flat", "nothing_ahead"],
)
def test_a_plan_is_stretched_to_another_target(plan, target, first, expected):
    held = Held(Decimal(64), date(2025, 12, 31), values(plan))
    assert rescaled(held, Decimal(target), first, decimals=1) == values(expected)
