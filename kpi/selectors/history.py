"""The story of one indicator: every step taken on its submissions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from accounts.permissions import Actor
from kpi.domain.values import Verb
from kpi.models import Evidence, Indicator, Review, Submission


@dataclass(frozen=True)
class StepFile:
    """A file a report was submitted with, as the step wrote it down; ``pk`` only where the reader may open it."""

    name: str
    pk: str | None
    is_removed: bool


def steps_of(indicator: Indicator, actor: Actor, most: int = 60) -> list[Review]:
    """Workflow steps on the submissions the actor may read, newest first, each with its ``files`` (1 query)."""
    visible = Submission.objects.visible_to(actor).filter(indicator=indicator)
    rows = Evidence.objects.visible_to(actor).filter(submission=OuterRef("submission"))
    known = ArraySubquery(rows.order_by().values(found=JSONObject(pk="pk", removed_at="removed_at")))
    steps = Review.objects.filter(submission__in=visible).select_related("submission__period", "actor")
    found = list(steps.annotate(known=known).order_by("-at", "-id")[:most])
    for step in found:
        step.files = _files(step)
    return found


def _files(step: Review) -> Sequence[StepFile]:
    """Files are named where they were submitted: until the next submission they cannot change."""
    if step.verb != Verb.SUBMIT:
        return ()
    removed = {row["pk"]: row["removed_at"] is not None for row in step.known}
    return [
        StepFile(said["name"], said["id"] if said["id"] in removed else None, removed.get(said["id"], False))
        for said in step.content.get("evidence", ())
    ]
