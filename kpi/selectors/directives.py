"""Leaders' directives as they stand, or stood at a moment: lists, threads, and what hangs on an indicator.

Everything is read through ``Directive.objects.as_of``: entries after the moment are ignored, so that a page of a past
month shows what was known then. Callers pass that moment as ``now`` (or ``until``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef
from django.db.models.functions import JSONObject
from django.utils.timezone import localtime

from accounts.models import Department, Membership, Post, Role
from accounts.permissions import Actor
from kpi.domain.directives import (
    OPEN,
    OWED,
    DirectiveState,
    DirectiveVerb,
    Party,
    days_overdue,
    nodes_reached,
    verbs_for,
)
from kpi.models import Directive, DirectiveEntry, Indicator
from kpi.models.querysets import IndicatorQuerySet

S = DirectiveState
# “open” is everything that is not over; the others are parts of it, and what is over.
TABS = ("open", "issued", "in_hand", "review", "overdue", "closed")
STATES_OF = {
    "open": OPEN,
    "issued": {S.ISSUED},
    "in_hand": {S.RECEIVED, S.IN_HAND},
    "review": {S.REPLIED, S.IN_REVIEW},
    "closed": {S.CLOSED, S.WITHDRAWN},
}


# Columns of a row that are values already.
PLAIN = (
    "id",
    "indicator_id",
    "code",
    "name",
    "kind",
    "unit_id",
    "unit_code",
    "unit",
    "post",
    "issued_by",
    "is_on_behalf",
)


@dataclass(frozen=True)
class AskedTime:
    """A request for more time that nobody has answered: until which day, when it was made, and whether too late."""

    day: date
    at: datetime
    is_late: bool


@dataclass(frozen=True)
class Standing:
    """One directive at a moment. ``today`` is that moment's day; days are calendar days."""

    id: int
    version: int
    indicator_id: int
    code: str
    name: str
    kind: str
    text: str
    unit_id: int
    unit_code: str
    unit: str
    post: str
    issued_by: str
    is_on_behalf: bool
    issued_at: datetime
    copied: tuple[tuple[int, str], ...]
    state: DirectiveState
    due_on: date
    moved_at: datetime
    replied_at: datetime | None
    asked: AskedTime | None
    today: date

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_owed(self) -> bool:
        """Whether it is the unit's turn."""
        return self.state in OWED

    @property
    def days_left(self) -> int:
        """Until the due day; 0 on it, negative afterwards."""
        return (self.due_on - self.today).days

    @property
    def days_overdue(self) -> int:
        return days_overdue(self.state, self.due_on, self.today)

    @property
    def is_overdue(self) -> bool:
        return self.days_overdue > 0

    @property
    def nodes_reached(self) -> int:
        return nodes_reached(self.state)

    @property
    def urgency(self) -> tuple[bool, date]:
        """Sorts what the unit owes first, the longest overdue first."""
        return not self.is_owed, self.due_on


def standing_of(row: Mapping[str, Any], today: date) -> Standing:
    """A row of ``as_of`` as a value."""
    latest, reply = row["latest"], row["reply"]
    return Standing(
        **{name: row[name] for name in PLAIN},
        text=row["words"],
        version=latest["version"],
        state=DirectiveState(latest["state"]),
        due_on=date.fromisoformat(latest["due_on"]),
        moved_at=_moment(latest["at"]),
        issued_at=_moment(row["issued_at"]),
        copied=tuple((each["id"], each["name"]) for each in row["copied"] or ()),
        replied_at=_moment(reply["at"]) if reply else None,
        asked=_asked(row["of_time"]),
        today=today,
    )


def _moment(text: str) -> datetime:
    return localtime(datetime.fromisoformat(text))


def _asked(row: Mapping[str, Any] | None) -> AskedTime | None:
    if row is None or row["verb"] != DirectiveVerb.ASK_EXTENSION:
        return None
    at = _moment(row["at"])
    return AskedTime(date.fromisoformat(row["day"]), at, at.date() > date.fromisoformat(row["due_on"]))


