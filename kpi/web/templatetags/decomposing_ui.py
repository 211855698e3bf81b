"""Words and small pictures of the wizard's pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from kpi import labels
from kpi.domain.decomposition import Coverage, SpanState, Standing
from kpi.domain.plan_shapes import Points
from kpi.selectors.decomposition import Passage
from kpi.services.indicator_content import Directory
from kpi.web.decomposing import Panel, Row, bars

register = template.Library()
TAIL = 12


@register.filter
def standings(coverage: Coverage) -> Iterator[tuple[Standing, str | Promise, int]]:
    """Each standing with its word and how many sentences have it."""
    return ((standing, labels.SENTENCE_STANDING[standing].text, coverage.count(standing)) for standing in Standing)


@register.filter
def stretches(coverage: Coverage) -> Iterator[tuple[Standing, int, int]]:
    """The sentences in their order as stretches of one standing: where each begins, and how long it is."""
    at = 0
    for standing, group in groupby(standing for _span, standing in coverage.sentences):
        length = len(list(group))
        yield standing, at, length
        at += length


@register.simple_tag
def look_state(state: SpanState) -> labels.Label:
    return labels.SPAN_STATE[state]


@register.filter
def holds(passage: Passage, panel: Panel | None) -> bool:
    """Whether the chosen phrase stands in a passage."""
    return bool(panel) and any(segment.phrase is panel.phrase for segment in passage.segments if segment.phrase)


@register.filter
def plain(value: Decimal) -> str:
    """A figure without the zeros that precision adds."""
    return f"{value.normalize():f}"


@register.filter
def tail(words: str) -> str:
    """The last words of a longer phrase."""
    return words if len(words) <= TAIL else f"…{words[-TAIL:]}"


@register.filter
def as_points(points: list[tuple[int, Decimal]]) -> Points:
    return dict(points)


@register.simple_tag
def mini_bars(points: Points, width: int = 120) -> SafeString:
    """The planned curve as twelve columns; hidden from screen readers, the words beside it speak."""
    drawn = format_html_join(
        "", '<rect x="{}" y="{}" width="4" height="{}"/>', ((x, 16 - tall, tall) for _month, x, tall in bars(points))
    )
    return format_html(
        '<svg class="strip12" viewBox="0 0 60 16" width="{}" height="{}" aria-hidden="true">{}</svg>',
        width,
        width * 16 // 60,
        drawn,
    )


@register.inclusion_tag("kpi/parts/deco_cell.html")
def deco_cell(
    row: Row, name: str, tables: Mapping[str, Mapping[str, labels.Label]], directory: Directory
) -> dict[str, Any]:
    """One field of the table of details."""
    found = next(cell for cell in row.cells if cell[0] == name)
    _name, label, widget, value, errors = found
    choices = [(str(code), each.text) for code, each in tables[widget].items()] if widget in tables else []
    if widget == "post":
        choices = [(code, post.title) for code, post in directory.posts.items()]
    key = f"{row.span.pk}-{name}"
    said = {"name": name, "label": label, "widget": widget, "value": value, "errors": errors}
    return said | {"choices": choices, "key": key, "row": row}
