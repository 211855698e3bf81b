"""The one clock. Only edges (pages, API, tasks, commands) read it; everything below is given ``now``.

The trial runs on a shifted clock: ``settings.CLOCK_OFFSET`` is added to the real time. In production it is zero.

Several web servers must agree on what is late, whatever their own clocks say: the database's clock decides. Each
process measures how far its own is off whenever it opens a connection, which it does every minute or so.
"""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

ZONE = ZoneInfo("Asia/Shanghai")

# What to add to this machine's clock to get the database's.
_skew = timedelta(0)


def follow_database(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Measure this machine's clock against the database's; half of the way there and back is taken for the way back."""
    global _skew  # noqa: PLW0603 — one process has one clock
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (measured,) = cursor.fetchone()
    after = timezone.now()
    _skew = measured - (before + (after - before) / 2)


def now() -> datetime:
    """The present moment in the city's time zone, by the database's clock."""
    return (timezone.now() + _skew + settings.CLOCK_OFFSET).astimezone(ZONE)


def real_now() -> datetime:
    """The present moment, never shifted: how long somebody has been away is real in the trial, too."""
    return now() - settings.CLOCK_OFFSET


def skew() -> timedelta:
    """What this machine's clock is behind the database's, as measured with the latest connection."""
    return _skew


def today() -> date:
    """The present day in the city, whatever the server's own time zone is."""
    return now().date()


def file_time() -> float:
    """The clock by which the file system stamps its files, in seconds: never shifted, not even in the trial."""
    return time.time()


def is_shifted() -> bool:
    """Whether this is a trial on another day than the real one."""
    return bool(timedelta(0) != settings.CLOCK_OFFSET)
