"""What a reminder says on the day it is read, when that is not the day it was planned."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from kpi.domain.calendar import WorkCalendar
from kpi.domain.reminders import DEFAULT_POLICY, Obligation, plan

ZONE = ZoneInfo("Asia/Shanghai")
FRIDAY = Obligation("A06", "2025-08", datetime(2025, 9, 5, 18, 0, tzinfo=ZONE), {"staff": (1,)})


@pytest.mark.parametrize(
    ("now", "days_left"),
    [
        ("2025-09-05T16:30", 0),  # on the due day
        ("2025-09-05T20:00", -1),  # after hours: read on Monday
        ("2025-09-06T10:00", -1),  # a missed tick, made good on Saturday: read on Monday
        ("2025-09-08T10:00", -1),
    ],
)
def test_a_reminder_counts_from_the_day_it_is_read(now, days_left):
    moment = datetime.fromisoformat(now).replace(tzinfo=ZONE)
    (found,) = plan([FRIDAY], now=moment, policy=DEFAULT_POLICY, calendar=WorkCalendar(), sent_keys=frozenset())
    assert found.days_left == days_left
