"""The life of an export against its decision table."""

from __future__ import annotations

import pytest

from kpi.domain.errors import IllegalTransition
from kpi.domain.exporting import TRANSITIONS, ExportState, ExportVerb, may, next_state
from tests.domain.tables import rows

TABLE = rows("exports")


@pytest.mark.parametrize("row", TABLE)
def test_every_state_and_step_has_one_answer(row):
    state, verb = ExportState(row["state"]), ExportVerb(row["verb"])
    assert may(state, verb) is bool(row["新状态"])
    if row["新状态"]:
        assert next_state(state, verb) == row["新状态"]
    else:
        with pytest.raises(IllegalTransition, match="export_moved"):
            next_state(state, verb)


def test_every_step_that_is_allowed_stands_in_the_table():
    told = {(each.values[0]["state"], each.values[0]["verb"]) for each in TABLE if each.values[0]["新状态"]}
    assert told == set(TRANSITIONS)
