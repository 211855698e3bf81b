"""Something for the log of everything sent."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from notifications import outbox
from notifications.models import Attempt, Brake, Delivery, Dispatch
from tests.conftest import NOW


@transaction.atomic
def something_to_log() -> None:
    """A message given up after two attempts, one sent, a notice that was superseded, and a brake in force."""
    person = User.objects.get(username="nyj_staff")
    for state, outcome in (("dead", "permanent"), ("sent", "sent")):
        message = Dispatch.objects.create(
            channel="email", recipient=person, state=state, attempts=2, next_attempt_at=NOW, created_at=NOW,
            subject="还剩 2 个工作日：A06",
        )  # fmt: skip
        Attempt.objects.create(dispatch=message, started_at=NOW)
        Attempt.objects.create(
            dispatch=message, started_at=NOW, finished_at=NOW, outcome=outcome, code="550",
            detail="5.1.1 <nongye.wang@zjj.example.cn> 13974412345 unknown",
        )  # fmt: skip
        notice = outbox.enqueue(kind="report.due", recipient=person, key=f"log:{state}", title="还剩 2 天", now=NOW)
        Delivery.objects.filter(notice=notice).exclude(channel="inbox").update(state=state, dispatch=message)
    outbox.enqueue(kind="report.due", recipient=person, key="log:closed", title="还剩 5 个工作日：A06", now=NOW)
    outbox.supersede(keys=["log:closed"], now=NOW)
    Brake.objects.create(pulled_at=NOW, count=512)
