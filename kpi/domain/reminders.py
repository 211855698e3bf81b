"""Which reminders are due: a pure function of what is unfiled, the moment, the policy and what was already sent.

The condition is “due and not recorded”, never “is due today”: a night missed costs delay, not a notice. After
downtime only the highest step that is due goes out; the lower ones are superseded. Source of the default ladder:
docs/rules/reminders.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import chain

from kpi.domain.calendar import WorkCalendar

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Step:
    """A rung: ``offset_workdays`` from the due day (negative before it) at ``at``, to the ``audience``."""

    level: int
    offset_workdays: int
    at: time
    audience: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """The ladder and the hours in which anybody may be disturbed (on workdays)."""

    version: str
    steps: tuple[Step, ...]
    opens_at: time = time(8, 30)
    closes_at: time = time(18, 0)


@dataclass(frozen=True)
class Obligation:
    """A report that is owed and not filed. ``recipients`` maps audience to person ids; ``cycle`` counts returns."""

    indicator: str
    period: str
    due_at: datetime
    recipients: Mapping[str, tuple[int, ...]]
    cycle: int = 1


@dataclass(frozen=True)
class PlannedNotice:
    """One reminder to one person. ``days_left`` counts workdays to the due day, negative once it is over."""

    key: str
    indicator: str
    period: str
    recipient: int
    level: int
    cycle: int
    due_step_at: datetime
    not_before: datetime
    supersedes: tuple[str, ...]
    days_left: int


DEFAULT_POLICY = Policy(
    version="1.0",
    steps=(
        Step(1, -5, time(9, 0), ("staff",)),
        Step(2, -2, time(9, 0), ("staff",)),
        Step(3, 0, time(16, 0), ("staff", "head")),
        Step(4, 1, time(9, 0), ("staff", "head")),
        Step(5, 3, time(9, 0), ("supervisor",)),
        Step(6, 5, time(9, 0), ("leader",)),
    ),
)


def plan(
    obligations: Iterable[Obligation],
    *,
    now: datetime,
    policy: Policy,
    calendar: WorkCalendar,
    sent_keys: frozenset[str],
) -> tuple[PlannedNotice, ...]:
    """Every reminder that is due at ``now`` and not in ``sent_keys``, in the order of the obligations.

    ``now`` and the due moments must share one time zone.
    """
    return tuple(
        notice
        for notice in chain.from_iterable(_plan_one(item, now, policy, calendar) for item in obligations)
        if notice.key not in sent_keys
    )


def key_of(obligation: Obligation, recipient: int, level: int) -> str:
    """What makes a reminder the same one: person, indicator, period, level and cycle."""
    return f"report:{obligation.indicator}:{obligation.period}:u{recipient}:L{level}:c{obligation.cycle}"


def _plan_one(obligation: Obligation, now: datetime, policy: Policy, calendar: WorkCalendar) -> Iterator[PlannedNotice]:
    moments = {step: _moment(obligation, step, calendar) for step in policy.steps}
    reached = [step for step in policy.steps if moments[step] <= now]
    opening = next_opening(now, policy, calendar)
    for recipient in sorted({person for step in reached for person in _people(obligation, step)}):
        mine = [step for step in reached if recipient in _people(obligation, step)]
        highest = max(mine, key=lambda step: step.level)
        yield PlannedNotice(
            key=key_of(obligation, recipient, highest.level),
            indicator=obligation.indicator,
            period=obligation.period,
            recipient=recipient,
            level=highest.level,
            cycle=obligation.cycle,
            due_step_at=moments[highest],
            not_before=opening,
            supersedes=tuple(key_of(obligation, recipient, step.level) for step in mine if step is not highest),
            # Counted from the day it will be read, which may be after a weekend.
            days_left=calendar.workdays_between(opening.date(), obligation.due_at.date()),
        )


def _people(obligation: Obligation, step: Step) -> set[int]:
    return {person for audience in step.audience for person in obligation.recipients.get(audience, ())}


def _moment(obligation: Obligation, step: Step, calendar: WorkCalendar) -> datetime:
    day = calendar.add_workdays(obligation.due_at.date(), step.offset_workdays)
    return datetime.combine(day, step.at, obligation.due_at.tzinfo)


def next_opening(now: datetime, policy: Policy, calendar: WorkCalendar) -> datetime:
    """``now`` itself inside the hours of a workday, else the next time they open."""
    day = now.date()
    if calendar.is_workday(day) and now.time() < policy.closes_at:
        return max(now, datetime.combine(day, policy.opens_at, now.tzinfo))
    return datetime.combine(calendar.add_workdays(day, 1), policy.opens_at, now.tzinfo)
