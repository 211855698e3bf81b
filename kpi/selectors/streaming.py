"""A year row by row: the scoreboard in pieces, so that a workbook of any size needs little memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from kpi.models import Indicator, Submission
from kpi.models.querysets import IndicatorQuerySet
from kpi.selectors import scoreboard
from kpi.selectors.scoreboard import Scoreboard

BATCH = 200


@dataclass(frozen=True)
class Scope:
    """Which rows: of a year, as of a period and a moment, led by some departments (codes; none for all).

    Only what was approved is seen, so that a file says the same whoever asked for it.
    """

    year: int
    period: str
    now: datetime
    departments: Collection[str] = ()

    def indicators(self) -> IndicatorQuerySet:
        """In report order."""
        found = Indicator.objects.of_year(self.year)
        return found.filter(lead_department__code__in=self.departments) if self.departments else found

    def count(self) -> int:
        return self.indicators().count()

    def boards(self, batch: int = BATCH) -> Iterator[Scoreboard]:
        """The scope's rows in report order, so many indicators at a time (6 queries each and 1 at the start).

        Raises ``Period.DoesNotExist`` where there is a row and no such period.
        """
        keys = list(self.indicators().values_list("pk", flat=True))
        for first in range(0, len(keys), batch):
            yield self.board_of(keys[first : first + batch])

    def board_of(self, keys: Collection[int]) -> Scoreboard:
        """The board of some of the year's indicators."""
        some = Indicator.objects.of_year(self.year).filter(pk__in=keys).with_supporting()
        return scoreboard.build(year=self.year, now=self.now, period_code=self.period, indicators=some)


@dataclass(frozen=True)
class Filed:
    """When a report went which way; a draft that was never sent has none of these."""

    first_submitted_at: datetime | None = None
    submitted_at: datetime | None = None
    signed_off_at: datetime | None = None
    approved_at: datetime | None = None


NEVER = Filed()
TIMES = ("first_submitted_at", "submitted_at", "signed_off_at", "approved_at")


def filing_times(board: Scoreboard) -> dict[tuple[int, str], Filed]:
    """When each report of the board's rows was filed, by indicator id and period code (1 query)."""
    shown = [row.indicator.pk for row in board.rows]
    found = Submission.objects.filter(
        indicator__in=shown, period__report_id=board.period.report_id, period__code__lte=board.period.code
    )
    rows = found.order_by().values_list("indicator_id", "period__code", *TIMES)
    return {(indicator, period): Filed(*times) for indicator, period, *times in rows.iterator()}
