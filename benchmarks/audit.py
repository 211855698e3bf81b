"""``python -m benchmarks audit``: what the auditor's page, its searches and a whole check cost. Figures, no test.

A trail of ``ENTRIES`` (100,000 unless told otherwise) made from the demo's people, indicators and reports, appended as
the product appends.
"""

from __future__ import annotations

import os
import statistics
import time
from datetime import datetime, timedelta
from urllib.parse import urlencode

ENTRIES = int(os.environ.get("ENTRIES", "100000"))
ROUNDS = int(os.environ.get("ROUNDS", "15"))
FIRST = datetime.fromisoformat("2024-07-01T08:00:00+08:00")
LINE = "{:<64} {:>8} {:>9} {:>9}"
ASKED = (
    {},
    {"text": "A06"},
    {"text": "市农业农村局"},
    {"text": "no such thing"},
    {"person": "nyj_staff"},
    {"action": "kind:session"},
    {"action": "directive.closed"},
    {"outcome": "refused"},
    {"since": "2024-09-01", "until": "2024-09-02"},
    {"text": "A06", "person": "nyj_staff", "action": "kind:report", "since": "2025-01-01"},
    {"before": str(ENTRIES // 2)},
)


def main() -> None:
    from django.conf import settings

    from tests.databases import TEMPLATE

    settings.DATABASES["default"] |= {"NAME": TEMPLATE, "CONN_MAX_AGE": 60}
    from django.db import connection

    import config.wsgi  # noqa: F401
    from accounts import audit
    from accounts.models import AuditEntry

    started = time.perf_counter()
    fill()
    print(f"{AuditEntry.objects.count()} entries, made in {time.perf_counter() - started:.0f} s")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size('accounts_auditentry') / 1e6")
        print(f"{cursor.fetchone()[0]:.0f} MB with indexes")
    started = time.perf_counter()
    result = audit.verify()
    took = time.perf_counter() - started
    print(
        f"whole chain verified in {took:.1f} s ({result.count / took:.0f} entries a second), intact: {result.is_intact}"
    )
    print(LINE.format("asked", "queries", "median ms", "max ms"))
    for asked in ASKED:
        measure(asked)


def fill() -> None:
    """Half a minute apart each, of all kinds; the last of them yesterday."""
    from django.db import connection, transaction

    from accounts import audit
    from accounts.models import User
    from kpi.models import Indicator, Submission

    people, indicators, reports = (
        list(User.objects.all()),
        list(Indicator.objects.all()),
        list(Submission.objects.all()),
    )
    kinds = ("session.signed_in", "submission.saved", "submission.approved", "indicator.changed", "access.denied")
    left = max(ENTRIES - audit.AuditEntry.objects.count(), 0)
    for start in range(0, left, 5000):
        with transaction.atomic(), audit.together():
            for number in range(start, min(start + 5000, left)):
                action, person = kinds[number % 5], people[number % len(people)]
                subject = {1: reports, 2: reports, 3: indicators}.get(number % 5)
                audit.record(
                    action=action,
                    obj=subject[number % len(subject)] if subject else person,
                    actor=person,
                    now=FIRST + timedelta(seconds=300 * number),
                    before={"value": str(number)},
                    after={"value": str(number + 1), "narrative": "进展说明" * 12},
                    department_code="agriculture" if number % 40 == 1 else "",
                )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE accounts_auditentry")


def measure(asked: dict[str, str]) -> None:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from accounts.models import User

    client, path = Client(), f"/audit/?{urlencode(asked)}"
    client.force_login(User.objects.get(username="auditadmin"))
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
    queries = len(captured)
    assert answer.status_code == 200, (path, answer.status_code)
    walls = []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        client.get(path)
        walls.append((time.perf_counter() - began) * 1000)
    print(LINE.format(path, queries, f"{statistics.median(walls):.0f}", f"{max(walls):.0f}"))
