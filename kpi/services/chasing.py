"""The office chases units by hand (催办): one notice a person, everything the unit owes of a period, once a day."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from accounts import audit
from accounts.models import Department, User
from accounts.permissions import Actor
from kpi import wording
from kpi.domain.errors import DomainError
from kpi.models import Chase, Period
from kpi.selectors import chasing, scoreboard
from kpi.selectors.chasing import Answering, Owing
from kpi.services import permissions, writing
from kpi.services.chases import CHASED
from kpi.services.content import ContentInvalid, FieldError
from kpi.services.notices import NOTICE_LANGUAGE
from notifications import outbox
from notifications.models import Delivery
from notifications.outbox import Draft
from notifications.rules import Rules, rules

MOST_NOTE = 100


@dataclass(frozen=True)
class Told:
    """Somebody who would be told, as what, and the ways it would take."""

    person: Answering
    ways: tuple[Delivery, ...]


@dataclass(frozen=True)
class Preview:
    """What a chase of one unit would do: the words and who gets them, or why there will be none."""

    unit: Owing
    title: str
    body: str
    told: tuple[Told, ...]
    refusal: DomainError | None


@dataclass(frozen=True)
class Chased:
    """What became of one unit: how many people were told, or why nobody was."""

    department: Department
    told: int = 0
    refusal: DomainError | None = None


def opens_at(found: Rules, now: datetime) -> datetime | None:
    """When people may be chased next; ``None`` where it may be done now."""
    opening = found.opening(now, None)
    return opening if opening > now else None


def preview(
    *, period: Period, departments: Collection[Department], note: str, found: Rules, now: datetime
) -> list[Preview]:
    """What ``chase`` would do at ``now``, unit by unit in official order; nothing is written.

    ``found`` are the rules in force at ``now``.
    """
    day = localtime(now).date()
    units = _owing(period, departments, now)
    people = chasing.answering_by_unit(departments, day)
    told = {unit.department.pk: people.get(unit.department.pk, []) for unit in units}
    drafts = [draft for unit in units if unit.rows for draft in _drafts(unit, period, told, note, now)]
    taken = {
        (draft.department, draft.recipient): tuple(ways) for draft, ways in outbox.preview(drafts, found=found, now=now)
    }
    return [
        Preview(
            unit,
            _title(unit, period, now) if unit.rows else "",
            _body(unit, note) if unit.rows else "",
            tuple(Told(person, taken.get((unit.department, person.user), ())) for person in told[unit.department.pk]),
            _refusal(unit, told[unit.department.pk], now),
        )
        for unit in units
    ]


@transaction.atomic
def chase(
    *, period: Period, departments: Collection[Department], note: str, actor: Actor, now: datetime
) -> list[Chased]:
    """Tell everybody who answers for the units what is missing of ``period``; what became of each, in official order.

    Raises for all of them ``NotPermitted``, ``PeriodClosed``, ``chase_nothing_chosen``, ``chase_out_of_hours`` or
    ``ContentInvalid`` for the note. A unit that was chased that day, owes nothing or has nobody is refused alone.
    """
    permissions.require_supervisor(actor)
    writing.require_open(period, now)
    text = _checked(note)
    if not departments:
        raise DomainError("chase_nothing_chosen")
    if opening := opens_at(rules(now), now):
        raise DomainError("chase_out_of_hours", opens=wording.moment(localtime(opening)))
    people = chasing.answering_by_unit(departments, localtime(now).date())
    # In a fixed order: of two who chase the same units at once, one waits for the other instead of both.
    with audit.together():
        return [
            _chase_one(unit, period, people.get(unit.department.pk, []), text, actor.user, now)
            for unit in _owing(period, departments, now)
        ]


def _owing(period: Period, departments: Collection[Department], now: datetime) -> list[Owing]:
    board = scoreboard.build(year=period.report.year, now=now, period_code=period.code)
    return chasing.owing(board, departments)


def _checked(note: str) -> str:
    text = " ".join(note.split())
    if "\x00" in text:
        raise ContentInvalid([FieldError("note", "text_has_control_characters")])
    if len(text) > MOST_NOTE:
        raise ContentInvalid([FieldError("note", "text_too_long", {"limit": MOST_NOTE, "length": len(text)})])
    return text


def _refusal(unit: Owing, people: Collection[Answering], now: datetime) -> DomainError | None:
    name = unit.department.short_name
    if unit.last is not None and unit.was_chased_on(localtime(now).date()):
        return _chased_already(unit.last, name)
    if not unit.rows:
        return DomainError("chase_nothing_owed", unit=name)
    return None if people else DomainError("chase_nobody_to_tell", unit=name)


def _chased_already(chase: Chase, name: str) -> DomainError:
    at = wording.moment(localtime(chase.chased_at))
    return DomainError("chased_already", unit=name, who=str(chase.chased_by), at=at)


def _chase_one(
    unit: Owing, period: Period, people: Collection[Answering], note: str, user: User, now: datetime
) -> Chased:
    refusal = _refusal(unit, people, now)
    chase = None if refusal else _record(unit.department, period, note, user, now)
    if chase is None:
        return Chased(unit.department, refusal=refusal or _lost_to(unit.department, now))
    told = outbox.enqueue_many(list(_drafts(unit, period, {unit.department.pk: people}, note, now)), now=now)
    audit.record(
        action="report.chased",
        obj=chase,
        actor=user,
        now=now,
        after={"period": period.code, "items": list(unit.codes), "told": len(told)},
        reason=note,
        department_code=unit.department.code,
    )
    return Chased(unit.department, told=len(told))


def _record(department: Department, period: Period, note: str, user: User, now: datetime) -> Chase | None:
    """The day's chase of a unit; ``None`` where somebody else was first, whom this waits for."""
    day = localtime(now).date()
    chase = Chase(department=department, period=period, day=day, chased_at=now, chased_by=user, note=note)
    try:
        with transaction.atomic():
            chase.save(force_insert=True)
    except IntegrityError as problem:
        if "chase_once_a_day_per_unit" not in str(problem):
            raise
        return None
    return chase


