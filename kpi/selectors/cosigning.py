"""Who is asked to co-sign what, and what they have said."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, OuterRef, Q, Subquery

from accounts.models import Department
from accounts.permissions import Actor
from kpi.domain.cosigning import CoSigning, Stance, cosigning
from kpi.domain.values import Verb
from kpi.models import CoSignature, Review, Submission
from kpi.models.querysets import BEING_COSIGNED

NOT_ASKED: CoSigning[Department] = CoSigning()


def of_row(submission: Submission) -> CoSigning[Department]:
    """How far co-signing has come, of a submission read ``with_said``, as boards do (no query)."""
    units = {}
    for said in submission.said_by_units:
        unit = Department(id=said["id"], code=said["code"], name=said["name"], short_name=said["short_name"])
        units[unit] = said["stance"]
    return cosigning(list(units), {unit: Stance(stance) for unit, stance in units.items() if stance})


def of_submissions(submissions: Collection[Submission]) -> Mapping[int, CoSigning[Department]]:
    """The same by id for submissions read otherwise (1 query; none where nobody is asked)."""
    asking = [found.pk for found in submissions if found.indicator.needs_cosign]
    if not asking:
        return {}
    return {found.pk: of_row(found) for found in Submission.objects.filter(pk__in=asking).with_said()}


def of_submission(submission: Submission) -> CoSigning[Department]:
    """The same for one submission; nobody is asked where the indicator needs none."""
    return of_submissions([submission]).get(submission.pk, NOT_ASKED)


def filing_of(submission: Submission) -> int:
    """The version at which it was filed last; 0 while it never was (1 query)."""
    filed = Review.objects.filter(submission=submission, verb=Verb.SUBMIT).order_by("-version")
    return filed.values_list("version", flat=True).first() or 0


@dataclass(frozen=True)
class Ask:
    """A report one of the reader's units has not confirmed; ``has_objected`` where it said why not."""

    submission: Submission
    unit_name: str
    has_objected: bool


def awaiting(*, actor: Actor, year: int, now: datetime) -> list[Ask]:
    """What the actor's units are asked to co-sign and have not confirmed, oldest first (1 query)."""
    if not actor.department_ids:
        return []
    said = CoSignature.objects.filter(submission=OuterRef("pk"), department=OuterRef("unit")).about_present_filing()
    mine = Department.objects.filter(pk__in=actor.department_ids, is_active=True)
    asked = (
        Submission.objects.filter(
            indicator__needs_cosign=True,
            indicator__is_active=True,
            state__in=BEING_COSIGNED,
            period__report__year=year,
            period__opens_at__lte=now,
            period__locked_at__isnull=True,
        )
        .annotate(unit=F("indicator__supporting_departments"))
        .filter(unit__in=mine.values("pk"))
        .exclude(unit=F("indicator__lead_department_id"))
        .annotate(stance=Subquery(said.order_by("-id").values("stance")[:1]))
        .annotate(unit_name=Subquery(mine.filter(pk=OuterRef("unit")).values("short_name")))
        .filter(Q(stance__isnull=True) | Q(stance=Stance.OBJECTED))
        .select_related("indicator__lead_department", "period", "author")
    )
    rows = asked.order_by("period__code", "submitted_at", "pk")
    return [Ask(row, row.unit_name, row.stance == Stance.OBJECTED) for row in rows]
