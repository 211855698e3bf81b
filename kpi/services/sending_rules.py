"""What ``notifications`` asks of the business when it sends (``settings.NOTIFICATION_RULES``)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.utils.timezone import localtime

from kpi.domain.hours import OfficeHours
from kpi.selectors.chasing import still_owed
from kpi.selectors.reminding import ground_on
from kpi.services import relevance
from kpi.services.chases import CHASED
from notifications.models import Hours, Notice
from notifications.rules import BrakeLimit


class SendingRules:
    """The policy and the calendar in force at ``now`` (1 query)."""

    def __init__(self, now: datetime):
        self._ground = ground_on(localtime(now).date())
        self._calendar = self._ground.calendar

    @property
    def brake(self) -> BrakeLimit:
        stored = self._ground.stored
        return BrakeLimit(stored.brake_count, timedelta(minutes=stored.brake_minutes))

    def opening(self, moment: datetime, hours: Hours | None) -> datetime:
        return self._hours(hours).opening(localtime(moment), self._calendar)

    def slot(self, moment: datetime, hours: Hours | None) -> datetime:
        return self._hours(hours).slot(localtime(moment), self._calendar)

    def next_slot(self, moment: datetime, hours: Hours | None) -> datetime:
        return self._hours(hours).next_slot(localtime(moment), self._calendar)

    def standing(self, notices: Collection[Notice], now: datetime) -> set[int]:
        standing = relevance.standing(notices, now, self._ground)
        chases = [notice for notice in notices if notice.kind == CHASED and notice.pk in standing]
        done = {notice.pk for notice in chases} - still_owed(chases) if chases else set()
        return standing - done

    def _hours(self, hours: Hours | None) -> OfficeHours:
        general = self._ground.policy.hours
        return general.narrowed(hours.opens_at, hours.closes_at, hours.digest_at) if hours else general
