"""What a person has in the inbox. Reads only."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from notifications.messages import needing_action
from notifications.models import Notice, NoticeState

TABS = ("action", "about", "archived")


def inbox(user: User, tab: str, now: datetime) -> QuerySet[Notice]:
    """Notices of one tab, newest first: 需我处理 (open and asking), 与我有关 (the rest), 已归档."""
    mine = Notice.objects.filter(recipient=user, not_before__lte=now)
    if tab == "archived":
        return mine.filter(archived_at__isnull=False)
    mine = mine.filter(archived_at__isnull=True)
    asking = mine.filter(state=NoticeState.OPEN, kind__in=needing_action())
    return asking if tab == "action" else mine.exclude(pk__in=asking.values("pk"))


def unread_count(user: User, now: datetime) -> int:
    """Open notices nobody has read yet (1 query)."""
    return Notice.objects.filter(
        recipient=user, not_before__lte=now, state=NoticeState.OPEN, read_at__isnull=True, archived_at__isnull=True
    ).count()
