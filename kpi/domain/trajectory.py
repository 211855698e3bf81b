"""The planned curve of the year (序时进度): what should have been reached by the end of each month.

A month without a point is not due. The curve is never the target divided by twelve unless somebody says so: grain,
farmland, recognitions and festivals have seasons of their own. How one is drawn: ``kpi.domain.plan_shapes``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from kpi.domain.periods import Period

MONTHS = 12


@dataclass(frozen=True)
class Trajectory:
    """Planned values at month ends."""

    points: Mapping[Period, Decimal] = field(default_factory=dict)

    def expected_at(self, period: Period) -> Decimal | None:
        """The planned value at the end of ``period``; ``None`` means not due."""
        return self.points.get(period)

    def expected_on(self, day: date) -> Decimal | None:
        """The planned value of the month ``day`` lies in."""
        return self.expected_at(Period.of(day))

    def end(self) -> Decimal | None:
        """The last planned value; ``None`` for an empty curve."""
        return self.points[max(self.points)] if self.points else None


def from_milestones(year: int, due_days: Iterable[date]) -> Trajectory:
    """How many milestones should be done by each month end; months before the first are not due."""
    days = sorted(due_days)
    months = Period.range(Period(year, 1), Period(year, MONTHS))
    done = {month: sum(day <= month.last_day for day in days) for month in months}
    return Trajectory({month: Decimal(count) for month, count in done.items() if count})
