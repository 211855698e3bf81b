"""Planned curves as administration's tables bring them in. ``write_points`` is the one place here that writes any.

Months that are locked are never touched: what was published rests on them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from kpi.domain.trajectory import from_milestones
from kpi.models import Indicator, Milestone, Period, PlanPoint

Values = Mapping[str, Decimal]


def locked_months(indicator: Indicator) -> frozenset[str]:
    """Codes of the indicator's months that are locked (1 query)."""
    locked = Period.objects.filter(report=indicator.report_id, locked_at__isnull=False)
    return frozenset(locked.values_list("code", flat=True))


def points_of(indicator: Indicator) -> dict[str, Decimal]:
    """The planned value of each month that has one (1 query)."""
    return dict(PlanPoint.objects.filter(indicator=indicator).order_by("period").values_list("period", "value"))


def write_points(indicator: Indicator, values: Values, *, locked: Collection[str] = ()) -> None:
    """Make the curve say ``values`` (month code to planned value); what is not in it is not due any more.

    Months in ``locked`` keep what they have. Rows that say the same are not written.
    """
    stored = {point.period: point for point in PlanPoint.objects.filter(indicator=indicator)}
    gone = [point.pk for code, point in stored.items() if code not in values and code not in locked]
    PlanPoint.objects.filter(pk__in=gone).delete()
    added = []
    for code, value in values.items():
        point = stored.get(code)
        if code in locked or (point is not None and point.value == value):
            continue
        if point is None:
            added.append(PlanPoint(indicator=indicator, period=code, value=value))
        else:
            point.value = value
            point.save(update_fields=["value"])
    PlanPoint.objects.bulk_create(added)


def follow_nodes(indicator: Indicator) -> None:
    """The curve of a milestone indicator is how many nodes are due by each month end; before the first nothing is."""
    days = Milestone.objects.filter(indicator=indicator).values_list("due_on", flat=True)
    due = from_milestones(indicator.report.year, days).points
    write_points(
        indicator, {str(month): count for month, count in due.items() if count}, locked=locked_months(indicator)
    )
