"""Scores as the office makes them: drafted, opened to the units, final."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection

from kpi.domain.scoring import ScoreReason
from kpi.models import Period, ScoreLine, ScoreRun, ScoreSheet
from kpi.services import scores
from tests.bulletins import of_office
from tests.conftest import NOW

# The demo has scores of March and May; of April there are none.
APRIL = "2025-04"
AFTER = NOW + timedelta(days=10)


def past_every_trigger(change: Callable[[], object]) -> None:
    """As only the owner of the tables could write."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        change()
        cursor.execute("SET LOCAL session_replication_role = origin")


def month(code: str = APRIL) -> Period:
    return Period.objects.select_related("report").get(code=code, report__year=int(code[:4]))


def fresh(run: ScoreRun) -> ScoreRun:
    return ScoreRun.objects.select_related("period__report", "scheme").get(pk=run.pk)


def drafted(code: str = APRIL, *, by: str = "dcs_1", reason: str = "", now: datetime = NOW) -> ScoreRun:
    return scores.draft(period=month(code), reason=reason, actor=of_office(by, now), now=now)


def opened(code: str = APRIL, now: datetime = NOW, **more: str) -> ScoreRun:
    run = drafted(code, now=now, **more)
    return scores.open_for_answers(run=run, version=run.version, actor=of_office("dcs_1", now), now=now)


def finalised(run: ScoreRun, *, by: str = "dcs_2", now: datetime = AFTER) -> ScoreRun:
    run = fresh(run)
    return scores.finalise(run=run, version=run.version, actor=of_office(by, now), now=now)


def sheet_of(run: ScoreRun, unit: str) -> ScoreSheet:
    found = run.sheets.select_related("run__period__report", "run__scheme", "department", "post")
    return found.get(department__code=unit) if found.filter(department__code=unit) else found.get(post__code=unit)


def line_of(sheet: ScoreSheet, code: str, reason: ScoreReason | str = "") -> ScoreLine:
    found = ScoreLine.objects.select_related("sheet__run__period__report", "sheet__run__scheme", "sheet__department")
    return found.filter(sheet=sheet, indicator__code=code, reason=reason).earliest("id")


def figures_of(run: ScoreRun) -> list[tuple[object, ...]]:
    """Every line with its unit, as it was computed, and every result."""
    names = ("indicator__code", "role", "weight", "against", "yardstick", "actual", "share", "left_out", "reason")
    lines = ScoreLine.objects.filter(sheet__run=run).order_by("id")
    unit = ("sheet__department__code", "sheet__post__code")
    results = run.sheets.order_by("id").values_list("base", "deduction", "bonus", "total", "measured_weight")
    return [*lines.values_list(*unit, *names, "points", "month"), *results]
