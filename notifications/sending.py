"""Send what is due: claim by lease, look again whether it still matters, send, record.

A crash between claim and record leaves a lease that runs out; the message is then sent again under the same id.
Nothing is ever marked as sent before the channel has accepted it.
"""

from __future__ import annotations

import logging
import random
import uuid
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext

from accounts import phones
from notifications import alarms, digest, outbox, pace, robots, running
from notifications.channels.base import (
    ChannelAdapter,
    Failure,
    Message,
    MessageRefused,
    OutOfOrder,
    PermanentFailure,
    RateLimited,
    TemporaryFailure,
)
from notifications.channels.registry import ADAPTERS
from notifications.keys import UnreadableSecret
from notifications.models import (
    Attempt,
    Channel,
    Delivery,
    DeliveryState,
    Dispatch,
    DispatchState,
    Hours,
    Notice,
    NoticeState,
    Outcome,
)
from notifications.rules import Rules, rules, still_standing

logger = logging.getLogger(__name__)

FIRST_RETRY = timedelta(seconds=30)
LONGEST_RETRY = timedelta(minutes=30)
# How long a channel rests that is out of order as a whole; nothing is given up meanwhile.
REST = timedelta(minutes=5)
MOST_ATTEMPTS = 12
JITTER = 0.2


@dataclass(frozen=True)
class Claim:
    """A dispatch leased to this sender, the attempt that has been written down for it, and what it carries."""

    dispatch: Dispatch
    attempt: Attempt
    deliveries: list[Delivery]


class LeaseLost(Exception):
    """This sender stood still for so long that another one has taken the message over."""


def lease() -> timedelta:
    """How long a sender keeps a message. Longer than the slowest send, or a slow server would be written to twice."""
    return timedelta(seconds=settings.SENDING_LEASE_SECONDS)


def send_due(*, clock: Callable[[], datetime], may_go_on: Callable[[], bool] = lambda: True) -> Counter[str]:
    """Send what is due, one message after the other, until nothing is left or a brake holds; how many went which way.

    ``clock`` is read anew for each message, because a round may last longer than a robot's pause; ``may_go_on`` is
    asked before each. The keys are those of ``Outcome``, ``dead`` for what was given up, ``cancelled`` for what no
    longer mattered, ``lost`` for what another sender had taken over and ``held`` for a channel that is out of order,
    which then rests for this round.
    """
    done: Counter[str] = Counter()
    resting: set[str] = set()
    found = rules(clock())
    running.beat("send")
    while may_go_on():
        now = clock()
        claim = None if running.is_held(found.brake, now) else claim_next(found, now=now, resting=resting)
        if claim is None:
            break
        outcome = _deliver(claim, found, now)
        done[outcome] += 1
        if outcome == HELD:
            resting.add(claim.dispatch.channel)
    return done


# A channel that is out of order, among the keys of ``send_due``.
HELD = "held"


def claim_next(found: Rules, *, now: datetime, resting: Collection[str] = ()) -> Claim | None:
    """The next message, leased to this sender; ``None`` when nothing is due on channels that are not ``resting``.

    Leases run on the database's clock, so that senders on machines with different clocks agree.
    """
    return _claim_waiting(now, resting) or _claim_new(found, now, resting)


def _may_speak(now: datetime) -> Q:
    """Not through a robot that pauses: each claim would only write down one more try that was none."""
    return Q(robot__isnull=True) | Q(robot__paused_until__isnull=True) | Q(robot__paused_until__lte=now)


def _claim_waiting(now: datetime, resting: Collection[str]) -> Claim | None:
    """A message that is to be tried again, or whose sender died."""
    free = Q(state=DispatchState.QUEUED) | Q(state=DispatchState.SENDING, lease_until__lt=Now())
    waiting = Dispatch.objects.filter(free, _may_speak(now), next_attempt_at__lte=now).exclude(channel__in=resting)
    # Mostly there is none, and a plain question is the cheapest.
    return _take_over(waiting, now) if waiting.exists() else None


@transaction.atomic
def _take_over(waiting: QuerySet[Dispatch], now: datetime) -> Claim | None:
    waiting = waiting.select_related("recipient", "robot__department")
    found = waiting.select_for_update(skip_locked=True, of=("self",)).order_by("next_attempt_at").first()
    if found is None:
        return None
    # The sender before died over it: that counts, so that a message no sender survives is given up in the end.
    found.attempts += int(found.state == DispatchState.SENDING)
    carried = found.deliveries.filter(state=DeliveryState.QUEUED).select_related("notice__recipient").order_by("id")
    return _leased(found, list(carried), now)


