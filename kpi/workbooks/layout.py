"""The sheet of every kind of export, and what its cells say on a page.

Columns are written once, in the ``…_layout`` modules beside this one: heading, width, how the cell is written and what
it holds. The exports and their preview on the page are made from them. A further kind is a further ``Layout``.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from kpi import wording
from kpi.domain.exporting import ExportKind
from kpi.domain.values import Rag
from kpi.models import Period
from kpi.selectors.scoreboard import MonthLamp
from kpi.workbooks.change_layout import CHANGES, ChangeLine
from kpi.workbooks.columns import A3, A4, Column, Layout
from kpi.workbooks.detail_layout import DETAIL, DetailLine
from kpi.workbooks.ledger_layout import LEDGER, UNIT, LedgerLine, heat_columns
from kpi.workbooks.score_layout import UNITS, ScoreCaseLine, ScoreTaskLine, ScoreUnitLine
from kpi.workbooks.shared_columns import word

Line = LedgerLine | DetailLine | ChangeLine | ScoreUnitLine | ScoreTaskLine | ScoreCaseLine


def layout_of(kind: ExportKind, periods: Iterable[Period] = ()) -> Layout:
    """The sheet that holds a kind's rows; ``periods`` are the year's, for the heat map."""
    if kind is ExportKind.HEAT_MAP:
        return Layout(heat_columns(periods), frozen=3, paper=A3)
    return {
        ExportKind.LEDGER: Layout(LEDGER, frozen=5, paper=A3),
        ExportKind.UNITS: Layout(UNIT, frozen=3, paper=A4),
        ExportKind.DETAIL: Layout(DETAIL, frozen=3, paper=A3),
        ExportKind.SCORES: Layout(UNITS, frozen=2, paper=A4),
        ExportKind.CHANGES: Layout(CHANGES, frozen=4, paper=A3),
    }[kind]


def month_look(month: MonthLamp) -> tuple[str, Rag | None, bool]:
    """A cell of the heat map: its word, the lamp that fills it, and whether that is a month's own figure.

    The same distinctions as on the page (kpi/web/heatmap.py): what was not reported shows no lamp of its own.
    """
    rag = month.rag
    match month.mark:
        case "own":
            return word(rag) + ("＊" if month.override else ""), rag, True
        case "carried":
            return f"（{word(rag)}）", rag, False
        case "unpublished":
            return _("未公布"), rag, False
        case "unapproved":
            return _("未审定"), None, False
        case "missing":
            return _("缺报"), None, False
        case "pending":
            return _("待报"), None, False
        case _:
            return "–", Rag.NOT_DUE, False


def in_words(column: Column, line: Line) -> str:
    """What a cell says, for a page that shows it."""
    value = column.value(line)
    if column.form == "month":
        return "" if value is None else month_look(value)[0]
    if value is None:
        return wording.MISSING
    if column.form == "number":
        return wording.figure(value, line.indicator.decimals)
    if column.form == "points":
        return wording.figure(value, 2)
    if column.form == "percent":
        return wording.percent(value)
    if column.form == "moment":
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value)
