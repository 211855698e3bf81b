"""Cases of changed targets: lists, one case with its thread, what waits for whom, and the window in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from accounts.permissions import Actor
from kpi import wording
from kpi.domain import target_changes as rules
from kpi.domain.errors import DomainError
from kpi.domain.periods import Period as Month
from kpi.domain.replanning import Held, Subject, Wish, merged
from kpi.domain.target_changes import OPEN, AskingWindow, ChangeParty, ChangeState, ChangeVerb, Timing
from kpi.domain.values import Comparator, Kind, Polarity
from kpi.models import (
    FormerPlan,
    Indicator,
    Period,
    Submission,
    TargetChange,
    TargetChangeEntry,
    TargetChangeFile,
    TargetChangeWindow,
)
from kpi.models.target_changes import TargetChangeQuerySet
from kpi.selectors.content import content_in_force
from kpi.selectors.terms import Terms

S = ChangeState
TABS = ("open", "applied", "other")
STATES_OF = {"open": OPEN, "applied": {S.APPLIED}, "other": {S.REFUSED, S.WITHDRAWN}}


def window_on(day: date) -> AskingWindow:
    """The window in force on a day (1 query); the default before any was put on record."""
    found = TargetChangeWindow.objects.filter(effective_from__lte=day).first()
    return AskingWindow.parse(found.opens_on, found.closes_on) if found else AskingWindow()


def present_terms(indicator: Indicator) -> Terms:
    """The last word: what will hold at the end of the year (1 query, where the report came with the indicator)."""
    end = date(indicator.report.year, 12, 31)
    found = Indicator.objects.with_target(end).with_plan().with_nodes().select_related("report")
    return Terms(found.get(pk=indicator.pk))


def timing_on(today: date, indicator: Indicator, terms: Terms) -> Timing:
    """How a change that is asked for today counts; ``terms`` are ``present_terms`` (1 query).

    Raises ``target_change_too_early``.
    """
    window = window_on(today)
    return rules.timing(today, window=window, year=indicator.report.year, final_due_on=terms.final_due_on)


def parties(actor: Actor, indicator: Indicator) -> frozenset[ChangeParty]:
    """What the actor is to the changes of an indicator today."""
    unit = indicator.lead_department_id
    found = {
        ChangeParty.UNIT: unit in actor.department_ids or actor.is_head_of(unit),
        ChangeParty.HEAD: actor.is_head_of(unit),
        ChangeParty.LEADER: actor.is_leader and indicator.accountable_post_id in actor.post_ids,
        ChangeParty.OFFICE: actor.is_supervisor,
    }
    return frozenset(party for party, applies in found.items() if applies)


def subject_of(indicator: Indicator) -> Subject:
    """What a wish is judged by: the indicator's nature, and which of its nodes are completed (1 query)."""
    approved = Submission.objects.filter(indicator=indicator).ever_approved().with_standing()
    last = approved.select_related("period").order_by("-period__code").first()
    content = content_in_force(last) if last else None
    return Subject(
        kind=Kind(indicator.kind),
        comparator=Comparator(indicator.comparator),
        polarity=Polarity(indicator.polarity),
        year=indicator.report.year,
        done=frozenset(int(ordinal) for ordinal in content.completed_nodes) if content else frozenset(),
    )


def first_month(indicator: Indicator, asked_on: date) -> Month:
    """From when a change that was asked for on a day would hold, as the months stand (2 queries).

    Raises ``target_change_no_month_left``.
    """
    months = Period.objects.filter(report=indicator.report_id)
    locked = months.filter(locked_at__isnull=False).order_by("-code").values_list("code", flat=True).first()
    former = FormerPlan.objects.filter(indicator=indicator).order_by("-replaced_from")
    last = former.values_list("replaced_from", flat=True).first()
    return rules.applies_from(
        asked_on,
        year=indicator.report.year,
        locked_until=Month.parse(locked) if locked else None,
        last_change=Month.parse(last) if last else None,
    )