def _claim_new(found: Rules, now: datetime, resting: Collection[str]) -> Claim | None:
    """A new message of everything that waits for one person or group on one channel."""
    free = _waiting(now).exclude(channel__in=resting)
    to_people, to_groups = free.filter(robot__isnull=True), free.filter(_may_speak(now), robot__isnull=False)
    return _gather(found, now, to_people, "notice__recipient", ()) or _gather(
        found, now, to_groups, "robot", ("robot__department",)
    )


def _gather(
    found: Rules, now: datetime, waiting: QuerySet[Delivery], target: str, besides: tuple[str, ...]
) -> Claim | None:
    """The target is locked, not the delivery: one sender gathers for it, the others go on to the next without waiting.

    (Two that each held a delivery of the same person and wanted the other's would lock each other out.)
    """
    waiting = waiting.select_related("notice", target, *besides)
    waiting = waiting.select_for_update(skip_locked=True, no_key=True, of=(target,))
    while True:
        with transaction.atomic():
            first = waiting.order_by("not_before").first()
            if first is None:
                return None
            # Looked up anew under the lock: another sender may just have taken them. In the order in which they are
            # taken back, too (outbox.close).
            same = _like(first, now).select_related("notice__recipient").select_for_update(of=("self",))
            carried = list(same.order_by("pk"))
            ids = [delivery.pk for delivery in carried]
            slot = found.slot(now, _hours_of(first)) if first.is_digest else None
            if slot is not None and _is_used(first, slot):
                Delivery.objects.filter(pk__in=ids).update(not_before=found.next_slot(now, _hours_of(first)))
            elif carried:
                new = Dispatch(channel=first.channel, slot=slot, created_at=now, **_target(first))
                claim = _leased(new, carried, now)
                Delivery.objects.filter(pk__in=ids).update(dispatch=new)
                return claim


