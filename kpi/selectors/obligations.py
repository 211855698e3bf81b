"""What is owed at a moment and by whom, for the reminder ladders; without building the scoreboard.

A report counts as unfiled exactly where ``MonthLamp.is_unfiled`` says so in an open month that was not reopened; a test
holds the two together. The one thing that cannot be told without a lamp is whether a deliverable was completed in a
month that is still open: those few indicators are asked of the scoreboard itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.utils.timezone import localtime

from accounts.models import Role
from kpi.domain.directives import OWED, DirectiveState, DirectiveVerb
from kpi.domain.periods import Period as Month
from kpi.domain.reminders import Audience, Ladder, Obligation, People
from kpi.domain.values import Frequency, Rag, SubmissionState, Verb
from kpi.models import Directive, Indicator, Period, Review, Submission, Unlock, WindowChange
from kpi.selectors import periods as period_selector
from kpi.selectors import publication, scoreboard
from kpi.selectors.people import Directory
from kpi.selectors.publication import Frozen
from kpi.selectors.scoreboard import CLOSED_BY_COMPLETION, UNFILED
from kpi.selectors.terms import terms_at
from kpi.selectors.windows import CLOSE_OF_BUSINESS

LAMPS = frozenset({Ladder.AMBER, Ladder.RED})
# A lamp nothing was published after is news no longer: the year is over, or publishing has stopped.
LAMP_LIFE = timedelta(days=60)


@dataclass(frozen=True)
class About:
    """The indicator something is owed for, and the unit that owes it."""

    code: str
    name: str
    year: int
    unit_id: int
    unit: str


@dataclass(frozen=True)
class Owed(Obligation):
    """An obligation with what its reader is shown. ``pk`` is the report's or the directive's, 0 where there is none."""

    about: About = field(kw_only=True)
    pk: int = 0

    @property
    def url(self) -> str:
        """Where what is owed is done, or looked at."""
        year, code = self.about.year, self.about.code
        match self.ladder:
            case Ladder.REPORT:
                return f"/{year}/reports/{self.period}/{code}/"
            case Ladder.SIGN_OFF:
                return f"/{year}/signoff/"
            case Ladder.REVIEW:
                return f"/{year}/desk/review/{self.pk}/"
            case Ladder.DIRECTIVE:
                return f"/{year}/directives/{self.pk}/"
            case _:
                return f"/{year}/kpis/{code}/"


def owed_at(
    now: datetime,
    *,
    ladders: Collection[Ladder] = frozenset(Ladder),
    codes: Collection[str] | None = None,
    opened_by: datetime | None = None,
) -> list[Owed]:
    """Everything that is owed at ``now``, ladder by ladder; ``codes`` limits it to some indicators.

    ``opened_by``: periods that open until then count as open, for a look ahead. At most 6 queries however much is
    owed, and those of the scoreboard where a deliverable may have been completed in a month that is still open.
    """
    found = _Sources(now, codes, opened_by or now)
    parts = {
        Ladder.REPORT: found.unfiled,
        Ladder.SIGN_OFF: found.waiting_for_signature,
        Ladder.REVIEW: found.waiting_for_review,
        Ladder.DIRECTIVE: found.directives_owed,
        Ladder.AMBER: found.bad_lamps,
    }
    wanted = {Ladder.AMBER if ladder in LAMPS else ladder for ladder in ladders}
    everything = [owed for ladder, part in parts.items() if ladder in wanted for owed in part()]
    return [owed for owed in everything if owed.ladder in ladders]


@dataclass(frozen=True)
class _Report:
    """A submission as far as it matters here; ``counts`` says that an approved figure of it is in force."""

    pk: int
    state: str
    cycle: int
    submitted_at: datetime | None
    signed_off_at: datetime | None
    counts: bool


class _Sources:
    """What obligations are made of, each read once and only where a ladder asks for it."""

    def __init__(self, now: datetime, codes: Collection[str] | None, opened_by: datetime):
        self.now = now
        self.codes = codes
        self.opened_by = opened_by
        self._people: dict[tuple[int, int], People] = {}
        self._due: dict[tuple[int, int], datetime] = {}

    @cached_property
    def periods(self) -> list[Period]:
        """Periods that have opened: all that are not locked, and everything since last year."""
        reopened = Unlock.objects.filter(period=OuterRef("pk"), is_confirmed=True, relocked_at__isnull=True)
        moved = WindowChange.objects.filter(period=OuterRef("pk"), undone_at__isnull=True)
        moved = moved.exclude(due_at=F("was_due_at")).order_by("-id")
        recent = Q(locked_at__isnull=True) | Q(report__year__gte=localtime(self.now).year - 1)
        found = period_selector.with_granted(Period.objects.filter(recent, opens_at__lte=self.opened_by))
        return list(
            found.annotate(
                reopened_at=Subquery(reopened.values("decided_at")[:1]), moved_by=Subquery(moved.values("pk")[:1])
            )
        )

    @cached_property
    def open_periods(self) -> list[Period]:
        return period_selector.open_ones(self.periods, self.opened_by)

    @cached_property
    def indicators(self) -> dict[int, Indicator]:
        years = {period.report_id for period in self.periods}
        found = Indicator.objects.filter(report__in=years, is_active=True)
        if self.codes is not None:
            found = found.filter(code__in=self.codes)
        columns = ("code", "name", "kind", "frequency", "report__year", "lead_department__short_name")
        keys = ("report_id", "lead_department_id", "accountable_post_id")
        related = found.with_plan().select_related("report", "lead_department").only(*columns, *keys)
        return {each.pk: each for each in related.order_by("code")}

    @cached_property
    def about(self) -> dict[int, About]:
        return {
            pk: About(each.code, each.name, each.report.year, each.lead_department_id, each.lead_department.short_name)
            for pk, each in self.indicators.items()
        }

    @cached_property
    def reports(self) -> dict[tuple[int, int], _Report]:
        """Submissions of open periods, by indicator and period."""
        approved = Review.objects.filter(submission=OuterRef("pk"), verb=Verb.APPROVE)
        found = Submission.objects.filter(period__in=[period.pk for period in self.open_periods])
        if self.codes is not None:
            found = found.filter(indicator__code__in=self.codes)
        columns = ("indicator_id", "period_id", "pk", "state", "cycle", "submitted_at", "signed_off_at", "approved_at")
        rows = found.annotate(was_approved=Exists(approved)).order_by().values_list(*columns, "was_approved")
        return {
            (indicator, period): _Report(
                pk,
                state,
                cycle,
                submitted_at,
                signed_off_at,
                state == SubmissionState.APPROVED or (approved_at is not None and was_approved),
            )
            for indicator, period, pk, state, cycle, submitted_at, signed_off_at, approved_at, was_approved in rows
        }

    @cached_property
    def published(self) -> Mapping[int, list[Frozen]]:
        return publication.by_indicator({period.pk: period.code for period in self.periods}, self.codes)

    @cached_property
    def directory(self) -> Directory:
        return Directory(localtime(self.opened_by).date())

    def people(self, department: int, post: int) -> People:
        """Who hears of what a department owes and a leader answers for; one mapping for each pair."""
        key = department, post
        if key not in self._people:
            self._people[key] = {
                Audience.STAFF: self.directory.in_department(Role.STAFF, department),
                Audience.CONTACT: self.directory.contacts_of(department),
                Audience.HEAD: self.directory.in_department(Role.HEAD, department),
                Audience.SUPERVISOR: self.directory.in_role(Role.SUPERVISOR),
                Audience.LEADER: self.directory.in_post(post),
            }
        return self._people[key]

    # Reports

    def unfiled(self) -> Iterator[Owed]:
        """Reports that are asked for in an open month and not filed. A reopened month is corrected, not filed anew."""
        doubtful: dict[int, set[int]] = defaultdict(set)
        for period in self.open_periods:
            if period.reopened_at is not None:
                continue
            month = Month.parse(period.code)
            for pk, indicator in self.indicators.items():
                if indicator.report_id != period.report_id or not _is_asked(indicator, month, period.code):
                    continue
                report = self.reports.get((pk, period.pk))
                if report is not None and (report.state not in UNFILED or report.counts):
                    continue
                if indicator.kind in CLOSED_BY_COMPLETION:
                    is_completed = self._is_completed(indicator, period)
                    if is_completed is None:
                        doubtful[period.report.year].add(pk)
                    if is_completed is not False:
                        continue
                yield self._unfiled(indicator, period, report.cycle if report else 1)
        for year, found in doubtful.items():
            yield from self._by_scoreboard(year, found)

    def _unfiled(self, indicator: Indicator, period: Period, cycle: int) -> Owed:
        return Owed(
            Ladder.REPORT,
            # With another due moment for everybody the ladder starts afresh, and falls back where that was undone.
            f"{indicator.code}:{period.code}" + (f":w{period.moved_by}" if period.moved_by else ""),
            self._due_at(period, indicator.lead_department_id),
            self.people(indicator.lead_department_id, indicator.accountable_post_id),
            cycle,
            period.code,
            about=self.about[indicator.pk],
        )

    def _due_at(self, period: Period, department: int) -> datetime:
        """When the report is due for its department, extensions included."""
        key = period.pk, department
        if key not in self._due:
            self._due[key] = localtime(period_selector.window(period, department).due_for_unit)
        return self._due[key]

    def _is_completed(self, indicator: Indicator, period: Period) -> bool | None:
        """Whether the lamp of the month before says done; ``None`` where only the scoreboard can tell."""
        if indicator.pk not in self._may_be_completed:
            return False
        frozen = {each.period: each for each in self.published.get(indicator.pk, ())}
        shown: Rag | None = None
        computed: Rag | None = None
        is_known = True
        for earlier in self.periods:
            if earlier.report_id != period.report_id or earlier.code >= period.code:
                continue
            snapshot = frozen.get(earlier.code) if earlier.locked_at is not None else None
            if snapshot is not None:
                shown, computed, is_known = snapshot.shown, snapshot.computed, True
            elif (found := self.reports.get((indicator.pk, earlier.pk))) is not None and found.counts:
                is_known = False
            else:
                # Nothing of its own: the month carries on what was computed.
                shown = computed
        return shown is Rag.DONE if is_known else None

    @cached_property
    def _may_be_completed(self) -> set[int]:
        """Indicators that were ever published as done, or have an approved figure in an open month."""
        published = {
            pk
            for pk, months in self.published.items()
            if any(Rag.DONE in (month.shown, month.computed) for month in months)
        }
        return published | {indicator for (indicator, _period), report in self.reports.items() if report.counts}

    def _by_scoreboard(self, year: int, indicators: set[int]) -> Iterator[Owed]:
        wanted = Indicator.objects.of_year(year).filter(pk__in=indicators)
        board = scoreboard.build(year=year, now=self.opened_by, indicators=wanted)
        open_ones = {period.pk: period for period in self.open_periods if period.reopened_at is None}
        for row in board.rows:
            # The others have been told apart already.
            for month in row.months:
                period = open_ones.get(month.period.pk)
                indicator = self.indicators[row.indicator.pk]
                if period and month.is_unfiled and self._is_completed(indicator, period) is None:
                    yield self._unfiled(indicator, period, month.cycle)

    # Signatures and reviews

    def waiting_for_signature(self) -> Iterator[Owed]:
        return self._waiting(Ladder.SIGN_OFF, SubmissionState.SUBMITTED, "submitted_at")

    def waiting_for_review(self) -> Iterator[Owed]:
        return self._waiting(Ladder.REVIEW, SubmissionState.SIGNED_OFF, "signed_off_at")

    def _waiting(self, ladder: Ladder, state: SubmissionState, since: str) -> Iterator[Owed]:
        periods = {period.pk: period for period in self.open_periods}
        for (indicator_id, period_id), report in self.reports.items():
            indicator, began = self.indicators.get(indicator_id), getattr(report, since)
            if report.state != state or indicator is None or began is None:
                continue
            reopened_at, period = periods[period_id].reopened_at, periods[period_id].code
            if reopened_at is not None and began < reopened_at:
                # Left over when the month was locked: it was reopened for something else.
                continue
            anchor = localtime(began)
            yield Owed(
                ladder,
                # Filed anew without having been returned it is another filing in the same cycle.
                f"{indicator.code}:{period}:{anchor:%y%m%d%H%M%S}",
                anchor,
                self.people(indicator.lead_department_id, indicator.accountable_post_id),
                report.cycle,
                period,
                about=self.about[indicator_id],
                pk=report.pk,
            )

    # Directives

    @cached_property
    def directives(self) -> list[Directive]:
        """Those that wait for a reply, and all that were issued while a lamp may still be news."""
        since = self.now - LAMP_LIFE
        found = Directive.objects.filter(Q(state__in=OWED) | Q(issued_at__gte=since))
        found = found.exclude(state=DirectiveState.WITHDRAWN)
        if self.codes is not None:
            found = found.filter(indicator__code__in=self.codes)
        sent_back = Count("entries", filter=Q(entries__verb=DirectiveVerb.SEND_BACK))
        return list(found.select_related("indicator__report", "department").annotate(sent_back=sent_back))

    def directives_owed(self) -> Iterator[Owed]:
        for each in self.directives:
            if each.state not in OWED:
                continue
            due = datetime.combine(each.due_on, CLOSE_OF_BUSINESS, localtime(self.now).tzinfo)
            about = About(
                each.indicator.code,
                each.indicator.name,
                each.indicator.report.year,
                each.department_id,
                each.department.short_name,
            )
            yield Owed(
                Ladder.DIRECTIVE,
                # Another due day is another ladder: after more time was granted it starts afresh.
                f"{each.pk}:{each.due_on:%Y%m%d}",
                due,
                self.people(each.department_id, each.post_id),
                each.sent_back + 1,
                f"{each.pk}:{each.due_on:%Y%m%d}",
                about=about,
                pk=each.pk,
            )

    # Lamps

    def bad_lamps(self) -> Iterator[Owed]:
        """What was published last as red, or as amber for the second time running.

        It is over with the next month that is published better, with a directive about it, or after ``LAMP_LIFE``.
        """
        last_issued: dict[int, datetime] = {}
        for each in self.directives:
            last_issued[each.indicator_id] = max(each.issued_at, last_issued.get(each.indicator_id, each.issued_at))
        for indicator_id, run in publication.bad_runs(self.published).items():
            indicator = self.indicators.get(indicator_id)
            if indicator is None or run.since < self.now - LAMP_LIFE:
                continue
            if (issued := last_issued.get(indicator_id)) is not None and issued >= run.since:
                continue
            yield Owed(
                Ladder.RED if run.rag is Rag.RED else Ladder.AMBER,
                f"{indicator.code}:{run.period}",
                localtime(run.since),
                self.people(indicator.lead_department_id, indicator.accountable_post_id),
                1,
                run.period,
                about=self.about[indicator_id],
            )


def _is_asked(indicator: Indicator, month: Month, code: str) -> bool:
    """``standing.is_asked`` with the month's code at hand."""
    return code in terms_at(indicator, month).planned and Frequency(indicator.frequency).reports_in(month.month)
