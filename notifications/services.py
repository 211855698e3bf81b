"""What a reader does with notices and with what reaches them; queueing dead messages anew.

Reading and putting away change nothing for anybody else and are not in the audit trail; choosing what does not reach
one is.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time

from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When

from accounts import audit
from accounts.models import User
from notifications.messages import KINDS
from notifications.models import (
    Channel,
    Delivery,
    DeliveryState,
    Dispatch,
    DispatchState,
    Hours,
    Notice,
    NoticeState,
    Preference,
)


def mark_read(*, notices: QuerySet[Notice], now: datetime) -> int:
    """Remember when they were first read; returns how many were not read before."""
    return _only(notices).filter(read_at__isnull=True).update(read_at=now)


def archive(*, notices: QuerySet[Notice], now: datetime) -> int:
    """Put them away; they count as read. Returns how many there were."""
    first_read = Case(When(read_at__isnull=True, then=Value(now)), default=F("read_at"))
    return _only(notices).filter(archived_at__isnull=True).update(archived_at=now, read_at=first_read)


def restore(*, notices: QuerySet[Notice]) -> int:
    """Take them back from where they were put away."""
    return _only(notices).filter(archived_at__isnull=False).update(archived_at=None)


@transaction.atomic
def undo(*, user: User, moment: datetime) -> int:
    """Take back what ``archive`` or ``mark_read`` did to the person's notices at ``moment``; returns how many."""
    mine = Notice.objects.filter(recipient=user)
    unread = mine.filter(read_at=moment).update(read_at=None)
    back = mine.filter(archived_at=moment).update(archived_at=None)
    return back or unread


def snooze(*, notices: QuerySet[Notice], until: datetime) -> int:
    """Put open notices off: they leave bell and digest, and are unread again when they come back."""
    return (
        _only(notices)
        .filter(state=NoticeState.OPEN, archived_at__isnull=True)
        .update(snoozed_until=until, read_at=None)
    )


def wake(*, notices: QuerySet[Notice]) -> int:
    """Call back what was put off."""
    return _only(notices).filter(snoozed_until__isnull=False).update(snoozed_until=None)


def _only(notices: QuerySet[Notice]) -> QuerySet[Notice]:
    """The same notices without order and annotations, which an update does not take."""
    return Notice.objects.filter(pk__in=notices.order_by().values("pk"))


@transaction.atomic
def choose_channels(
    *, user: User, channels: Collection[str], wanted: Collection[tuple[str, str]], now: datetime
) -> None:
    """What reaches the person by which way: ``wanted`` are pairs of event group and channel.

    Only ``channels`` are decided; what was chosen for others stays. Kinds that must be heard are left out.
    """
    before = set(user.notice_preferences.filter(is_enabled=False).values_list("kind", "channel"))
    rows = [
        Preference(user=user, kind=code, channel=channel, is_enabled=(kind.group, channel) in wanted)
        for code, kind in KINDS.items()
        for channel in channels
        if kind.may_be_muted and channel in kind.channels and channel != Channel.INBOX
    ]
    Preference.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["user", "kind", "channel"], update_fields=["is_enabled"]
    )
    after = set(user.notice_preferences.filter(is_enabled=False).values_list("kind", "channel"))
    if after != before:
        audit.record(
            action="preferences.changed",
            obj=user,
            actor=user,
            now=now,
            before={"muted": _named(before)},
            after={"muted": _named(after)},
        )


@transaction.atomic
def choose_hours(
    *, user: User, digest_at: time | None, opens_at: time | None, closes_at: time | None, now: datetime
) -> None:
    """When the person may be disturbed; ``None`` everywhere goes back to the general hours."""
    old = Hours.objects.select_for_update().filter(user=user).first()
    before = _times(old) if old else {}
    chosen = {"digest_at": digest_at, "opens_at": opens_at, "closes_at": closes_at}
    if any(chosen.values()):
        stored, _is_new = Hours.objects.update_or_create(user=user, defaults=chosen)
        after = _times(stored)
    else:
        Hours.objects.filter(user=user).delete()
        after = {}
    if after != before:
        audit.record(action="hours.changed", obj=user, actor=user, now=now, before=before, after=after)


def _times(hours: Hours) -> dict[str, str]:
    times = {"digest_at": hours.digest_at, "opens_at": hours.opens_at, "closes_at": hours.closes_at}
    return {name: f"{value:%H:%M}" for name, value in times.items() if value}


def _named(pairs: Collection[tuple[str, str]]) -> list[str]:
    return sorted(f"{kind} {channel}" for kind, channel in pairs)


@transaction.atomic
def retry_dead(*, dispatches: QuerySet[Dispatch], actor: User, now: datetime) -> int:
    """Queue dead messages once more, from the first attempt; returns how many there were."""
    dead = list(dispatches.filter(state=DispatchState.DEAD).order_by("pk").select_for_update())
    Delivery.objects.filter(dispatch__in=dead, state=DeliveryState.DEAD).update(state=DeliveryState.QUEUED)
    with audit.together():
        for dispatch in dead:
            audit.record(
                action="dispatch.retried",
                obj=dispatch,
                actor=actor,
                now=now,
                before={"state": dispatch.state, "attempts": dispatch.attempts},
                after={"state": DispatchState.QUEUED, "attempts": 0},
            )
    again = Dispatch.objects.filter(pk__in=[dispatch.pk for dispatch in dead])
    return again.update(state=DispatchState.QUEUED, attempts=0, next_attempt_at=now)
