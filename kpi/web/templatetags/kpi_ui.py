"""Lamps, icons, figures and small pictures for templates. A colour never comes without a word and a shape."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from kpi import labels, refusals, wording
from kpi.domain.directives import NODES, DirectiveKind
from kpi.domain.periods import Period as Month
from kpi.domain.rag import Assessment
from kpi.domain.values import Rag
from kpi.models import Indicator, Period
from kpi.selectors.directives import Standing
from kpi.selectors.scoreboard import MonthLamp, Row, Scoreboard
from kpi.web import charts, heatmap
from kpi.web.navigation import indicator_path

register = template.Library()

RAG_CSS = {rag: label.css for rag, label in labels.RAG.items()}

register.filter("figure", wording.figure)
register.filter("signed", wording.signed)
register.filter("percent", wording.percent)
register.filter("month_name", wording.month)
register.filter("short_day", wording.short_day)
register.simple_tag(wording.with_unit, name="with_unit")
register.simple_tag(wording.amount, name="amount")
register.simple_tag(heatmap.cell, name="heat_cell")
register.simple_tag(heatmap.line, name="heat_row")
register.simple_tag(heatmap.bullet, name="bullet")
register.simple_tag(indicator_path)
register.filter("override_words", wording.override)
register.filter("delegation_days", wording.delegation_days)


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
def look_of(table: str, code: str) -> str:
    """The class suffix of a code in one of those tables."""
    return getattr(labels, table)[code].css


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
def spoken_icon(rag: Rag) -> SafeString:
    """The lamp's shape with its word as a name: inside quoted text no word of ours may stand."""
    return format_html(
        '<svg class="ic ic-{}" width="14" height="14" role="img" aria-label="{}"><use href="#{}"/></svg>',
        RAG_CSS[rag],
        rag_word(rag),
        labels.RAG[rag].icon,
    )


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
    return refusals.refusal(code, params)


@register.inclusion_tag("kpi/parts/columns.html")
def columns(history: list[tuple[str, int]]) -> dict[str, object]:
    """The strip of a tile: how many rows had this lamp, month by month; months to come keep their place."""
    counts = [count for _code, count in history]
    ahead = [position * 11 for position in range(len(counts), 12)]
    return {"bars": charts.columns(counts), "counts": counts, "ahead": ahead}


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


@register.filter
def per_mille(share: int) -> str:
    """Thousandths as per cent: ``499`` → “49.9%”."""
    return f"{share / 10:.1f}%"


@register.simple_tag
def neighbours(board: Scoreboard, now: datetime) -> tuple[Period | None, Period | None]:
    """The periods before and after the one shown; nothing that has not opened by ``now``."""
    codes = [period.code for period in board.periods]
    place = codes.index(board.period.code)
    before = board.periods[place - 1] if place else None
    later = [period for period in board.periods[place + 1 :] if period.opens_at <= now]
    return before, later[0] if later else None


@register.simple_tag
def cockpit_verdict(board: Scoreboard) -> SafeString:
    """The year in one sentence: how many are behind, at risk, and what changed."""
    counts = board.counts
    if counts[Rag.NOT_DUE] == len(board.rows):
        month = month_number(board.period.code)
        return format_html("{}", _("%(month)s 月期填报中，首期审定后亮灯") % {"month": month})
    behind = _("%(count)s 项滞后") % {"count": counts[Rag.RED]}
    return format_html(
        _("{all} 项任务中 {red}，{amber}{change}"),
        all=len(board.rows),
        red=format_html("<em>{}</em>", behind) if counts[Rag.RED] else _("没有滞后"),
        amber=_("%(count)s 项预警") % {"count": counts[Rag.AMBER]} if counts[Rag.AMBER] else _("没有预警"),
        change=_change_of_reds(board),
    )


def _change_of_reds(board: Scoreboard) -> str:
    if not board.previous_counts:
        return ""
    change = board.counts[Rag.RED] - board.previous_counts[Rag.RED]
    if change == 0:
        return _("；红灯与上月持平")
    words = _("；红灯较上月多 %(count)s 项") if change > 0 else _("；红灯较上月少 %(count)s 项")
    return words % {"count": abs(change)}


