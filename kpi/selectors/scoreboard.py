"""THE row builder: one row per indicator with its lamps month by month, for page, API and workbook alike.

Months that are locked are read from their snapshots and never recomputed; open months are computed from approved
figures. What is not yet approved is kept apart, so that a page can show it as unreviewed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from django.db.models import F

from accounts.permissions import Actor
from kpi.domain.periods import Period as Month
from kpi.domain.rag import Assessment
from kpi.domain.reporting import Came, is_due
from kpi.domain.values import Kind, Rag, SubmissionState, Timeliness, timeliness
from kpi.domain.window import Window
from kpi.models import Indicator, Period, RagOverride, Submission
from kpi.models.querysets import IndicatorQuerySet
from kpi.selectors import periods as period_selector
from kpi.selectors import published
from kpi.selectors.content import Content, content_in_force, content_of
from kpi.selectors.history import override_from
from kpi.selectors.published import Editions, Published
from kpi.selectors.standing import RuleBook, assess_figure, is_asked
from kpi.selectors.terms import Terms, is_changed_by, original_terms, terms_at

# Worst first: the order in which a person should look.
SEVERITY = {Rag.RED: 0, Rag.AMBER: 1, Rag.GREEN: 2, Rag.NOT_DUE: 3, Rag.DONE: 4}
FILED = (Timeliness.ON_TIME, Timeliness.LATE)
UNFILED = (SubmissionState.DRAFT, SubmissionState.RETURNED)
UNDER_WAY = (SubmissionState.SUBMITTED, SubmissionState.SIGNED_OFF)
# Kinds that cannot slide back once reached: they owe no further reports (销号).
CLOSED_BY_COMPLETION = frozenset({Kind.MILESTONE, Kind.STAGE})


class MonthLamp(NamedTuple):
    """One indicator in one month.

    ``assessment`` is the lamp in force that month (``None`` before any figure was approved); ``source_period`` the
    month whose figure gave it; ``unreviewed`` the lamp the pending figure would give. ``is_unfiled`` says that a report
    is owed and nobody has submitted it; ``cycle`` counts returns. ``window`` is the period's for the lead department;
    ``is_due`` says that its due moment is over.
    ``is_unpublished`` says that the approved report names no figure because there is none yet; ``republished_from`` the
    lamp of the edition before, where the period was reopened and the lamp changed. ``override`` is the lamp the office
    set for this month's own figure; it colours this month only, and what later months carry on is the computed one.
    ``original_rag`` is the lamp by the plan the year began with, where another one holds by now.
    """

    period: Period
    assessment: Assessment | None
    source_period: str
    is_asked: bool
    timeliness: Timeliness | None
    submission: Submission | None = None
    unreviewed: Assessment | None = None
    is_unfiled: bool = False
    cycle: int = 1
    window: Window | None = None
    is_unpublished: bool = False
    republished_from: Rag | None = None
    override: RagOverride | None = None
    original_rag: Rag | None = None
    is_due: bool = False

    @property
    def came(self) -> Came | None:
        """How the month's report came, for the rates; ``None`` where none was asked for."""
        return Came(self.timeliness, self.is_due) if self.is_asked and self.timeliness else None

    @property
    def rag(self) -> Rag | None:
        """The lamp in force: reviewed where the office set one, else computed."""
        return Rag(self.override.reviewed_rag) if self.override else self.computed_rag

    @property
    def computed_rag(self) -> Rag | None:
        return self.assessment.rag if self.assessment else None

    @property
    def return_reason(self) -> str:
        """Why the report came back, while it is back."""
        if self.submission is None or self.submission.state != SubmissionState.RETURNED:
            return ""
        return self.submission.said_on_return or ""

    @property
    def is_own(self) -> bool:
        """Whether the lamp rests on this month's own figure rather than an earlier one."""
        return self.source_period == self.period.code

    @property
    def mark(self) -> str:
        """How the heat map draws it: own, unreviewed, unpublished, unapproved, missing, pending, carried or none.

        Unapproved is a report that came but was not approved before the month was locked.
        """
        if self.is_own:
            return "own"
        if self.unreviewed is not None:
            return "unreviewed"
        if self.is_unpublished:
            return "unpublished"
        if self.timeliness is Timeliness.MISSING:
            return "missing"
        if self.is_asked:
            return "unapproved" if self.timeliness in FILED and not self.is_unfiled else "pending"
        return "carried" if self.assessment else "none"


