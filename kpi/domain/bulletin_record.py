"""Generated paragraphs with what people wrote in their place, and the form in which they are frozen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kpi.domain.bulletin_text import Check, Field, Paragraph, Section
from kpi.domain.official import numeral


@dataclass(frozen=True)
class Edit:
    """What stands in place of a generated paragraph; an empty text leaves the paragraph out.

    ``figures`` are the paragraph's fields as they were when it was written; ``at`` is ISO 8601.
    """

    text: str
    reason: str
    by: str
    at: str
    figures: Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """A field that is not what it was: empty where it was not, or is no longer, in the paragraph."""

    source: str
    code: str
    before: str
    after: str


@dataclass(frozen=True)
class Written:
    """A paragraph of the document: generated, and perhaps edited."""

    paragraph: Paragraph
    edit: Edit | None = None

    @property
    def key(self) -> str:
        return self.paragraph.key

    @property
    def text(self) -> str:
        return self.edit.text if self.edit else self.paragraph.text

    @property
    def is_left_out(self) -> bool:
        return not self.text

    @property
    def changes(self) -> tuple[Change, ...]:
        """Fields that have changed since the edit was made (数字已变化)."""
        return tuple(_changes(self.edit.figures, self.paragraph.figures)) if self.edit else ()


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for name in dict.fromkeys([*after, *before]):
        if before.get(name) != after.get(name):
            source, _, code = name.partition(":")
            yield Change(source, code, before.get(name, ""), after.get(name, ""))


@dataclass(frozen=True)
class Part:
    """A section with its paragraphs. ``title`` has no number: that depends on which sections are left."""

    key: str
    title: str
    paragraphs: tuple[Written, ...]

    @property
    def shown(self) -> tuple[Written, ...]:
        return tuple(each for each in self.paragraphs if not each.is_left_out)


@dataclass(frozen=True)
class AnnexRow:
    """One line of the table of tasks behind schedule."""

    code: str
    name: str
    lead: str
    figures: str
    lamp: str
    reasons: str
    measures: str
    catch_up: str

    @property
    def said(self) -> str:
        """Reasons, measures and month in one cell."""
        parts = (
            f"原因：{self.reasons}。" if self.reasons else "",
            f"措施：{self.measures.rstrip('。')}。" if self.measures else "",
            f"预计{self.catch_up}追平。" if self.catch_up else "",
        )
        return "".join(parts) or "填报单位未说明。"


@dataclass(frozen=True)
class Content:
    """The whole text of a bulletin. ``orphans`` are edits whose paragraph is no longer generated, by key."""

    parts: tuple[Part, ...]
    annex: tuple[AnnexRow, ...]
    checks: tuple[Check, ...]
    orphans: Mapping[str, Edit]

    @property
    def headed(self) -> tuple[tuple[str, Part], ...]:
        """Sections that have something left to say, with their numbered headings."""
        shown = [part for part in self.parts if part.shown]
        return tuple((f"{numeral(number)}、{part.title}", part) for number, part in enumerate(shown, start=1))

    @property
    def outdated(self) -> tuple[Written, ...]:
        """Edited paragraphs whose numbers have changed since."""
        return tuple(each for part in self.parts for each in part.paragraphs if each.changes)

    @property
    def adds_up(self) -> bool:
        return all(check.is_right for check in self.checks)

    def paragraph(self, key: str) -> Written | None:
        return next((each for part in self.parts for each in part.paragraphs if each.key == key), None)


def compose(
    sections: Sequence[Section], edits: Mapping[str, Edit], annex: Iterable[AnnexRow], checks: Iterable[Check]
) -> Content:
    """The draft with the edits in their places."""
    parts = tuple(
        Part(each.key, each.title, tuple(Written(found, edits.get(found.key)) for found in each.paragraphs))
        for each in sections
    )
    known = {found.key for part in parts for found in part.paragraphs}
    orphans = {key: edit for key, edit in edits.items() if key not in known}
    return Content(parts, tuple(annex), tuple(checks), orphans)


def to_json(content: Content) -> dict[str, Any]:
    """The content as plain mappings, as it is frozen. Orphans are left behind: they are not in the document."""
    return {
        "parts": [_part_json(part) for part in content.parts],
        "annex": [vars(row) for row in content.annex],
        "checks": [{"name": each.name, "whole": each.whole, "parts": list(each.parts)} for each in content.checks],
    }


def _part_json(part: Part) -> dict[str, Any]:
    return {"key": part.key, "title": part.title, "paragraphs": [_written_json(each) for each in part.paragraphs]}


def _written_json(each: Written) -> dict[str, Any]:
    pieces = [
        piece if isinstance(piece, str) else [piece.text, piece.source, piece.code] for piece in each.paragraph.pieces
    ]
    edit = {**vars(each.edit), "figures": dict(each.edit.figures)} if each.edit else None
    return {"key": each.key, "lead": each.paragraph.lead, "pieces": pieces, "edit": edit}


def from_json(found: Mapping[str, Any]) -> Content:
    """What ``to_json`` froze."""
    parts = tuple(
        Part(part["key"], part["title"], tuple(_written(each) for each in part["paragraphs"]))
        for part in found["parts"]
    )
    annex = tuple(AnnexRow(**row) for row in found["annex"])
    checks = tuple(Check(each["name"], each["whole"], tuple(each["parts"])) for each in found["checks"])
    return Content(parts, annex, checks, {})


def _written(row: Mapping[str, Any]) -> Written:
    pieces = tuple(piece if isinstance(piece, str) else Field(*piece) for piece in row["pieces"])
    return Written(Paragraph(row["key"], pieces, row["lead"]), Edit(**row["edit"]) if row["edit"] else None)
