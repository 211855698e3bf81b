"""Until when a message may be put off, against its decision table."""

from __future__ import annotations

from datetime import datetime, time

import pytest

from kpi.domain.hours import OfficeHours
from kpi.domain.snoozing import Snooze, snooze_choices
from tests.domain.tables import rows
from tests.domain.test_tables import official_calendar

HOURS = OfficeHours(time(8, 30), time(18, 0), (time(9, 0), time(16, 0)))
COLUMNS = {"今天稍后": Snooze.LATER_TODAY, "下一工作日": Snooze.NEXT_DAY, "下周": Snooze.NEXT_WEEK}


@pytest.mark.parametrize("row", rows("snoozing"))
def test_a_message_comes_back_on_a_workday(row):
    expected = {choice: datetime.fromisoformat(row[name]) for name, choice in COLUMNS.items() if row[name]}
    assert snooze_choices(datetime.fromisoformat(row["现在"]), HOURS, official_calendar()) == expected
