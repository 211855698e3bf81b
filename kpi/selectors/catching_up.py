"""Months that were behind and were made good later. What was published keeps its colour; the later month is green."""

from __future__ import annotations

from kpi.domain.values import Rag
from kpi.selectors.scoreboard import MonthLamp, Row

BEHIND = (Rag.RED, Rag.AMBER)
MADE_GOOD = (Rag.GREEN, Rag.DONE)


def caught_up_in(row: Row, month: MonthLamp) -> str | None:
    """The month in which the row was first back on plan after ``month``, by a figure of its own.

    ``None`` for a month that was not behind, and while nothing has been made good yet. A plan that was lowered makes
    nothing good: where the target was changed, the lamp by the year's first plan counts.
    """
    if month.rag not in BEHIND or not month.is_own:
        return None
    later = (found for found in row.months if found.period.code > month.period.code and found.is_own)
    return next((found.period.code for found in later if (found.original_rag or found.rag) in MADE_GOOD), None)
