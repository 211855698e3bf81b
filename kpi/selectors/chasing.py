"""Which units still owe reports of a period, who answers for them, and when the office chased them last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from accounts.models import Delegation, Department, Membership, Role, User
from kpi.domain.reminders import Audience
from kpi.models import Chase, Period, Submission
from kpi.selectors.cockpit import units
from kpi.selectors.scoreboard import UNFILED, Row, Scoreboard
from notifications.models import Notice


@dataclass(frozen=True)
class Answering:
    """Somebody who answers for a unit, and as what: the duties in the order of ``Audience``."""

    user: User
    duties: tuple[Audience, ...]


@dataclass(frozen=True)
class Owing:
    """A unit with the reports it owes of one period; ``last`` is the latest time the office chased it, for whatever."""

    department: Department
    rows: tuple[Row, ...]
    last: Chase | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(row.indicator.code for row in self.rows)

    @property
    def due_at(self) -> datetime:
        """When the reports are due for this unit, extensions included. ``rows`` must not be empty."""
        month = self.rows[0].current
        return month.window.due_for_unit if month.window else month.period.due_at

    def is_late(self, now: datetime) -> bool:
        return bool(self.rows) and self.due_at < now

    def was_chased_on(self, day: date) -> bool:
        return self.last is not None and self.last.day == day


def owing(board: Scoreboard, departments: Collection[Department] | None = None) -> list[Owing]:
    """Units with reports missing in the board's period, in official order; or all of those asked for (1 query).

    A unit that leads nothing owes nothing.
    """
    unfiled = {unit.department: [row for row in unit.rows if row.current.is_unfiled] for unit in units(board)}
    if departments is None:
        wanted = [department for department, rows in unfiled.items() if rows]
    else:
        wanted = sorted(departments, key=lambda found: (found.ordinal, found.code))
    last = last_chases(wanted)
    return [Owing(unit, _in_order(unfiled.get(unit, ())), last.get(unit.pk)) for unit in wanted]


def _in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: row.indicator.code))


def last_chases(departments: Iterable[Department]) -> Mapping[int, Chase]:
    """The latest chase of each department, by its id (1 query)."""
    chases = Chase.objects.filter(department__in=list(departments)).select_related("chased_by")
    latest = chases.order_by("department_id", "-day").distinct("department_id")
    return {chase.department_id: chase for chase in latest}


DUTIES = {Role.STAFF: Audience.STAFF, Role.HEAD: Audience.HEAD}


def answering_by_unit(departments: Collection[Department], day: date) -> Mapping[int, list[Answering]]:
    """Who files for each unit, is its contact or signs for it on ``day``, by its id and user name (2 queries).

    Whoever signs for a head that day counts as one.
    """
    duties: dict[int, dict[User, set[Audience]]] = defaultdict(lambda: defaultdict(set))
    held = Membership.objects.active_on(day).filter(department__in=departments, user__is_active=True, role__in=DUTIES)
    for membership in held.select_related("user"):
        mine = duties[membership.department_id][membership.user]
        mine.add(DUTIES[Role(membership.role)])
        if membership.is_contact:
            mine.add(Audience.CONTACT)
    lent = Delegation.objects.in_force_on(day).filter(department__in=departments, delegate__is_active=True)
    for delegation in lent.select_related("delegate"):
        duties[delegation.department_id][delegation.delegate].add(Audience.HEAD)
    return {unit: [_answering(*each) for each in sorted(people.items(), key=_name)] for unit, people in duties.items()}


def _answering(user: User, duties: set[Audience]) -> Answering:
    return Answering(user, tuple(duty for duty in Audience if duty in duties))


def _name(entry: tuple[User, object]) -> str:
    return entry[0].username


def still_owed(notices: Iterable[Notice]) -> set[int]:
    """Ids of the chase notices that still ask for something: not locked, and one report missing (2 queries)."""
    found = list(notices)
    periods = {notice.period for notice in found}
    locked = set(Period.objects.filter(code__in=periods, locked_at__isnull=False).values_list("code", flat=True))
    filed = set(
        Submission.objects.filter(period__code__in=periods, indicator__code__in=_codes(found))
        .exclude(state__in=UNFILED)
        .values_list("indicator__code", "period__code")
    )
    return {
        notice.pk
        for notice in found
        if notice.period not in locked and any((code, notice.period) not in filed for code in notice.context["items"])
    }


def _codes(notices: Iterable[Notice]) -> set[str]:
    return {code for notice in notices for code in notice.context["items"]}