def parties(actor: Actor, directive: Directive, copied: Iterable[int] = ()) -> frozenset[Party]:
    """What the actor is to a directive today. The issuer is whoever holds the leader's post, and the office where it
    wrote for the leader; ``copied`` are the units that read it."""
    is_issuer = (actor.is_leader and directive.post_id in actor.post_ids) or (
        actor.is_supervisor and directive.is_on_behalf
    )
    found = {
        Party.ISSUER: is_issuer,
        Party.OFFICE: actor.is_supervisor,
        Party.UNIT: directive.department_id in actor.department_ids,
        Party.COPIED: bool(actor.department_ids & frozenset(copied)),
    }
    return frozenset(party for party, applies in found.items() if applies)


def can_issue(actor: Actor) -> bool:
    """Leaders instruct; the office does on a leader's behalf."""
    return actor.is_leader or actor.is_supervisor


def _standings(rows: Iterable[Mapping[str, Any]], now: datetime) -> list[Standing]:
    today = localtime(now).date()
    return [standing_of(row, today) for row in rows]


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; empty means everything."""

    tab: str = "open"
    unit: str = ""
    kind: str = ""
    words: str = ""

    def takes(self, found: Standing) -> bool:
        """Whatever the tab."""
        said = f"{found.code} {found.name} {found.text}".casefold()
        return (
            (not self.unit or found.unit_code == self.unit)
            and (not self.kind or found.kind == self.kind)
            and self.words.casefold() in said
        )


@dataclass(frozen=True)
class Listing:
    """One tab with the counts of all, and the units that occur, in official order."""

    rows: Sequence[Standing]
    counts: Mapping[str, int]
    units: Sequence[tuple[str, str]]
    total: int


def listing(*, actor: Actor, year: int, now: datetime, filters: Filters) -> Listing:
    """What the actor may read of a year (1 query): worst first, what is over by its last step."""
    found = Directive.objects.of_year(year).visible_to(actor).as_of(now)
    everything = _standings(found.order_by("department__ordinal", "pk").values_list("row", flat=True), now)
    units = dict.fromkeys((each.unit_code, each.unit) for each in everything)
    taken = [each for each in everything if filters.takes(each)]
    counts = {tab: len(in_tab(taken, tab)) for tab in TABS}
    return Listing(in_tab(taken, filters.tab), counts, list(units), len(everything))


def in_tab(found: Iterable[Standing], tab: str) -> list[Standing]:
    """The ones of a tab, in its order."""
    if tab == "overdue":
        return sorted((each for each in found if each.is_overdue), key=lambda each: each.due_on)
    chosen = [each for each in found if each.state in STATES_OF[tab]]
    if tab == "closed":
        return sorted(chosen, key=lambda each: each.moved_at, reverse=True)
    return sorted(chosen, key=lambda each: each.urgency)


@dataclass(frozen=True)
class Thread:
    """A directive with every entry up to the moment, and the steps the reader may take now."""

    directive: Directive
    standing: Standing
    entries: Sequence[DirectiveEntry]
    verbs: frozenset[DirectiveVerb]


def thread(*, actor: Actor, year: int, pk: int, now: datetime) -> Thread | None:
    """One thread (2 queries); ``None`` where there is none, or none the actor may read."""
    found = Directive.objects.of_year(year).visible_to(actor).as_of(now).filter(pk=pk)
    directive = found.select_related("indicator__report", "indicator__lead_department", "department", "post").first()
    if directive is None:
        return None
    standing = standing_of(directive.row, localtime(now).date())
    entries = list(directive.entries.filter(at__lte=now).select_related("actor").order_by("version"))
    roles = parties(actor, directive, (unit for unit, _name in standing.copied))
    verbs = verbs_for(standing.state, roles)
    if standing.asked is None:
        verbs -= {DirectiveVerb.GRANT_EXTENSION, DirectiveVerb.REFUSE_EXTENSION}
    else:
        verbs -= {DirectiveVerb.ASK_EXTENSION}
    return Thread(directive, standing, entries, verbs)


def for_indicator(indicator: Indicator, actor: Actor, until: datetime) -> list[Standing]:
    """The directives about one indicator that the actor may read, as they stood, newest first (1 query)."""
    found = Directive.objects.filter(indicator=indicator).visible_to(actor).as_of(until)
    return _standings(found.order_by("-issued_at", "-pk").values_list("row", flat=True), until)


def of_row(indicator: Indicator, until: datetime) -> list[Standing]:
    """The same for an indicator read ``with_directives`` at ``until`` (no query)."""
    return _standings(indicator.said_by_leaders or (), until)


def open_by_indicator(*, year: int, now: datetime, actor: Actor) -> dict[int, list[Standing]]:
    """Directives that are not over, worst first, by indicator id (1 query). Indicators without any are left out."""
    found = Directive.objects.of_year(year).visible_to(actor).as_of(now).values_list("row", flat=True)
    groups: dict[int, list[Standing]] = defaultdict(list)
    for each in in_tab(_standings(found, now), "open"):
        groups[each.indicator_id].append(each)
    return dict(groups)


def overdue_by_indicator(*, year: int, now: datetime, actor: Actor) -> dict[int, list[Standing]]:
    """Only those whose due day has passed without an answer (1 query)."""
    found = open_by_indicator(year=year, now=now, actor=actor)
    late = {indicator: [each for each in rows if each.is_overdue] for indicator, rows in found.items()}
    return {indicator: rows for indicator, rows in late.items() if rows}


def overdue_days(indicators: Iterable[Indicator], now: datetime) -> dict[int, int]:
    """For how many days the longest overdue reply has been missing, by indicator id, of indicators read
    ``with_directives`` (no query). Indicators without an overdue one are left out."""
    late = {found.pk: max((each.days_overdue for each in of_row(found, now)), default=0) for found in indicators}
    return {indicator: days for indicator, days in late.items() if days}


def owed_by(actor: Actor, indicators: Iterable[Indicator], now: datetime) -> list[Standing]:
    """What the actor's units owe an answer to, worst first, of indicators read ``with_directives`` (no query)."""
    found = [each for indicator in indicators for each in of_row(indicator, now)]
    mine = [each for each in found if each.is_owed and each.unit_id in actor.department_ids]
    return sorted(mine, key=lambda each: each.due_on)


