"""The story of one indicator: every step taken on its submissions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Q, Subquery

from accounts.permissions import Actor
from kpi.domain.values import SubmissionState, Verb
from kpi.models import Indicator, Period, Review, Submission


def steps_of(indicator: Indicator, actor: Actor, most: int = 60) -> list[Review]:
    """Workflow steps on the submissions the actor may read, newest first (1 query)."""
    visible = Submission.objects.visible_to(actor).filter(indicator=indicator)
    steps = Review.objects.filter(submission__in=visible).select_related("submission__period", "actor")
    return list(steps.order_by("-at", "-id")[:most])


@dataclass(frozen=True)
class Before:
    """What a department's reports of a month rest on: ``earlier`` are the approved reports of the year's earlier months
    by indicator id, oldest first; ``reasons`` why a report of this month came back, by its id."""

    earlier: Mapping[int, Sequence[Submission]]
    reasons: Mapping[int, str]


def before(indicators: Iterable[Indicator], period: Period) -> Before:
    """Earlier figures and reasons together (1 query)."""
    last_return = Review.objects.filter(submission=OuterRef("pk"), verb=Verb.RETURN).order_by("-version")
    approved = Q(state=SubmissionState.APPROVED, period__code__lt=period.code, period__report_id=period.report_id)
    asked = Submission.objects.filter(
        approved | Q(state=SubmissionState.RETURNED, period=period),
        indicator__in=[indicator.pk for indicator in indicators],
    )
    earlier: dict[int, list[Submission]] = defaultdict(list)
    reasons: dict[int, str] = {}
    for found in asked.annotate(reason=Subquery(last_return.values("comment")[:1])).order_by("period__code"):
        if found.period_id == period.pk:
            reasons[found.pk] = found.reason or ""
        else:
            earlier[found.indicator_id].append(found)
    return Before(earlier, reasons)


def return_reasons(submissions: Iterable[Submission | None]) -> Mapping[int, str]:
    """Why each returned report came back last, by its id (1 query, none where nothing came back)."""
    returned = [each.pk for each in submissions if each is not None and each.state == SubmissionState.RETURNED]
    if not returned:
        return {}
    steps = Review.objects.filter(submission__in=returned, verb=Verb.RETURN).order_by("version")
    return dict(steps.values_list("submission_id", "comment"))
