"""What scores are made of: the snapshots of the months up to a locked one, and the office's returns until each lock.

Nothing live is read but what the indicators are (their kind, who leads, supports and answers for them). No directive,
no log-in and no file is among the sources (docs/rules/scoring.md); a test looks at the tables that are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from django.db.models import F

from accounts.models import Department, Post
from kpi.domain.periods import Period as Month
from kpi.domain.scoring import (
    Extra,
    Figures,
    Item,
    Measured,
    Scheme,
    Score,
    ScoreReason,
    ScoreRole,
    Unmeasured,
    measure,
    score,
)
from kpi.domain.values import Comparator, Kind, Polarity, Strength, SubmissionState, Timeliness, Verb
from kpi.models import AssessmentSnapshot, Indicator, Period, Review, ScoreLine
from kpi.selectors.terms import kept_terms, yardstick

Judged = Department | Post
PEERS_MISSING = "peers_missing"
IN_TIME = {Timeliness.LATE: ScoreReason.LATE, Timeliness.MISSING: ScoreReason.MISSING}


@dataclass(frozen=True)
class Ground:
    """The sources of one period: its indicators, each month's snapshot of each up to it, and what came back.

    ``edition`` is that of the period's own snapshots.
    """

    period: Period
    edition: int
    indicators: Sequence[Indicator]
    snapshots: Mapping[int, Sequence[AssessmentSnapshot]]
    returns: Mapping[int, Sequence[Review]]


@dataclass(frozen=True)
class Sheet:
    """One unit with its lines as they are to be stored, and what they come to."""

    unit: Judged
    lines: Sequence[ScoreLine]
    score: Score


def gather(period: Period) -> Ground:
    """Everything ``judge`` needs of a locked period (4 queries). The months before it are locked too: they lock in
    order."""
    snapshots = _snapshots(period)
    own = [found[-1] for found in snapshots.values() if found[-1].period_id == period.pk]
    indicators = Indicator.objects.filter(pk__in=[found.indicator_id for found in own])
    return Ground(
        period=period,
        edition=max((found.edition for found in own), default=0),
        indicators=list(
            indicators.with_former_plans()
            .select_related("lead_department", "accountable_post")
            .prefetch_related("supporting_departments")
        ),
        snapshots=snapshots,
        returns=_returns(period),
    )


def _snapshots(period: Period) -> Mapping[int, Sequence[AssessmentSnapshot]]:
    """The last edition of each month, oldest first, by indicator."""
    found = AssessmentSnapshot.objects.filter(period__report=period.report_id, period__code__lte=period.code)
    rows = found.select_related("period").order_by("indicator_id", "period__code", "-edition")
    months: dict[int, list[AssessmentSnapshot]] = defaultdict(list)
    for row in rows.distinct("indicator_id", "period__code"):
        months[row.indicator_id].append(row)
    return months


def _returns(period: Period) -> Mapping[int, Sequence[Review]]:
    """What the office sent back before each month was locked, by indicator; what a head sends back stays inside."""
    found = Review.objects.filter(
        verb=Verb.RETURN,
        from_state=SubmissionState.SIGNED_OFF,
        submission__period__report=period.report_id,
        submission__period__code__lte=period.code,
        at__lte=F("submission__period__locked_at"),
    )
    returned: dict[int, list[Review]] = defaultdict(list)
    for row in found.select_related("submission__period").order_by("at", "id"):
        returned[row.submission.indicator_id].append(row)
    return returned


def judge(ground: Ground, scheme: Scheme) -> list[Sheet]:
    """Departments in official order, then the leaders' posts in theirs. Pure: it asks the database nothing."""
    departments: dict[Judged, list[ScoreLine]] = defaultdict(list)
    posts: dict[Judged, list[ScoreLine]] = defaultdict(list)
    for indicator in ground.indicators:
        months = ground.snapshots[indicator.pk]
        found = _measured(indicator, months, scheme)
        for unit, role in _judged_by(indicator, scheme):
            lines = posts if role is ScoreRole.CHARGE else departments
            lines[unit].extend(_lines(indicator, role, months, found, scheme))
        departments[indicator.lead_department].extend(
            _reporting(indicator, months, ground.returns.get(indicator.pk, ()), scheme)
        )
    return [*_sheets(departments, scheme), *_sheets(posts, scheme)]


def _sheets(found: Mapping[Judged, list[ScoreLine]], scheme: Scheme) -> Iterator[Sheet]:
    for unit in sorted(found, key=attrgetter("ordinal", "code")):
        yield Sheet(unit, found[unit], score_of(found[unit], scheme))


def score_of(lines: Iterable[ScoreLine], scheme: Scheme) -> Score:
    """What some lines come to, each with the correction that is attached to it (``in_force``)."""
    items, extras = [], []
    for line in lines:
        if line.reason:
            extras.append(extra_of(line))
        else:
            items.append(item_of(line))
    return score(items, extras, scheme)


