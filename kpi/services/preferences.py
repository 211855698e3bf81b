"""What a person chooses to hear, by which way and when; checked against the office's general hours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, time

from django.db import transaction

from accounts.models import User
from kpi.domain.errors import DomainError
from kpi.domain.hours import OfficeHours
from kpi.services.content import ContentInvalid, FieldError
from notifications import selectors, services
from notifications.messages import EVENT_GROUPS

TIMES = ("digest_at", "opens_at", "closes_at")
HALF_HOUR = 30


def half_hours(hours: OfficeHours) -> list[time]:
    """Full and half hours from opening to closing, both included where they are such."""
    minutes = range(0, 24 * 60, HALF_HOUR)
    every = [time(minute // 60, minute % 60) for minute in minutes]
    return [each for each in every if hours.opens_at <= each <= hours.closes_at]


@transaction.atomic
def store(
    *,
    user: User,
    wanted: Collection[tuple[str, str]],
    times: Mapping[str, str],
    hours: OfficeHours,
    now: datetime,
) -> None:
    """Store both. ``wanted`` are pairs of event group and channel; ``times`` are “09:00” or empty, by ``TIMES``.

    ``hours`` are the general ones. Raises ``ContentInvalid`` at the fields that need a correction.
    """
    channels = selectors.channels_of(user)
    unknown = [pair for pair in wanted if pair[0] not in EVENT_GROUPS or pair[1] not in channels]
    if unknown:
        raise DomainError("choice_unknown", value=":".join(unknown[0]))
    chosen = read_times(times, hours)
    services.choose_channels(user=user, channels=tuple(channels), wanted=wanted, now=now)
    services.choose_hours(user=user, **chosen, now=now)


def read_times(times: Mapping[str, str], hours: OfficeHours) -> dict[str, time | None]:
    """The three times as they are stored: one end that was left out is the general one, and both together nothing."""
    allowed = {f"{each:%H:%M}": each for each in half_hours(hours)}
    errors = [
        FieldError(name, "choice_unknown", {"value": times[name]})
        for name in TIMES
        if times.get(name) and times[name] not in allowed
    ]
    if errors:
        raise ContentInvalid(errors)
    digest_at, opens_at, closes_at = (allowed.get(times.get(name, "")) for name in TIMES)
    opens, closes = opens_at or hours.opens_at, closes_at or hours.closes_at
    if opens >= closes:
        raise ContentInvalid([FieldError("closes_at", "hours_out_of_order", {"opens": f"{opens:%H:%M}"})])
    if digest_at and not opens <= digest_at < closes:
        words = {"opens": f"{opens:%H:%M}", "closes": f"{closes:%H:%M}"}
        raise ContentInvalid([FieldError("digest_at", "digest_outside_hours", words)])
    is_general = (opens, closes) == (hours.opens_at, hours.closes_at)
    return {
        "digest_at": digest_at,
        "opens_at": None if is_general else opens,
        "closes_at": None if is_general else closes,
    }
