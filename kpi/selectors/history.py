"""The story of one indicator: every step taken on its submissions."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import OuterRef, Q, Subquery

from accounts.permissions import Actor
from kpi.domain.values import Verb
from kpi.models import Indicator, Review, Submission
from kpi.selectors.content import in_force


def steps_of(indicator: Indicator, actor: Actor, most: int = 60) -> list[Review]:
    """Workflow steps on the submissions the actor may read, newest first (1 query).

    What led to an approved figure stays readable for everyone while a correction of it is under way.
    """
    visible = Submission.objects.visible_to(actor).filter(indicator=indicator)
    approvals = Review.objects.filter(submission=OuterRef("submission"), verb=Verb.APPROVE).order_by("-version")
    until_approved = Q(submission__indicator=indicator, version__lte=Subquery(approvals.values("version")[:1]))
    steps = Review.objects.filter(Q(submission__in=visible) | until_approved)
    steps = steps.select_related("submission__period", "actor")
    return list(steps.order_by("-at", "-id")[:most])


def explanation(steps: Iterable[Review], period_code: str) -> Submission | None:
    """The report of a period as it was approved last, from its steps; ``None`` where it never was."""
    for step in steps:
        if step.verb == Verb.APPROVE and step.submission.period.code == period_code:
            step.submission.standing = step.content
            return in_force(step.submission)
    return None
