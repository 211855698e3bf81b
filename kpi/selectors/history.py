"""The story of one indicator: its submissions with every step taken on them."""

from __future__ import annotations

from accounts.permissions import Actor
from kpi.models import Indicator, Review, Submission


def submissions_of(indicator: Indicator, actor: Actor | None) -> list[Submission]:
    """Submissions the actor may read, newest period first (1 query)."""
    found = Submission.objects.filter(indicator=indicator).marked_for(actor).filter(is_visible=True)
    return list(found.select_related("period", "author").order_by("-period__code"))


def steps_of(indicator: Indicator, actor: Actor | None, most: int = 60) -> list[Review]:
    """Workflow steps on those submissions, newest first (2 queries)."""
    visible = [submission.pk for submission in submissions_of(indicator, actor)]
    steps = Review.objects.filter(submission__in=visible).select_related("submission__period", "actor")
    return list(steps.order_by("-at", "-id")[:most])