def counts_of(indicators: Iterable[Indicator], now: datetime) -> Counter[str]:
    """How many directives stand in each tab, of indicators read ``with_directives``; ``asked`` wait for more time."""
    found = [each for indicator in indicators for each in of_row(indicator, now)]
    counts = Counter({tab: len(in_tab(found, tab)) for tab in TABS})
    counts["asked"] = sum(each.asked is not None and each.is_owed for each in found)
    return counts


def with_choices(indicators: IndicatorQuerySet, day: date) -> IndicatorQuerySet:
    """Annotate what the form offers: ``units`` that have somebody to answer, in official order, and leaders' ``posts``
    that are held; both are plain mappings."""
    held = Membership.objects.active_on(day).filter(user__is_active=True)
    answering = held.filter(department=OuterRef("pk"), role__in=(Role.STAFF, Role.HEAD))
    units = Department.objects.filter(Exists(answering), is_active=True).order_by("ordinal", "code")
    posts = Post.objects.filter(Exists(held.filter(post=OuterRef("pk"), role=Role.LEADER))).order_by("ordinal", "code")
    unit_row = JSONObject(id="id", code="code", name="name", short_name="short_name")
    post_row = JSONObject(id="id", code="code", title="title")
    return indicators.annotate(
        units=ArraySubquery(units.values(row=unit_row)), posts=ArraySubquery(posts.values(row=post_row))
    )
