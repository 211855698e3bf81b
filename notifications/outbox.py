"""Put a notice on record inside the caller's transaction; nothing is sent from here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from accounts.models import Department, User
from notifications.messages import KINDS
from notifications.models import Channel, Delivery, DeliveryState, Notice, NoticeState, Preference

OPEN_DELIVERIES = (DeliveryState.QUEUED, DeliveryState.SENDING)


@transaction.atomic
def enqueue(
    *,
    kind: str,
    recipient: User,
    key: str,
    title: str,
    now: datetime,
    body: str = "",
    url: str = "",
    context: Mapping[str, object] | None = None,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    level: int = 0,
    cycle: int = 1,
    subject_code: str = "",
    period: str = "",
    department: Department | None = None,
) -> Notice | None:
    """Record a notice and its deliveries once; ``None`` when ``key`` is already on record."""
    starts_at = max(now, not_before) if not_before else now
    notice = Notice(
        recipient=recipient,
        kind=kind,
        key=key,
        title=title[:200],
        body=body,
        url=url,
        context=dict(context or {}),
        created_at=now,
        not_before=starts_at,
        expires_at=expires_at,
        level=level,
        cycle=cycle,
        subject_code=subject_code,
        period=period,
        department=department,
    )
    # ON CONFLICT DO NOTHING: of any number of planners exactly one sees its row come back.
    Notice.objects.bulk_create([notice], ignore_conflicts=True)
    stored = Notice.objects.filter(key=key, created_at=now).first()
    if stored is None or stored.deliveries.exists():
        return None
    Delivery.objects.bulk_create([_delivery(stored, channel, now) for channel in _channels(stored)])
    return stored


def _channels(notice: Notice) -> list[str]:
    kind = KINDS[notice.kind]
    muted: set[str] = set()
    if kind.may_be_muted:
        rows = Preference.objects.filter(user=notice.recipient_id, kind=notice.kind, is_enabled=False)
        muted = set(rows.values_list("channel", flat=True))
    return [channel for channel in kind.channels if channel not in muted and _reaches(notice.recipient, channel)]


def _reaches(recipient: User, channel: str) -> bool:
    return channel == Channel.INBOX or bool(recipient.email)


def _delivery(notice: Notice, channel: str, now: datetime) -> Delivery:
    # The in-app message is the notice itself: it is delivered by being there.
    is_inbox = channel == Channel.INBOX
    return Delivery(
        notice=notice,
        channel=channel,
        state=DeliveryState.SENT if is_inbox else DeliveryState.QUEUED,
        sent_at=notice.not_before if is_inbox else None,
        next_attempt_at=notice.not_before,
    )


def cancel(
    *,
    subject_code: str,
    period: str,
    kinds: Iterable[str],
    now: datetime,
    department: Department | None = None,
) -> int:
    """What they ask for has been done: close open notices and their unsent deliveries.

    ``department`` limits it to notices that name this unit.
    """
    notices = Notice.objects.filter(subject_code=subject_code, period=period, kind__in=tuple(kinds))
    if department is not None:
        notices = notices.filter(department=department)
    return _close(notices.filter(state=NoticeState.OPEN), NoticeState.CANCELLED, now)


def cancel_at(*, url: str, kinds: Iterable[str], now: datetime) -> int:
    """The same for open notices that lead to one page."""
    return _close(
        Notice.objects.filter(url=url, kind__in=tuple(kinds), state=NoticeState.OPEN), NoticeState.CANCELLED, now
    )


def supersede(*, keys: Iterable[str], now: datetime) -> int:
    """A higher step has come: lower ones need not be sent any more."""
    return _close(Notice.objects.filter(key__in=tuple(keys), state=NoticeState.OPEN), NoticeState.SUPERSEDED, now)


def _close(notices, state: str, now: datetime) -> int:
    ids = list(notices.values_list("pk", flat=True))
    Delivery.objects.filter(notice__in=ids, state__in=OPEN_DELIVERIES).update(
        state=DeliveryState.CANCELLED, lease_token=None, lease_until=None
    )
    return Notice.objects.filter(pk__in=ids).update(state=state, closed_at=now)
