"""Commitments of a government work report, proposed from its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from kpi.domain.extraction.blocks import Block, blocks
from kpi.domain.extraction.commitments import Found, commitments
from kpi.domain.extraction.deadlines import deadlines
from kpi.domain.extraction.folding import fold
from kpi.domain.extraction.sections import Passage, Side, guess_year, sides
from kpi.domain.values import Comparator, Kind, Strength

__all__ = ["Extracted", "extract", "guess_year"]


@dataclass(frozen=True)
class Extracted:
    quote: str
    start: int
    end: int
    section: str
    kind: Kind
    metric: str
    value: Decimal | None
    unit: str
    comparator: Comparator | None
    deadline: str | None
    strength: str | None
    grade: Strength | None
    confidence: float
    why: str
    sentence: tuple[int, int]


_AHEAD_IN_REVIEW = re.compile(r"有望|将于|将在|预计于|预计在|预计将|计划于|拟于|计划在")


def extract(text: str, year: int | None = None) -> list[Extracted]:
    found = list(blocks(fold(text)))
    passages, where = [], []
    for block in found:
        spans = [(0, len(block.text))] if block.is_heading else list(block.sentences())
        for start, end in spans:
            passages.append(Passage(block.text[start:end], block.is_heading))
            where.append((block, start, end))
    year = year if year is not None else guess_year(passages)
    result: list[Extracted] = []
    section = ""
    for passage, (block, start, end), side in zip(passages, where, sides(passages, year), strict=True):
        if passage.is_heading:
            section = passage.text
            continue
        is_label = end < len(block.text)
        for each in _of_sentence(passage.text, side, year, is_label):
            result.append(_placed(text, block, start, end, each, section))
    return result


def _of_sentence(sentence: str, side: Side, year: int | None, is_label: bool) -> Iterator[Found]:
    if side is Side.PLAN:
        yield from commitments(sentence, year, is_label=is_label)
        return
    ahead = _AHEAD_IN_REVIEW.search(sentence)
    if ahead is None or year is None:
        return
    begin = max(sentence.rfind(mark, 0, ahead.start()) for mark in "，；：。") + 1
    end = min((at for mark in "，；。" if (at := sentence.find(mark, ahead.end())) >= 0), default=len(sentence))
    if not any(due.month >= f"{year}-01" and re.search(r"20[0-9]{2}年", sentence[due.start : due.end]) for due in deadlines(sentence[begin:end], year)):
        return
    for each in commitments(sentence[begin:end], year):
        from dataclasses import replace

        yield replace(each, start=each.start + begin, end=each.end + begin)


def _placed(text: str, block: Block, start: int, end: int, found: Found, section: str) -> Extracted:
    first, last = block.folded.span(start + found.start, start + found.end)
    return Extracted(
        quote=text[first:last], start=first, end=last, section=section, kind=found.kind, metric=found.metric, value=found.value,
        unit=found.unit, comparator=found.comparator, deadline=found.deadline, strength=found.strength, grade=found.grade,
        confidence=found.confidence, why=found.why, sentence=block.folded.span(start, end),
    )
