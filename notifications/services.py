"""What a reader does with a notice."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from notifications.models import Delivery, DeliveryState, Notice


def mark_read(*, notice: Notice, now: datetime) -> None:
    """Remember the first time it was read."""
    Notice.objects.filter(pk=notice.pk, read_at__isnull=True).update(read_at=now)


def archive(*, notice: Notice, now: datetime) -> None:
    """Put it away; it counts as read."""
    mark_read(notice=notice, now=now)
    Notice.objects.filter(pk=notice.pk, archived_at__isnull=True).update(archived_at=now)


ACTIONS = {"read": mark_read, "archive": archive}


def retry_dead(*, deliveries: QuerySet[Delivery], now: datetime) -> int:
    """Queue dead deliveries once more, from the first attempt; returns how many there were."""
    dead = deliveries.filter(state=DeliveryState.DEAD)
    return dead.update(state=DeliveryState.QUEUED, attempts=0, next_attempt_at=now)
