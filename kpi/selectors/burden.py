"""How much a period asks of each department: fields to fill, and how many of them are filled in beforehand.

A field is what a person has to answer: a figure, each part of a ratio, each node that is not done, one list of ticks,
the account of progress, the outlook, and the three of a deviation where last month's lamp was red or amber. Optional
fields do not count. Filled in beforehand is what the form carries over from the last approved report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import Department
from kpi.domain.values import Kind, Rag
from kpi.models import Submission
from kpi.selectors.cockpit import units
from kpi.selectors.content import carried, carried_fields
from kpi.selectors.history import Before
from kpi.selectors.scoreboard import Row, Scoreboard

DEVIATION = ("deviation_reasons", "measures", "catch_up_period")


@dataclass(frozen=True)
class Burden:
    """Fields asked of one department (or, summed up, of all) in one period."""

    department: Department | None
    reports: int
    asked: int
    prefilled: int

    @property
    def per_report(self) -> Decimal | None:
        """Fields a report asks on average."""
        return Decimal(self.asked) / self.reports if self.reports else None

    @property
    def share(self) -> Decimal | None:
        """The share filled in beforehand; ``None`` where nothing is asked."""
        return Decimal(self.prefilled) / self.asked if self.asked else None


def burden(board: Scoreboard, before: Before) -> list[Burden]:
    """Each department of the board that owes reports in its period, in official order; no query."""
    found = []
    for unit in units(board):
        owed = [row for row in unit.rows if row.current.is_asked]
        fields = [_fields(row, before.earlier.get(row.indicator.pk, ())) for row in owed]
        if owed:
            asked, prefilled = sum(each[0] for each in fields), sum(each[1] for each in fields)
            found.append(Burden(unit.department, len(owed), asked, prefilled))
    return found


def total(burdens: list[Burden]) -> Burden:
    """All departments together."""
    return Burden(
        None,
        sum(each.reports for each in burdens),
        sum(each.asked for each in burdens),
        sum(each.prefilled for each in burdens),
    )


def _fields(row: Row, earlier: Sequence[Submission]) -> tuple[int, int]:
    """How many fields one report asks, and how many of these are filled in."""
    before = carried(earlier[-1] if earlier else None, row.current.period)
    given = set(carried_fields(before))
    asked = ["narrative", "outlook"]
    if row.previous_rag in (Rag.RED, Rag.AMBER):
        asked += DEVIATION
    answered = sum(name in given for name in asked)
    if row.indicator.kind == Kind.MILESTONE:
        nodes = len(row.indicator.node_rows)
        return len(asked) + nodes, answered + len(before.completed_nodes)
    if row.indicator.kind == Kind.COVERAGE:
        return len(asked) + 1, answered + bool(before.covered_units)
    return len(asked) + (2 if row.indicator.kind == Kind.RATIO else 1), answered