@register.simple_tag
def blocks(rows: list[Row]) -> SafeString:
    """A unit's lamps as small blocks, worst first, with the counts in words for those who do not see them."""
    drawn = format_html_join("", '<i class="bk bk-{}"></i>', ((RAG_CSS[row.rag],) for row in rows))
    counts = Counter(row.rag for row in rows)
    said = "，".join(f"{rag_word(rag)} {counts[rag]}" for rag in labels.RAG if counts[rag])
    return format_html('<span class="bks" aria-hidden="true">{}</span><span class="vh">{}</span>', drawn, said)


@register.simple_tag
def words(table: str, codes: list[str]) -> str:
    """The words of several codes of a table, joined."""
    return "、".join(labels.words(getattr(labels, table), codes))


@register.simple_tag
def standing_of(assessment: Assessment | None, indicator: Indicator) -> str:
    """The figure beside its yardstick, for a month that is not the row's current one."""
    return wording.standing(assessment, indicator)


@register.simple_tag
def planned(row: Row) -> str:
    """The planned figure of the row's month, in the indicator's unit; “--” where nothing is due."""
    month = Month.parse(row.current.period.code)
    return wording.with_unit(row.terms.expected_at(month), row.indicator)


@register.simple_tag
def share(part: Decimal, whole: Decimal) -> str:
    return wording.percent(part / whole)


@register.filter
def local_day(at: datetime) -> date:
    """The city's day of a moment."""
    return localtime(at).date()


@register.simple_tag
def figure_and_plan(assessment: Assessment, indicator: Indicator) -> str:
    """“2.86 / 3.20 万亩”: the figure beside the plan to date, or beside nothing where the month has none."""
    actual = wording.with_unit(assessment.actual, indicator)
    if assessment.expected is None:
        return actual
    return _("%(actual)s / 计划 %(plan)s") % {
        "actual": actual,
        "plan": wording.with_unit(assessment.expected, indicator),
    }


@register.filter
def pair(first: int, second: int) -> str:
    """Two ids as one choice: ``3:17``."""
    return f"{first}:{second}"


@register.filter
def addnumber(text: str, number: int) -> str:
    return f"{text}{number}"


@register.inclusion_tag("kpi/parts/scale.html")
def ratio_scale(assessment: Assessment) -> dict[str, object]:
    """Where a share of the plan stands between red, amber and green: 60 to 120 per cent along 384 units."""
    share = min(max(assessment.ratio or Decimal(0), Decimal("0.6")), Decimal("1.2"))
    return {"x": ((share - Decimal("0.6")) * 640).quantize(Decimal("0.1"))}


@register.inclusion_tag("kpi/parts/directive_track.html")
def directive_track(found: Standing, with_words: bool = False) -> dict[str, object]:
    """●●●○○○: how far a directive has come; the words are there for everyone who does not see the dots."""
    words = [str(labels.DIRECTIVE_NODE[state].text) for state in NODES]
    nodes = [(word, place <= found.nodes_reached) for place, word in enumerate(words, start=1)]
    return {"found": found, "nodes": nodes, "now": words[found.nodes_reached - 1], "with_words": with_words}


@register.filter
def directive_title(found: Standing) -> str:
    """“市长的批示”, or “市长要求说明”."""
    words = _("%(post)s要求说明") if found.kind == DirectiveKind.EXPLAIN else _("%(post)s的批示")
    return words % {"post": found.post}


@register.simple_tag
def directive_due(found: Standing) -> SafeString:
    """What is left of a directive's time: a clock and “超期 9 天”, “还剩 3 天”, or that the unit has answered."""
    if found.is_overdue:
        return format_html('<b class="over">{}{}</b>', icon("i-clock", 16), wording.overdue(found.days_overdue))
    if found.is_owed:
        return format_html("{}", wording.directive_due(found.due_on, found.today))
    if found.replied_at is not None and found.is_open:
        return format_html("{}", _("%(day)s已反馈") % {"day": wording.short_day(found.replied_at)})
    return format_html("{}", labels.DIRECTIVE_STATE[found.state].text)
