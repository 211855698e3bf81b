"""The one clock. Only edges (pages, API, tasks, commands) read it; everything below is given ``now``.

The trial runs on a shifted clock: ``settings.CLOCK_OFFSET`` is added to the real time. In production it is zero.
"""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

ZONE = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present moment in the city's time zone."""
    return (timezone.now() + settings.CLOCK_OFFSET).astimezone(ZONE)


def today() -> date:
    """The present day in the city, whatever the server's own time zone is."""
    return now().date()


def file_time() -> float:
    """The clock by which the file system stamps its files, in seconds: never shifted, not even in the trial."""
    return time.time()


def is_shifted() -> bool:
    """Whether this is a trial on another day than the real one."""
    return bool(timedelta(0) != settings.CLOCK_OFFSET)
