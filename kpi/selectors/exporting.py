"""The exports a person asked for."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Department
from accounts.permissions import Actor
from kpi.models import ExportJob, Indicator


@dataclass(frozen=True)
class Choosable:
    """Whose rows somebody may export: all of them, or those of the departments they work for."""

    is_all: bool
    units: list[Department]


def choosable(actor: Actor, year: int) -> Choosable:
    """Lead departments of the year in official order (1 query); a department's people choose among their own."""
    leads = Indicator.objects.of_year(year).order_by().values("lead_department")
    units = Department.objects.filter(pk__in=leads).order_by("ordinal", "code")
    is_all = actor.is_supervisor or actor.is_leader
    return Choosable(is_all, list(units if is_all else units.filter(pk__in=actor.department_ids)))


def jobs_of(actor: Actor, year: int, most: int = 20) -> list[ExportJob]:
    """A person's own, the latest first (1 query)."""
    found = ExportJob.objects.filter(asked_by=actor.user, period__report__year=year)
    return list(found.select_related("period")[:most])