def item_of(line: ScoreLine) -> Item:
    """A task as it counts: as the office corrected it, else as it was computed."""
    correction = line.in_force
    if correction is None:
        return Item(line.weight, line.fraction)
    return Item(line.weight, None if correction.is_left_out else correction.fraction)


def extra_of(line: ScoreLine) -> Extra:
    """A case as it counts. What the office put in place of an excess is in points, like any other."""
    reason = ScoreReason(line.reason)
    if line.in_force is not None:
        return Extra(reason, line.in_force.points)
    return Extra(reason, line.points, line.weight if reason is ScoreReason.EXCESS else None)


def _judged_by(indicator: Indicator, scheme: Scheme) -> Iterator[tuple[Judged, ScoreRole]]:
    """Whom an indicator counts for: its lead, its leader, and its supporting units where the scheme counts them."""
    yield indicator.lead_department, ScoreRole.LEAD
    yield indicator.accountable_post, ScoreRole.CHARGE
    if scheme.supporting_weight or ScoreReason.SUPPORTED in scheme.rules:
        for unit in indicator.supporting_departments.all():
            if unit != indicator.lead_department:
                yield unit, ScoreRole.SUPPORTING


def figures_of(indicator: Indicator, months: Sequence[AssessmentSnapshot]) -> Figures:
    """The indicator as the last of its months has it; a change that was asked for too late does not help it."""
    last = months[-1]
    month = Month.parse(last.period.code)
    kept = kept_terms(indicator, month)
    asked = [Timeliness(month.timeliness) for month in months if month.is_asked and month.timeliness]
    return Figures(
        kind=Kind(indicator.kind),
        polarity=Polarity(indicator.polarity),
        comparator=Comparator(indicator.comparator),
        is_final=month.last_day >= yardstick(indicator, month).final_due_on,
        actual=last.actual,
        expected=kept.expected_at(month) if kept else last.expected,
        target=kept.target if kept else last.target,
        last_asked=asked[-1] if asked else None,
        is_unpublished=last.is_unpublished,
        peers_known=last.reason != PEERS_MISSING,
    )


def _measured(indicator: Indicator, months: Sequence[AssessmentSnapshot], scheme: Scheme) -> Measured | Unmeasured:
    return measure(figures_of(indicator, months), scheme.basis)


def _lines(
    indicator: Indicator,
    role: ScoreRole,
    months: Sequence[AssessmentSnapshot],
    found: Measured | Unmeasured,
    scheme: Scheme,
) -> Iterator[ScoreLine]:
    """The task's own line, and the bonuses that hang on it."""
    last = months[-1]
    weight = scheme.weight_of(indicator.code, Strength(indicator.strength), role)
    same = {"indicator": indicator, "role": role, "snapshot": last, "month": last.period.code}
    task = ScoreLine(**same, weight=weight, kind=indicator.kind, polarity=indicator.polarity, actual=last.actual)
    if isinstance(found, Unmeasured):
        task.left_out = found
        yield task
        return
    task.share, task.against, task.yardstick = str(found.share), found.against, found.yardstick
    yield task
    if role is ScoreRole.CHARGE:
        return
    excess = scheme.rules.get(ScoreReason.EXCESS)
    if excess is not None and found.exceeds and weight:
        points = excess.key_points if scheme.is_key(indicator.code) and excess.key_points else excess.points
        yield ScoreLine(**same, reason=ScoreReason.EXCESS, points=points, weight=weight)
    part = ScoreReason.LED if role is ScoreRole.LEAD else ScoreReason.SUPPORTED
    if part in scheme.rules:
        yield ScoreLine(**same, reason=part, points=scheme.rules[part].points)


def _reporting(
    indicator: Indicator, months: Iterable[AssessmentSnapshot], returns: Iterable[Review], scheme: Scheme
) -> Iterator[ScoreLine]:
    """Reports that came late, never, or back: a line each, for the lead, which alone files."""
    for month in months:
        reason = IN_TIME.get(Timeliness(month.timeliness)) if month.is_asked and month.timeliness else None
        if reason in scheme.rules:
            yield _case(indicator, reason, scheme, month.period.code, snapshot=month)
    if ScoreReason.RETURNED in scheme.rules:
        for review in returns:
            yield _case(indicator, ScoreReason.RETURNED, scheme, review.submission.period.code, review=review)


def _case(indicator: Indicator, reason: ScoreReason, scheme: Scheme, month: str, **record: object) -> ScoreLine:
    return ScoreLine(
        indicator=indicator,
        role=ScoreRole.LEAD,
        reason=reason,
        points=scheme.rules[reason].points,
        month=month,
        **record,
    )
