"""Which reminders are due: a pure function of what is owed, the moment, the policy and what is on record.

The condition is “due and not recorded”, never “is due today”: a night missed costs delay, not a notice. After
downtime each person gets the highest step that is due; the lower ones are superseded. The decision tables are
tests/domain/cases/reminders*.csv, in words docs/rules/reminders.md.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from kpi.domain.calendar import WorkCalendar
from kpi.domain.hours import OfficeHours

# How long a reminder of something that is already late, or simply waits, stays in force.
LIFE_WORKDAYS = 30


class Ladder(StrEnum):
    """What is waited for; each has its own anchor: the due moment, or the moment since which it waits."""

    REPORT = "report"
    SIGN_OFF = "signoff"
    REVIEW = "review"
    DIRECTIVE = "directive"
    AMBER = "amber"
    RED = "red"


# Their anchor is a due moment; the others' is when the waiting began.
DUE_LADDERS = frozenset({Ladder.REPORT, Ladder.DIRECTIVE})


class Audience(StrEnum):
    """Who hears of a step, as a duty: whoever holds it when the step comes."""

    STAFF = "staff"
    CONTACT = "contact"
    HEAD = "head"
    SUPERVISOR = "supervisor"
    LEADER = "leader"


UNIT = frozenset({Audience.STAFF, Audience.CONTACT, Audience.HEAD})
# What a unit has to do about its reports of a period: reminders of both count together for its people.
FILING = frozenset({Ladder.REPORT, Ladder.SIGN_OFF})


@dataclass(frozen=True)
class Step:
    """A rung: ``offset_workdays`` from the anchor's day (negative before it) at ``at``, to the ``audience``."""

    ladder: Ladder
    level: int
    offset_workdays: int
    at: time
    audience: tuple[Audience, ...]
    is_pushed: bool = True
    passes_quiet_hours: bool = False
    drafts_directive: bool = False


@dataclass(frozen=True)
class Policy:
    """The ladders, the hours in which anybody may be disturbed, and how often the ladders may push."""

    version: str
    steps: tuple[Step, ...]
    hours: OfficeHours
    most_pushes: int

    def of(self, ladder: Ladder) -> tuple[Step, ...]:
        return self._by_ladder.get(ladder, ())

    @cached_property
    def _by_ladder(self) -> Mapping[Ladder, tuple[Step, ...]]:
        found: dict[Ladder, tuple[Step, ...]] = {}
        for step in self.steps:
            found[step.ladder] = (*found.get(step.ladder, ()), step)
        return found


People = Mapping[Audience, tuple[int, ...]]


@dataclass(frozen=True)
class Obligation:
    """Something that is owed now. ``subject`` tells it from all others of its ladder.

    ``anchor`` is what the ladder counts from, ``cycle`` grows where it starts afresh. ``period`` is what pushes are
    counted by. ``people`` maps an audience to person ids; obligations of one unit should share the mapping.
    """

    ladder: Ladder
    subject: str
    anchor: datetime
    people: People
    cycle: int = 1
    period: str = ""

    @property
    def stem(self) -> str:
        return f"{self.ladder}:{self.subject}"

    def key(self, recipient: int, level: int) -> str:
        """What makes a reminder the same one: what is owed, person, level and cycle."""
        return f"{self.ladder}:{self.subject}:u{recipient}:L{level}:c{self.cycle}"


class Parsed(NamedTuple):
    """The parts of a reminder's key."""

    stem: str
    recipient: int
    level: int
    cycle: int


KEY = re.compile(r"(?P<stem>.+):u(?P<recipient>\d+):L(?P<level>\d+):c(?P<cycle>\d+)")


def parse_key(key: str) -> Parsed | None:
    """A key as ``Obligation.key`` made it; ``None`` for any other."""
    found = KEY.fullmatch(key)
    if found is None:
        return None
    return Parsed(found["stem"], int(found["recipient"]), int(found["level"]), int(found["cycle"]))


class Push(NamedTuple):
    """A digest that the ladders caused: whose, on which account (``group``, ``period``, ``cycle``), in which slot."""

    recipient: int
    group: str
    period: str
    cycle: int
    slot: datetime


