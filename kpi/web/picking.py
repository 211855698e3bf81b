"""The plan part of the report cut into clauses, so that a phrase can be picked with mouse or keyboard.

The parts joined are the text itself. What commitments hold is marked, with the codes of its indicators.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kpi.models import Commitment, Report
from kpi.selectors.configuration import plan_part

CLAUSE = re.compile(r"[^，。；！？\n]*[，。；！？\n]?")


@dataclass(frozen=True)
class Clause:
    """A piece of the text; ``codes`` are the indicators of the commitment that holds it, ``is_held`` whether one does.

    ``is_chosen``: it lies in the phrase that was chosen.
    """

    text: str
    start: int
    codes: Sequence[str] = ()
    is_held: bool = False
    is_chosen: bool = False

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()


def clauses(report: Report, commitments: Sequence[Commitment], chosen: range) -> list[Clause]:
    """The plan part from its heading to the end; ``commitments`` come with their indicators."""
    first = plan_part(report.text)
    held = [found for found in commitments if found.is_anchored and not found.is_context]
    cuts = sorted({first, len(report.text), *_clause_borders(report.text, first), *_borders(held, first)})
    return [_clause(report.text[start:end], start, held, chosen) for start, end in pairwise(cuts)]


def _clause_borders(text: str, first: int) -> Iterator[int]:
    return (found.end() for found in CLAUSE.finditer(text, first))


def _borders(held: Sequence[Commitment], first: int) -> Iterator[int]:
    return (place for found in held for place in (found.start, found.end) if place > first)


def _clause(text: str, start: int, held: Sequence[Commitment], chosen: range) -> Clause:
    holder = next((found for found in held if found.start <= start < found.end), None)
    is_first = holder is not None and holder.start == start
    codes = [each.code for each in holder.indicators.all() if each.is_active] if holder and is_first else []
    return Clause(text, start, codes, holder is not None, start in chosen)
