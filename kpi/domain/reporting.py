"""How punctually reports come: when one has fallen due, how late it was, and the two rates of many.

Completeness and timeliness share one base, the reports that have fallen due, so that they can be read side by side and
neither speaks before anybody could be late. The decision tables are tests/domain/cases/reporting.csv and
reporting_rates.csv.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from kpi.domain.values import Timeliness
from kpi.domain.window import Window

DAY = timedelta(days=1)


class Came(NamedTuple):
    """How one report that was asked for came; ``is_due`` says that its due moment is over."""

    timeliness: Timeliness
    is_due: bool


@dataclass(frozen=True)
class Rates:
    """Reports that have fallen due, those of them that were filed at all, and those that were filed in time."""

    due: int
    filed: int
    on_time: int

    @property
    def completeness(self) -> Decimal | None:
        """The share filed (报送率), late ones included; ``None`` while nothing has fallen due."""
        return Decimal(self.filed) / self.due if self.due else None

    @property
    def timeliness(self) -> Decimal | None:
        """The share filed in time (按时率); ``None`` while nothing has fallen due."""
        return Decimal(self.on_time) / self.due if self.due else None


def is_due(window: Window, now: datetime) -> bool:
    """Whether the due moment of the unit is over: at that very moment a report is still in time."""
    return window.locked_at is not None or now > window.due_for_unit


def days_late(filed_at: datetime, due_at: datetime) -> int:
    """Days past the due moment, each one begun counted whole; 0 for what came in time."""
    return max(0, math.ceil((filed_at - due_at) / DAY))


def rates(reports: Iterable[Came]) -> Rates:
    """The two rates of some reports; what has not fallen due counts in neither part, filed or not."""
    due = [report.timeliness for report in reports if report.is_due]
    on_time = due.count(Timeliness.ON_TIME)
    return Rates(len(due), on_time + due.count(Timeliness.LATE), on_time)
