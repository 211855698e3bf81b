"""The planned curve of the year (序时进度): what should have been reached by the end of each month.

A month without a point is not due. The curve is never the target divided by twelve unless somebody says so: grain,
farmland, recognitions and festivals have seasons of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import accumulate

from kpi.domain.periods import Period

MONTHS = 12


class Shape(StrEnum):
    """How a curve was drawn."""

    LINEAR = "linear"
    STEPPED = "stepped"
    SEASONAL = "seasonal"
    CUSTOM = "custom"
    MILESTONES = "milestones"


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


def linear(year: int, target: Decimal, *, start: Decimal = Decimal(0), decimals: int = 2) -> Trajectory:
    """Equal steps from ``start`` to ``target``, rounded half up to ``decimals``; December is the target itself."""
    shares = [Decimal(month) / MONTHS for month in range(1, MONTHS + 1)]
    return _along(year, target, start, shares, decimals)


def seasonal(year: int, target: Decimal, weights: Sequence[Decimal | int], *, decimals: int = 2) -> Trajectory:
    """Steps in proportion to twelve monthly ``weights``, of which at least one is above zero."""
    sums = list(accumulate(Decimal(weight) for weight in weights))
    running = [reached / sums[-1] for reached in sums]
    return _along(year, target, Decimal(0), running, decimals)


def stepped(year: int, steps: Mapping[int, Decimal]) -> Trajectory:
    """The value of the latest step so far; months before the first step (1–12) are not due."""
    points: dict[Period, Decimal] = {}
    value: Decimal | None = None
    for month in range(1, MONTHS + 1):
        value = steps.get(month, value)
        if value is not None:
            points[Period(year, month)] = value
    return Trajectory(points)


def custom(year: int, values: Mapping[int, Decimal]) -> Trajectory:
    """Exactly the months given."""
    return Trajectory({Period(year, month): value for month, value in values.items()})


def from_milestones(year: int, due_days: Iterable[date]) -> Trajectory:
    """How many milestones should be done by each month end."""
    days = sorted(due_days)
    months = Period.range(Period(year, 1), Period(year, MONTHS))
    return Trajectory({month: Decimal(sum(day <= month.last_day for day in days)) for month in months})


def _along(year: int, target: Decimal, start: Decimal, shares: Sequence[Decimal], decimals: int) -> Trajectory:
    unit = Decimal(1).scaleb(-decimals)
    values = [(start + (target - start) * share).quantize(unit, ROUND_HALF_UP) for share in shares]
    values[-1] = target
    return Trajectory({Period(year, month): value for month, value in enumerate(values, start=1)})
