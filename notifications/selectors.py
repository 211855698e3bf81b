"""What a person has in the inbox, which way reaches them, which robots speak to which groups. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db.models import Case, Count, F, Max, Q, QuerySet, Value, When, Window
from django.db.models.fields import CharField
from django.db.models.functions import Cast, Concat, Substr

from accounts.models import Department, User
from notifications.messages import needing_action
from notifications.models import Channel, Notice, NoticeState, Robot

TABS = ("action", "about", "archived")
SNOOZED = "snoozed"
# An address of ours begins with the year, “/2025/…”: the same code is another indicator in another year.
YEAR_AT, YEAR_LENGTH = 2, 4
OTHERS = "other"
GROUP_KEY = Case(
    When(~Q(subject_code=""), then=Concat(Substr("url", YEAR_AT, YEAR_LENGTH), Value("-"), F("subject_code"))),
    When(department__isnull=False, then=Concat(Value("d-"), Cast("department", CharField()))),
    default=Value(OTHERS),
    output_field=CharField(),
)


def inbox(user: User, tab: str, now: datetime) -> QuerySet[Notice]:
    """Notices of one tab: 需我处理 (open and asking), 与我有关 (the rest), 已归档; or those put off for later."""
    return _mine(user, now).filter(_parts(now)[tab])


def counts(user: User, now: datetime) -> dict[str, int]:
    """How many notices each tab holds, and how many are put off (1 query)."""
    numbers = {name: Count("pk", filter=part) for name, part in _parts(now).items()}
    return _mine(user, now).aggregate(**numbers)


def in_groups(notices: QuerySet[Notice]) -> QuerySet[Notice]:
    """Annotate ``group``: the indicator with its year, else the department, else ``other``; newest group first."""
    grouped = notices.annotate(group=GROUP_KEY)
    grouped = grouped.annotate(latest=Window(Max("created_at"), partition_by=[F("group")]))
    return grouped.order_by("-latest", "group", "-created_at", "-id")


def of_group(notices: QuerySet[Notice], group: str) -> QuerySet[Notice]:
    """Those of one group, named as ``in_groups`` names it."""
    return notices.annotate(group=GROUP_KEY).filter(group=group)


def asking(user: User, now: datetime) -> QuerySet[Notice]:
    """What waits for the person and is neither put away nor put off; a digest lists the same."""
    return inbox(user, "action", now)


def unread_count(user: User, now: datetime) -> int:
    """Open notices nobody has read yet, without those put off (1 query)."""
    parts = _parts(now)
    unread = Q(state=NoticeState.OPEN, read_at__isnull=True, archived_at__isnull=True)
    return _mine(user, now).filter(unread).exclude(parts[SNOOZED]).count()


def done_at(user: User, moment: datetime) -> tuple[int, int]:
    """How many of a person's notices were put away and how many read at exactly one moment (1 query)."""
    found = Notice.objects.filter(recipient=user).aggregate(
        archived=Count("pk", filter=Q(archived_at=moment)), read=Count("pk", filter=Q(read_at=moment))
    )
    return found["archived"], found["read"]


def channels_of(user: User) -> Mapping[str, str]:
    """Ways out of the inbox that reach this person, with where they lead; SMS only where a gateway is set up."""
    found = {Channel.EMAIL: user.email}
    if settings.SMS_GATEWAY_URL:
        found[Channel.SMS] = user.phone
    return {str(channel): address for channel, address in found.items() if address}


def muted_by(user: User) -> frozenset[tuple[str, str]]:
    """Kind and channel of everything the person switched off (1 query)."""
    return frozenset(user.notice_preferences.filter(is_enabled=False).values_list("kind", "channel"))


def _mine(user: User, now: datetime) -> QuerySet[Notice]:
    return Notice.objects.filter(recipient=user, not_before__lte=now)


def _parts(now: datetime) -> dict[str, Q]:
    """The inbox divided without rest: each notice of a person is in exactly one part."""
    kept, is_open = Q(archived_at__isnull=True), Q(state=NoticeState.OPEN)
    is_off = is_open & Q(snoozed_until__isnull=False, snoozed_until__gt=now)
    asks = is_open & Q(kind__in=needing_action())
    return {
        "action": kept & ~is_off & asks,
        "about": kept & ~is_off & ~asks,
        "archived": Q(archived_at__isnull=False),
        SNOOZED: kept & is_off,
    }


def robots() -> QuerySet[Robot]:
    """All robots in the official order of their units, with when each last spoke as ``last_sent_at``."""
    ordered = Robot.objects.select_related("department").annotate(last_sent_at=Max("dispatches__sent_at"))
    return ordered.order_by("department__ordinal", "channel", "-is_enabled", "id")


def units_for_robots() -> QuerySet[Department]:
    """Units that may have a group of their own, in official order; townships report through their districts."""
    return Department.objects.filter(is_active=True, kind__in=("city_unit", "district", "other")).order_by(
        "ordinal", "code"
    )