def _waiting(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(state=DeliveryState.QUEUED, dispatch__isnull=True, not_before__lte=now)


def _like(first: Delivery, now: datetime) -> QuerySet[Delivery]:
    """What may go out in the same message: the same target and channel, digests apart from events."""
    same = _waiting(now).filter(channel=first.channel, is_digest=first.is_digest, robot=first.robot_id)
    return same if first.robot_id else same.filter(notice__recipient=first.notice.recipient_id)


def _target(first: Delivery) -> dict[str, Model]:
    return {"robot": first.robot} if first.robot_id else {"recipient": first.notice.recipient}


def _is_used(first: Delivery, slot: datetime) -> bool:
    used = Dispatch.objects.filter(channel=first.channel, slot=slot)
    if first.robot_id:
        return used.filter(robot=first.robot_id).exists()
    return used.filter(recipient=first.notice.recipient_id).exists()


def _hours_of(first: Delivery) -> Hours | None:
    return None if first.robot_id else Hours.objects.filter(user=first.notice.recipient_id).first()


def _leased(dispatch: Dispatch, carried: list[Delivery], now: datetime) -> Claim:
    """Write down who holds the message, and that a try begins."""
    dispatch.state, dispatch.lease_token, dispatch.lease_until = DispatchState.SENDING, uuid.uuid4(), Now() + lease()
    # Tried now: a message whose senders keep dying does not stand in front of the others.
    dispatch.next_attempt_at = now
    dispatch.save()
    return Claim(dispatch, Attempt.objects.create(dispatch=dispatch, started_at=now), carried)


def _deliver(claim: Claim, found: Rules, now: datetime) -> str:
    wanted = still_standing(found, [delivery.notice for delivery in claim.deliveries], now)
    _drop_rest(claim, wanted, now)
    if not wanted:
        _finish(claim, now, state=DispatchState.CANCELLED)
        return "cancelled"
    if claim.dispatch.attempts >= MOST_ATTEMPTS:
        return _give_up(claim, now, TemporaryFailure("every sender died over it", "cut_off"), Outcome.TEMPORARY)
    try:
        _send(claim, wanted, found, now)
    except RateLimited as problem:
        return _postpone(claim, now, problem)
    except OutOfOrder as problem:
        return _hold(claim, now, problem)
    except PermanentFailure as problem:
        return _give_up(claim, now, problem)
    except TemporaryFailure as problem:
        return _retry(claim, now, problem)
    except LeaseLost:
        return "lost"
    except SoftTimeLimitExceeded:
        _retry(claim, now, TemporaryFailure("the worker's time was over", "time"))
        raise
    except Exception:
        # A fault of ours in one message must not keep the others from going out.
        logger.exception("dispatch %s could not be sent", claim.dispatch.uuid)
        return _retry(claim, now, TemporaryFailure("internal error; see the log", "internal"))
    _finish(claim, now, Outcome.SENT, wanted=wanted, state=DispatchState.SENT, sent_at=now)
    return Outcome.SENT


def _drop_rest(claim: Claim, wanted: list[Notice], now: datetime) -> None:
    """What no longer matters is closed, so that its reader sees why nothing came."""
    kept = {notice.pk for notice in wanted}
    dropped = [delivery.notice_id for delivery in claim.deliveries if delivery.notice_id not in kept]
    if dropped:
        notices = Notice.objects.filter(pk__in=dropped)
        with transaction.atomic():
            outbox.close(notices.filter(expires_at__lte=now, state=NoticeState.OPEN), NoticeState.EXPIRED, now)
            outbox.close(notices.filter(state=NoticeState.OPEN), NoticeState.CANCELLED, now)


def _send(claim: Claim, wanted: list[Notice], found: Rules, now: datetime) -> None:
    """Part after part; a sender that takes over goes on after the last part that was accepted, in the same words."""
    dispatch = claim.dispatch
    if dispatch.robot and not dispatch.robot.is_enabled:
        raise SwitchedOff(gettext("群机器人已停用"), "disabled")
    if dispatch.parts_sent == 0:
        words = digest.compose(dispatch, wanted, _listed_besides(dispatch, wanted, found, now))
        dispatch.subject, dispatch.text = words.subject[:300], words.text
    _keep(claim, subject=dispatch.subject, text=dispatch.text)
    adapter: ChannelAdapter = ADAPTERS[Channel(dispatch.channel)]
    parts = adapter.parts(_message(dispatch))
    for number, part in enumerate(parts[dispatch.parts_sent :], dispatch.parts_sent + 1):
        if dispatch.robot:
            pace.take_turn(dispatch.robot, now=now)
        adapter.send(part)
        if number < len(parts):
            _keep(claim, parts_sent=number)


def _keep(claim: Claim, **changes: object) -> None:
    """Keep the message for as long again, directly before a part goes out. Raises ``LeaseLost``."""
    mine = Dispatch.objects.filter(pk=claim.dispatch.pk, lease_token=claim.dispatch.lease_token)
    if not mine.update(lease_until=Now() + lease(), **changes):
        raise LeaseLost


class SwitchedOff(MessageRefused):
    """The robot was switched off while messages waited for it; whoever looks after robots knows that already."""


def _listed_besides(dispatch: Dispatch, wanted: list[Notice], found: Rules, now: datetime) -> list[Notice]:
    if dispatch.slot is None:
        return []
    new = {notice.pk for notice in wanted}
    others = [notice for notice in digest.open_for(dispatch, now) if notice.pk not in new]
    return still_standing(found, others, now)


def _message(dispatch: Dispatch) -> Message:
    address, secret = _address(dispatch)
    return Message(
        address=address,
        secret=secret,
        subject=dispatch.subject,
        text=dispatch.text,
        message_id=f"<{dispatch.uuid}@{settings.MAIL_DOMAIN}>",
        reference=digest.reference_of(dispatch),
    )


def _address(dispatch: Dispatch) -> tuple[str, str]:
    if dispatch.channel == Channel.SMS:
        return phones.normalised(dispatch.recipient.phone), ""
    if dispatch.robot is None:
        return dispatch.recipient.email, ""
    try:
        return robots.hook_of(dispatch.robot)
    except UnreadableSecret as problem:
        raise PermanentFailure(gettext("机器人的密钥无法读取，请重新填写"), "unreadable") from problem


def _postpone(claim: Claim, now: datetime, problem: RateLimited) -> str:
    """Asked to wait: the try does not count."""
    until = now + problem.pause
    if claim.dispatch.robot:
        pace.pause(claim.dispatch.robot, until=until)
    else:
        _rest(claim.dispatch.channel, until)
    _finish(claim, now, Outcome.RATE, problem, state=DispatchState.QUEUED, next_attempt_at=until)
    return Outcome.RATE


def _hold(claim: Claim, now: datetime, problem: OutOfOrder) -> str:
    """No message's fault: all of the channel wait, no try counts, and somebody is told."""
    until = now + REST
    _rest(claim.dispatch.channel, until)
    with transaction.atomic():
        if _finish(claim, now, Outcome.TEMPORARY, problem, state=DispatchState.QUEUED, next_attempt_at=until):
            alarms.out_of_order(claim.dispatch, problem, now=now)
    return HELD


def _rest(channel: str, until: datetime) -> None:
    """What waits on a channel waits at least until then."""
    waiting = Dispatch.objects.filter(channel=channel, state=DispatchState.QUEUED, next_attempt_at__lt=until)
    waiting.update(next_attempt_at=until)


def _retry(claim: Claim, now: datetime, problem: Failure) -> str:
    attempts = claim.dispatch.attempts + 1
    if attempts >= MOST_ATTEMPTS:
        return _give_up(claim, now, problem, Outcome.TEMPORARY)
    _finish(
        claim,
        now,
        Outcome.TEMPORARY,
        problem,
        state=DispatchState.QUEUED,
        attempts=attempts,
        next_attempt_at=now + backoff(attempts),
    )
    return Outcome.TEMPORARY


def backoff(attempts: int) -> timedelta:
    """30 s, doubled with each failure, at most 30 min, spread by ±20 % so that retries do not arrive together."""
    wait = min(FIRST_RETRY * 2 ** (attempts - 1), LONGEST_RETRY)
    return wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 — spreading load, not a secret


@transaction.atomic
def _give_up(claim: Claim, now: datetime, problem: Failure, outcome: Outcome = Outcome.PERMANENT) -> str:
    """Dead: somebody is told, and where a robot's address or key is wrong the robot is switched off."""
    attempts = claim.dispatch.attempts + 1
    if _finish(claim, now, outcome, problem, state=DispatchState.DEAD, attempts=attempts):
        if isinstance(problem, SwitchedOff):
            return "dead"
        alarms.dead(claim.dispatch, problem, now=now)
        is_address = outcome is Outcome.PERMANENT and not isinstance(problem, MessageRefused)
        if claim.dispatch.robot and is_address:
            alarms.disable(claim.dispatch.robot, problem, now=now)
    return "dead"


# What becomes of the deliveries when their message has come to an end.
ENDS = {
    DispatchState.SENT: DeliveryState.SENT,
    DispatchState.DEAD: DeliveryState.DEAD,
    DispatchState.CANCELLED: DeliveryState.CANCELLED,
}


@transaction.atomic
def _finish(
    claim: Claim,
    now: datetime,
    outcome: str = "",
    problem: Failure | None = None,
    wanted: Collection[Notice] = (),
    **changes: object,
) -> bool:
    """Record how it went, if the message is still leased to us; whoever lost the lease changes nothing."""
    mine = Dispatch.objects.filter(pk=claim.dispatch.pk, lease_token=claim.dispatch.lease_token)
    if not mine.update(lease_token=None, lease_until=None, **changes):
        return False
    Attempt.objects.filter(pk=claim.attempt.pk).update(
        finished_at=now, outcome=outcome, code=problem.code[:20] if problem else "", detail=str(problem or "")[:500]
    )
    if changes["state"] in ENDS:
        _end(claim, ENDS[changes["state"]], wanted, now)
    return True


def _end(claim: Claim, state: DeliveryState, wanted: Collection[Notice], now: datetime) -> None:
    """What stood in a message that was sent was sent, even if it was taken back meanwhile; the rest was not."""
    carried = Delivery.objects.filter(dispatch=claim.dispatch.pk).select_for_update().order_by("pk")
    told = {notice.pk for notice in wanted} if state == DeliveryState.SENT else set()
    sent, rest = [], []
    for delivery in carried:
        if delivery.notice_id in told and delivery.state in (DeliveryState.QUEUED, DeliveryState.CANCELLED):
            sent.append(delivery.pk)
        elif delivery.state == DeliveryState.QUEUED:
            rest.append(delivery.pk)
    if sent:
        Delivery.objects.filter(pk__in=sent).update(state=DeliveryState.SENT, sent_at=now)
    if rest:
        ended = DeliveryState.CANCELLED if state == DeliveryState.SENT else state
        Delivery.objects.filter(pk__in=rest).update(state=ended)
