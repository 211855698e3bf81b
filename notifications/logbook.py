"""What was sent, what was tried, what was not sent and why; and whether sending is alive. Reads only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import BooleanField, Count, ExpressionWrapper, F, Min, Prefetch, Q, QuerySet, Value
from django.db.models.functions import Now

from accounts.models import Membership
from notifications.models import (
    Brake,
    Delivery,
    DeliveryState,
    Dispatch,
    DispatchState,
    Heartbeat,
    Notice,
    NoticeState,
)
from notifications.running import SILENT_AFTER

COUNTED = ("what", "state", "count")
# What became of notices that need not be sent any more.
CLOSED = (NoticeState.SUPERSEDED, NoticeState.EXPIRED, NoticeState.CANCELLED)
REFERENCE = re.compile(r"#?K?([0-9A-F]{4,8})", re.IGNORECASE)


@dataclass(frozen=True)
class Filters:
    """What the log is narrowed to. ``who`` is part of a person's, a unit's or a group's name; ``day`` is the city's."""

    state: str = ""
    channel: str = ""
    who: str = ""
    day: date | None = None
    code: str = ""

    @property
    def are_set(self) -> bool:
        return bool(self.state or self.channel or self.who or self.day or self.code)


def messages(filters: Filters) -> QuerySet[Dispatch]:
    """Messages newest first. A page of them costs 3 queries: each comes with its attempts and its notices."""
    leased = ExpressionWrapper(Q(state=DispatchState.SENDING, lease_until__gt=Now()), output_field=BooleanField())
    found = Dispatch.objects.select_related("recipient", "robot__department").order_by("-id")
    found = found.annotate(is_leased=leased)
    if filters.state:
        found = found.filter(state=filters.state)
    if filters.channel:
        found = found.filter(channel=filters.channel)
    if filters.day:
        found = found.filter(created_at__date=filters.day)
    if filters.who:
        found = found.filter(_concerning(filters.who))
    if filters.code:
        found = found.filter(**_with_code(filters.code))
    carried = Delivery.objects.select_related("notice").order_by("id")
    return found.prefetch_related("tries", Prefetch("deliveries", queryset=carried))


def _concerning(who: str) -> Q:
    held = Membership.objects.filter(Q(department__name__icontains=who) | Q(department__short_name__icontains=who))
    return (
        Q(recipient__display_name__icontains=who)
        | Q(recipient__username__iexact=who)
        | Q(recipient__in=held.values("user"))
        | Q(robot__name__icontains=who)
        | Q(robot__department__short_name__icontains=who)
    )


def _with_code(code: str) -> Mapping[str, object]:
    """The beginning of a message's id, as its reference shows it; what is no reference finds nothing."""
    match = REFERENCE.fullmatch(code.strip())
    if match is None:
        return {"pk": None}
    digits = match[1].lower()
    return {"uuid__gte": UUID(digits.ljust(32, "0")), "uuid__lte": UUID(digits.ljust(32, "f"))}


def closed_notices(state: str, filters: Filters) -> QuerySet[Notice]:
    """Notices that were superseded, expired or cancelled, the latest first."""
    found = Notice.objects.filter(state=state).select_related("recipient", "department").order_by("-closed_at", "-id")
    if filters.day:
        found = found.filter(closed_at__date=filters.day)
    if filters.who:
        found = found.filter(
            Q(recipient__display_name__icontains=filters.who) | Q(department__short_name__icontains=filters.who)
        )
    return found


@dataclass(frozen=True)
class Totals:
    """How many messages are in each state, how many notices were closed unsent, how many still wait and until when."""

    messages: Mapping[str, int]
    closed: Mapping[str, int]
    waiting: int
    next_at: datetime | None

    @property
    def all_messages(self) -> int:
        return sum(self.messages.values())

    @property
    def dead(self) -> int:
        return self.messages.get(DispatchState.DEAD, 0)


def totals() -> Totals:
    """Everything that is on record, so that nothing is silently left out (2 queries)."""
    counted = _by_state("message", Dispatch.objects.all())
    rows = list(counted.union(_by_state("closed", Notice.objects.filter(state__in=CLOSED)), all=True))
    queued = Delivery.objects.filter(state=DeliveryState.QUEUED, dispatch__isnull=True)
    waiting = queued.aggregate(count=Count("pk"), next_at=Min("not_before"))
    return Totals(_of("message", rows), _of("closed", rows), waiting["count"], waiting["next_at"])


def _by_state(what: str, found: QuerySet) -> QuerySet:
    return found.order_by().values("state").annotate(what=Value(what), count=Count("pk")).values_list(*COUNTED)


def _of(what: str, rows: Iterable[tuple[str, str, int]]) -> dict[str, int]:
    return {state: count for each, state, count in rows if each == what}


@dataclass(frozen=True)
class Held:
    """Sending is held by a brake: since when, and after how many messages."""

    since: datetime
    count: int


@dataclass(frozen=True)
class Health:
    """``silent`` are the parts that have left no mark for so long that they have stopped, with their last mark."""

    held: Held | None
    silent: Mapping[str, timedelta]

    @property
    def longest(self) -> timedelta | None:
        return max(self.silent.values(), default=None)


# The parts without which nobody is reminded.
PARTS = ("tick", "send")


def health() -> Health:
    """Whether sending is held or stands still, by the database's clock (1 query).

    A part that has never left a mark is new, not silent: an installation is not alarmed before its first round.
    """
    marks = Heartbeat.objects.filter(name__in=PARTS).annotate(is_silent=_older_than(SILENT_AFTER), ago=Now() - F("at"))
    brakes = Brake.objects.filter(released_at__isnull=True).annotate(
        name=Value("brake"), is_silent=Value(False, BooleanField()), ago=Now() - F("pulled_at")
    )
    rows = list(
        marks.order_by()
        .values_list("name", "at", Value(0), "is_silent", "ago")
        .union(brakes.order_by().values_list("name", "pulled_at", "count", "is_silent", "ago"), all=True)
    )
    held = [Held(at, count) for name, at, count, _silent, _ago in rows if name == "brake"]
    silent = {name: ago for name, _at, _count, is_silent, ago in rows if is_silent}
    return Health(held[0] if held else None, silent)


def _older_than(span: timedelta) -> ExpressionWrapper:
    return ExpressionWrapper(Q(at__lt=Now() - span), output_field=BooleanField())


def current_brake() -> Brake | None:
    """The brake in force (1 query)."""
    return Brake.objects.filter(released_at__isnull=True).first()
