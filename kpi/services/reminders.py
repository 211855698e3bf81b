"""The tick: what is owed → who must hear of it now → notices written once; and what the ladders will do next.

Safe to run at any moment, any number of times and by several processes at once: the database keeps each notice
unique, and the plan says “due and not recorded”, never “due today”. A clock that was set back plans nothing until it
has passed the latest moment that was planned for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from django.db import transaction
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform
from django.utils.timezone import localtime
from django.utils.translation import override

from accounts.models import Department, User
from kpi.domain.reminders import Holding, Ladder, PlannedNotice, Push, Step, Steps, plan
from kpi.selectors.obligations import Owed, owed_at
from kpi.selectors.reminding import Ground, ground_on
from kpi.services import reminder_words
from kpi.services.notices import NOTICE_LANGUAGE
from kpi.services.settling import KINDS_OF, LADDER_KINDS
from notifications import outbox, running
from notifications.models import Notice, NoticeState
from notifications.outbox import Draft


@transaction.atomic
def tick(*, now: datetime) -> int:
    """Plan and record every reminder that is due; returns how many notices were new.

    10 queries when nothing is due, however much is owed, and what ``obligations.owed_at`` says besides.
    """
    ground = ground_on(localtime(now).date())
    if ground.planned_until is not None and now < ground.planned_until:
        running.beat("tick")
        return 0
    scan = _scan(ground, now)
    written = _write(scan, now)
    outbox.expire(now=now)
    running.beat("tick", now)
    return written


@dataclass(frozen=True)
class Recorded:
    """What the ladders have planned before: every key, those that are open, and the pushes."""

    keys: frozenset[str]
    open_keys: frozenset[str]
    pushed: frozenset[Push]


@dataclass(frozen=True)
class Scan:
    """What is owed, what has been planned, and what is to be planned now."""

    owed: Sequence[Owed]
    recorded: Recorded
    planned: Sequence[PlannedNotice]
    obsolete: Sequence[str]


def _scan(ground: Ground, now: datetime) -> Scan:
    """Everything the tick decides, without writing (9 queries with ``ground``)."""
    owed = owed_at(now)
    recorded = _recorded(owed)
    planned = plan(
        owed,
        now=localtime(now),
        policy=ground.policy,
        calendar=ground.calendar,
        recorded=recorded.keys,
        pushed=recorded.pushed,
    )
    holding = Holding(ground.policy, owed)
    obsolete = [key for key in recorded.open_keys if not holding.stands(key)]
    return Scan(owed, recorded, planned, obsolete)


def _recorded(owed: Sequence[Owed]) -> Recorded:
    """What is on record of the periods in which something is owed, of directives, and whatever is open (1 query)."""
    periods = {each.period for each in owed if each.ladder is not Ladder.DIRECTIVE}
    found = Notice.objects.filter(
        Q(period__in=periods) | Q(kind__in=KINDS_OF[Ladder.DIRECTIVE]) | Q(state=NoticeState.OPEN),
        kind__in=LADDER_KINDS,
    )
    keys, open_keys, pushed = [], [], set()
    rows = found.order_by().values_list("key", "state", "recipient_id", KeyTextTransform("push", "context"))
    for key, state, recipient, push in rows:
        keys.append(key)
        if state == NoticeState.OPEN:
            open_keys.append(key)
        if push:
            pushed.add((recipient, push))
    return Recorded(frozenset(keys), frozenset(open_keys), frozenset(_push(*each) for each in pushed))


def _push(recipient: int, text: str) -> Push:
    """A push as ``_context`` keeps it."""
    group, period, cycle, slot = json.loads(text)
    return Push(recipient, group, period, cycle, localtime(datetime.fromisoformat(slot)))


def _write(scan: Scan, now: datetime) -> int:
    # What was never sent and is owed no more first: a filed report, somebody else's by now, a month that is closed.
    if scan.obsolete:
        gone = Notice.objects.filter(key__in=scan.obsolete, state=NoticeState.OPEN)
        outbox.close(gone, NoticeState.CANCELLED, now)
    if not scan.planned:
        return 0
    lower = [key for notice in scan.planned for _level, key in notice.supersedes]
    outbox.supersede(keys=scan.recorded.open_keys.intersection(lower), now=now)
    people = User.objects.in_bulk({notice.recipient for notice in scan.planned})
    units = Department.objects.in_bulk({cast(Owed, notice.obligation).about.unit_id for notice in scan.planned})
    with override(NOTICE_LANGUAGE):
        drafts = [draft for notice in scan.planned for draft in _drafts(notice, people, units, scan.recorded.keys)]
    created = outbox.enqueue_many(drafts, now=now)
    return sum(notice.state == NoticeState.OPEN for notice in created)


def _drafts(
    notice: PlannedNotice, people: Mapping[int, User], units: Mapping[int, Department], recorded: frozenset[str]
) -> Iterator[Draft]:
    """The notice, and the person's lower steps that were skipped: on record as superseded."""
    owed = cast(Owed, notice.obligation)
    words = reminder_words.of(notice, owed)
    yield from (
        Draft(
            kind=kind_of(notice),
            recipient=people[notice.recipient],
            key=key,
            title=words.title,
            body=words.body,
            url=words.url,
            context=_context(notice, owed) if key == notice.key else {"skipped_by": notice.level},
            not_before=notice.not_before,
            expires_at=notice.expires_at,
            level=level,
            cycle=owed.cycle,
            subject_code=owed.about.code,
            period="" if owed.ladder is Ladder.DIRECTIVE else owed.period,
            department=units[owed.about.unit_id],
            is_pushed=notice.is_pushed,
            passes_quiet_hours=notice.step.passes_quiet_hours,
            is_superseded=key != notice.key,
        )
        for level, key in ((notice.level, notice.key), *notice.supersedes)
        if key not in recorded
    )


