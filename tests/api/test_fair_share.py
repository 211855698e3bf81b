"""Throttling counts a caller's requests in all processes together."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

from accounts import clock
from kpi.services import fair_share
from tests.conftest import NOW
from tests.faults.machine import environment
from tests.journeys.conftest import ROOT

EACH = 100
# One process: counts so many requests of one caller in one minute, by the counter that is named.
COUNTING = """
import json, sys, django
from datetime import datetime
from importlib import import_module
django.setup()
module, name = sys.argv[1].rsplit(".", 1)
count = getattr(import_module(module), name)
now, times = datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])
sys.stdin.readline()
print(json.dumps([count("token:example", now=now) for _ in range(times)]))
"""
ALONE: dict[str, int] = {}


def alone(caller: str, *, now) -> int:
    """What throttling must not be: each process counts by itself."""
    ALONE[caller] = ALONE.get(caller, 0) + 1
    return ALONE[caller]


def counted_by_two(counter: str, database: str) -> list[int]:
    """What two processes at once were told."""
    command = [sys.executable, "-c", COUNTING, counter, NOW.isoformat(), str(EACH)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, cwd=ROOT, env=environment(database), **pipes) for _ in range(2)]
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    return sorted(number for process in both for number in json.loads(process.communicate(timeout=60)[0]))


def test_two_processes_count_together(committed_db, database_name):
    assert counted_by_two("kpi.services.fair_share.count", database_name) == list(range(1, 2 * EACH + 1))


def test_processes_that_count_alone_let_twice_as_many_through(committed_db, database_name):
    """The negative control."""
    told = counted_by_two("tests.api.test_fair_share.alone", database_name)
    assert max(told) == EACH


def test_a_new_minute_begins_at_one(db):
    told = [
        fair_share.count("user:1", now=clock.now().replace(second=0) + timedelta(minutes=minute))
        for minute in (0, 0, 1)
    ]
    assert told == [1, 2, 1]
