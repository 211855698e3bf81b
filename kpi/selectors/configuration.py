"""Task configuration at a glance: every indicator with what is open about it, and sentences that nobody owns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, DecimalField, Exists, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import JSONObject

from kpi.domain.plan_shapes import Doubt, Finding, doubts
from kpi.domain.values import SubmissionState
from kpi.models import (
    AssessmentSnapshot,
    Commitment,
    Directive,
    Follow,
    Handover,
    Indicator,
    Report,
    Submission,
    Target,
    UnitTarget,
)
from kpi.models.querysets import IndicatorQuerySet
from kpi.selectors.living_report import YEAR_HEADING
from kpi.selectors.planning import Plan, by_month, plan_from, with_plan_to_edit, with_stage

# What the printed text breaks off in the middle of is one too; a short line without a full stop is a heading.
SENTENCE = re.compile(r"[^。！？\n]+(?:[。！？]|(?<=[^。！？\n]{60}))")
# Shorter ones are headings in a sentence's dress: “丰富旅游业态。”
SHORTEST_SENTENCE = 14


class Gap(StrEnum):
    """What is open about an indicator; the first is the worst."""

    NO_PLAN = "no_plan"
    PLAN_FALLS = "plan_falls"
    PLAN_END = "plan_end"
    NO_TARGET = "no_target"
    SPLIT_DIFFERS = "split_differs"
    LEAD_PROPOSED = "lead_proposed"
    TARGET_CARRIED = "target_carried"
    INACTIVE = "inactive"


DOUBTED = {
    Doubt.EMPTY: Gap.NO_PLAN,
    Doubt.FALLS: Gap.PLAN_FALLS,
    Doubt.RISES: Gap.PLAN_FALLS,
    Doubt.ENDS_SHORT: Gap.PLAN_END,
    Doubt.ENDS_BEYOND: Gap.PLAN_END,
}


@dataclass(frozen=True)
class Line:
    """One indicator of the list. ``plan`` is what is planned; sums are ``None`` where nothing is split."""

    indicator: Indicator
    plan: Plan

    @cached_property
    def findings(self) -> list[Finding]:
        return doubts_of(self.plan)

    @property
    def split_sum(self) -> Decimal | None:
        """What the districts' shares add up to, or the townships' where no district has one."""
        return self.indicator.district_sum if self.indicator.district_sum is not None else self.indicator.township_sum

    @property
    def split_difference(self) -> Decimal | None:
        if self.split_sum is None or self.plan.target is None:
            return None
        return self.split_sum - self.plan.target

    @cached_property
    def gaps(self) -> list[Gap]:
        """Worst first."""
        found = {DOUBTED[finding.doubt] for finding in self.findings if finding.doubt in DOUBTED}
        found |= {gap for gap, is_so in self._facts() if is_so}
        return [gap for gap in Gap if gap in found]

    def _facts(self) -> Iterator[tuple[Gap, bool]]:
        indicator = self.indicator
        yield Gap.NO_TARGET, self.plan.target is None
        yield Gap.SPLIT_DIFFERS, bool(self.split_difference)
        yield Gap.LEAD_PROPOSED, indicator.is_lead_proposed
        yield Gap.TARGET_CARRIED, indicator.earlier_target is not None and indicator.earlier_target == self.plan.target
        yield Gap.INACTIVE, not indicator.is_active


def doubts_of(plan: Plan) -> list[Finding]:
    """What looks wrong with a plan."""
    return doubts(by_month(plan.points), plan.wording)


def for_form(year: int) -> IndicatorQuerySet:
    """Indicators of a year, switched off or not, as their form shows them (2 queries)."""
    related = ("report", "commitment", "lead_department", "accountable_post", "predecessor")
    found = Indicator.objects.filter(report__year=year).with_target(date(year, 12, 31)).select_related(*related)
    return with_stage(found).prefetch_related("supporting_departments")


def lines(year: int) -> list[Line]:
    """Every indicator of a year in report order, switched off or not (1 query)."""
    earlier = Target.objects.filter(indicator=OuterRef("predecessor"))
    found = with_plan_to_edit(Indicator.objects.filter(report__year=year), year)
    found = found.select_related("report", "commitment", "lead_department", "accountable_post").annotate(
        district_sum=_sum_of("district"),
        township_sum=_sum_of("township"),
        earlier_target=Subquery(earlier.order_by("-effective_on").values("value")[:1]),
    )
    return [Line(indicator, plan_from(indicator)) for indicator in found]


def _sum_of(kind: str) -> Subquery:
    shares = UnitTarget.objects.filter(indicator=OuterRef("pk"), department__kind=kind).order_by()
    return Subquery(shares.values("indicator").values(total=Sum("value")), output_field=DecimalField())


@dataclass(frozen=True)
class Sentence:
    """A sentence of the plan part that no indicator owns, with its commitment where it has one."""

    text: str
    start: int
    commitment: Commitment | None = None


def unowned(report: Report) -> list[Sentence]:
    """Commitments without an active indicator, and sentences of the plan part without a commitment, in report order
    (1 query)."""
    owners = Indicator.objects.filter(commitment=OuterRef("pk"), is_active=True)
    commitments = list(Commitment.objects.filter(report=report).annotate(is_owned=Exists(owners)).order_by("start"))
    free = [
        Sentence(found.quote, found.start, found)
        for found in commitments
        if not found.is_owned and not found.is_context
    ]
    return sorted([*free, *_untouched(report, commitments)], key=lambda each: each.start)


def sentences(report: Report) -> list[Sentence]:
    """Every sentence of the plan part, in order: what may be chosen without a mouse (no query)."""
    return [Sentence(found.group(), found.start()) for found in _in_plan_part(report)]


def _untouched(report: Report, commitments: Iterable[Commitment]) -> Iterator[Sentence]:
    spans = [(found.start, found.end) for found in commitments if found.is_anchored]
    for found in _in_plan_part(report):
        is_touched = any(start < found.end() and found.start() < end for start, end in spans)
        if not is_touched and len(found.group()) >= SHORTEST_SENTENCE:
            yield Sentence(found.group(), found.start())


def _in_plan_part(report: Report) -> Iterator[re.Match[str]]:
    return SENTENCE.finditer(report.text, plan_part(report.text))


def plan_part(text: str) -> int:
    """Where the plan begins: behind the last heading of a year's work, at the very beginning where there is none.

    What stands before it reviews the year that is over, often in the plan's own words.
    """
    headings = [found.end() for found in YEAR_HEADING.finditer(text)]
    return headings[-1] if headings else 0


@dataclass(frozen=True)
class Effect:
    """What hangs on an indicator that is switched off or changes hands; counts.

    ``months`` that were published with it, reports by state, directives that are not over, people who follow it.
    """

    months: int
    drafts: int
    unsigned: int
    unreviewed: int
    directives: int
    followers: int

    @property
    def in_progress(self) -> int:
        """Reports of months that are not locked, in whatever state but approved."""
        return self.drafts + self.unsigned + self.unreviewed


COUNTED = ("months", "drafts", "unsigned", "unreviewed", "unanswered", "following")


def effect_on(indicator: Indicator) -> Effect:
    """What hangs on an indicator now (1 query)."""
    reports = Submission.objects.filter(indicator=OuterRef("pk"), period__locked_at__isnull=True)
    published = AssessmentSnapshot.objects.filter(indicator=OuterRef("pk"))
    unfinished = (SubmissionState.DRAFT, SubmissionState.RETURNED)
    found = Indicator.objects.annotate(
        months=_count(published, "period"),
        drafts=_count(reports.filter(state__in=unfinished)),
        unsigned=_count(reports.filter(state=SubmissionState.SUBMITTED)),
        unreviewed=_count(reports.filter(state=SubmissionState.SIGNED_OFF)),
        unanswered=_count(
            Directive.objects.filter(indicator=OuterRef("pk")).exclude(state__in=("closed", "withdrawn"))
        ),
        following=_count(Follow.objects.filter(indicator=OuterRef("pk"))),
    ).get(pk=indicator.pk)
    return Effect(*(getattr(found, name) or 0 for name in COUNTED))


def _count(rows: QuerySet, column: str = "pk") -> Subquery:
    counted = rows.order_by().values("indicator").annotate(number=Count(column, distinct=True))
    return Subquery(counted.values("number"))


def with_leads(indicators: IndicatorQuerySet) -> IndicatorQuerySet:
    """Annotate ``said_handovers``: changes of the lead that were not withdrawn, latest first, as plain mappings."""
    found = Handover.objects.filter(indicator=OuterRef("pk"), withdrawn_at=None).order_by("-effective_on", "-pk")
    row = JSONObject(
        day="effective_on",
        reason="reason",
        before="from_department__short_name",
        after="to_department__short_name",
    )
    return indicators.annotate(said_handovers=ArraySubquery(found.values(row=row)))


def handovers(indicator: Indicator) -> Sequence[Handover]:
    """Every change of the lead, latest first (1 query)."""
    related = ("from_department", "to_department", "decided_by")
    return list(Handover.objects.filter(indicator=indicator).select_related(*related))
