"""Freezing the lamps of a period, with their inputs and the rule that gave them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from kpi.domain.rag import Assessment
from kpi.domain.values import Rag
from kpi.models import AssessmentSnapshot, Period
from kpi.selectors import published, scoreboard
from kpi.selectors.scoreboard import MonthLamp, Row

NEVER_REPORTED = "no_value"


@dataclass(frozen=True)
class Edition:
    """What was frozen: the rows, and what the period showed before by indicator, empty the first time."""

    number: int
    rows: tuple[Row, ...]
    shown_before: Mapping[int, Rag]

    @property
    def is_again(self) -> bool:
        """Whether the period had been published before and was reopened."""
        return self.number > 1

    @property
    def changed(self) -> Iterator[tuple[Row, Rag]]:
        """Rows whose lamp is another than it was, with that lamp: the period's own before, else the month's before."""
        for row in self.rows:
            before = self.shown_before.get(row.indicator.pk) if self.is_again else row.previous_rag
            if before is not None and before is not row.rag:
                yield row, before


def take(*, period: Period, now: datetime) -> Edition:
    """Write one snapshot per indicator of the period, from approved figures only.

    A period that was reopened gets a further edition.
    """
    board = scoreboard.build(year=period.report.year, now=now, period_code=period.code)
    last = AssessmentSnapshot.objects.filter(period=period).aggregate(last=Max("edition"))["last"] or 0
    before = {key[0]: found.shown for key, found in published.load([period.pk]).last.items()} if last else {}
    AssessmentSnapshot.objects.bulk_create([_frozen(row, period, last + 1, now) for row in board.rows])
    return Edition(last + 1, board.rows, before)


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
        original_rag=month.original_rag or "",
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
