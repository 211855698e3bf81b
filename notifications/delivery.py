"""Send what is due: claim by lease, look again whether it still matters, send, record.

A crash between claim and record leaves a lease that runs out; the message is then sent again under the same
Message-ID. Nothing is ever marked as sent before the channel has accepted it.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from notifications.channels.base import ChannelAdapter, Message, PermanentFailure, TemporaryFailure
from notifications.channels.email import EmailChannel
from notifications.models import Channel, Delivery, DeliveryState, NoticeState

LEASE = timedelta(seconds=60)
FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=30)
MOST_ATTEMPTS = 12
JITTER = 0.2
LANGUAGE = "zh-hans"
ADAPTERS: Mapping[str, ChannelAdapter] = {Channel.EMAIL: EmailChannel()}


@dataclass
class Summary:
    """How many deliveries went which way in one run."""

    sent: int = 0
    retried: int = 0
    dead: int = 0
    cancelled: int = 0


def send_due(*, now: datetime, most_messages: int = 100) -> Summary:
    """Send every delivery that is due, one message per person and channel, until none is left."""
    summary = Summary()
    for _attempt in range(most_messages):
        claimed = claim(now=now)
        if not claimed:
            break
        _deliver(claimed, now, summary)
    return summary


@transaction.atomic
def claim(*, now: datetime) -> list[Delivery]:
    """Everything due for one person on one channel, leased to this sender; empty when nothing is due.

    Leases run on the database's clock, so that senders on machines with different clocks agree.
    """
    free = Delivery.objects.filter(next_attempt_at__lte=now).filter(_is_free())
    first = free.select_for_update(skip_locked=True, of=("self",)).select_related("notice").order_by("id").first()
    if first is None:
        return []
    same = free.filter(notice__recipient=first.notice.recipient_id, channel=first.channel)
    ids = list(same.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=ids).update(
        state=DeliveryState.SENDING, lease_token=uuid.uuid4(), lease_until=Now() + LEASE
    )
    return list(Delivery.objects.filter(pk__in=ids).select_related("notice__recipient").order_by("id"))


def _is_free() -> Q:
    return Q(state=DeliveryState.QUEUED) | Q(state=DeliveryState.SENDING, lease_until__lt=Now())


def _deliver(claimed: list[Delivery], now: datetime, summary: Summary) -> None:
    wanted = [delivery for delivery in claimed if _still_matters(delivery, now)]
    summary.cancelled += _finish([item for item in claimed if item not in wanted], state=DeliveryState.CANCELLED)
    if not wanted:
        return
    message = _message(wanted)
    try:
        ADAPTERS[wanted[0].channel].send(message)
    except PermanentFailure as problem:
        summary.dead += _finish(wanted, state=DeliveryState.DEAD, last_error=str(problem))
    except TemporaryFailure as problem:
        _retry(wanted, str(problem), now, summary)
    else:
        summary.sent += _finish(wanted, state=DeliveryState.SENT, sent_at=now, message_id=message.message_id)


def _still_matters(delivery: Delivery, now: datetime) -> bool:
    notice = delivery.notice
    has_expired = notice.expires_at is not None and notice.expires_at <= now
    return notice.state == NoticeState.OPEN and notice.recipient.is_active and not has_expired


def _message(deliveries: list[Delivery]) -> Message:
    recipient: User = deliveries[0].notice.recipient
    with override(LANGUAGE):
        count = len(deliveries)
        subject = (
            deliveries[0].notice.title
            if count == 1
            else _("%(count)s 项任务需要处理：%(first)s 等") % {"count": count, "first": deliveries[0].notice.title}
        )
        lines = [_("%(name)s：") % {"name": recipient.display_name}, ""]
        for number, delivery in enumerate(deliveries, start=1):
            notice = delivery.notice
            lines += [f"{number}. {notice.title}", f"   {notice.body}", f"   {settings.SITE_URL}{notice.url}", ""]
    return Message(recipient.email, subject, "\n".join(lines), _message_id(deliveries[0]))


def _message_id(first: Delivery) -> str:
    return first.message_id or f"<{first.uuid}@{settings.MAIL_DOMAIN}>"


def _retry(deliveries: list[Delivery], error: str, now: datetime, summary: Summary) -> None:
    for delivery in deliveries:
        attempts = delivery.attempts + 1
        if attempts >= MOST_ATTEMPTS:
            summary.dead += _finish([delivery], state=DeliveryState.DEAD, attempts=attempts, last_error=error)
            continue
        summary.retried += _finish(
            [delivery],
            state=DeliveryState.QUEUED,
            attempts=attempts,
            last_error=error,
            next_attempt_at=now + backoff(attempts),
        )


def backoff(attempts: int) -> timedelta:
    """30 s, doubled with each failure, at most 30 min, spread by ±20 % so that retries do not arrive together."""
    wait = min(FIRST_RETRY * 2 ** (attempts - 1), LONGEST_RETRY)
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 — spreading load, not a secret


def _finish(deliveries: list[Delivery], **changes: object) -> int:
    """Record the outcome of deliveries still leased to us; whoever lost the lease changes nothing."""
    done = 0
    for delivery in deliveries:
        mine = Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token)
        done += mine.update(lease_token=None, lease_until=None, **changes)
    return done
