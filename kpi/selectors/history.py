"""The story of one indicator: every step taken on its submissions."""

from __future__ import annotations

from django.db.models import F, Q

from accounts.permissions import Actor
from kpi.models import Indicator, Review, Submission


def steps_of(indicator: Indicator, actor: Actor, most: int = 60) -> list[Review]:
    """Workflow steps on the submissions the actor may read, newest first (1 query).

    What led to an approved figure stays readable for everyone while a correction of it is under way.
    """
    visible = Submission.objects.visible_to(actor).filter(indicator=indicator)
    once_approved = Q(submission__indicator=indicator, at__lte=F("submission__approved_at"))
    steps = Review.objects.filter(Q(submission__in=visible) | once_approved)
    steps = steps.select_related("submission__period", "actor")
    return list(steps.order_by("-at", "-id")[:most])
