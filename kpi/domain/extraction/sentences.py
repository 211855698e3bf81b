"""Lines of a file put together to headings and paragraphs, and sentences cut out of them.

A line of a newspaper or a PDF may end inside a sentence or inside a word; a line of a typed report ends a paragraph.
Which it is shows in how the line ends, how the next one begins, and how wide the lines of the file are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from kpi.domain.extraction.folding import Folded, squeeze, turned

LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
# Page numbers and hints to another page belong to the paper, not to the text.
FURNITURE = re.compile(
    r"-*[0-9]{1,4}-*|第[0-9]{1,4}页(?:[/，]?共[0-9]{1,4}页)?|[0-9]{1,4}/[0-9]{1,4}"
    r"|[▶►]*（?(?:下|上|紧)[转接]第?[0-9A-Z]{1,4}版）?"
)
_NUMERAL = r"[一二三四五六七八九十百零]{1,4}"
NUMBERED = re.compile(
    rf"第{_NUMERAL}(?:部分|章|节|篇)|{_NUMERAL}[、.。]|（(?:{_NUMERAL}|[0-9]{{1,2}})）|[0-9]{{1,2}}[.。、）](?![0-9])"
    r"|[①-⑳➀-➉❶-❿⑴-⒇]|[Ⅰ-Ⅻ][、.。]"
)
BULLET = re.compile(r"--|[-●•◆■□▲△◎★☆▪➢·※►▶]")
# Whatever stood before, with these something new begins.
OPENING = re.compile(r"各位(?:代表|委员)|同志们|[一二三四五六七八九十]{1,2}是(?!否)")
_BEGINNING = re.compile("|".join(each.pattern for each in (NUMBERED, BULLET, OPENING)))
SENTENCE_END = re.compile(r"[。！？]+[”’）]*")
# Titles of chapters end in few words.
TITLE_END = re.compile(
    r"(?:回顾|总结|安排|打算|部署|任务|目标|要求|思路|举措|重点|工作|报告|成就|成效|情况|建设|问题|计划|项目|实事|取向|建议)"
    r"(?:（[^（）]{1,12}）)?$"
)
TITLE_START = re.compile(r"[0-9]{4}年|今年|明年|过去|去年|下一步|下步|今后|“十[一二三四五六七八]五”")
_DATES = re.compile(r"[0-9]{4}(?:[-~至][0-9]{4})?年|[0-9]{1,2}[月日]|“[^”]{1,20}”")
_DIGIT = re.compile(r"[0-9]")
LONGEST_TITLE = 45
LONGEST_PLAIN_TITLE, SHORT_TITLE = 26, 22
LONGEST_LABEL = 14
# A longer sentence is cut, so that what one sentence costs is bounded.
LONGEST_SENTENCE = 800


class Block(NamedTuple):
    """A heading or a paragraph, without its blanks and line ends."""

    folded: Folded
    is_heading: bool

    @property
    def text(self) -> str:
        return self.folded.text

    def sentences(self) -> Iterator[tuple[int, int]]:
        """Where its sentences begin and end, full stops included."""
        start = 0
        for end in (*(found.end() for found in SENTENCE_END.finditer(self.text)), len(self.text)):
            while end - start > LONGEST_SENTENCE:
                yield start, start + LONGEST_SENTENCE
                start += LONGEST_SENTENCE
            if start < end:
                yield start, end
            start = end


class _Line(NamedTuple):
    folded: Folded
    width: int

    @property
    def text(self) -> str:
        return self.folded.text

    @property
    def is_closed(self) -> bool:
        """Whether it ends as a sentence or a part of a list does."""
        return self.text[-1] in "。！？；：…" or (self.text[-1] in "”）" and self.text[-2:-1] in "。！？")

    @property
    def is_title(self) -> bool:
        text = self.text
        if len(text) > LONGEST_TITLE or text[-1] in "，、" or SENTENCE_END.search(text):
            return False
        return bool(NUMBERED.match(text) or TITLE_END.search(text)) and not has_figures(text)

    @property
    def begins_anew(self) -> bool:
        text = self.text
        return bool(_BEGINNING.match(text)) or (
            len(text) <= SHORT_TITLE and bool(TITLE_START.match(text)) and self.is_title
        )


def has_figures(text: str) -> bool:
    """Whether there are numbers other than those of the list, of dates and of names in quotation marks."""
    if not _DIGIT.search(text):
        return False
    numbered = NUMBERED.match(text)
    rest = _DATES.sub("", text[numbered.end() if numbered else 0 :])
    return _DIGIT.search(rest) is not None


def blocks(folded: str) -> Iterator[Block]:
    """Headings and paragraphs of a folded text, in their order."""
    lines = list(_lines(folded))
    margin = _margin(lines)
    first = 0
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else None
        if following is None or not _goes_on(line, following, index == first, margin):
            yield _block(lines[first : index + 1])
            first = index + 1


def _lines(folded: str) -> Iterator[_Line]:
    for found in LINE.finditer(folded):
        line = squeeze(folded, *found.span())
        if line.text and not FURNITURE.fullmatch(line.text):
            yield _Line(line, _width(line.text))


def _width(text: str) -> int:
    """Columns on paper: a Chinese character is as wide as two others (and is three bytes where they are one)."""
    return (len(text.encode(errors="replace")) + len(text)) // 2


def _margin(lines: list[_Line]) -> int:
    """From which width a line of a wrapped text is full; 0 where a line is a paragraph.

    In a wrapped text most lines are almost as wide as the widest ones, and most of these end inside a sentence.
    """
    widths = sorted(line.width for line in lines)
    widest = widths[len(widths) * 9 // 10] if len(lines) >= 5 else 0
    full = [line for line in lines if line.width >= widest - 8]
    opened = sum(not line.is_closed for line in full)
    is_wrapped = 32 <= widest <= 160 and 2 * len(full) >= len(lines) and 2 * opened >= len(full)
    return widest - 8 if is_wrapped else 0


def _goes_on(line: _Line, following: _Line, is_first: bool, margin: int) -> bool:
    """Whether a sentence is broken between two lines."""
    if line.is_closed or following.begins_anew:
        return False
    if margin and line.width >= margin:
        return True
    if is_first and line.is_title:
        return False
    is_cut = line.text[-1] in "，、.0123456789" or SENTENCE_END.search(line.text) is not None
    return is_cut or not is_first or len(line.text) > SHORT_TITLE


def _block(lines: list[_Line]) -> Block:
    if len(lines) == 1:
        text = turned(lines[0].text)
        return Block(Folded(text, lines[0].folded.places), is_heading(text))
    text = turned("".join(line.text for line in lines))
    places = [place for line in lines for place in line.folded.places]
    return Block(Folded(text, places), is_heading(text))


def is_heading(text: str) -> bool:
    """Short, without figures, and no sentence; or a numbered one: “（一）深化改革，扩大开放。”"""
    numbered = NUMBERED.match(text)
    is_short = len(text) <= (LONGEST_TITLE if numbered else LONGEST_PLAIN_TITLE)
    if not is_short or has_figures(text) or text[-1] in "，、；：":
        return False
    ended = SENTENCE_END.search(text, numbered.end() if numbered else 0)
    return ended is None or (numbered is not None and ended.end() == len(text))


def is_label(sentence: str, first: int) -> bool:
    """Whether a sentence with others behind it is a run-in heading: one short clause, or a numbered beginning."""
    if has_figures(sentence):
        return False
    if first == 0 and NUMBERED.match(sentence):
        return len(sentence) <= LONGEST_TITLE
    return len(sentence) <= LONGEST_LABEL and not any(mark in sentence for mark in "，、；：")
