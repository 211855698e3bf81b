"""The life of a directive against its decision tables."""

from __future__ import annotations

from datetime import date

import pytest

from kpi.domain.directives import (
    NODES,
    RIGHTS,
    DirectiveState,
    DirectiveVerb,
    Party,
    check_due,
    days_overdue,
    due_after_grant,
    due_after_sending_back,
    due_by_default,
    may,
    next_state,
    nodes_reached,
    verbs_for,
)
from kpi.domain.errors import DomainError, IllegalTransition
from tests.domain.tables import rows
from tests.domain.test_tables import official_calendar


@pytest.mark.parametrize("row", rows("directives"))
def test_every_state_and_step_has_one_answer(row):
    state, verb = DirectiveState(row["state"]), DirectiveVerb(row["verb"])
    holders = RIGHTS[verb]
    if row["新状态"]:
        assert next_state(state, verb) == row["新状态"]
        assert all(verb in verbs_for(state, {party}) for party in holders)
        assert not any(verb in verbs_for(state, {party}) for party in set(Party) - holders)
    else:
        assert verb not in verbs_for(state, set(Party))
        with pytest.raises(IllegalTransition, match="directive_moved"):
            next_state(state, verb)


@pytest.mark.parametrize("row", rows("directives_rights"))
def test_who_takes_a_step_is_in_the_table(row):
    for party in Party:
        assert may({party}, DirectiveVerb(row["verb"])) is (row[party] == "yes"), party
    assert not may((), DirectiveVerb(row["verb"]))


def day(text: str) -> date:
    return date.fromisoformat(text)


def due(row) -> date:
    if row["步骤"] == "grant":
        return due_after_grant(day(row["原期限"]), asked_on=day(row["申请日"]), until=day(row["延至或重办"]))
    if row["步骤"] == "send_back":
        return due_after_sending_back(day(row["原期限"]), day(row["延至或重办"]))
    today = day(row["交办日"])
    return check_due(day(row["手选"]), today) if row["手选"] else due_by_default(today, official_calendar())


@pytest.mark.parametrize("row", rows("directives_due"))
def test_the_due_day_is_the_one_in_the_table(row):
    try:
        outcome = due(row).isoformat()
    except DomainError as refusal:
        outcome = refusal.code
    assert outcome == row["期限"]


@pytest.mark.parametrize("row", rows("directives_overdue"))
def test_a_missed_day_is_counted_only_while_the_unit_owes_an_answer(row):
    found = days_overdue(DirectiveState(row["state"]), day(row["期限"]), day(row["今天"]))
    assert found == int(row["超期天数"])


def test_the_track_has_six_nodes_and_a_withdrawn_one_left_at_the_first():
    assert [nodes_reached(state) for state in NODES] == [1, 2, 3, 4, 5, 6]
    assert nodes_reached(DirectiveState.WITHDRAWN) == 1