@dataclass(frozen=True)
class PlannedNotice:
    """One reminder to one person.

    ``days_left`` counts workdays from the day it will be read to the anchor's day, negative once that is over.
    ``supersedes`` are the person's lower steps by level and key, whether or not they were ever recorded. ``push`` is
    what it counts as, ``None`` where it stays in the inbox or passes quiet hours.
    """

    key: str
    obligation: Obligation
    recipient: int
    step: Step
    due_step_at: datetime
    not_before: datetime
    expires_at: datetime
    supersedes: tuple[tuple[int, str], ...]
    days_left: int
    is_pushed: bool
    push: Push | None

    @property
    def level(self) -> int:
        return self.step.level


class Reached(NamedTuple):
    """The highest step that has come for one person, and the lower ones."""

    recipient: int
    step: Step
    moment: datetime
    lower: tuple[int, ...]
    is_of_unit: bool


def plan(
    obligations: Iterable[Obligation],
    *,
    now: datetime,
    policy: Policy,
    calendar: WorkCalendar,
    recorded: Collection[str] = frozenset(),
    pushed: Iterable[Push] = (),
) -> tuple[PlannedNotice, ...]:
    """Every reminder that is due at ``now`` and whose key is not ``recorded``, in the order of the obligations.

    ``pushed`` are the pushes on record. ``now`` and the anchors must share one time zone.
    """
    steps = Steps(policy, calendar)
    times, account = Times(policy, calendar, now), Account(policy, calendar, now, pushed)
    return tuple(
        _planned(owed, found, times, account)
        for owed in obligations
        for found in steps.reached(owed, now)
        if owed.key(found.recipient, found.step.level) not in recorded
    )


class Steps:
    """When the steps come and for whom, worked out once for each ladder, day and group of people."""

    def __init__(self, policy: Policy, calendar: WorkCalendar):
        self._policy = policy
        self._calendar = calendar
        self._moments: dict[tuple[Ladder, date], tuple[tuple[Step, datetime], ...]] = {}
        self._reached: dict[tuple[Ladder, date, int], tuple[Reached, ...]] = {}
        # What the ids of ``_reached`` stand for: kept, so that no id is used again.
        self._people: list[People] = []

    def moments(self, owed: Obligation) -> tuple[tuple[Step, datetime], ...]:
        """The steps of the obligation's ladder with their moments."""
        key = owed.ladder, owed.anchor.date()
        if key not in self._moments:
            self._moments[key] = tuple((step, self._moment(owed.anchor, step)) for step in self._policy.of(owed.ladder))
        return self._moments[key]

    def reached(self, owed: Obligation, now: datetime) -> tuple[Reached, ...]:
        """For each person the highest step that has come by ``now``, by person. Always asked for one ``now``."""
        key = owed.ladder, owed.anchor.date(), id(owed.people)
        if key not in self._reached:
            self._people.append(owed.people)
            self._reached[key] = tuple(_reached(owed.people, self.moments(owed), now))
        return self._reached[key]

    def _moment(self, anchor: datetime, step: Step) -> datetime:
        day = self._calendar.add_workdays(anchor.date(), step.offset_workdays)
        return datetime.combine(day, step.at, anchor.tzinfo)


def _reached(people: People, moments: Iterable[tuple[Step, datetime]], now: datetime) -> Iterator[Reached]:
    mine: dict[int, list[tuple[Step, datetime]]] = defaultdict(list)
    for step, moment in moments:
        if moment <= now:
            for recipient in people_of(people, step):
                mine[recipient].append((step, moment))
    for recipient, steps in sorted(mine.items()):
        steps.sort(key=lambda found: found[0].level)
        step, moment = steps[-1]
        yield Reached(
            recipient=recipient,
            step=step,
            moment=moment,
            lower=tuple(found.level for found, _at in steps[:-1]),
            is_of_unit=any(recipient in people.get(audience, ()) for audience in UNIT & set(step.audience)),
        )


def people_of(people: People, step: Step) -> set[int]:
    """Who hears of a step, each once."""
    return {person for audience in step.audience for person in people.get(audience, ())}