def wish_of(change: TargetChange) -> Wish:
    """What a case asks for, as the rules read it."""
    return Wish(
        target=change.target,
        final_due_on=change.final_due_on,
        plan={Month.parse(month): Decimal(value) if value else None for month, value in change.plan.items()},
        nodes={int(ordinal): date.fromisoformat(day) for ordinal, day in change.nodes.items()},
    )


@dataclass(frozen=True)
class Case:
    """A case as a list shows it. ``before`` is what held when it was applied, else when it was asked for."""

    change: TargetChange

    @property
    def indicator(self) -> Indicator:
        return self.change.indicator

    @property
    def state(self) -> ChangeState:
        return ChangeState(self.change.state)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def waits_for(self) -> ChangeParty | None:
        return rules.WAITS_FOR.get(self.state)

    @cached_property
    def before_terms(self) -> Terms:
        former = self.change.former
        row = self.change.held if former is None else former_row(former)
        return Terms(self.indicator, row)

    @property
    def before(self) -> Held:
        return self.before_terms.held

    @property
    def first(self) -> Month:
        """From when it holds, or would at the earliest."""
        former = self.change.former
        return Month.parse(former.replaced_from) if former else Month.of(self.change.asked_on)

    @cached_property
    def after(self) -> Held:
        return merged(self.before, wish_of(self.change), self.first, kind=Kind(self.indicator.kind))

    @property
    def taken(self) -> dict[str, datetime]:
        """When each step was taken last, of a case read ``by_indicator``."""
        return {row["verb"]: datetime.fromisoformat(row["at"]) for row in self.change.step_rows}

    @property
    def node_names(self) -> Mapping[int, str]:
        return {row["ordinal"]: row["name"] for row in self.before_terms.node_rows}

    @property
    def lines(self) -> list[str]:
        """What it comes to, line by line."""
        return wording.plan_change(self.before, self.after, self.indicator, self.node_names)

    @property
    def node_changes(self) -> list[tuple[str, date, date]]:
        """Nodes with another day: name, before, after."""
        before, names = self.before.nodes, self.node_names
        changed = [(key, day) for key, day in self.after.nodes.items() if day != before.get(key, day)]
        return [(names[key], before[key], day) for key, day in changed]

    @property
    def months(self) -> list[tuple[Month, Decimal | None, Decimal | None]]:
        """Both curves month by month; empty where the plan stays as it is."""
        if self.before.plan == self.after.plan:
            return []
        year = self.first.year
        return [
            (month, self.before.plan.get(month), self.after.plan.get(month))
            for month in Month.range(Month(year, 1), Month(year, 12))
        ]


def former_row(former: FormerPlan) -> dict[str, object]:
    """A former plan as a row of ``former_rows``, as far as ``Terms`` reads it."""
    return {
        "target": None if former.target is None else str(former.target),
        "final_due_on": former.final_due_on.isoformat(),
        "plan": former.plan,
        "nodes": former.nodes,
    }


def _cases(found: TargetChangeQuerySet) -> list[Case]:
    last = TargetChangeEntry.objects.filter(change=OuterRef("pk")).order_by("-version")
    related = ("indicator__report", "indicator__lead_department", "indicator__accountable_post", "former", "filed_by")
    found = found.select_related(*related).annotate(moved_at=Subquery(last.values("at")[:1]))
    return [Case(change) for change in found]


@dataclass(frozen=True)
class Listing:
    """One tab with the counts of all; ``waiting`` are those of the open ones that wait for the reader."""

    cases: Sequence[Case]
    counts: Mapping[str, int]
    waiting: Sequence[Case]


def listing(*, actor: Actor, year: int, tab: str) -> Listing:
    """The cases of a year that the actor may read (1 query), what moved last first."""
    found = _cases(TargetChange.objects.of_year(year).visible_to(actor))
    found.sort(key=lambda case: case.change.moved_at, reverse=True)
    counts = {name: sum(case.state in states for case in found) for name, states in STATES_OF.items()}
    mine = _waiting(actor, found) if tab == "open" else []
    shown = [case for case in found if case.state in STATES_OF[tab] and case not in mine]
    return Listing(shown, counts, mine)


