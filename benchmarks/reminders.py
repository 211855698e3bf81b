"""``python -m benchmarks reminders``: what a tick costs with more than ten thousand open obligations. Figures, no test.

The demo's indicators copied until twelve months of them, seven still open, make that many; planned for once, and then
scanned again, as happens every minute.
"""

from __future__ import annotations

import os
import statistics
import time
from datetime import datetime, timedelta

ROUNDS = int(os.environ.get("ROUNDS", "15"))
WANTED = int(os.environ.get("OBLIGATIONS", "10000"))
NOW = datetime.fromisoformat("2026-01-12T09:00:00+08:00")


def main() -> None:
    from django.conf import settings

    from tests.databases import TEMPLATE

    settings.DATABASES["default"] |= {"NAME": TEMPLATE, "CONN_MAX_AGE": 60}
    import config.wsgi  # noqa: F401
    from kpi.domain.reminders import Ladder
    from kpi.models import Report
    from kpi.selectors.obligations import owed_at
    from kpi.services import reminders
    from notifications.models import Notice
    from tests.many import ask_monthly, widen

    report = Report.objects.get(year=2025)
    widen(report, WANTED * 15 // 100)
    ask_monthly(report)
    owed = owed_at(NOW)
    reports = sum(each.ladder is Ladder.REPORT for each in owed)
    print(f"{len(owed)} obligations, {reports} of them reports that are not filed")
    started = time.perf_counter()
    new = reminders.tick(now=NOW)
    count = Notice.objects.count()
    print(f"first tick: {new} notices and {count - new} superseded rows in {time.perf_counter() - started:.1f} s")
    figures = [_scan(minute) for minute in range(1, ROUNDS + 1)]
    walls, queries = zip(*figures, strict=True)
    assert Notice.objects.count() == count, "scanning again wrote something"
    print(
        f"each further tick: {max(queries)} queries, median {statistics.median(walls):.0f} ms, "
        f"longest {max(walls):.0f} ms, nothing written ({ROUNDS} rounds)"
    )


def _scan(minute: int) -> tuple[float, int]:
    """Milliseconds and queries of one tick that finds nothing to do."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from kpi.services import reminders

    with CaptureQueriesContext(connection) as captured:
        started = time.perf_counter()
        assert reminders.tick(now=NOW + timedelta(minutes=minute)) == 0
        took = (time.perf_counter() - started) * 1000
    if os.environ.get("QUERIES") and minute == 1:
        print(*(f"{float(each['time']) * 1000:.0f} ms {each['sql'][:90]}" for each in captured), sep="\n")
    control = ("SAVEPOINT", "BEGIN", "COMMIT", "RELEASE")
    return took, sum(not each["sql"].startswith(control) for each in captured)
