"""How reminders are doing: what the banner, ``/readyz``, ``/metrics`` and the alarm tell. Reads only.

Ages of marks and leases are by the database's clock; what is due is judged by the business clock, as sending does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, DurationField, ExpressionWrapper, F, Min
from django.db.models.functions import Now

from accounts import clock
from notifications.models import Attempt, Brake, Delivery, DeliveryState, Dispatch, DispatchState, Heartbeat
from notifications.running import SILENT_AFTER

MARKS = ("tick", "send", "worker")
# What is due and still not sent after so long is a fault, of ours or of the mail server's.
LATE_AFTER = timedelta(minutes=30)
NEWLY = timedelta(hours=1)


@dataclass(frozen=True)
class Health:
    """One look. An age of ``None`` means that the part has never left its mark.

    ``queued`` counts deliveries that are due, ``oldest_due`` is how long the first of them has waited (zero without
    any), ``newly_dead`` those given up in the last hour, ``skew`` what this machine's clock is behind the database's.
    """

    tick: timedelta | None
    send: timedelta | None
    worker: timedelta | None
    queued: int
    oldest_due: timedelta
    dead: int
    newly_dead: int
    expired_leases: int
    is_held: bool
    skew: timedelta

    @property
    def silent(self) -> tuple[str, ...]:
        """Of ``tick`` and ``send``, those that do not run. A worker may be missing where cron does the work."""
        return tuple(name for name in ("tick", "send") if is_silent(getattr(self, name)))

    @property
    def is_late(self) -> bool:
        return self.oldest_due > LATE_AFTER


def look(*, now: datetime) -> Health:
    """How everything stands (6 queries)."""
    due = Delivery.objects.filter(state=DeliveryState.QUEUED, not_before__lte=now)
    waiting = due.aggregate(count=Count("pk"), first=Min("not_before"))
    dead = Dispatch.objects.filter(state=DispatchState.DEAD)
    ended = Attempt.objects.filter(dispatch__in=dead, finished_at__gt=now - NEWLY)
    return Health(
        **ages(),
        queued=waiting["count"],
        oldest_due=now - waiting["first"] if waiting["first"] else timedelta(0),
        dead=dead.count(),
        newly_dead=ended.aggregate(count=Count("dispatch", distinct=True))["count"],
        expired_leases=Dispatch.objects.filter(state=DispatchState.SENDING, lease_until__lt=Now()).count(),
        is_held=Brake.objects.filter(released_at__isnull=True).exists(),
        skew=clock.skew(),
    )


def ages() -> dict[str, timedelta | None]:
    """How long ago each part left its mark (1 query)."""
    age = ExpressionWrapper(Now() - F("at"), output_field=DurationField())
    known = dict(Heartbeat.objects.annotate(age=age).values_list("name", "age"))
    return {name: known.get(name) for name in MARKS}


def is_silent(age: timedelta | None, after: timedelta = SILENT_AFTER) -> bool:
    return age is None or age > after
