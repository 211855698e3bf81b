"""What becomes of the notices of a chase: done with the last report filed, over with the period's lock."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from kpi.models import Indicator, Period
from kpi.selectors.chasing import still_owed
from notifications import outbox
from notifications.models import Notice, NoticeState

CHASED = "report.chased"


def filed(*, indicator: Indicator, period: Period, now: datetime) -> None:
    """A report came: chases of which it was the last are done, in the transaction of its filing.

    Locked before looking: of two people who file the last two reports at once, one waits and then sees both.
    """
    lead = indicator.lead_department_id
    asking = _open(period).filter(department=lead, context__items__contains=indicator.code)
    found = list(asking.select_for_update(no_key=True).order_by("pk"))
    if found:
        done = {notice.pk for notice in found} - still_owed(found)
        outbox.close(Notice.objects.filter(pk__in=done), NoticeState.CANCELLED, now)


def locked(period: Period, *, now: datetime) -> None:
    """Nothing the office asked for can be filed any more."""
    outbox.close(_open(period), NoticeState.EXPIRED, now)


def _open(period: Period) -> QuerySet[Notice]:
    return Notice.objects.filter(kind=CHASED, period=period.code, state=NoticeState.OPEN)
