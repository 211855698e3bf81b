"""The audit trail as an auditor searches it: newest first, page by page along the entries' own numbers.

Nothing here counts the whole trail: it only grows, and a page must cost the same in its tenth year.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import CharField, F, IntegerField, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast

from accounts.clock import ZONE
from accounts.models import AuditEntry, Department, User
from kpi import trail_words
from kpi.trail_words import Outcome

A_PAGE = 50
# More people of one name than this are not one person.
MOST_PEOPLE = 50
CODE = re.compile(r"[A-Za-z]\d{2,3}")
REQUEST = re.compile(r"[0-9a-f]{16}")
# A whole kind of actions, as the filter names it.
KIND = "kind:"
# Who did it where nobody was signed in.
SYSTEM = ("system", "系统")


class Subject(NamedTuple):
    """How a thing names itself: lookups of its indicator and its period, or its own name; ``None`` where it has none.

    ``keeps_label``: what the entry itself kept is a name, too.
    """

    indicator: str | None = None
    period: str | None = None
    name: str | None = None
    keeps_label: bool = False


# What entries are about, by table. One table for both ways: from an entry to a name, and from a code to its entries.
SUBJECTS = {
    "kpi.indicator": Subject(indicator=""),
    "kpi.submission": Subject("indicator", "period"),
    "kpi.evidence": Subject("submission__indicator", "submission__period"),
    "kpi.directive": Subject("indicator"),
    "kpi.targetchange": Subject("indicator"),
    "kpi.targetchangefile": Subject("change__indicator"),
    "kpi.handover": Subject("indicator"),
    "kpi.target": Subject("indicator"),
    "kpi.milestone": Subject("indicator"),
    "kpi.pastresult": Subject("indicator"),
    "kpi.unittarget": Subject("indicator"),
    "kpi.period": Subject(period=""),
    "kpi.extension": Subject(period="period"),
    "kpi.unlock": Subject(period="period"),
    "kpi.bulletin": Subject(period="period"),
    "kpi.scorerun": Subject(period="period"),
    "kpi.scoresheet": Subject(period="run__period", keeps_label=True),
    "kpi.reportupload": Subject(period="period"),
    "kpi.exportjob": Subject(period="period"),
    "accounts.user": Subject(name="display_name"),
    "accounts.department": Subject(name="short_name"),
    "accounts.post": Subject(name="title"),
}


@dataclass(frozen=True)
class Thing:
    """An object as a person knows it; ``code`` and ``year`` where it has a task's page, ``period`` where a month."""

    code: str | None
    name: str | None
    year: int | None
    period: str | None


@dataclass(frozen=True)
class Filters:
    """What the trail is narrowed to. ``action`` is one action or ``kind:<kind>``; ``thing`` is ``table:number``.

    ``people`` are the accounts ``person`` means, where they are looked up already.
    """

    text: str = ""
    person: str = ""
    action: str = ""
    outcome: str = ""
    since: date | None = None
    until: date | None = None
    thing: str = ""
    people: tuple[int, ...] | None = None

    @property
    def are_set(self) -> bool:
        return any((self.text, self.person, self.action, self.outcome, self.since, self.until, self.thing))

    def as_query(self) -> dict[str, str]:
        """The filters as the address of the page has them, the empty ones left out."""
        said = {name: getattr(self, name) for name in ("text", "person", "action", "outcome", "thing")}
        said |= {name: day.isoformat() for name in ("since", "until") if (day := getattr(self, name))}
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True)
class Page:
    """Entries newest first, and the numbers to go on from in either direction, where there is more."""

    entries: Sequence[AuditEntry]
    older: int | None
    newer: int | None


def page(filters: Filters, *, before: int | None = None, after: int | None = None) -> Page:
    """A page of older entries than ``before``, or of newer ones than ``after`` (1 query, and those of ``narrowed``)."""
    found = narrowed(filters).select_related("actor")
    if after is not None:
        rows = list(found.filter(seq__gt=after).order_by("seq")[: A_PAGE + 1])
        shown = rows[:A_PAGE][::-1]
        return Page(shown, shown[-1].seq if shown else None, shown[0].seq if len(rows) > A_PAGE else None)
    if before is not None:
        found = found.filter(seq__lt=before)
    rows = list(found.order_by("-seq")[: A_PAGE + 1])
    shown = rows[:A_PAGE]
    more = len(rows) > A_PAGE
    return Page(shown, shown[-1].seq if more else None, shown[0].seq if before is not None and shown else None)