def _context(notice: PlannedNotice, owed: Owed) -> dict[str, object]:
    context: dict[str, object] = {
        "indicator": owed.about.code,
        "period": owed.period,
        "days_left": notice.days_left,
        "ladder": str(owed.ladder),
    }
    if notice.push is not None:
        context["push"] = [*notice.push[1:4], notice.push.slot.isoformat()]
    return context


def kind_of(notice: PlannedNotice) -> str:
    """The kind of message: of the two that a due moment has, the second once it has passed when it is read."""
    kinds = KINDS_OF[notice.obligation.ladder]
    return kinds[-1] if notice.not_before >= notice.obligation.anchor else kinds[0]


@dataclass(frozen=True)
class Planned:
    """A reminder that the ladders will plan, if nothing is done until then: to whom, when, and why.

    ``moment`` is when it is planned, ``not_before`` when it can be read.
    """

    recipient: User
    ladder: Ladder
    step: Step
    owed: Owed
    moment: datetime
    not_before: datetime
    days_left: int
    is_pushed: bool
    title: str
    url: str

    @property
    def why(self) -> Mapping[str, object]:
        """Which step of which ladder, how many workdays from which anchor."""
        return {
            "ladder": self.ladder,
            "level": self.step.level,
            "offset_workdays": self.step.offset_workdays,
            "at": self.step.at,
            "anchor": self.owed.anchor,
            "days_left": self.days_left,
        }


def forecast(*, now: datetime, until: datetime) -> list[Planned]:
    """What the ladders will plan after ``now`` and by ``until`` if nobody does anything, in order of time.

    Reads only, and plans as ``tick`` does: at each moment at which a step comes, with what was planned before on
    record. People are those of ``until``'s day; months that open by then are in it.
    """
    now, until = localtime(now), localtime(until)
    ground = ground_on(now.date())
    owed = owed_at(now, opened_by=until)
    recorded = _recorded(owed)
    keys, pushed = set(recorded.keys), set(recorded.pushed)
    found: list[tuple[datetime, PlannedNotice]] = []
    for moment in (now, *_moments(ground, owed, now, until)):
        planned = plan(
            owed, now=moment, policy=ground.policy, calendar=ground.calendar, recorded=keys, pushed=frozenset(pushed)
        )
        keys |= {notice.key for notice in planned}
        pushed |= {notice.push for notice in planned if notice.push is not None}
        # What is due now is the tick's, not the future's.
        found += [(moment, notice) for notice in planned if moment > now]
    people = User.objects.in_bulk({notice.recipient for _moment, notice in found})
    with override(NOTICE_LANGUAGE):
        return [_foreseen(moment, notice, people) for moment, notice in found]


def _moments(ground: Ground, owed: Sequence[Owed], now: datetime, until: datetime) -> list[datetime]:
    steps = Steps(ground.policy, ground.calendar)
    seen: dict[tuple[Ladder, date], Owed] = {(each.ladder, each.anchor.date()): each for each in owed}
    moments = {moment for each in seen.values() for _step, moment in steps.moments(each)}
    return sorted(moment for moment in moments if now < moment <= until)


def _foreseen(moment: datetime, notice: PlannedNotice, people: Mapping[int, User]) -> Planned:
    owed = cast(Owed, notice.obligation)
    words = reminder_words.of(notice, owed)
    return Planned(
        recipient=people[notice.recipient],
        ladder=owed.ladder,
        step=notice.step,
        owed=owed,
        moment=moment,
        not_before=notice.not_before,
        days_left=notice.days_left,
        is_pushed=notice.is_pushed,
        title=words.title,
        url=words.url,
    )