@dataclass(frozen=True)
class Row:
    """An indicator with its months up to the one asked for, oldest first; ``months`` is never empty."""

    indicator: Indicator
    months: tuple[MonthLamp, ...]

    @property
    def current(self) -> MonthLamp:
        return self.months[-1]

    @property
    def assessment(self) -> Assessment | None:
        return self.current.assessment

    @property
    def rag(self) -> Rag:
        """The present lamp; an indicator nobody has reported on yet is not due, never green."""
        return self.current.rag or Rag.NOT_DUE

    @property
    def previous_rag(self) -> Rag | None:
        return (self.months[-2].rag or Rag.NOT_DUE) if len(self.months) > 1 else None

    @property
    def has_changed(self) -> bool:
        return self.previous_rag is not None and self.previous_rag is not self.rag

    @property
    def run_length(self) -> int:
        """For how many months in a row the lamp has been what it is (at least 1); reviewed lamps count as set."""
        length = 0
        for month in reversed(self.months):
            if (month.rag or Rag.NOT_DUE) is not self.rag:
                break
            length += 1
        return length

    @property
    def actual(self) -> Decimal | None:
        return self.assessment.actual if self.assessment else None

    @property
    def expected(self) -> Decimal | None:
        return self.assessment.expected if self.assessment else None

    @cached_property
    def terms(self) -> Terms:
        """What it is held to in the month shown."""
        return terms_at(self.indicator, self._month)

    @property
    def target(self) -> Decimal | None:
        return self.terms.target

    @property
    def is_changed(self) -> bool:
        """Whether its target or plan was changed by the month shown."""
        return is_changed_by(self.indicator, self._month)

    @property
    def _month(self) -> Month:
        return Month.parse(self.current.period.code)

    @property
    def is_quantified(self) -> bool:
        return self.indicator.kind != Kind.STAGE

    @cached_property
    def due_month(self) -> str:
        return self.terms.final_due_on.strftime("%Y-%m")


@dataclass(frozen=True)
class Scoreboard:
    """All rows of a year as they stand in one period."""

    period: Period
    periods: tuple[Period, ...]
    rows: tuple[Row, ...]
    rules: RuleBook

    @cached_property
    def counts(self) -> Counter[Rag]:
        return Counter(row.rag for row in self.rows)

    @cached_property
    def adjusted(self) -> int:
        """How many lamps of the period the office set in place of the computed ones."""
        return sum(row.current.override is not None for row in self.rows)

    @cached_property
    def previous_counts(self) -> Counter[Rag]:
        return Counter(row.previous_rag for row in self.rows if row.previous_rag is not None)

    @cached_property
    def monthly_counts(self) -> list[tuple[str, Counter[Rag]]]:
        """How many rows had which lamp, month by month."""
        lamps = zip(*(row.months for row in self.rows), strict=True)
        return [(months[0].period.code, Counter(month.rag or Rag.NOT_DUE for month in months)) for months in lamps]

    def history_of(self, rag: Rag) -> list[tuple[str, int]]:
        """How many rows had a lamp, month by month."""
        return [(code, counts[rag]) for code, counts in self.monthly_counts]

    def sections(self) -> Iterator[tuple[str, list[Row]]]:
        """Rows by chapter in report order, worst first inside a chapter."""
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            groups[row.indicator.commitment.section].append(row)
        for section, rows in groups.items():
            yield section, worst_first(rows)


def worst_first(rows: Iterable[Row]) -> list[Row]:
    """Rows by severity, report order within one severity."""
    return sorted(rows, key=lambda row: SEVERITY[row.rag])


def build(
    *,
    year: int,
    now: datetime,
    actor: Actor | None = None,
    period_code: str | None = None,
    indicators: IndicatorQuerySet | None = None,
) -> Scoreboard:
    """The scoreboard of ``year`` as of ``period_code`` (default: the current period).

    ``actor`` decides which unapproved figures are seen; ``None`` sees approved ones only. 6 queries however many
    indicators there are. Raises ``Period.DoesNotExist`` for an unknown period.
    """
    periods = period_selector.of_year(year)
    if not periods:
        raise Period.DoesNotExist(year)
    chosen = _chosen(periods, period_code, now)
    upto = [period for period in periods if period.code <= chosen.code]
    queryset = Indicator.objects.of_year(year) if indicators is None else indicators
    found = list(queryset.for_board(chosen))
    rules = RuleBook.load()
    only = None if indicators is None else [indicator.pk for indicator in found]
    sources = _Sources.load(upto, actor, rules, now, only)
    rows = tuple(Row(indicator, tuple(_months(indicator, upto, sources))) for indicator in found)
    return Scoreboard(chosen, tuple(periods), rows, rules)


def _chosen(periods: list[Period], code: str | None, now: datetime) -> Period:
    if code is None:
        return period_selector.current(periods, now)
    for period in periods:
        if period.code == code:
            return period
    raise Period.DoesNotExist(code)


