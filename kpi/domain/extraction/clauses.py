"""What belongs to one number: the piece of the sentence that is quoted for it, and the pieces without a number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kpi.domain.extraction.amounts import Amount

_BREAKS = "，；。！？："
_CLAUSE = re.compile(r"(?:“[^“”]*”|（[^（）]*）|《[^《》]*》|[^，；。！？：])+")
_HEAD = re.compile(
    r"(?:--+|[-●•◆■□▲△◎★☆▪➢·※►▶]|（[一二三四五六七八九十0-9]{1,3}）|[0-9]{1,2}[.、。）]|[一二三四五六七八九十]{1,3}[、.。]|[一二三四五六七八九十]{1,2}是"
    r"|第[一二三四五六七八九十]{1,2}，)+"
)
_SUFFIX = re.compile(r"(?:及|或)?(?:以[上下内]|之内|左右|上下)")
_LIST_MARK = re.compile(r"[、和与及]|以及|并")


@dataclass(frozen=True)
class Piece:
    """``text[start:end]`` is quoted; the numbers in it stand in ``amounts`` as positions of the list they came from."""

    start: int
    end: int
    amounts: tuple[int, ...]


def clauses(text: str) -> list[tuple[int, int]]:
    """Clauses between commas, semicolons, colons and full stops; those in quotation marks or brackets part nothing."""
    found = []
    for clause in _CLAUSE.finditer(text):
        head = _HEAD.match(text, clause.start(), clause.end())
        start = head.end() if head else clause.start()
        if start < clause.end():
            found.append((start, clause.end()))
    return found


def pieces(text: str, found: Sequence[Amount]) -> list[Piece]:
    """Clauses cut so that each number has its own piece where the words allow it: “A超过200家”, “B超过900家”."""
    result: list[Piece] = []
    for start, end in clauses(text):
        inside = [index for index, each in enumerate(found) if start <= each.start < end]
        result.extend(_items(text, start, end, inside, found) if inside else [Piece(start, end, ())])
    return result


def _items(text: str, start: int, end: int, inside: list[int], found: Sequence[Amount]) -> list[Piece]:
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
    suffix = _SUFFIX.match(text, one.end)
    start = suffix.end() if suffix else one.end
    marks = list(_LIST_MARK.finditer(text, start, other.start))
    if not marks:
        return None
    mark = marks[0] if marks[0].start() == start else marks[-1]
    rest = text[mark.end() : other.start]
    return None if rest in ("", "每年", "每月") or (mark is not marks[0] and mark[0] in "并") else mark.span()
