"""What a reader does with a notice."""

from __future__ import annotations

from datetime import datetime

from notifications.models import Notice


def mark_read(*, notice: Notice, now: datetime) -> None:
    """Remember the first time it was read."""
    Notice.objects.filter(pk=notice.pk, read_at__isnull=True).update(read_at=now)


def archive(*, notice: Notice, now: datetime) -> None:
    """Put it away; it counts as read."""
    mark_read(notice=notice, now=now)
    Notice.objects.filter(pk=notice.pk, archived_at__isnull=True).update(archived_at=now)


ACTIONS = {"read": mark_read, "archive": archive}
