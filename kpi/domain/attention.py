"""Which indicators need a leader's eye, and why.

A card always says why it is there, so the rule gives reasons, not a yes or no. The decision table is
``tests/domain/cases/attention.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kpi.domain.values import Rag

# “Three ambers in a row” needs an eye although none of them is red.
LONG_AMBER_MONTHS = 3
# While this few days are left a shortfall that is only forecast can still be turned.
NEAR_DUE_DAYS = 60


class Concern(StrEnum):
    """Why an indicator needs attention, the most pressing first."""

    RED = "red"
    DIRECTIVE_OVERDUE = "directive_overdue"
    FORECAST_SHORT = "forecast_short"
    LONG_AMBER = "long_amber"


@dataclass(frozen=True)
class Watched:
    """What the rule looks at.

    ``run_length`` is in months (at least 1), ``days_left`` counts calendar days to the final date (0 on that day,
    negative after it), ``directive_overdue_days`` whole days past the reply date of the directive that has waited
    longest (0 where none has). ``is_short`` is the forecast's word; ``False`` while there is no forecast.
    """

    rag: Rag
    run_length: int
    days_left: int
    is_short: bool = False
    directive_overdue_days: int = 0


def concerns(watched: Watched) -> tuple[Concern, ...]:
    """The reasons that hold, in the order of ``Concern``; empty where nothing needs attention.

    A finished indicator is not forecast any more, but a directive about it still wants its answer. Past the final
    date the lamp itself speaks, not the forecast.
    """
    is_near_due = 0 <= watched.days_left <= NEAR_DUE_DAYS
    holds = {
        Concern.RED: watched.rag is Rag.RED,
        Concern.DIRECTIVE_OVERDUE: watched.directive_overdue_days > 0,
        Concern.FORECAST_SHORT: watched.is_short and is_near_due and watched.rag is not Rag.DONE,
        Concern.LONG_AMBER: watched.rag is Rag.AMBER and watched.run_length >= LONG_AMBER_MONTHS,
    }
    return tuple(concern for concern in Concern if holds[concern])
