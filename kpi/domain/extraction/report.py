"""A whole report: its sentences, the side each is on, and what those that look ahead promise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from kpi.domain.extraction import sections
from kpi.domain.extraction.deadlines import deadlines
from kpi.domain.extraction.folding import fold
from kpi.domain.extraction.obligations import Obligation, obligations
from kpi.domain.extraction.sections import Passage, Side
from kpi.domain.extraction.sentences import NUMBERED, Block, blocks, is_label
from kpi.domain.extraction.targets import targets
from kpi.domain.values import Comparator, Kind, Strength


class Role(StrEnum):
    """What a piece of the report is; a label is a heading that runs into its paragraph."""

    HEADING = "heading"
    LABEL = "label"
    SENTENCE = "sentence"


@dataclass(frozen=True)
class Extracted:
    """One proposed commitment.

    ``text[start:end] == quote``; ``sentence`` and ``number`` are places in the text as well, ``number`` only with a
    ``value``. ``unit`` carries the magnitude (7.7 万人) and is empty without a value; ``deadline`` is ``YYYY-MM``.
    ``strength`` is the report's word, ``grade`` what it means. ``kind`` is a proposal, ``confidence`` from 0 to 1.
    """

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
    number: tuple[int, int] | None


class Sentence(NamedTuple):
    """A heading or a sentence at ``block.text[first:last]``, folded.

    ``section`` is what it stands under: the chapter's heading, with the paragraph's run-in heading where it has one.
    """

    block: Block
    first: int
    last: int
    side: Side
    section: str
    role: Role

    @property
    def text(self) -> str:
        return self.block.text[self.first : self.last]

    @property
    def span(self) -> tuple[int, int]:
        """Where it stands in the text as it is."""
        return self.block.folded.span(self.first, self.last)


@dataclass(frozen=True)
class Outline:
    """The report cut into sentences. ``is_headed``: headings name the sides, so that they are not read from words."""

    year: int | None
    is_headed: bool
    sentences: list[Sentence]


# In the review only a date to come makes a promise: “剩余292户有望在2025年春节前全部安置到位”.
_STILL_TO_COME = re.compile(r"有望|将于|将在|预计于|预计在|预计将|计划于|拟于|计划在")


def extract(text: str, year: int | None = None) -> list[Extracted]:
    """All proposed commitments, in the order of the text.

    ``year`` is the one planned for; where it is not given, or is clearly not the report's, it is read from the text.
    """
    report = outline(text, year)
    return [
        _placed(text, sentence, each)
        for sentence in report.sentences
        for each in _promised(sentence, report.year, is_headed=report.is_headed)
    ]


def outline(text: str, year: int | None = None) -> Outline:
    """Headings and sentences with the side they are on, the same that ``extract`` reads."""
    cut = [
        (block, first, last)
        for block in blocks(fold(text))
        for first, last in ([(0, len(block.text))] if block.is_heading else block.sentences())
    ]
    passages = [Passage(block.text[first:last], block.is_heading, first > 0) for block, first, last in cut]
    year = sections.side_year(passages, year)
    found: list[Sentence] = []
    chapter = label = ""
    course = sections.course(passages, year)
    for (block, first, last), side in zip(cut, course.sides, strict=True):
        role = _role(block, first, last, year)
        words = block.text[first:last].rstrip("。")
        if role is Role.HEADING:
            chapter, label = words, ""
        elif role is Role.LABEL:
            chapter, label = (words, "") if NUMBERED.match(words) else (chapter, words)
        elif first == 0:
            label = ""
        found.append(Sentence(block, first, last, side, "／".join(filter(None, (chapter, label))), role))
    return Outline(year, course.is_headed, found)


def _role(block: Block, first: int, last: int, year: int | None) -> Role:
    if block.is_heading:
        return Role.HEADING
    words = block.text[first:last]
    leads = last < len(block.text) and is_label(words, first) and not (targets(words, ()) or deadlines(words, year))
    return Role.LABEL if leads else Role.SENTENCE


def _promised(sentence: Sentence, year: int | None, *, is_headed: bool) -> Iterator[Obligation]:
    if sentence.role is not Role.SENTENCE:
        return
    if sentence.side is Side.PLAN:
        yield from obligations(sentence.text, year, is_headed=is_headed)
    elif year is not None:
        yield from _still_to_come(sentence.text, year)


def _still_to_come(text: str, year: int) -> Iterator[Obligation]:
    """The one clause of a review that names a time in the year planned for, or later."""
    ahead = _STILL_TO_COME.search(text)
    if ahead is None:
        return
    begin = max(text.rfind(mark, 0, ahead.start()) for mark in "，；：。") + 1
    end = min((at for mark in "，；。" if (at := text.find(mark, ahead.end())) >= 0), default=len(text))
    clause = text[begin:end]
    dated = [due for due in deadlines(clause, year) if not due.is_relative and due.month >= f"{year}-01"]
    for each in obligations(clause, year, is_headed=False) if dated else ():
        number = (each.number[0] + begin, each.number[1] + begin) if each.number else None
        yield replace(each, start=each.start + begin, end=each.end + begin, number=number)


def _placed(text: str, sentence: Sentence, found: Obligation) -> Extracted:
    start, end = _span(sentence, (found.start, found.end))
    return Extracted(
        quote=text[start:end],
        start=start,
        end=end,
        section=sentence.section,
        kind=found.kind,
        metric=found.metric,
        value=found.value,
        unit=found.unit,
        comparator=found.comparator,
        deadline=found.deadline,
        strength=found.firmness.word if found.firmness else None,
        grade=found.firmness.grade if found.firmness else None,
        confidence=found.confidence,
        why=found.why,
        sentence=sentence.span,
        number=_span(sentence, found.number) if found.number else None,
    )


def _span(sentence: Sentence, place: tuple[int, int]) -> tuple[int, int]:
    return sentence.block.folded.span(sentence.first + place[0], sentence.first + place[1])