@dataclass(frozen=True)
class _Sources:
    """All that months are made of. ``only`` are the indicators asked for, ``None`` where it is all of the year."""

    published: Editions
    submissions: Mapping[tuple[int, int], Submission]
    rules: RuleBook
    now: datetime
    windows: dict[tuple[int, int | None], Window]

    @classmethod
    def load(
        cls, periods: list[Period], actor: Actor | None, rules: RuleBook, now: datetime, only: list[int] | None
    ) -> _Sources:
        locked = [period.pk for period in periods if period.locked_at is not None]
        still_open = [period.pk for period in periods if period.locked_at is None]
        reports = Submission.objects.filter(period__in=still_open).marked_for(actor).with_standing().with_said()
        reports = reports.annotate(author_name=F("author__display_name"))
        if only is not None:
            reports = reports.filter(indicator__in=only)
        return cls(
            published=published.load(locked, only),
            submissions={(found.indicator_id, found.period_id): found for found in reports},
            rules=rules,
            now=now,
            windows={},
        )

    def window(self, period: Period, department_id: int | None = None) -> Window:
        """``periods.window``, made once for each department."""
        key = period.pk, department_id
        if key not in self.windows:
            self.windows[key] = period_selector.window(period, department_id)
        return self.windows[key]


def _months(indicator: Indicator, periods: list[Period], sources: _Sources) -> Iterator[MonthLamp]:
    previous: MonthLamp | None = None
    for period in periods:
        key = indicator.pk, period.pk
        if found := sources.published.last.get(key):
            previous = _published_month(period, found, sources.published.earlier.get(key), sources.window(period))
        else:
            previous = _open_month(indicator, period, previous, sources)
        yield previous


def _published_month(period: Period, last: Published, earlier: Published | None, window: Window) -> MonthLamp:
    has_changed = earlier is not None and earlier.shown is not last.shown
    return MonthLamp(
        period=period,
        assessment=last.assessment,
        source_period=last.source_period,
        is_asked=last.is_asked,
        timeliness=last.timeliness,
        window=window,
        is_unpublished=last.is_unpublished,
        republished_from=earlier.shown if earlier is not None and has_changed else None,
        override=last.override,
        original_rag=last.original,
        is_due=True,
    )


def _open_month(indicator: Indicator, period: Period, previous: MonthLamp | None, sources: _Sources) -> MonthLamp:
    submission = sources.submissions.get((indicator.pk, period.pk))
    window = sources.window(period, indicator.lead_department_id)
    month = Month.parse(period.code)
    asked = _owes(indicator, month, previous)
    seen = submission if submission and submission.is_visible else None
    standing = content_in_force(submission) if submission else None
    counts = standing is not None and not standing.is_unpublished
    carried = previous.assessment if previous else None

    def lamp_of(content: Content) -> Assessment:
        """What the content gives: a figure that does not exist yet leaves the lamp as it is."""
        if content.is_unpublished and carried is not None:
            return carried
        return assess_figure(indicator, period=month, figure=content.figure(), rules=sources.rules)

    def original_rag() -> Rag | None:
        """By the year's first plan; a lamp that is carried on was given by whatever held then."""
        if standing is None or not counts:
            return (previous.original_rag or previous.computed_rag) if previous else None
        figure, terms = standing.figure(), original_terms(indicator)
        return assess_figure(indicator, period=month, figure=figure, rules=sources.rules, terms=terms).rag

    return MonthLamp(
        period=period,
        assessment=lamp_of(standing) if standing is not None and counts else carried,
        source_period=period.code if counts else (previous.source_period if previous else ""),
        is_asked=asked,
        timeliness=_timeliness(window, submission, sources.now) if asked else None,
        submission=seen,
        unreviewed=lamp_of(content_of(seen)) if seen and seen.state in UNDER_WAY else None,
        is_unfiled=asked and (submission is None or submission.state in UNFILED) and standing is None,
        cycle=submission.cycle if submission else 1,
        window=window,
        is_unpublished=standing is not None and standing.is_unpublished,
        override=_override(submission) if submission and counts else None,
        original_rag=original_rag() if is_changed_by(indicator, month) else None,
        is_due=is_due(window, sources.now),
    )


def _override(submission: Submission) -> RagOverride | None:
    found = override_from(submission.said_of_lamp) if submission.said_of_lamp else None
    return None if found is None or found.is_restored else found


def _owes(indicator: Indicator, month: Month, previous: MonthLamp | None) -> bool:
    is_closed = previous is not None and previous.rag is Rag.DONE and indicator.kind in CLOSED_BY_COMPLETION
    return not is_closed and is_asked(indicator, month)


def _timeliness(window: Window, submission: Submission | None, now: datetime) -> Timeliness:
    return timeliness(
        submitted_at=submission.first_submitted_at if submission else None,
        due_at=window.due_for_unit,
        grace_ends_at=window.missing_after,
        now=now,
    )