class Account:
    """How often the ladders have pushed: distinct digest slots by person, group, period and cycle.

    A unit's people have one group for what is asked of them about a period's reports; everybody else one a ladder.
    Slots are those of the general hours. Where a person was pushed for a slot by an earlier planning, its digest has
    gone out or is about to: what is planned now counts for the next slot.
    """

    def __init__(self, policy: Policy, calendar: WorkCalendar, now: datetime, pushed: Iterable[Push]):
        self._most = policy.most_pushes
        self._hours, self._calendar = policy.hours, calendar
        self._first = policy.hours.slot(now, calendar)
        self._earlier: dict[int, set[datetime]] = defaultdict(set)
        self._used: dict[tuple[int, str, str, int], set[datetime]] = defaultdict(set)
        for push in pushed:
            self._earlier[push.recipient].add(push.slot)
            self._used[push[:4]].add(push.slot)

    def take(self, owed: Obligation, found: Reached) -> Push | None:
        """The push this reminder may make; ``None`` where it would be one too many."""
        group = "unit" if found.is_of_unit and owed.ladder in FILING else str(owed.ladder)
        push = Push(found.recipient, group, owed.period, owed.cycle, self._slot(found.recipient))
        used = self._used[push[:4]]
        if push.slot not in used and len(used) >= self._most:
            return None
        used.add(push.slot)
        return push

    def _slot(self, recipient: int) -> datetime:
        slot = self._first
        while slot in self._earlier.get(recipient, ()):
            slot = self._hours.next_slot(slot, self._calendar)
        return slot


class Times:
    """When a reminder made now is read, until when it holds and what it counts; each worked out once a day."""

    def __init__(self, policy: Policy, calendar: WorkCalendar, now: datetime):
        self._calendar = calendar
        self._now = now
        self._opening = policy.hours.opening(now, calendar)
        self._days_left: dict[tuple[date, date], int] = {}
        self._ends: dict[datetime, datetime] = {}

    def read_at(self, owed: Obligation, step: Step, push: Push | None) -> datetime:
        """At once in office hours. What only goes out after the due moment says so from the start."""
        if step.passes_quiet_hours:
            return self._now
        if push is not None and self._opening < owed.anchor <= push.slot:
            return push.slot
        return self._opening

    def expires_at(self, owed: Obligation, read_at: datetime) -> datetime:
        """A reminder of a due moment ends with it; of what is late or waits, after thirty workdays."""
        if owed.ladder in DUE_LADDERS and read_at < owed.anchor:
            return owed.anchor
        if read_at not in self._ends:
            day = self._calendar.add_workdays(read_at.date(), LIFE_WORKDAYS)
            self._ends[read_at] = datetime.combine(day, read_at.time(), read_at.tzinfo)
        return self._ends[read_at]

    def days_left(self, owed: Obligation, read_at: datetime) -> int:
        key = read_at.date(), owed.anchor.date()
        if key not in self._days_left:
            self._days_left[key] = self._calendar.workdays_between(*key)
        return self._days_left[key]


def _planned(owed: Obligation, found: Reached, times: Times, account: Account) -> PlannedNotice:
    step = found.step
    push = account.take(owed, found) if step.is_pushed and not step.passes_quiet_hours else None
    read_at = times.read_at(owed, step, push)
    return PlannedNotice(
        key=owed.key(found.recipient, step.level),
        obligation=owed,
        recipient=found.recipient,
        step=step,
        due_step_at=found.moment,
        not_before=read_at,
        expires_at=times.expires_at(owed, read_at),
        supersedes=tuple((level, owed.key(found.recipient, level)) for level in found.lower),
        days_left=times.days_left(owed, read_at),
        is_pushed=step.is_pushed and (step.passes_quiet_hours or push is not None),
        push=push,
    )


class Holding:
    """What is owed now, to be asked whether a reminder of it still stands."""

    def __init__(self, policy: Policy, obligations: Iterable[Obligation]):
        self._policy = policy
        self._owed = {owed.stem: owed for owed in obligations}
        # Those who hear of each level, worked out once for each ladder and group of people (which ``_owed`` keeps).
        self._heard: dict[tuple[Ladder, int], dict[int, set[int]]] = {}

    def stands(self, key: str) -> bool:
        """Whether what the reminder is about is still owed in this cycle, and its person still has the duty.

        What no ladder planned is not for the ladders to judge: it stands.
        """
        parsed = parse_key(key)
        if parsed is None:
            return True
        owed = self._owed.get(parsed.stem)
        if owed is None or owed.cycle != parsed.cycle:
            return False
        return parsed.recipient in self._levels(owed).get(parsed.level, ())

    def _levels(self, owed: Obligation) -> dict[int, set[int]]:
        key = owed.ladder, id(owed.people)
        if key not in self._heard:
            self._heard[key] = {step.level: people_of(owed.people, step) for step in self._policy.of(owed.ladder)}
        return self._heard[key]
