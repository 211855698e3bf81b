"""Wake-up calls. The truth is in the tables: a lost or doubled call changes nothing, so that none is tried again."""

from __future__ import annotations

import time

from celery import shared_task

from accounts import clock
from notifications import running, sending

# A round ends before the worker's soft limit does it (settings: 60 s) and before the next call comes.
ROUND_SECONDS = 40


@shared_task(name="notifications.send_due")
def send_due() -> None:
    ends = time.monotonic() + ROUND_SECONDS
    sending.send_due(clock=clock.now, may_go_on=lambda: time.monotonic() < ends)


@shared_task(name="notifications.canary")
def canary() -> None:
    """Leaves the mark that a call went from beat through the broker to a worker."""
    running.beat("worker")
