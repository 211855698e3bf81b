"""What belongs to one number: the piece of the sentence that is quoted for it, and the pieces without a number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from kpi.domain.extraction.quantities import Amount

# Commas in quotation marks, brackets and titles part nothing.
_CLAUSE = re.compile(r"(?:[^，；。！？：“（《]+|“[^“”]*”|（[^（）]*）|《[^《》]*》|[“（《])+")
# What a list begins its items with is not quoted.
_HEAD = re.compile(
    r"(?:--+|[-●•◆■□▲△◎★☆▪➢·※►▶]|（[一二三四五六七八九十0-9]{1,3}）|[0-9]{1,2}[.、。）]|[一二三四五六七八九十]{1,3}(?:[、.。]|是)"
    r"|第[一二三四五六七八九十]{1,2}，)+"
)
_BOUND = re.compile(r"(?:(?:及|或)?(?:以[上下内]|之内|左右|上下))?")
_LIST_MARK = re.compile(r"[、和与及并]|以及")
# Numbers with no more than this between them share their words: “分别增长8%和9%”.
_NO_WORDS = ("", "每年", "每月")


class Piece(NamedTuple):
    """``text[start:end]`` is quoted; the numbers in it stand in ``amounts`` as positions of the list they came from."""

    start: int
    end: int
    amounts: tuple[int, ...]


def clauses(text: str) -> list[tuple[int, int]]:
    """Clauses between commas, semicolons, colons and full stops, without what numbers them."""
    found = []
    for clause in _CLAUSE.finditer(text):
        start, end = clause.span()
        head = _HEAD.match(text, start, end)
        start = head.end() if head else start
        if start < end:
            found.append((start, end))
    return found


def pieces(text: str, found: Sequence[Amount]) -> list[Piece]:
    """Clauses with numbers, cut so that each has its own piece where the words allow it: “A超过200家”, “B超过900家”."""
    result: list[Piece] = []
    for start, end in clauses(text) if found else ():
        inside = [index for index, each in enumerate(found) if start <= each.start < end]
        if inside:
            result.extend(_items(text, start, end, inside, found))
    return result


def _items(text: str, start: int, end: int, inside: Sequence[int], found: Sequence[Amount]) -> list[Piece]:
    groups: list[list[int]] = [[inside[0]]]
    cuts: list[tuple[int, int]] = []
    for index in inside[1:]:
        cut = _cut(text, found[groups[-1][-1]], found[index])
        if cut is None:
            groups[-1].append(index)
        else:
            cuts.append(cut)
            groups.append([index])
    starts = [start, *(after for _before, after in cuts)]
    ends = [*(before for before, _after in cuts), end]
    return [Piece(first, last, tuple(group)) for first, last, group in zip(starts, ends, groups, strict=True)]


def _cut(text: str, one: Amount, other: Amount) -> tuple[int, int] | None:
    """Where one item of a list ends and the next begins; ``None`` where two numbers share their words."""
    bound = _BOUND.match(text, one.end)
    start = bound.end() if bound else one.end
    marks = list(_LIST_MARK.finditer(text, start, other.start))
    if not marks:
        return None
    mark = marks[0] if marks[0].start() == start else marks[-1]
    return None if text[mark.end() : other.start] in _NO_WORDS else mark.span()
