"""The monthly form as the page sees it: raw text in, raw text and field errors out (read by ``services.content``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from kpi import labels
from kpi.models import Indicator, Submission
from kpi.selectors.content import Content, content_of
from kpi.services.content import FIELDS, FLAGS, LISTS, NODE, FieldError, shown

# In a merge: “take_<field>” says whose text the field gets.
TAKE = "take_"
THEIRS = "theirs"


@dataclass(frozen=True)
class ReportForm:
    """What stands in the fields, and what is wrong with them, by field name."""

    raw: Mapping[str, Any]
    errors: Mapping[str, Sequence[FieldError]] = field(default_factory=dict)
    summary: Sequence[FieldError] = ()

    @classmethod
    def typed(cls, raw: Mapping[str, Any], errors: Sequence[FieldError] = ()) -> ReportForm:
        """Exactly what was typed, so that nothing is lost."""
        by_field: dict[str, list[FieldError]] = {}
        for error in errors:
            by_field.setdefault(error.field, []).append(error)
        return cls(raw, by_field, tuple(errors))

    @classmethod
    def stored(
        cls, submission: Submission | None, indicator: Indicator, begin_with: Content | None = None
    ) -> ReportForm:
        """A saved draft as the fields show it: what could not be read yet stands there as it was typed.

        A report nobody has begun shows ``begin_with``.
        """
        if submission is not None and submission.typed:
            return cls(submission.typed)
        return cls(shown(content_of(submission) if submission else begin_with or Content(), indicator))


def raw_of(data: QueryDict, theirs: Mapping[str, Any]) -> dict[str, Any]:
    """The posted fields in the shape ``services.content.read`` reads; in a merge, some are ``theirs``."""
    names = [name for name in data if name in FIELDS or name.startswith(NODE)]
    raw = {name: data.getlist(name) if name in LISTS else data.get(name, "") for name in names}
    taken = [name.removeprefix(TAKE) for name in data if name.startswith(TAKE) and data[name] == THEIRS]
    return raw | {name: theirs.get(name, "") for name in taken if name in FIELDS or name.startswith(NODE)}


def storable(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they may be kept: PostgreSQL's JSON takes no NUL."""
    return {name: _without_nul(value) for name, value in raw.items()}


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    return [item.replace("\x00", "") for item in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class Difference:
    """One field two people filled differently, in words."""

    name: str
    word: str
    mine: str
    theirs: str


def differences(
    mine: Mapping[str, Any], theirs: Mapping[str, Any], indicator: Indicator, units: Mapping[str, str]
) -> list[Difference]:
    """The fields that differ, in the form's order. ``units`` are the names of the departments that can be ticked."""
    nodes = {f"{NODE}{node.ordinal}": node.name for node in indicator.milestones.all()}
    words = {name: str(Submission._meta.get_field(name).verbose_name) for name in FIELDS} | nodes
    said = [
        (name, words[name], _said(name, mine.get(name), units), _said(name, theirs.get(name), units)) for name in words
    ]
    return [Difference(*each) for each in said if each[2] != each[3]]


def _said(name: str, value: Any, units: Mapping[str, str]) -> str:
    if name in FLAGS:
        return _("是") if value else _("否")
    if name == "deviation_reasons":
        return "、".join(labels.words(labels.DEVIATION, value or ()))
    if name == "covered_units":
        return "、".join(units.get(code, code) for code in sorted(value or ()))
    if name == "outlook" and value in labels.OUTLOOK:
        return str(labels.OUTLOOK[value].text)
    return str(value or "").replace("\r\n", "\n").strip()
