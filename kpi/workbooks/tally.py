"""What a workbook sums up: the boards it was written from, added up while they passed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from accounts.models import Department
from kpi.domain.values import Rag
from kpi.selectors import cockpit
from kpi.selectors.scoreboard import RuleBook, Scoreboard
from kpi.workbooks.fingerprint import Fingerprint


@dataclass
class Tally:
    """Lamps in all, month by month and by lead department in official order; the rules; the data's fingerprint.
    ``rows`` are indicators read, ``lines`` those written down.

    Every count is the scoreboard's own.
    """

    counts: Counter[Rag] = field(default_factory=Counter)
    adjusted: int = 0
    rows: int = 0
    lines: int = 0
    rules: RuleBook | None = None
    fingerprint: Fingerprint = field(default_factory=Fingerprint)
    _monthly: dict[str, Counter[Rag]] = field(default_factory=dict)
    _units: dict[Department, Counter[Rag]] = field(default_factory=dict)

    def add(self, board: Scoreboard) -> None:
        self.counts += board.counts
        self.adjusted += board.adjusted
        self.rows += len(board.rows)
        self.rules = board.rules
        for code, counts in board.monthly_counts:
            self._monthly[code] = self._monthly.get(code, Counter()) + counts
        for unit in cockpit.units(board):
            found = self._units.setdefault(unit.department, Counter())
            found.update(row.rag for row in unit.rows)
        for row in board.rows:
            self.fingerprint.add(row)

    @property
    def monthly(self) -> list[tuple[str, Counter[Rag]]]:
        return sorted(self._monthly.items())

    @property
    def units(self) -> list[tuple[Department, Counter[Rag]]]:
        """In official order, never ranked."""
        return sorted(self._units.items(), key=lambda found: (found[0].ordinal, found[0].code))
