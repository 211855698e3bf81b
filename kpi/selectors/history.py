"""The story of one indicator: every step taken on its submissions."""

from __future__ import annotations

from accounts.permissions import Actor
from kpi.models import Indicator, Review, Submission


def steps_of(indicator: Indicator, actor: Actor, most: int = 60) -> list[Review]:
    """Workflow steps on the submissions the actor may read, newest first (1 query)."""
    visible = Submission.objects.visible_to(actor).filter(indicator=indicator)
    steps = Review.objects.filter(submission__in=visible).select_related("submission__period", "actor")
    return list(steps.order_by("-at", "-id")[:most])
