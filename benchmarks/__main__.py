"""``make bench``: what the leader pages cost with a full year of 400 indicators. Figures, not tests: it never fails.

A database of its own on private servers, as the tests have: eleven months locked with their snapshots, the twelfth
open. Each page is asked for through the whole of Django, warm, and measured on the server's side. ``python -m
benchmarks reminders`` measures the tick instead, ``python -m benchmarks extraction`` the reading of reports,
``python -m benchmarks proposals`` the owners and predecessors that are proposed, ``python -m benchmarks audit`` the
audit trail.
"""

from __future__ import annotations

import importlib
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")

if sys.argv[1:2] in (["extraction"], ["proposals"]):
    # Pure: no servers, no year.
    importlib.import_module(f"benchmarks.{sys.argv[1]}").main()
    sys.exit(0)

import tests.services_plugin  # noqa: F401 — starts the servers and loads the year

COUNT = int(os.environ.get("COUNT", "400"))
ROUNDS = int(os.environ.get("ROUNDS", "15"))
MONTH = "2025-12"
NOW = datetime(2025, 12, 29, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
LINE = "{:<10} {:<34} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9}"


def main() -> None:
    prepare()
    from tests.pages import LEADER_PAGES

    print(LINE.format("who", "page", "queries", "wall ms", "max ms", "CPU ms", "KB", "KB gzip"))
    for page in LEADER_PAGES:
        measure(page.person, page.path)


def prepare() -> None:
    """A year with ``COUNT`` indicators as of ``NOW``; ``COUNT=0`` leaves the demo as it is."""
    from django.conf import settings

    from tests.databases import TEMPLATE

    settings.DATABASES["default"] |= {"NAME": TEMPLATE, "CONN_MAX_AGE": 60}
    # The process as a web server has it.
    import config.wsgi  # noqa: F401
    from accounts import clock
    from kpi.models import Report
    from tests.bulletins import published
    from tests.many import fill, widen

    started = time.monotonic()
    report = Report.objects.get(year=2025)
    if COUNT:
        settings.CLOCK_OFFSET += NOW - clock.now()
        fill(report, MONTH)
        widen(report, COUNT)
    published("2025-05", now=clock.now())
    locked, shown = report.periods.exclude(locked_at=None).count(), report.indicators.count()
    took = time.monotonic() - started
    print(
        f"{shown} indicators, {locked} months locked, made in {took:.0f} s; {ROUNDS} rounds, wall and CPU are medians"
    )


def measure(person: str, path: str) -> None:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from accounts.models import User

    client = Client()
    client.force_login(User.objects.get(username=person))
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
    queries = len(captured)
    walls, cpus = zip(*(timed(lambda: client.get(path)) for _ in range(ROUNDS)), strict=True)
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == packed.status_code == 200, (path, answer.status_code)
    print(
        LINE.format(
            person,
            path,
            queries,
            *(f"{figure:.0f}" for figure in (statistics.median(walls), max(walls), statistics.median(cpus))),
            *(f"{len(each.content) / 1024:.1f}" for each in (answer, packed)),
        )
    )


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds on the clock, and of this process's processor time; the database's own is in the first alone."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


if __name__ == "__main__":
    # Each is imported when it is asked for: the exports' children are processes of their own, with memory of their own.
    if sys.argv[1:]:
        importlib.import_module(f"benchmarks.{sys.argv[1]}").main()
    else:
        main()
    sys.exit(0)
