"""Putting another target and plan in the place of the present ones, from a month on, with what held before kept whole.

It changes rows and asks nobody's leave: who may, and why, is the business of the case that calls it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.timezone import localtime

from kpi.domain.periods import Period as Month
from kpi.domain.replanning import Held
from kpi.models import FormerPlan, Indicator, Milestone, Target
from kpi.selectors.target_changes import present_terms
from kpi.services.plans import write_points


@transaction.atomic
def replace_plan(
    *, indicator: Indicator, new: Held, applies_from: Month, reason: str, stays_yardstick: bool, now: datetime
) -> FormerPlan:
    """Let ``new`` hold from ``applies_from`` on; returns what held before.

    The caller holds the year (``periods.hold_year``), so that no month is locked meanwhile. Raises
    ``IntegrityError`` ``former_plan_once_per_month`` where that month begins with another change already.
    """
    locked = Indicator.objects.select_for_update(no_key=True, of=("self",)).select_related("report")
    indicator = locked.get(pk=indicator.pk)
    terms = present_terms(indicator)
    former = FormerPlan.objects.create(
        indicator=indicator,
        replaced_from=str(applies_from),
        target=terms.target,
        final_due_on=terms.final_due_on,
        plan=dict(terms.planned),
        nodes=list(terms.node_rows),
        stays_yardstick=stays_yardstick,
        replaced_at=now,
    )
    if new.target is not None and new.target != terms.target:
        day = min(max(localtime(now).date(), applies_from.first_day), applies_from.last_day)
        Target.objects.create(indicator=indicator, value=new.target, effective_on=day, reason=reason)
    write_points(indicator, {str(month): value for month, value in new.plan.items()})
    for node in terms.nodes():
        if new.nodes[node.ordinal] != node.due_on:
            Milestone.objects.filter(indicator=indicator, ordinal=node.ordinal).update(due_on=new.nodes[node.ordinal])
    if new.final_due_on != indicator.final_due_on:
        Indicator.objects.filter(pk=indicator.pk).update(final_due_on=new.final_due_on)
    return former
