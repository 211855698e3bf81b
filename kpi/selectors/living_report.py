"""The report's text cut at its commitments, so that each can wear its lamp. The parts joined are the text itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kpi.domain.values import Rag
from kpi.models import Commitment, Report
from kpi.selectors.scoreboard import Row, Scoreboard, worst_first


@dataclass(frozen=True)
class Segment:
    """A piece of the text; ``rows`` are the indicators of its commitment, worst first, empty for plain text."""

    text: str
    start: int
    rows: Sequence[Row] = ()

    @property
    def rag(self) -> Rag | None:
        return self.rows[0].rag if self.rows else None


def segments(report: Report, board: Scoreboard) -> list[Segment]:
    """The whole text in order (no query beyond ``board``'s and the report's own)."""
    rows = _rows_by_commitment(board)
    commitments = {row.indicator.commitment_id: row.indicator.commitment for row in board.rows}
    found: list[Segment] = []
    position = 0
    for commitment in sorted(commitments.values(), key=lambda each: (each.start, each.end)):
        if commitment.start < position:
            continue
        if commitment.start > position:
            found.append(Segment(report.text[position : commitment.start], position))
        found.append(_marked(report, commitment, rows))
        position = commitment.end
    return [*found, Segment(report.text[position:], position)]


def _rows_by_commitment(board: Scoreboard) -> Mapping[int, list[Row]]:
    groups: dict[int, list[Row]] = defaultdict(list)
    for row in board.rows:
        groups[row.indicator.commitment_id].append(row)
    return {commitment: worst_first(rows) for commitment, rows in groups.items()}


def _marked(report: Report, commitment: Commitment, rows: Mapping[int, list[Row]]) -> Segment:
    return Segment(report.text[commitment.start : commitment.end], commitment.start, rows[commitment.pk])


def excerpt(report: Report, board: Scoreboard, around: Row, most: int = 420) -> list[Segment]:
    """The paragraph that holds a row's commitment, cut to at most ``most`` characters at segment borders."""
    commitment = around.indicator.commitment
    first = report.text.rfind("\n", 0, commitment.start) + 1
    last = report.text.find("\n", commitment.end)
    last = len(report.text) if last < 0 else last
    first = max(first, commitment.start - most // 2)
    last = min(last, first + most)
    return list(_clipped(segments(report, board), first, last))


def _clipped(parts: list[Segment], first: int, last: int):
    for part in parts:
        start, end = max(part.start, first), min(part.start + len(part.text), last)
        is_whole_mark = part.start >= first and part.start + len(part.text) <= last
        if start < end and (not part.rows or is_whole_mark):
            yield Segment(part.text[start - part.start : end - part.start], start, part.rows)
