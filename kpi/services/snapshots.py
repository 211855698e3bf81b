"""Freezing the lamps of a period, with their inputs and the rule that gave them."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max

from kpi.domain.rag import Assessment
from kpi.domain.values import Rag
from kpi.models import AssessmentSnapshot, Period
from kpi.selectors import scoreboard
from kpi.selectors.scoreboard import MonthLamp, Row

NEVER_REPORTED = "no_value"


def take(*, period: Period, now: datetime) -> int:
    """Write one snapshot per indicator of the period, from approved figures only; returns their number.

    A period that was reopened gets a further edition.
    """
    board = scoreboard.build(year=period.report.year, now=now, period_code=period.code)
    last = AssessmentSnapshot.objects.filter(period=period).aggregate(last=Max("edition"))["last"] or 0
    rows = AssessmentSnapshot.objects.bulk_create([_frozen(row, period, last + 1, now) for row in board.rows])
    return len(rows)


def _frozen(row: Row, period: Period, edition: int, now: datetime) -> AssessmentSnapshot:
    month = row.current
    return AssessmentSnapshot(
        period=period,
        indicator=row.indicator,
        submission=month.submission if month.is_own else None,
        source_period=month.source_period,
        is_asked=month.is_asked,
        timeliness=month.timeliness or "",
        is_unpublished=month.is_unpublished,
        edition=edition,
        override=month.override,
        taken_at=now,
        **_lamp(month),
    )


def _lamp(month: MonthLamp) -> dict[str, object]:
    assessment = month.assessment
    if assessment is None:
        return {"rag": Rag.NOT_DUE, "reason": NEVER_REPORTED, "rule_code": "", "rule_version": ""}
    return {
        "rag": assessment.rag,
        "reason": assessment.reason,
        "params": as_json(assessment),
        "actual": assessment.actual,
        "expected": assessment.expected,
        "target": assessment.target,
        "ratio": assessment.ratio,
        "gap": assessment.gap,
        "to_green": assessment.to_green,
        "is_ahead": assessment.is_ahead,
        "rule_code": assessment.rule_code,
        "rule_version": assessment.rule_version,
    }


def as_json(assessment: Assessment) -> dict[str, object]:
    """Reason parameters as JSON: figures and days as text."""
    return {
        name: value if isinstance(value, int | str | bool | None) else str(value)
        for name, value in assessment.params.items()
    }
