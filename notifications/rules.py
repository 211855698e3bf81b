"""What sending must ask the business: when people may be disturbed, and whether a notice still matters.

The answer comes from the class that ``settings.NOTIFICATION_RULES`` names, because this package knows neither the
working calendar nor what a report is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from notifications.models import Hours, Notice


@dataclass(frozen=True)
class BrakeLimit:
    """More than ``count`` messages in ``span`` hold all sending; 0 never does."""

    count: int
    span: timedelta


class Rules(Protocol):
    """The rules in force at one moment, read once a round. ``hours`` are a person's own, ``None`` for the general."""

    @property
    def brake(self) -> BrakeLimit: ...

    def opening(self, moment: datetime, hours: Hours | None) -> datetime:
        """``moment`` itself where the recipient may be disturbed, else the next time it is allowed."""

    def slot(self, moment: datetime, hours: Hours | None) -> datetime:
        """The digest slot that serves ``moment``: the latest of its workday that has begun, else the next one."""

    def next_slot(self, moment: datetime, hours: Hours | None) -> datetime:
        """The first digest slot after ``moment``."""

    def standing(self, notices: Collection[Notice], now: datetime) -> set[int]:
        """Ids of the notices that still matter and still concern their recipient, by what is on record now."""


def rules(now: datetime) -> Rules:
    """The rules in force at ``now``."""
    return import_string(settings.NOTIFICATION_RULES)(now)


def still_standing(found: Rules, notices: Iterable[Notice], now: datetime) -> list[Notice]:
    """Notices that are open, not expired, for somebody who may sign in, and that the business still stands by."""
    valid = [
        notice
        for notice in notices
        if notice.state == "open"
        and notice.recipient.is_active
        and (notice.expires_at is None or notice.expires_at > now)
    ]
    standing = found.standing(valid, now)
    return [notice for notice in valid if notice.pk in standing]
