"""The planned curve and the milestones of an indicator, as the office sets them. Locked months are never touched.

``write_points`` is the one place that writes planned values: the editor, a new indicator and a new year come here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal

import pghistory
from django.db import transaction

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.amending import Rule, rule_for
from kpi.domain.errors import StaleVersion
from kpi.domain.trajectory import from_milestones
from kpi.models import Indicator, Milestone, PlanPoint, Report, Target
from kpi.selectors import planning
from kpi.services import permissions
from kpi.services.plan_content import NodeContent, Raw, read_nodes, read_points

Values = Mapping[str, Decimal]


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


@contextmanager
def on_record(actor: Actor | None, now: datetime) -> Iterator[None]:
    """What is written inside is one version in the history, with who wrote it and when by the product's clock."""
    with pghistory.context(at=now.isoformat(), who=str(actor.user) if actor else ""):
        yield


@transaction.atomic
def change_points(*, indicator: Indicator, raw: Raw, stamp: str, actor: Actor, now: datetime) -> None:
    """The office sets the curve. Raises ``NotPermitted``, ``StaleVersion`` or ``ContentInvalid`` at each month.

    ``stamp`` is what ``planning.plan_of`` gave when the form was opened.
    """
    before = _held(indicator, stamp, actor)
    values = read_points(raw, before)
    with on_record(actor, now):
        write_points(indicator, values, locked=before.locked)
    _audit(indicator, before, actor, now)


@transaction.atomic
def change_nodes(*, indicator: Indicator, raw: Raw, stamp: str, actor: Actor, now: datetime) -> None:
    """The office sets the milestones; the curve follows from their days, and the target is their number.

    Once something was filed nodes keep their places, because reports name them by these; a node whose month is locked
    keeps its day. Raises as ``change_points``.
    """
    before = _held(indicator, stamp, actor)
    nodes = read_nodes(raw, before)
    with on_record(actor, now):
        _write_nodes(indicator, nodes)
        write_points(indicator, points_of(before.year, [node.due_on for node in nodes]), locked=before.locked)
        if rule_for("target", before.stage) is Rule.FREE:
            set_first_target(indicator, Decimal(len(nodes)))
    _audit(indicator, before, actor, now)


def points_of(year: int, due_days: Sequence[date]) -> dict[str, Decimal]:
    """The curve that milestones give, by month code."""
    return {str(month): value for month, value in from_milestones(year, due_days).points.items()}


def follow_nodes(indicator: Indicator) -> None:
    """Draw the curve of a milestone indicator anew from the days of its nodes."""
    days = Milestone.objects.filter(indicator=indicator).values_list("due_on", flat=True)
    write_points(indicator, points_of(indicator.report.year, list(days)), locked=planning.locked_months(indicator))


def _held(indicator: Indicator, stamp: str, actor: Actor) -> planning.Plan:
    """The plan as it is, and stays until this transaction ends; the year first, as locking a month does."""
    permissions.require_supervisor(actor)
    Report.objects.select_for_update(no_key=True).get(pk=indicator.report_id)
    Indicator.objects.select_for_update(no_key=True).get(pk=indicator.pk)
    plan = planning.plan_of(indicator)
    if plan.stamp != stamp:
        raise StaleVersion("plan_stale", given=stamp, current=plan.stamp)
    return plan


def _write_nodes(indicator: Indicator, nodes: Sequence[NodeContent]) -> None:
    stored = {node.ordinal: node for node in Milestone.objects.filter(indicator=indicator)}
    wanted = dict(enumerate(nodes, start=1))
    Milestone.objects.filter(pk__in=[node.pk for place, node in stored.items() if place not in wanted]).delete()
    for place, content in wanted.items():
        node = stored.get(place) or Milestone(indicator=indicator, ordinal=place)
        if node.pk is None or (node.name, node.due_on) != (content.name, content.due_on):
            node.name, node.due_on = content.name, content.due_on
            node.save()


def set_first_target(indicator: Indicator, value: Decimal) -> None:
    """The year's target as it was meant from the start; a later change is a case of its own (``kpi.models.Target``)."""
    start = date(indicator.report.year, 1, 1)
    first = Target.objects.filter(indicator=indicator).order_by("effective_on").first()
    if first is None:
        Target.objects.create(indicator=indicator, value=value, effective_on=start, reason=indicator.report.title)
    elif first.value != value:
        first.value = value
        first.save(update_fields=["value"])


def _audit(indicator: Indicator, before: planning.Plan, actor: Actor, now: datetime) -> None:
    after = planning.plan_of(indicator)
    if after.stamp == before.stamp:
        return
    audit.record(
        action="plan.changed",
        obj=indicator,
        actor=actor.user,
        now=now,
        before=before.as_json(),
        after=after.as_json(),
        department_code=indicator.lead_department.code,
    )
