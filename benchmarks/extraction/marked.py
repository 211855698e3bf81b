"""Composed reports with their answers in them, taken apart to text and answers.

A mark stands right behind the words it is about: ``{1200|万人|>=}`` number, unit, comparator; ``{20|个|=|2025-06}``
with a deadline; ``{@2025-06}`` something dated without a number; ``{plan}`` where looking ahead begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

FOLDER = Path(__file__).parent
_HEAD = re.compile(r"# level: (?P<level>\S+)  year: (?P<year>\d+)  style: (?P<style>.+)\n")
_MARK = re.compile(r"\{(?P<body>[^{}]*)\}")


@dataclass(frozen=True)
class Answer:
    """A number expected in the text before ``place``; ``value`` is ``None`` for something dated without one."""

    place: int
    value: Decimal | None
    unit: str
    comparator: str | None
    deadline: str | None


@dataclass(frozen=True)
class Marked:
    """``plan``: where looking ahead begins; the text's length where it never does."""

    name: str
    level: str
    year: int
    style: str
    text: str
    plan: int
    answers: tuple[Answer, ...]

    @property
    def numbers(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.value is not None]


def sets() -> list[str]:
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir() and any(path.glob("*.txt")))


def load(name: str) -> Iterator[Marked]:
    """Every report of the set ``name`` (dev, heldout1, heldout2)."""
    for path in sorted((FOLDER / name).glob("*.txt")):
        yield parse(path.stem, path.read_text(encoding="utf-8"))


def parse(name: str, source: str) -> Marked:
    head = _HEAD.match(source)
    assert head is not None, f"{name}: the first line must be '# level: …  year: …  style: …'"
    pieces: list[str] = []
    answers: list[Answer] = []
    plan: int | None = None
    length, position = 0, head.end()
    for mark in _MARK.finditer(source, position):
        pieces.append(source[position : mark.start()])
        length += len(pieces[-1])
        position = mark.end()
        if mark["body"] == "plan":
            plan = length
        else:
            answers.append(_answer(mark["body"], length))
    text = "".join(pieces) + source[position:]
    return Marked(
        name, head["level"], int(head["year"]), head["style"], text, len(text) if plan is None else plan, tuple(answers)
    )


def _answer(body: str, place: int) -> Answer:
    if body.startswith("@"):
        return Answer(place, None, "", None, body[1:])
    value, unit, comparator, *rest = body.split("|")
    return Answer(place, Decimal(value), unit, comparator, rest[0] if rest else None)
