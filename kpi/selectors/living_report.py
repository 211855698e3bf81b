"""The report's text cut at its commitments, so that each can wear its lamp. The parts joined are the text itself.

Everything works on the board's rows and the report's own columns: no query.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from kpi.domain.values import Rag
from kpi.models import Commitment, Report
from kpi.selectors.cockpit import BAD
from kpi.selectors.scoreboard import Row, Scoreboard, worst_first

# Lines of the text that are headings: “2025年工作安排”, “（一）……”; a sentence has a full stop.
YEAR_HEADING = re.compile(r"^\d{4}年工作\S{1,6}$", re.MULTILINE)
PART_HEADING = re.compile(r"^（[一二三四五六七八九十]+）[^。\n]{2,50}$", re.MULTILINE)
# “(下转3版)”: what was printed on the next page is not in the text.
CUT_OFF = re.compile(r"下转\s*\d*\s*版\s*[)）]?\s*$")
# What the office says of the printed text begins with this word in a commitment's notes.
COLLATION = "校勘："


@dataclass(frozen=True)
class Remark:
    """What is to be said of the printed text; ``number`` counts those that have a place, from 1."""

    text: str
    number: int = 0


@dataclass(frozen=True)
class Segment:
    """A piece of the text; ``rows`` are the indicators of its commitment, worst first, empty for plain text.

    ``level`` is 1 or 2 for a heading of the text. ``anchor`` is the name of the place in the contents that begins here,
    ``remarks`` what is said of the text just before the next piece.
    """

    text: str
    start: int
    rows: Sequence[Row] = ()
    level: int = 0
    anchor: str = ""
    remarks: Sequence[Remark] = ()

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def rag(self) -> Rag | None:
        return self.rows[0].rag if self.rows else None

    @property
    def is_plain(self) -> bool:
        """Wording without a figure, and not in trouble: it wears its sign, but no colour."""
        return bool(self.rows) and self.rag not in BAD and not any(row.is_quantified for row in self.rows)

    def has(self, rag: Rag) -> bool:
        return any(row.rag is rag for row in self.rows)


@dataclass(frozen=True)
class Entry:
    """A line of the contents: where it leads, how deep it lies, and how many indicators below it have which lamp."""

    title: str
    anchor: str
    level: int
    counts: Mapping[Rag, int]


@dataclass(frozen=True)
class LivingReport:
    """The page: pieces in order, contents, remarks, and what could not be placed."""

    segments: Sequence[Segment]
    contents: Sequence[Entry]
    remarks: Sequence[Remark]
    unanchored: Sequence[Row]
    is_cut_off: bool


def living_report(report: Report, board: Scoreboard) -> LivingReport:
    """The whole report with what belongs beside it."""
    segments = _with_headings(_segments(report, board))
    marks = [segment for segment in segments if segment.rows]
    remarks, segments = _with_remarks(segments, report, marks)
    anchors, contents = _contents(segments, board)
    segments = [replace(segment, anchor=anchors.get(segment.start, "")) for segment in segments]
    shown = {row.indicator.pk for segment in marks for row in segment.rows}
    missing = [row for row in board.rows if row.indicator.pk not in shown]
    return LivingReport(segments, contents, remarks, missing, CUT_OFF.search(report.text) is not None)


def _segments(report: Report, board: Scoreboard) -> list[Segment]:
    rows = _rows_by_commitment(board)
    commitments = {row.indicator.commitment_id: row.indicator.commitment for row in board.rows}
    found: list[Segment] = []
    position = 0
    for commitment in sorted(commitments.values(), key=attrgetter("start", "end")):
        if not commitment.is_anchored or commitment.start < position:
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


def _with_headings(segments: Sequence[Segment]) -> list[Segment]:
    """Plain pieces cut once more at the headings in them."""
    return [piece for segment in segments for piece in _headed(segment)]


def _headed(segment: Segment) -> Iterator[Segment]:
    if segment.rows:
        yield segment
        return
    found = [
        (each.span(), level)
        for level, rule in ((1, YEAR_HEADING), (2, PART_HEADING))
        for each in rule.finditer(segment.text)
    ]
    position = 0
    for (first, last), level in sorted(found):
        if first > position:
            yield Segment(segment.text[position:first], segment.start + position)
        yield Segment(segment.text[first:last], segment.start + first, level=level)
        position = last
    if position < len(segment.text) or not found:
        yield Segment(segment.text[position:], segment.start + position)


def _with_remarks(
    segments: Sequence[Segment], report: Report, marks: Sequence[Segment]
) -> tuple[list[Remark], list[Segment]]:
    """Remarks numbered in the order of the text, and the pieces with them; what concerns the whole comes first."""
    placed, loose = _remarks(report, marks)
    numbered = [(position, Remark(text, number)) for number, (position, text) in enumerate(sorted(placed), start=1)]
    cut = [piece for segment in segments for piece in _cut(segment, numbered)]
    return [*(Remark(text) for text in loose), *(remark for _position, remark in numbered)], cut


def _remarks(report: Report, marks: Sequence[Segment]) -> tuple[list[tuple[int, str]], list[str]]:
    """Remarks with the position they stand behind, and those that have none.

    A line of ``Report.source_note`` is “words｜remark”, placed behind the words where the text has them exactly once;
    a line without “｜” is about the whole text. A commitment's note counts from “校勘：” on.
    """
    placed: list[tuple[int, str]] = []
    loose: list[str] = []
    for line in filter(None, map(str.strip, report.source_note.splitlines())):
        words, bar, said = line.partition("｜")
        if bar and report.text.count(words) == 1:
            placed.append((report.text.index(words) + len(words), said))
        else:
            loose.append(line)
    for mark in marks:
        _said, found, remark = mark.rows[0].indicator.commitment.notes.partition(COLLATION)
        if found:
            placed.append((mark.end, remark))
    return placed, loose


def _cut(segment: Segment, remarks: Sequence[tuple[int, Remark]]) -> Iterator[Segment]:
    """The piece, cut where a remark stands; inside a commitment or heading it stands behind it instead."""
    mine = [(place, remark) for place, remark in remarks if segment.start < place <= segment.end]
    if segment.rows or segment.level:
        yield replace(segment, remarks=[remark for _place, remark in mine])
        return
    position = segment.start
    for place in sorted({place for place, _remark in mine}):
        said = [remark for other, remark in mine if other == place]
        yield Segment(segment.text[position - segment.start : place - segment.start], position, remarks=said)
        position = place
    if position < segment.end or not segment.text:
        yield Segment(segment.text[position - segment.start :], position)


def _contents(segments: Sequence[Segment], board: Scoreboard) -> tuple[dict[int, str], list[Entry]]:
    """The contents, and the anchor of each place by its position in the text.

    Headings of the text come from the text; sections and subsections begin at their first commitment.
    """
    counts: dict[tuple[str, str], Counter[Rag]] = defaultdict(Counter)
    for row in board.rows:
        commitment = row.indicator.commitment
        counts[commitment.section, ""][row.rag] += 1
        if commitment.subsection:
            counts[commitment.section, commitment.subsection][row.rag] += 1
    anchors: dict[int, str] = {}
    entries: list[Entry] = []
    seen: set[tuple[str, str]] = set()
    for segment in segments:
        if segment.level:
            anchors[segment.start] = f"p{segment.start}"
            entries.append(Entry(segment.text, anchors[segment.start], segment.level, {}))
        elif segment.rows:
            commitment = segment.rows[0].indicator.commitment
            for key, level in (((commitment.section, ""), 3), ((commitment.section, commitment.subsection), 4)):
                if key not in seen and (key[1] or level == 3):
                    seen.add(key)
                    anchors[segment.start] = f"p{segment.start}"
                    entries.append(Entry(key[1] or key[0], anchors[segment.start], level, counts[key]))
    return anchors, entries


def excerpt(report: Report, board: Scoreboard, around: Row, most: int = 420) -> list[Segment]:
    """The paragraph that holds a row's commitment, cut to at most ``most`` characters at segment borders.

    Empty where the text does not hold the commitment.
    """
    commitment = around.indicator.commitment
    if not commitment.is_anchored:
        return []
    first = report.text.rfind("\n", 0, commitment.start) + 1
    last = report.text.find("\n", commitment.end)
    last = len(report.text) if last < 0 else last
    first = max(first, commitment.start - most // 2)
    last = min(last, first + most)
    return list(_clipped(_segments(report, board), first, last))


def _clipped(parts: list[Segment], first: int, last: int) -> Iterator[Segment]:
    for part in parts:
        start, end = max(part.start, first), min(part.end, last)
        is_whole_mark = part.start >= first and part.end <= last
        if start < end and (not part.rows or is_whole_mark):
            yield Segment(part.text[start - part.start : end - part.start], start, part.rows)