def _lost_to(department: Department, now: datetime) -> DomainError:
    first = Chase.objects.select_related("chased_by").get(department=department, day=localtime(now).date())
    return _chased_already(first, department.short_name)


def _drafts(
    unit: Owing, period: Period, people: dict[int, Collection[Answering]], note: str, now: datetime
) -> Iterator[Draft]:
    """One for each person; several units of one person are several notices, because each is filed by itself."""
    department, day = unit.department, localtime(now).date()
    for person in people[department.pk]:
        yield Draft(
            kind=CHASED,
            recipient=person.user,
            key=f"chase:{department.code}:{day}:u{person.user.pk}",
            title=_title(unit, period, now),
            body=_body(unit, note),
            url=f"/{period.report.year}/todo/",
            context={"period": period.code, "items": list(unit.codes)},
            period=period.code,
            department=department,
        )


def _title(unit: Owing, period: Period, now: datetime) -> str:
    due = localtime(unit.due_at)
    with override(NOTICE_LANGUAGE):
        words = {"month": wording.month(period.code), "count": len(unit.rows), "due": wording.moment(due)}
        if unit.is_late(now):
            return (
                ngettext(
                    "催办：%(month)s期还有 %(count)s 项未提交，已于 %(due)s 截止",
                    "催办：%(month)s期还有 %(count)s 项未提交，已于 %(due)s 截止",
                    len(unit.rows),
                )
                % words
            )
        return (
            ngettext(
                "催办：%(month)s期还有 %(count)s 项未提交，%(due)s 截止",
                "催办：%(month)s期还有 %(count)s 项未提交，%(due)s 截止",
                len(unit.rows),
            )
            % words
        )


def _body(unit: Owing, note: str) -> str:
    items = "；".join(f"{row.indicator.code} {row.indicator.name}" for row in unit.rows)
    with override(NOTICE_LANGUAGE):
        said = _("督查室附言：%(note)s") % {"note": note} if note else ""
        return "\n".join(filter(None, (_("未提交：%(items)s") % {"items": items}, said)))
