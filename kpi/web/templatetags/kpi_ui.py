"""Lamps, icons, figures and small pictures for templates. A colour never comes without a word and a shape."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from kpi import labels, wording
from kpi.domain.rag import Assessment
from kpi.domain.values import Rag
from kpi.models import Indicator
from kpi.selectors.scoreboard import MonthLamp, Row
from kpi.web import charts

register = template.Library()

RAG_CSS = {rag: label.css for rag, label in labels.RAG.items()}
# The heat map's own shapes: readable at 14 px and in grey print.
CELL_ICONS = {Rag.RED: "i-xr", Rag.AMBER: "i-tri", Rag.GREEN: "i-dot", Rag.DONE: "i-flag", Rag.NOT_DUE: "i-dash"}

register.filter("figure", wording.figure)
register.filter("signed", wording.signed)
register.filter("percent", wording.percent)
register.filter("month_name", wording.month)
register.filter("short_day", wording.short_day)
register.simple_tag(wording.with_unit, name="with_unit")
register.simple_tag(wording.amount, name="amount")


@register.filter
def moment(at: datetime) -> str:
    """“7月5日 18:00”."""
    return wording.moment(localtime(at))


@register.filter
def month_number(code: str) -> int:
    """``2025-06`` → 6."""
    return int(code[5:])


@register.filter
def get(mapping: dict[Any, Any], key: Any) -> Any:
    """One entry of a mapping, ``None`` where there is none."""
    return mapping.get(key)


@register.filter
def rag_css(rag: Rag) -> str:
    """The class suffix of a lamp."""
    return RAG_CSS[rag]


@register.filter
def rag_word(rag: Rag) -> str:
    """The word of a lamp."""
    return str(labels.RAG[rag].text)


@register.simple_tag
def word(table: str, code: str) -> str:
    """The word of a code in one of the tables of ``kpi.labels``, e.g. ``{% word "KIND" indicator.kind %}``."""
    return str(getattr(labels, table)[code].text)


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    """A symbol of the sprite, hidden from screen readers: the word beside it speaks."""
    return format_html(
        '<svg class="ic {}" width="{}" height="{}" aria-hidden="true"><use href="#{}"/></svg>', css, size, size, name
    )


@register.simple_tag
def rag_icon(rag: Rag, size: int = 16) -> SafeString:
    """The lamp's shape in its colour."""
    return icon(labels.RAG[rag].icon, size, f"ic-{RAG_CSS[rag]}")


@register.simple_tag
def lamp(rag: Rag | None, unreviewed: bool = False) -> SafeString:
    """The pill: shape, word, colour; “未复核” where nobody has approved the figure yet."""
    rag = rag or Rag.NOT_DUE
    note = format_html(" <small>{}</small>", _("未复核")) if unreviewed else ""
    css = f"lamp lamp-{RAG_CSS[rag]}{' unreviewed' if unreviewed else ''}"
    return format_html('<span class="{}">{}{}{}</span>', css, rag_icon(rag), rag_word(rag), note)


@register.simple_tag
def submission_state(month: MonthLamp) -> SafeString:
    """The reporting state of a month in its own look, which is never a lamp's."""
    label = labels.SUBMISSION_STATE[month.submission.state] if month.submission else labels.NOT_STARTED
    return format_html('<span class="st st-{}">{}</span>', label.css, label.text)


@register.simple_tag
def standing(row: Row) -> str:
    return wording.standing(row.assessment, row.indicator)


@register.simple_tag
def reason(assessment: Assessment | None, indicator: Indicator) -> str:
    return wording.reason(assessment, indicator)


@register.simple_tag
def gap(row: Row) -> str:
    return wording.gap(row.assessment, row.indicator)


@register.simple_tag
def next_step(assessment: Assessment | None, indicator: Indicator) -> str:
    return wording.next_step(assessment, indicator)


@register.simple_tag
def run_words(row: Row) -> str:
    return wording.run(row.rag, row.run_length)


@register.simple_tag
def days_left(due_at: datetime, now: datetime) -> str:
    return wording.days_left(localtime(due_at), localtime(now))


@register.simple_tag
def refusal(code: str, params: dict[str, object]) -> str:
    return wording.refusal(code, params)


@register.inclusion_tag("kpi/parts/heat_cell.html")
def heat_cell(month: MonthLamp) -> dict[str, object]:
    """One month of the heat map: own, carried, unreviewed, missing, pending or none."""
    rag = month.unreviewed.rag if month.mark == "unreviewed" and month.unreviewed else month.rag
    name = f"{month.period.code[5:].lstrip('0')}月"
    return {"month": month, "mark": month.mark, "rag": rag, "icon": CELL_ICONS.get(rag or Rag.NOT_DUE), "name": name}


@register.inclusion_tag("kpi/parts/bullet.html")
def bullet(row: Row) -> dict[str, object]:
    return {"bar": charts.bullet(row, RAG_CSS[row.rag])}


@register.inclusion_tag("kpi/parts/columns.html")
def columns(history: list[tuple[str, int]]) -> dict[str, object]:
    """The strip of a tile: how many rows had this lamp, month by month."""
    counts = [count for _code, count in history]
    return {"bars": charts.columns(counts), "counts": counts, "width": max(len(counts) * 11 - 3, 8)}


@register.inclusion_tag("kpi/parts/pieces.html")
def pieces(rows: list[Row]) -> dict[str, object]:
    return {"bars": charts.pieces((row.rag for row in rows), RAG_CSS)}


@register.inclusion_tag("kpi/parts/curve.html")
def curve(row: Row, width: int = 640, height: int = 260, pending: Decimal | None = None) -> dict[str, object]:
    return {"chart": charts.curve(row, width=width, height=height, pending=pending), "row": row}


@register.simple_tag
def year_share(day: date) -> int:
    """How much of the year is over on a day, in thousandths."""
    start = date(day.year, 1, 1)
    return ((day - start).days + 1) * 1000 // (date(day.year + 1, 1, 1) - start).days
