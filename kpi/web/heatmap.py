"""The rows of the heat map and their cells: one month of one indicator, never in colour alone.

A page of 400 indicators has 4,800 cells and few different ones: each look is drawn once per language and then reused.
It depends on nothing but what it is asked with. Rows are made here and not by a template for the same reason: there are
hundreds on a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from kpi import labels, wording
from kpi.domain.values import Rag
from kpi.models import Period
from kpi.selectors.catching_up import caught_up_in
from kpi.selectors.scoreboard import MonthLamp, Row
from kpi.web import charts
from kpi.web.navigation import indicator_path

# The heat map's own shapes: readable at 14 px and in grey print.
CELL_ICONS = {Rag.RED: "i-xr", Rag.AMBER: "i-tri", Rag.GREEN: "i-dot", Rag.DONE: "i-flag", Rag.NOT_DUE: "i-dash"}


def cell(month: MonthLamp, row: Row) -> SafeString:
    """The table cell of a month: own, carried, unreviewed, unpublished, unapproved, missing, pending or none.

    A red or amber month of the row that was caught up on later keeps its colour and gets a notch.
    """
    return _cell(get_language(), *_looks(month, row))


LINE = (
    '<tr class="row r-{css}"><th scope="row"><a href="{address}" title="{name}">'
    '<span class="code">{code}</span>{name}</a>{changed}'
    '<span class="sub">{lead}　{figures}</span></th><td class="lead">{lead}</td>{cells}'
    '<td class="val">{figures}</td><td class="bulc">{bar}</td></tr>\n'
)


def line(row: Row, year: int, at: str, future: Sequence[Period]) -> SafeString:
    """A row of the table: what it is about, its months, the months to come, its figures and their bar.

    ``at`` is what keeps the month looked at on the way to the indicator's page.
    """
    indicator, language = row.indicator, get_language()
    cells = [_cell(language, *_looks(month, row)) for month in row.months]
    cells += [_ahead(language, int(month.code[5:]), month.code == row.due_month) for month in future]
    return format_html(
        LINE,
        css=labels.RAG[row.rag].css,
        address=indicator_path(year, indicator.code) + at,
        name=indicator.name,
        code=indicator.code,
        changed=changed(row),
        lead=indicator.lead_department.short_name,
        figures=wording.standing(row.assessment, indicator),
        cells=SafeString("".join(cells)),
        bar=bullet(row),
    )


def changed(row: Row) -> SafeString:
    """The mark of a row whose target or plan was changed by the month shown: a shape and the word."""
    return _changed(get_language()) if row.is_changed else SafeString("")


@lru_cache(maxsize=4)
def _changed(language: str | None) -> SafeString:
    """``language`` is that of the words."""
    return format_html('<span class="tag chg"><span aria-hidden="true">△ </span>{}</span>', _("目标调整"))


@lru_cache(maxsize=64)
def _ahead(language: str | None, number: int, is_due: bool) -> SafeString:
    """A month to come: empty, or the one of the final date. ``language`` is that of the words."""
    if not is_due:
        return SafeString('<td class="f"></td>')
    said = _("%(month)s月") % {"month": number}
    return format_html(
        '<td class="f due"><span aria-hidden="true">◇</span><span class="vh">{} {}</span></td>', said, _("完成时限")
    )


def bullet(row: Row) -> SafeString:
    """Actual against plan on one line."""
    bar = charts.bullet(row, labels.RAG[row.rag].css)
    if bar is None:
        return SafeString('<span class="na" aria-hidden="true">—</span>')
    plan = (
        format_html('<rect class="b-plan" x="{}" y="1" width="2" height="14"/>', bar.plan)
        if bar.plan is not None
        else ""
    )
    return format_html(
        '<svg class="bul" width="118" height="16" viewBox="0 0 118 16" aria-hidden="true">'
        '<rect class="b-track" x="0" y="4" width="118" height="8"/>'
        '<rect class="b-{} b-fill" x="0.5" y="4" width="{}" height="8"/>{}</svg>',
        bar.css,
        bar.fill,
        plan,
    )


def _looks(month: MonthLamp, row: Row) -> tuple[int, str, Rag | None, bool, Rag | None, str | None]:
    """All a cell depends on."""
    mark = month.mark
    rag = month.unreviewed.rag if mark == "unreviewed" and month.unreviewed else month.rag
    made_good = caught_up_in(row, month)
    return int(month.period.code[5:]), mark, rag, month.override is not None, month.republished_from, made_good


@lru_cache(maxsize=4096)
def _cell(
    language: str | None,
    number: int,
    mark: str,
    rag: Rag | None,
    is_adjusted: bool,
    was: Rag | None,
    made_good: str | None,
) -> SafeString:
    """``language`` is that of the words, named so that what is kept for one reader is never shown to another."""
    css, sign, said = _look(mark, rag, is_adjusted, was, made_good)
    month = _("%(month)s月") % {"month": number}
    return format_html('<td class="c {}">{}<span class="vh">{} {}</span></td>', css, sign, month, said)


def _look(
    mark: str, rag: Rag | None, is_adjusted: bool, was: Rag | None, made_good: str | None
) -> tuple[str, SafeString, str]:
    """Class, what is seen and what is said of a cell."""
    lamp = labels.RAG[rag or Rag.NOT_DUE]
    icon = _icon(CELL_ICONS[rag or Rag.NOT_DUE])
    match mark:
        case "own":
            adjusted = _("（复核调整）") if is_adjusted else ""
            before = _("（解锁前公布为%(word)s）") % {"word": labels.RAG[was].text} if was else ""
            later = _("（%(month)s月补齐）") % {"month": int(made_good[5:])} if made_good else ""
            css = f"c-{lamp.css}{' c-adj' if is_adjusted or was else ''}{' c-made' if made_good else ''}"
            return css, icon, f"{lamp.text}{adjusted}{before}{later}"
        case "unreviewed":
            said = _("未复核")
            return "c-u", icon, f"{lamp.text} {said}"
        case "unpublished":
            said = _("数据尚未公布，沿用上期")
            css = f"c-{lamp.css} c-carried" if rag else "c-n"
            return css, _sign(pgettext("heat map cell", "未")), f"{lamp.text} {said}" if rag else said
        case "unapproved":
            return "c-u", _sign(pgettext("heat map cell", "报")), _("已报未审定")
        case "missing":
            return "c-m", _sign(pgettext("heat map cell", "缺")), _("缺报")
        case "pending":
            return "c-p", _sign(pgettext("heat map cell", "待")), _("未填")
        case "carried":
            said = _("沿用上期")
            return f"c-{lamp.css}{'' if rag is Rag.DONE else ' c-carried'}", icon, f"{lamp.text} {said}"
        case _:
            return "c-n", _icon("i-dash"), _("未到期")


def _icon(name: str) -> SafeString:
    return format_html('<svg class="ic" width="14" height="14" aria-hidden="true"><use href="#{}"/></svg>', name)


def _sign(text: str) -> SafeString:
    """A character seen in place of a shape; the words beside it are what is read aloud."""
    return format_html('<span aria-hidden="true">{}</span>', text)
