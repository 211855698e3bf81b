"""Is it running, and may it send: marks that each part leaves, and the brake."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Greatest, Now

from accounts import audit
from accounts.models import User
from notifications import alarms
from notifications.models import Brake, Dispatch, DispatchState, Heartbeat
from notifications.rules import BrakeLimit


def beat(name: str, business_time: datetime | None = None) -> None:
    """Leave the mark of ``name`` (``tick``, ``send``, ``worker``) at the database's clock."""
    reached: dict[str, object] = {}
    if business_time is not None:
        # Of several planners the one that is furthest counts, whichever writes last.
        reached["business_time"] = Greatest(F("business_time"), Value(business_time, DateTimeField()))
    if not Heartbeat.objects.filter(name=name).update(at=Now(), **reached):
        first = Heartbeat(name=name, at=Now(), business_time=business_time)
        Heartbeat.objects.bulk_create([first], ignore_conflicts=True)


def planned_until(name: str = "tick") -> datetime | None:
    """The latest business moment this part has worked for."""
    return Heartbeat.objects.filter(name=name).values_list("business_time", flat=True).first()


def is_held(limit: BrakeLimit, now: datetime) -> bool:
    """Whether sending is held by a brake; pulls it where more went out than ``limit`` allows."""
    if Brake.objects.filter(released_at__isnull=True).exists():
        return True
    if not limit.count:
        return False
    count = _sent_since(now - limit.span)
    return count > limit.count and _pull(count, now)


def _sent_since(moment: datetime) -> int:
    """Messages sent since ``moment`` or since a person last released the brake, whichever is later."""
    released = Brake.objects.order_by("-released_at").values_list("released_at", flat=True).first()
    since = max(moment, released) if released else moment
    return Dispatch.objects.filter(state=DispatchState.SENT, sent_at__gt=since).count()


@transaction.atomic
def _pull(count: int, now: datetime) -> bool:
    pulled = Brake(pulled_at=now, count=count)
    # Another sender may have pulled it in the same moment: one row is enough.
    Brake.objects.bulk_create([pulled], ignore_conflicts=True)
    alarms.braked(count, now=now)
    return True


@transaction.atomic
def release(*, brake: Brake, actor: User, now: datetime) -> None:
    """A person has looked: sending goes on, and what went out before counts no more."""
    if Brake.objects.filter(pk=brake.pk, released_at__isnull=True).update(released_at=now, released_by=actor):
        audit.record(action="brake.released", obj=brake, actor=actor, now=now, after={"count": brake.count})


# After so long without its mark a part counts as silent (reliability O4).
SILENT_AFTER = timedelta(minutes=10)