def _waiting(actor: Actor, found: Iterable[Case]) -> list[Case]:
    return [case for case in found if case.waits_for in parties(actor, case.indicator)]


def waiting_for(actor: Actor, year: int) -> list[Case]:
    """What waits for the actor's own step, the longest waiting first (1 query); people without a part ask nothing."""
    # A signature that was lent comes with a membership of the department.
    part = Q(indicator__lead_department__in=actor.department_ids)
    if actor.is_leader:
        part |= Q(indicator__accountable_post__in=actor.post_ids)
    if actor.is_supervisor:
        part |= Q(state=S.AGREED)
    found = _cases(TargetChange.objects.of_year(year).still_open().filter(part))
    return sorted(_waiting(actor, found), key=lambda case: case.change.moved_at)


@dataclass(frozen=True)
class Thread:
    """One case with every step, its documents, and the steps the reader may take now.

    ``is_own``: the reader asked for it last, and signs it only with a lent signature; ``is_turn``: it waits for them.
    ``first`` is the month an open case would hold from as the months stand, ``None`` where none is left.
    """

    case: Case
    entries: Sequence[TargetChangeEntry]
    files: Sequence[TargetChangeFile]
    verbs: frozenset[ChangeVerb]
    is_own: bool
    is_turn: bool
    first: Month | None

    @property
    def change(self) -> TargetChange:
        return self.case.change


def thread(*, actor: Actor, year: int, pk: int) -> Thread | None:
    """One case (5 queries while it is open, else 3); ``None`` where there is none, or none the actor may read."""
    found = _cases(TargetChange.objects.of_year(year).visible_to(actor).filter(pk=pk))
    if not found:
        return None
    case = found[0]
    entries = case.change.entries.select_related("actor", "on_behalf_of", "delegation").order_by("version")
    roles = parties(actor, case.indicator)
    verbs = rules.verbs_for(case.state, roles)
    is_own = case.change.filed_by_id == actor.user.pk
    if is_own and case.indicator.lead_department_id not in actor.delegated:
        verbs -= {ChangeVerb.SIGN}
    files = case.change.files.order_by("uploaded_at", "id")
    first = _first_or_none(case) if case.is_open else case.first
    return Thread(case, list(entries), list(files), verbs, is_own, case.waits_for in roles, first)


def _first_or_none(case: Case) -> Month | None:
    try:
        return first_month(case.indicator, case.change.asked_on)
    except DomainError:
        return None


def of_indicator(indicator: Indicator, actor: Actor) -> list[Case]:
    """The cases about an indicator, the oldest first (1 query): what was applied is known to all, the rest to whom it
    concerns."""
    found = TargetChange.objects.filter(indicator=indicator)
    known = found.filter(Q(state=S.APPLIED) | Q(pk__in=found.visible_to(actor).values("pk")))
    return _cases(known.order_by("asked_at", "pk"))


def by_indicator(year: int, now: datetime) -> dict[int, list[Case]]:
    """Every case of a year that had been asked for by a moment, the oldest first, by indicator id (1 query)."""
    steps = TargetChangeEntry.objects.filter(change=OuterRef("pk"), at__lte=now).order_by("version")
    found = TargetChange.objects.of_year(year).filter(asked_at__lte=now).order_by("asked_at", "pk")
    rows = ArraySubquery(steps.values(row=JSONObject(verb="verb", at="at")))
    cases: dict[int, list[Case]] = defaultdict(list)
    for case in _cases(found.annotate(step_rows=rows)):
        cases[case.change.indicator_id].append(case)
    return dict(cases)


def may_read(actor: Actor, indicator: Indicator) -> bool:
    """Whether the actor may open the cases about an indicator."""
    return actor.is_leader or actor.is_supervisor or indicator.lead_department_id in actor.department_ids


def open_case_of(indicator: Indicator) -> TargetChange | None:
    """The case about an indicator that is not over (1 query)."""
    return TargetChange.objects.still_open().filter(indicator=indicator).first()
