"""A message's plain text as each channel shows it, and in pieces that fit.

The text is written by ``notifications.digest``: numbered items, each followed by indented lines, the last of which may
be the address of its page. What people typed is always on a numbered or an indented line, never at its start.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from django.conf import settings

from notifications.channels.base import Message

ITEM = re.compile(r"(?P<number>\d+\. )(?P<title>.*)")
INDENT = "   "
# Signs of Markdown, of HTML-like tags and of mentions, as full-width ones: they look alike and mean nothing.
# Backslashes would not do: the platforms disagree on which of them they honour.
TO_PLAIN = str.maketrans(
    {
        "@": "＠", "<": "＜", ">": "＞", "[": "［", "]": "］", "*": "＊", "_": "＿", "`": "｀", "~": "～", "|": "｜",
        "\\": "＼",
    }
)  # fmt: skip


def plain(text: str) -> str:
    """Text that no platform reads as markup, a mention or a titled link."""
    text = text.translate(TO_PLAIN)
    # A heading at the start of a line only; elsewhere the sign stays, because references begin with it.
    return f"＃{text[1:]}" if text.startswith("#") else text


@dataclass(frozen=True)
class Line:
    """One line to show; ``url`` makes it a link. ``is_detail``: it belongs to the item above it."""

    text: str
    url: str = ""
    is_detail: bool = False


def lines_of(text: str) -> Iterator[Line]:
    """The lines of a text, each item's title joined with the address that ends the item."""
    rows = text.split("\n")
    for place, row in enumerate(rows):
        if ITEM.fullmatch(row):
            yield Line(row, _address_below(rows, place))
        elif row.startswith(INDENT) and not _is_address(rows, place):
            yield Line(row.strip(), is_detail=True)
        elif not row.startswith(INDENT):
            yield Line(row)


def _address_below(rows: list[str], place: int) -> str:
    while place + 1 < len(rows) and rows[place + 1].startswith(INDENT):
        place += 1
    return rows[place].strip() if _is_address(rows, place) else ""


def _is_address(rows: list[str], place: int) -> bool:
    """Whether a line is an item's page: indented, an address of ours and nothing else, the last of its item."""
    row = rows[place]
    is_last = place + 1 == len(rows) or not rows[place + 1].startswith(INDENT)
    is_ours = row.startswith(f"{INDENT}{settings.SITE_URL}/") and " " not in row.strip()
    return is_last and is_ours


def markdown(text: str) -> str:
    """The little Markdown that WeCom and DingTalk share: links and quotes, with line breaks both keep."""
    shown = []
    for line in lines_of(text):
        words = plain(line.text)
        if line.url:
            number, title = ITEM.fullmatch(line.text).group("number", "title")  # type: ignore[union-attr]
            shown.append(f"{number}[{plain(title)}]({line.url})")
        else:
            shown.append(f"> {words}" if line.is_detail else words)
    return "\n".join(shown)


def split(message: Message, limit: int, size: Callable[[Message], int]) -> list[Message]:
    """The message in parts of at most ``limit`` by ``size``, cut between items, else between lines, else in a line.

    Every part ends with the reference; of several, each says which it is.
    """
    if size(message) <= limit:
        return [message]
    body, footer = _without_footer(message)
    fits = _Fits(message, limit, size, footer)
    texts: list[str] = []
    for block in _blocks(body):
        for piece in fits.pieces(block):
            if texts and fits(f"{texts[-1]}\n{piece}"):
                texts[-1] = f"{texts[-1]}\n{piece}"
            else:
                texts.append(piece)
    count = len(texts)
    return [
        replace(message, text=f"{text.rstrip()}\n\n{_footer(place, count, footer)}")
        for place, text in enumerate(texts, 1)
    ]


@dataclass(frozen=True)
class _Fits:
    message: Message
    limit: int
    size: Callable[[Message], int]
    footer: str

    def __call__(self, text: str) -> bool:
        # Room for the longest footer, because how many parts there are is known at the end only.
        return self.size(replace(self.message, text=f"{text}\n\n{_footer(99, 99, self.footer)}")) <= self.limit

    def pieces(self, block: str) -> Iterator[str]:
        """The block whole, else line by line, else cut where it no longer fits: never inside a character."""
        if self(block):
            yield block
            return
        for line in block.split("\n"):
            rest = line
            while not self(rest):
                room = self._most(rest)
                yield rest[:room]
                indent = INDENT if line.startswith(INDENT) else ""
                rest = indent + rest[room:].lstrip()
            yield rest

    def _most(self, line: str) -> int:
        """How many characters fit, at least one; found by halving."""
        fits, fails = 1, len(line)
        while fails - fits > 1:
            middle = (fits + fails) // 2
            fits, fails = (middle, fails) if self(line[:middle]) else (fits, middle)
        return max(fits, len(INDENT) + 1)


def _without_footer(message: Message) -> tuple[str, str]:
    body, _newline, last = message.text.rstrip().rpartition("\n")
    return (body, last) if last.endswith(message.reference) else (message.text.rstrip(), message.reference)


def _footer(place: int, count: int, footer: str) -> str:
    return f"（{place}/{count}）{footer}" if count > 1 else footer


def _blocks(body: str) -> list[str]:
    """Items with their indented lines; greetings and headings stay with the item below them."""
    blocks: list[list[str]] = [[]]
    for row in body.split("\n"):
        has_item = any(ITEM.fullmatch(each) for each in blocks[-1])
        if has_item and row.strip() and not row.startswith(INDENT):
            blocks.append([])
        blocks[-1].append(row)
    return ["\n".join(rows) for rows in blocks]
