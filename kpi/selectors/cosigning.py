"""Who is asked to co-sign what, and what they have said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, OuterRef, Q, Subquery

from accounts.models import Department
from accounts.permissions import Actor
from kpi.domain.cosigning import CoSigning, Stance, cosigning
from kpi.domain.values import Verb
from kpi.models import CoSignature, Indicator, Review, Submission
from kpi.models.querysets import BEING_COSIGNED

NOT_ASKED: CoSigning[Department] = CoSigning()


def of_submissions(submissions: Collection[Submission]) -> Mapping[int, CoSigning[Department]]:
    """How far co-signing has come, by submission (2 queries; none where nobody is asked)."""
    asking = [found for found in submissions if found.indicator.needs_cosign]
    if not asking:
        return {}
    units = _asked({found.indicator_id for found in asking})
    said = CoSignature.objects.filter(submission__in=[found.pk for found in asking]).about_present_filing()
    stances: dict[int, dict[Department, Stance]] = defaultdict(dict)
    for row in said.latest_by("submission_id", "department_id").select_related("department"):
        stances[row.submission_id][row.department] = Stance(row.stance)
    return {found.pk: cosigning(units[found.indicator_id], stances[found.pk]) for found in asking}


def of_submission(submission: Submission) -> CoSigning[Department]:
    """The same for one submission; nobody is asked where the indicator needs none."""
    return of_submissions([submission]).get(submission.pk, NOT_ASKED)


def _asked(indicators: Collection[int]) -> Mapping[int, list[Department]]:
    """Supporting units of indicators in official order; the lead answers for its own part by filing."""
    through = Indicator.supporting_departments.through.objects
    rows = through.filter(indicator__in=indicators, department__is_active=True)
    rows = rows.exclude(department_id=F("indicator__lead_department_id")).select_related("department")
    units: dict[int, list[Department]] = defaultdict(list)
    for row in rows.order_by("department__ordinal", "department__code"):
        units[row.indicator_id].append(row.department)
    return units


def filing_of(submission: Submission) -> int:
    """The version at which it was filed last; 0 while it never was (1 query)."""
    filed = Review.objects.filter(submission=submission, verb=Verb.SUBMIT).order_by("-version")
    return filed.values_list("version", flat=True).first() or 0


@dataclass(frozen=True)
class Ask:
    """A report one of the reader's units has not confirmed; ``has_objected`` where it said why not."""

    submission: Submission
    department: Department
    has_objected: bool


def awaiting(*, actor: Actor, year: int, now: datetime) -> list[Ask]:
    """What the actor's units are asked to co-sign and have not confirmed, oldest first (1 query; 2 with any)."""
    mine = actor.department_ids
    if not mine:
        return []
    said = CoSignature.objects.filter(submission=OuterRef("pk"), department=OuterRef("unit")).about_present_filing()
    asked = (
        Submission.objects.filter(
            indicator__needs_cosign=True,
            indicator__is_active=True,
            state__in=BEING_COSIGNED,
            period__report__year=year,
            period__locked_at__isnull=True,
        )
        .annotate(unit=F("indicator__supporting_departments"))
        .filter(unit__in=Department.objects.filter(pk__in=mine, is_active=True))
        .exclude(unit=F("indicator__lead_department_id"))
        .annotate(stance=Subquery(said.order_by("-id").values("stance")[:1]))
        .filter(Q(stance__isnull=True) | Q(stance=Stance.OBJECTED))
        .select_related("indicator__lead_department", "period", "author")
        .order_by("period__code", "submitted_at", "pk")
    )
    found = list(asked)
    departments = Department.objects.in_bulk({row.unit for row in found}) if found else {}
    return [Ask(row, departments[row.unit], row.stance == Stance.OBJECTED) for row in found]
