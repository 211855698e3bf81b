"""Which plan held in a month, and what of it was known at a moment: corrections later than that are undone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from kpi.domain.periods import Period as Month
from kpi.models import Indicator
from kpi.selectors.story import plan_changes, terms_as_known

FIRST, APPLIED = "2025-01-05T08:00:00+00:00", "2025-07-10T08:00:00+00:00"
JUNE, JULY = Month(2025, 6), Month(2025, 7)


def event(value: str, at: str, label: str = "update") -> dict[str, Any]:
    return {"value": value, "at": at, "label": label, "key": 1, "what": "2025-09", "slot": "2025-09"}


def corrected(*corrections: tuple[str, str]) -> Indicator:
    """Planned 4.0 for September, replaced by 5.0 from July on, with corrections of what stood there at their time."""
    planned = [event("4.0", FIRST, "insert"), *(event(value, at) for at, value in corrections)]
    before = [found["value"] for found in planned if found["at"] < APPLIED]
    events = sorted([*planned, event("5.0", APPLIED)], key=lambda found: found["at"])
    found = Indicator(code="A06", final_due_on=date(2025, 12, 31))
    found.target_value, found.node_rows, found.said_node_events, found.said_target_events = Decimal(7), [], [], []
    found.planned, found.said_plan_events = {"2025-09": events[-1]["value"]}, events
    former = {"plan": {"2025-09": before[-1]}, "nodes": [], "target": "6.95", "final_due_on": "2025-12-31"}
    found.former_rows = [former | {"replaced_from": "2025-07", "recorded_at": APPLIED, "stays_yardstick": False}]
    return found


def known(indicator: Indicator, month: Month, day: int, of_month: int = 7) -> Decimal | None:
    until = datetime(2025, of_month, day, tzinfo=UTC)
    return terms_as_known(indicator, month, until).expected_at(Month(2025, 9))


@pytest.mark.parametrize(
    ("corrections", "month", "day", "of_month", "expected"),
    [
        ((), JUNE, 8, 7, "4.0"),
        ((), JULY, 8, 8, "5.0"),
        ((("2025-06-20T08:00:00+00:00", "4.2"),), JUNE, 8, 7, "4.2"),
        ((("2025-07-09T08:00:00+00:00", "4.2"),), JUNE, 8, 7, "4.0"),
        ((("2025-08-20T08:00:00+00:00", "5.3"),), JULY, 8, 8, "5.0"),
        ((("2025-08-20T08:00:00+00:00", "5.3"),), JULY, 8, 9, "5.3"),
        ((("2025-08-20T08:00:00+00:00", "5.3"),), JUNE, 8, 7, "4.0"),
    ],
    ids=["former", "present", "put_right_before", "put_right_after", "later", "known_by_then", "of_the_next_plan"],
)
def test_what_was_put_right_after_a_month_was_closed_is_undone(corrections, month, day, of_month, expected):
    assert known(corrected(*corrections), month, day, of_month) == Decimal(expected)


def test_a_change_of_target_is_no_correction():
    assert [found.after for found in plan_changes(corrected(("2025-08-20T08:00:00+00:00", "5.3")))] == ["5.3"]