def narrowed(filters: Filters) -> QuerySet[AuditEntry]:
    """The entries that were asked for, in no order; people and codes are looked up first (up to 3 queries)."""
    found = AuditEntry.objects.all()
    if filters.thing:
        table, _colon, number = filters.thing.partition(":")
        found = found.filter(object_type=table, object_id=number)
    if filters.text:
        found = found.filter(_about(filters.text))
    if filters.person:
        found = found.filter(_of_person(filters.person, filters.people))
    if filters.action:
        is_kind = filters.action.startswith(KIND)
        wanted = trail_words.actions_of(filters.action.removeprefix(KIND)) if is_kind else [filters.action]
        found = found.filter(action__in=wanted)
    if filters.outcome:
        refused = Q(action__in=trail_words.REFUSED)
        found = found.filter(refused if filters.outcome == Outcome.REFUSED else ~refused)
    if filters.since:
        found = found.filter(occurred_at__gte=_midnight(filters.since))
    if filters.until:
        found = found.filter(occurred_at__lt=_midnight(filters.until + timedelta(days=1)))
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, ZONE)


def _about(text: str) -> Q:
    """Of a task's code: whatever belongs to it; of a request's number: that request; else by name or unit."""
    if REQUEST.fullmatch(text):
        return Q(request_id=text)
    if CODE.fullmatch(text):
        by_table: dict[str, list[str]] = defaultdict(list)
        for table, pk in _belonging_to(text.upper()):
            by_table[table].append(pk)
        wanted = Q(pk__in=[])
        for table, pks in by_table.items():
            wanted |= Q(object_type=table, object_id__in=pks)
        return wanted
    units = Department.objects.filter(Q(name__icontains=text) | Q(short_name__icontains=text))
    codes = list(units.values_list("code", flat=True)[:MOST_PEOPLE])
    named = Q(object_label__icontains=text)
    return named | Q(department_code__in=codes) if codes else named


def _belonging_to(code: str) -> Iterator[tuple[str, str]]:
    """Tables and numbers of all that belongs to the tasks of this code, in any year (1 query)."""
    parts = [
        apps.get_model(table)
        ._default_manager.filter(**{_join(subject.indicator, "code"): code})
        .order_by()
        .values_list(Value(table, CharField()), Cast("pk", TextField()))
        for table, subject in SUBJECTS.items()
        if subject.indicator is not None
    ]
    yield from parts[0].union(*parts[1:], all=True)


def people_named(name: str) -> tuple[int, ...]:
    """Accounts of this user name or with this in their shown name (1 query)."""
    found = User.objects.filter(Q(username__iexact=name) | Q(display_name__icontains=name))
    return tuple(found.values_list("pk", flat=True)[:MOST_PEOPLE])


def _of_person(name: str, people: Sequence[int] | None) -> Q:
    """What they did, and what happened to their account; “system” is whatever nobody did."""
    if name.lower() in SYSTEM:
        return Q(actor=None)
    people = people_named(name) if people is None else people
    return Q(actor__in=people) | Q(object_type="accounts.user", object_id__in=[str(pk) for pk in people])


def things(wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Thing]:
    """The objects by table and number, as far as they have better names than the entry kept (1 query)."""
    by_table: dict[str, set[str]] = defaultdict(set)
    for table, pk in wanted:
        if table in SUBJECTS:
            by_table[table].add(pk)
    parts = [part for table, pks in sorted(by_table.items()) if (part := _named(table, pks)) is not None]
    if not parts:
        return {}
    return {(row[0], row[1]): Thing(*row[2:]) for row in parts[0].union(*parts[1:], all=True)}


def _named(table: str, pks: set[str]) -> QuerySet[Any] | None:
    model, subject = apps.get_model(table), SUBJECTS[table]
    keys = _keys(model, pks)
    if not keys:
        return None
    indicator, period = subject.indicator, subject.period
    year = _join(indicator, "report__year") if indicator is not None else None
    if year is None and period is not None:
        year = _join(period, "report__year")
    return (
        model._default_manager.filter(pk__in=keys)
        .order_by()
        .values_list(
            Value(table, CharField()),
            Cast("pk", TextField()),
            _text(_join(indicator, "code") if indicator is not None else None),
            _text(_join(indicator, "name") if indicator is not None else subject.name),
            Cast(F(year), IntegerField()) if year else Value(None, IntegerField()),
            _text(_join(period, "code") if period is not None else None),
        )
    )


def _keys(model: Any, pks: set[str]) -> list[Any]:
    """The numbers as the table's key has them; what was never a key of it is left out."""
    keys = []
    for pk in pks:
        try:
            keys.append(model._meta.pk.to_python(pk))
        except (ValidationError, ValueError):
            continue
    return keys


def _text(lookup: str | None) -> Any:
    return Cast(F(lookup), TextField()) if lookup else Value(None, TextField())


def _join(prefix: str | None, name: str) -> str:
    return f"{prefix}__{name}" if prefix else name
