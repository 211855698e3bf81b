"""A row as plain data for machines: figures as text, so that no digit is lost."""

from __future__ import annotations

from kpi.domain.periods import Period as Month
from kpi.selectors.scoreboard import Row
from kpi.selectors.terms import original_terms


def as_record(row: Row) -> dict[str, object]:
    """Value, plan, lamp, reason and rule of one indicator. Keys are stable; a missing figure is ``None``.

    ``lamp`` is the one in force; where the office set it, ``override_reason`` says why and ``computed_lamp`` differs.
    ``original_…`` are by the plan the year began with, ``None`` where it still holds.
    """
    lamp, month = row.assessment, Month.parse(row.current.period.code)
    original = original_terms(row.indicator) if row.is_changed else None
    return {
        "code": row.indicator.code,
        "name": row.indicator.name,
        "unit": row.indicator.unit,
        "lead": row.indicator.lead_department.code,
        "period": row.current.source_period or None,
        "value": _text(lamp.actual if lamp else None),
        "plan": _text(lamp.expected if lamp else None),
        "target": _text(row.target),
        "lamp": str(row.rag),
        "computed_lamp": str(row.current.computed_rag or row.rag),
        "override_reason": row.current.override.reason if row.current.override else None,
        "original_target": _text(original.target if original else None),
        "original_plan": _text(original.expected_at(month) if original else None),
        "original_lamp": str(row.current.original_rag) if row.current.original_rag else None,
        "ratio": _text(lamp.ratio if lamp else None),
        "gap": _text(lamp.gap if lamp else None),
        "reason": lamp.reason if lamp else "no_value",
        "to_green": _text(lamp.to_green if lamp else None),
        "rule": lamp.rule_code if lamp else None,
        "rule_version": lamp.rule_version if lamp else None,
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)
