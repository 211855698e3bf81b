"""More indicators than a city has: copies of a real one for a department, with their plan and target."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models

from accounts.models import Department
from kpi.models import Indicator, PlanPoint, Target

MODEL = "A06"


def copies(codes: Sequence[str], unit: Department | None = None, months: str = "") -> list[Indicator]:
    """One copy for each code, led by ``unit`` or by whoever leads the model; planned for what ``months`` begins."""
    model = Indicator.objects.get(code=MODEL)
    lead = unit.pk if unit else model.lead_department_id
    made = Indicator.objects.bulk_create(_copy(model, code=code, lead_department_id=lead) for code in codes)
    plan, target = list(model.plan_points.filter(period__startswith=months)), model.targets.first()
    PlanPoint.objects.bulk_create(_copy(point, indicator_id=each.pk) for each in made for point in plan)
    Target.objects.bulk_create(_copy(target, indicator_id=each.pk) for each in made)
    return made


def _copy(found: models.Model, **changed: object):
    values = {
        each.attname: getattr(found, each.attname) for each in found._meta.concrete_fields if not each.primary_key
    }
    return type(found)(**values | changed)
