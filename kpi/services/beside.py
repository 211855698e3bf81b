"""Writing something beside a submission (an override, a co-signature): its period open, its row held still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import IntegrityError, transaction

from kpi.domain.errors import PeriodClosed
from kpi.models import Period, Submission


@contextmanager
def unlocked(period: Period, now: datetime) -> Iterator[None]:
    """Refuse a locked period or one not open yet; the database trigger has the last word in a race."""
    if period.locked_at is not None:
        raise PeriodClosed("period_closed", period=period.code)
    if now < period.opens_at:
        raise PeriodClosed("period_not_open", period=period.code)
    try:
        with transaction.atomic():
            yield
    except IntegrityError as problem:
        if "period_closed" in str(problem):
            raise PeriodClosed("period_closed", period=period.code) from problem
        raise


def held(submission: Submission) -> Submission:
    """The row as it is now, locked until the transaction ends: no step can be taken on it meanwhile."""
    # Not the key: a period being locked refers to the row from its snapshots, while this waits for the period.
    rows = Submission.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("indicator__lead_department", "indicator__accountable_post", "period__report").get(
        pk=submission.pk
    )
