"""The monthly form as the page sees it: raw text in, raw text and field errors out (read by ``services.content``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from kpi.domain.values import Kind
from kpi.models import Indicator
from kpi.services.content import Content, FieldError

LISTS = ("covered_units", "deviation_reasons")
FLAGS = ("no_progress", "is_correction")
FIGURES = ("value", "numerator", "denominator")
TEXTS = ("narrative", "measures", "catch_up_period", "outlook", "source_note")


@dataclass(frozen=True)
class ReportForm:
    """What stands in the fields, and what is wrong with them, by field name."""

    raw: Mapping[str, Any]
    errors: Mapping[str, Sequence[FieldError]] = field(default_factory=dict)
    summary: Sequence[FieldError] = ()

    @classmethod
    def posted(cls, data: QueryDict, errors: Sequence[FieldError] = ()) -> ReportForm:
        """Exactly what was typed, so that nothing is lost."""
        raw = {name: data.getlist(name) if name in LISTS else data.get(name, "") for name in data}
        by_field: dict[str, list[FieldError]] = {}
        for error in errors:
            by_field.setdefault(error.field, []).append(error)
        return cls(raw, by_field, tuple(errors))

    @classmethod
    def stored(cls, content: Content, indicator: Indicator) -> ReportForm:
        """A saved draft as the fields show it."""
        raw: dict[str, Any] = {name: getattr(content, name) for name in (*LISTS, *FLAGS, *TEXTS)}
        raw |= {name: plain(getattr(content, name), indicator) for name in FIGURES}
        raw |= {f"node_{ordinal}": day for ordinal, day in content.completed_nodes.items()}
        return cls(raw)


def plain(value: Decimal | None, indicator: Indicator) -> str:
    """A figure as it would be typed: the indicator's precision, no thousands comma."""
    if value is None:
        return ""
    whole = indicator.kind in (Kind.RANK, Kind.STAGE, Kind.BOTTOM_LINE, Kind.MILESTONE, Kind.COVERAGE)
    return f"{value:.{0 if whole else indicator.decimals}f}"


def raw_of(data: QueryDict) -> dict[str, Any]:
    """The posted fields in the shape ``services.content.parse`` reads."""
    return dict(ReportForm.posted(data).raw)
