"""Who would be told what on a day to come, and why: the planner's forecast with the ways each reminder would take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.timezone import localtime

from accounts.models import Department, User
from kpi.domain.calendar import WorkCalendar
from kpi.domain.reminders import Audience, Ladder
from kpi.models import ReminderPolicy
from kpi.services import reminders
from kpi.services.reminders import Planned
from kpi.services.settling import KINDS_OF
from notifications import outbox
from notifications.models import Channel, Delivery
from notifications.outbox import Draft
from notifications.rules import Rules

AHEAD_WORKDAYS = 10


@dataclass(frozen=True)
class Occasion:
    """One step that comes for one person: what it is about, why they hear of it, when and by which ways.

    ``is_capped``: the step would push, but the person has had as many pushes about the period as are allowed.
    ``read_at`` is when it reaches the inbox; later than ``moment`` where the hours hold it back.
    """

    ladder: Ladder
    level: int
    offset_workdays: int
    duties: tuple[Audience, ...]
    moment: datetime
    read_at: datetime
    passes_quiet_hours: bool
    is_pushed: bool
    is_capped: bool
    units: tuple[str, ...]
    about: tuple[tuple[str, str], ...]
    ways: tuple[Delivery, ...]

    @property
    def is_moved(self) -> bool:
        return self.read_at > self.moment


@dataclass(frozen=True)
class Hearing:
    """A person with everything they would hear that day, in order of time."""

    user: User
    occasions: Sequence[Occasion]

    @property
    def count(self) -> int:
        return sum(len(occasion.about) for occasion in self.occasions)


def days_ahead(now: datetime, calendar: WorkCalendar) -> list[date]:
    """Today and the next ten workdays."""
    today = localtime(now).date()
    return [today, *(calendar.add_workdays(today, count) for count in range(1, AHEAD_WORKDAYS + 1))]


def new_rules_by(day: date, now: datetime) -> date | None:
    """The day, if it is not after ``day``, on which other rules begin than the ones that are foreseen by (1 query)."""
    coming = ReminderPolicy.objects.filter(effective_from__gt=localtime(now).date(), effective_from__lte=day)
    return coming.order_by("effective_from").values_list("effective_from", flat=True).first()


def foresee(*, day: date, found: Rules, now: datetime) -> list[Hearing]:
    """Who would be told what on ``day`` (today: from ``now`` on) if nobody did anything until then, by user name.

    ``found`` are the rules in force at ``now``.
    """
    end = datetime.combine(day + timedelta(days=1), time.min, localtime(now).tzinfo) - timedelta(seconds=1)
    planned = [each for each in reminders.forecast(now=now, until=end) if each.moment.date() == day]
    by_person: dict[User, list[Occasion]] = defaultdict(list)
    for occasion, person in _occasions(planned, found, now):
        by_person[person].append(occasion)
    people = sorted(by_person, key=lambda user: user.username)
    return [Hearing(user, sorted(by_person[user], key=_in_order)) for user in people]


def _in_order(occasion: Occasion) -> tuple[datetime, str, int]:
    return occasion.moment, str(occasion.ladder), occasion.level


def _occasions(planned: Sequence[Planned], found: Rules, now: datetime) -> list[tuple[Occasion, User]]:
    """Reminders of the same step to the same person at the same moment are one occasion."""
    units = Department.objects.in_bulk({each.owed.about.unit_id for each in planned})
    drafts = [_draft(each, number, units) for number, each in enumerate(planned)]
    ways = [ways for _draft, ways in outbox.preview(drafts, found=found, now=now)] if drafts else []
    groups: dict[tuple[object, ...], list[tuple[Planned, list[Delivery]]]] = defaultdict(list)
    for each, taken in zip(planned, ways, strict=True):
        same = (each.recipient.pk, each.ladder, each.step.level, each.moment, each.not_before, each.is_pushed)
        groups[same].append((each, taken))
    return [(_occasion(group), group[0][0].recipient) for group in groups.values()]


def _draft(each: Planned, number: int, units: dict[int, Department]) -> Draft:
    kinds = KINDS_OF[each.ladder]
    return Draft(
        kind=kinds[-1] if each.not_before >= each.owed.anchor else kinds[0],
        recipient=each.recipient,
        key=f"foreseen:{number}",
        title=each.title,
        not_before=each.not_before,
        department=units[each.owed.about.unit_id],
        is_pushed=each.is_pushed,
        passes_quiet_hours=each.step.passes_quiet_hours,
    )


def _occasion(group: Sequence[tuple[Planned, list[Delivery]]]) -> Occasion:
    first = group[0][0]
    units = dict.fromkeys(each.owed.about.unit for each, _taken in group)
    return Occasion(
        ladder=first.ladder,
        level=first.step.level,
        offset_workdays=first.step.offset_workdays,
        duties=_duties(each for each, _taken in group),
        moment=first.moment,
        read_at=first.not_before,
        passes_quiet_hours=first.step.passes_quiet_hours,
        is_pushed=first.is_pushed,
        is_capped=first.step.is_pushed and not first.is_pushed,
        units=tuple(units),
        about=tuple((each.title, each.url) for each, _taken in group),
        ways=_outgoing(taken for _each, taken in group),
    )


def _duties(group: Iterable[Planned]) -> tuple[Audience, ...]:
    held = {
        audience
        for each in group
        for audience in each.step.audience
        if each.recipient.pk in each.owed.people.get(audience, ())
    }
    return tuple(audience for audience in Audience if audience in held)


def _outgoing(all_ways: Iterable[Sequence[Delivery]]) -> tuple[Delivery, ...]:
    """Each channel once: reminders of one occasion go out together."""
    found: dict[tuple[str, int | None], Delivery] = {}
    for ways in all_ways:
        for way in ways:
            if way.channel != Channel.INBOX:
                found.setdefault((way.channel, way.robot_id), way)
    return tuple(found.values())
