"""The story of one indicator: every step taken on its submissions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from accounts.permissions import Actor
from kpi.domain.values import Verb
from kpi.models import Evidence, Indicator, Review, Submission
from kpi.selectors.content import in_force


@dataclass(frozen=True)
class StepFile:
    """A file a report was submitted with, as the step wrote it down; ``pk`` only where the reader may open it."""

    name: str
    pk: str | None
    is_removed: bool


def steps_of(indicator: Indicator, actor: Actor, most: int = 60) -> list[Review]:
    """Workflow steps on the submissions the actor may read, newest first, each with its ``files`` (1 query).

    What led to an approved figure stays readable for everyone while a correction of it is under way.
    """
    visible = Submission.objects.visible_to(actor).filter(indicator=indicator)
    approvals = Review.objects.filter(submission=OuterRef("submission"), verb=Verb.APPROVE).order_by("-version")
    until_approved = Q(submission__indicator=indicator, version__lte=Subquery(approvals.values("version")[:1]))
    rows = Evidence.objects.visible_to(actor).filter(submission=OuterRef("submission"))
    known = ArraySubquery(rows.order_by().values(found=JSONObject(pk="pk", removed_at="removed_at")))
    steps = Review.objects.filter(Q(submission__in=visible) | until_approved)
    steps = steps.select_related("submission__period", "actor").annotate(known=known)
    found = list(steps.order_by("-at", "-id")[:most])
    for step in found:
        step.files = _files(step)
    return found


def explanation(steps: Iterable[Review], period_code: str) -> Submission | None:
    """The report of a period as it was approved last, from its steps; ``None`` where it never was.

    ``files`` are the ones it was submitted with.
    """
    mine = [step for step in steps if step.submission.period.code == period_code]
    approval = next((step for step in mine if step.verb == Verb.APPROVE), None)
    if approval is None:
        return None
    approval.submission.standing = approval.content
    report = in_force(approval.submission)
    report.files = next((step.files for step in mine if step.files and step.version <= approval.version), ())
    return report


def _files(step: Review) -> Sequence[StepFile]:
    """Files are named where they were submitted: until the next submission they cannot change."""
    if step.verb != Verb.SUBMIT:
        return ()
    removed = {row["pk"]: row["removed_at"] is not None for row in step.known}
    return [
        StepFile(said["name"], said["id"] if said["id"] in removed else None, removed.get(said["id"], False))
        for said in step.content.get("evidence", ())
    ]
