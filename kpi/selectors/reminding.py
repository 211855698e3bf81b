"""The reminder policy in force, as stored data and as the planner's value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

from kpi.domain.calendar import WorkCalendar
from kpi.domain.hours import OfficeHours
from kpi.domain.reminders import Audience, Ladder, Policy, Step
from kpi.models import ReminderPolicy, ReminderStep, WorkdayOverride
from kpi.selectors.calendar import calendar_of
from notifications.models import Heartbeat

STEP_COLUMNS = (
    "ladder",
    "level",
    "offset_workdays",
    "at",
    "audience",
    "is_pushed",
    "passes_quiet_hours",
    "drafts_directive",
)


def policy_on(day: date) -> ReminderPolicy:
    """The policy in force on ``day`` with its steps (2 queries). Raises ``ReminderPolicy.DoesNotExist`` without any."""
    found = ReminderPolicy.objects.filter(effective_from__lte=day).prefetch_related("steps")
    return found.latest("effective_from")


def office_hours(day: date) -> OfficeHours:
    """The general hours and digest slots in force on ``day`` (1 query)."""
    found = ReminderPolicy.objects.filter(effective_from__lte=day).latest("effective_from")
    return OfficeHours(found.opens_at, found.closes_at, tuple(found.slots))


@dataclass(frozen=True)
class Ground:
    """What planning stands on: the policy in force, as stored and as a value, the working calendar, and the latest
    moment that has been planned for."""

    stored: ReminderPolicy
    policy: Policy
    calendar: WorkCalendar
    planned_until: datetime | None


def ground_on(day: date) -> Ground:
    """Everything planning needs to know about ``day`` (1 query). Raises as ``policy_on`` does."""
    steps = ReminderStep.objects.filter(policy=OuterRef("pk")).order_by("ladder", "level")
    workdays = WorkdayOverride.objects.order_by("day")
    found = ReminderPolicy.objects.filter(effective_from__lte=day).annotate(
        step_rows=ArraySubquery(steps.values(row=JSONObject(**{name: name for name in STEP_COLUMNS}))),
        day_rows=ArraySubquery(workdays.values(row=JSONObject(day="day", is_workday="is_workday"))),
        planned_until=Subquery(Heartbeat.objects.filter(name="tick").values("business_time")),
    )
    stored = found.latest("effective_from")
    days = [(date.fromisoformat(row["day"]), row["is_workday"]) for row in stored.day_rows]
    return Ground(stored, policy_of(stored, map(_step, stored.step_rows)), calendar_of(days), stored.planned_until)


def policy_of(stored: ReminderPolicy, steps: Any) -> Policy:
    """A stored policy with ``steps`` as the planner's value."""
    return Policy(
        version=stored.effective_from.isoformat(),
        steps=tuple(steps),
        hours=OfficeHours(stored.opens_at, stored.closes_at, tuple(sorted(stored.slots))),
        most_pushes=stored.most_pushes,
    )


def _step(row: Mapping[str, Any]) -> Step:
    return Step(
        ladder=Ladder(row["ladder"]),
        level=row["level"],
        offset_workdays=row["offset_workdays"],
        at=time.fromisoformat(row["at"]),
        audience=tuple(map(Audience, row["audience"])),
        is_pushed=row["is_pushed"],
        passes_quiet_hours=row["passes_quiet_hours"],
        drafts_directive=row["drafts_directive"],
    )
