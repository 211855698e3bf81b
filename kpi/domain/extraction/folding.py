"""One way of writing for every character, and the way back to where it stood.

Reports come with full- and half-width forms mixed, with blanks inside numbers (``6 . 5%``) and with lines broken inside
words. The rules of this package read a folded text, of which every character remembers its place in the text as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

# One character for one, so that positions stay: digits and letters as ASCII, punctuation as Chinese.
_FOLDED: dict[str, str] = {chr(wide): chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)}
_FOLDED |= dict(zip(",;:!?()，；：！？（）", "，；：！？（），；：！？（）", strict=True))
_FOLDED |= dict.fromkeys("﹣－−–—―─‐‑‒", "-") | dict.fromkeys("～〜∼", "~") | dict.fromkeys("﹪٪", "%")
_FOLDED |= {
    "｡": "。",
    "︰": "：",
    "∶": "：",
    "「": "“",
    "」": "”",
    "『": "“",
    "』": "”",
    "〝": "“",
    "〞": "”",
    "〇": "零",
}
_TABLE = str.maketrans(_FOLDED)

DIGITS = "0123456789"
# Stands between the groups of 1,200 where a comma stood.
GROUP = "'"
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
# A point is a full stop behind Chinese and %, and behind a number unless a digit follows, be it after blanks: “6 . 5%”.
# A year that follows begins a sentence.
_FULL_STOP = re.compile(
    r"(?<=[^\x00-\x7f])\.|(?<=%)\.|(?<=[0-9])\.(?![^\S\n]{0,3}[0-9]|\n[0-9])|(?<=[0-9])\.(?=\s{0,3}[0-9]{4}年)"
)
# Everything that is seen as nothing: blanks, line ends, marks of width and direction.
BLANKS = re.compile(r"[\s\x00-\x1f\u200b-\u200f\u2028-\u202e\u2060\ufeff\u00ad]+")


# A tuple, because there is one for every line.
class Folded(NamedTuple):
    """Folded characters; the one at ``i`` stood at ``places[i]`` of the text as it is."""

    text: str
    places: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from ``start`` up to ``end`` (at least one) stand in the text as it is."""
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> str:
    """The text in one way of writing, character by character: same length, same positions."""
    return _FULL_STOP.sub("。", _THOUSANDS.sub(GROUP, text).translate(_TABLE))


def squeeze(text: str, start: int, end: int) -> Folded:
    """``text[start:end]`` (folded) without its blanks; one is kept where it parts two numbers."""
    if not BLANKS.search(text, start, end):
        return Folded(text[start:end], range(start, end))
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
    if '"' not in text:
        return text
    parts = text.split('"')
    return "".join(part + ("“”"[index % 2] if index < len(parts) - 1 else "") for index, part in enumerate(parts))
