"""Notices for tests: put on record by the outbox, as the product does."""

from __future__ import annotations

from datetime import datetime
from itertools import count

from accounts.models import Department, User
from notifications import outbox
from notifications.models import Notice
from notifications.outbox import Draft
from tests.conftest import NOW

NUMBERS = count(1)
ABOUT_REPORT = {"subject_code": "A06", "period": "2025-06", "url": "/2025/reports/2025-06/A06/"}


def put(kind: str = "report.due", *, to: str = "nyj_staff", now: datetime = NOW, **fields: object) -> Notice:
    """One notice; about A06 in June where nothing else is said."""
    given = {"title": f"还剩 3 天：A06 #{next(NUMBERS)}", **ABOUT_REPORT, **fields}
    person = User.objects.get(username=to)
    created = outbox.enqueue(kind=kind, recipient=person, key=f"test:{next(NUMBERS)}", now=now, **given)
    assert created is not None
    return created


def put_many(number: int, *, to: str = "nyj_staff", now: datetime = NOW) -> None:
    """Notices over all of a unit's indicators and departments, of kinds that ask and kinds that only tell."""
    person, codes = User.objects.get(username=to), ("A05", "A06", "A07", "A08", "A11", "T01", "T05", "")
    kinds = ("report.due", "submission.returned", "directive.copied", "directive.issued", "extension.granted")
    unit = Department.objects.get(code="agriculture")
    drafts = [
        Draft(
            kind=kinds[each % len(kinds)],
            recipient=person,
            key=f"many:{each}",
            title=f"第 {each} 条",
            url=f"/2025/kpis/{codes[each % len(codes)]}/" if codes[each % len(codes)] else "/2025/todo/",
            subject_code=codes[each % len(codes)],
            period="2025-06",
            department=unit,
        )
        for each in range(number)
    ]
    outbox.enqueue_many(drafts, now=now)
