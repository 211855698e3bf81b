"""One way of writing for every character, and the way back to where it stood.

Reports come with full- and half-width forms mixed, with blanks inside numbers (``6 . 5%``) and with lines broken inside
words. The rules of this package read a folded text, of which every character remembers its place in the text as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

# One character for one, so that positions stay: digits and letters as ASCII, punctuation as Chinese.
_FOLDED: dict[str, str] = {chr(wide): chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)}
_FOLDED |= dict(zip(",;:!?()，；：！？（）", "，；：！？（），；：！？（）", strict=True))
_FOLDED |= dict.fromkeys("﹣－−–—―─‐‑‒", "-") | dict.fromkeys("～〜∼", "~") | dict.fromkeys("﹪٪", "%")
_FOLDED |= {"｡": "。", "︰": "：", "∶": "：", "「": "“", "」": "”", "『": "“", "』": "”", "〝": "“", "〞": "”", "〇": "零"}
_TABLE = str.maketrans(_FOLDED)

DIGITS = "0123456789"
# Stands between the groups of 1,200 where a comma stood.
GROUP = "'"
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_POINT = re.compile(r"\.")
_YEAR = re.compile(r"[0-9]{4}年")
# Everything that is seen as nothing: blanks, line ends, marks of width and direction.
BLANKS = re.compile(r"[\s\x00-\x1f\u200b-\u200f\u2028-\u202e\u2060\ufeff\u00ad]+")


@dataclass(frozen=True)
class Folded:
    """Folded characters; the one at ``i`` stood at ``places[i]`` of the text as it is."""

    text: str
    places: list[int] = field(repr=False)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from ``start`` up to ``end`` (at least one) stand in the text as it is."""
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> str:
    """The text in one way of writing, character by character: same length, same positions."""
    folded = _THOUSANDS.sub(GROUP, text).translate(_TABLE)
    return _POINT.sub(lambda found: _point(folded, found.start()), folded)


def _point(text: str, at: int) -> str:
    """What a point is: a decimal point, also with blanks around it; a full stop after Chinese, % or a number; itself."""
    before, after = text[max(0, at - 4) : at].rstrip(), text[at + 1 : at + 10].lstrip()
    last, is_number = before[-1:], before[-1:] in DIGITS and before != ""
    if is_number and after[:1] in DIGITS and after and not _YEAR.match(after):
        return "."
    return "。" if is_number or last == "%" or not last.isascii() else "."


def squeeze(text: str, start: int, end: int) -> Folded:
    """``text[start:end]`` (folded) without its blanks; one is kept where it parts two numbers."""
    pieces: list[str] = []
    places: list[int] = []
    position = start
    for blank in BLANKS.finditer(text, start, end):
        pieces.append(text[position : blank.start()])
        places.extend(range(position, blank.start()))
        if start < blank.start() and blank.end() < end and _parts_numbers(text, blank):
            pieces.append(" ")
            places.append(blank.start())
        position = blank.end()
    pieces.append(text[position:end])
    places.extend(range(position, end))
    return Folded("".join(pieces), places)


def _parts_numbers(text: str, blank: re.Match[str]) -> bool:
    return text[blank.start() - 1] in DIGITS and text[blank.end()] in DIGITS


def turned(text: str) -> str:
    """Straight quotation marks as opening and closing ones, by turns."""
    parts = text.split('"')
    return "".join(part + ("“”"[index % 2] if index < len(parts) - 1 else "") for index, part in enumerate(parts))
