"""Writes the supervisor's ledger for a period: one sheet with the rows of the scoreboard, one with the rules."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from kpi import labels, wording
from kpi.selectors.scoreboard import Scoreboard
from kpi.workbooks.layout import FILLS, LEDGER, LedgerLine

HEAD_ROWS = 3
A3 = 8
MAX_CELL = 32_767
BASE = {"font_name": "微软雅黑", "font_size": 10, "valign": "vcenter", "border": 1, "border_color": "#D8DEE6"}


class Sheet:
    """A worksheet that knows how each form of cell is written."""

    def __init__(self, workbook: Workbook, worksheet: Worksheet):
        self.workbook = workbook
        self.worksheet = worksheet
        self._formats: dict[tuple[object, ...], Format] = {}

    def style(self, **options: object) -> Format:
        """One format object per look, however many cells wear it."""
        key = tuple(sorted(options.items()))
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format({**BASE, **options})
        return self._formats[key]

    def text(self, line: int, column: int, value: str, **options: object) -> None:
        """Forced text: “=1+1” stays four characters. Anything Excel cannot hold is cut with an ellipsis."""
        shown = value if len(value) <= MAX_CELL else value[: MAX_CELL - 1] + "…"
        self.worksheet.write_string(line, column, shown, self.style(text_wrap=True, **options))

    def number(self, line: int, column: int, value: Decimal | int | None, pattern: str) -> None:
        """A number as a number; “--” where there is none, because blank and zero would say something else."""
        if value is None:
            self.text(line, column, wording.MISSING, align="right")
            return
        self.worksheet.write_number(line, column, value, self.style(num_format=pattern))


def ledger(board: Scoreboard, lines: Sequence[LedgerLine], *, made_by: str, now: datetime) -> bytes:
    """The workbook as bytes. ``lines`` in report order; ``now`` is local."""
    buffer = io.BytesIO()
    # Neither option may ever turn what a person typed into a formula or a link.
    with Workbook(buffer, {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}) as workbook:
        _write_ledger(Sheet(workbook, workbook.add_worksheet(_("台账"))), board, lines, made_by, now)
        _write_rules(Sheet(workbook, workbook.add_worksheet(_("口径与规则"))), board, made_by, now)
    return buffer.getvalue()


def _write_ledger(sheet: Sheet, board: Scoreboard, lines: Sequence[LedgerLine], made_by: str, now: datetime) -> None:
    worksheet, last = sheet.worksheet, len(LEDGER) - 1
    title = sheet.style(bold=True, font_size=16, align="center", border=0)
    worksheet.merge_range(0, 0, 0, last, _title(board), title)
    worksheet.merge_range(1, 0, 1, last, _subtitle(board, made_by, now), sheet.style(border=0, font_color="#5A6675"))
    for number, column in enumerate(LEDGER):
        worksheet.set_column(number, number, column.width)
        sheet.text(2, number, str(column.heading), bold=True, bg_color="#E8F0F7", align="center")
    for position, line in enumerate(lines, start=HEAD_ROWS):
        for number, column in enumerate(LEDGER):
            _write_cell(sheet, position, number, column.form, column.value(line), line)
    worksheet.set_row(0, 30)
    worksheet.freeze_panes(HEAD_ROWS, 5)
    worksheet.autofilter(2, 0, HEAD_ROWS + max(len(lines), 1) - 1, last)
    worksheet.set_landscape()
    worksheet.set_paper(A3)
    worksheet.fit_to_pages(1, 0)
    worksheet.repeat_rows(2)
    worksheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    worksheet.set_footer(f"&L{made_by} {now:%Y-%m-%d %H:%M}&R&P / &N")
    worksheet.print_area(0, 0, HEAD_ROWS + max(len(lines), 1) - 1, last)


def _write_cell(sheet: Sheet, position: int, number: int, form: str, value: object, line: LedgerLine) -> None:
    if form == "number":
        decimals = line.indicator.decimals
        sheet.number(position, number, value, "#,##0" + ("." + "0" * decimals if decimals else ""))  # type: ignore[arg-type]
    elif form == "percent":
        sheet.number(position, number, value, "0.0%")  # type: ignore[arg-type]
    elif form == "whole":
        sheet.number(position, number, value, "0")  # type: ignore[arg-type]
    elif form == "lamp":
        background, ink = FILLS[line.row.rag]
        sheet.text(position, number, str(value), bg_color=background, font_color=ink, bold=True, align="center")
    else:
        sheet.text(position, number, str(value))


def _title(board: Scoreboard) -> str:
    return _("%(year)s年政府工作报告目标任务台账（%(period)s）") % {
        "year": board.period.report.year,
        "period": wording.month(board.period.code),
    }


def _subtitle(board: Scoreboard, made_by: str, now: datetime) -> str:
    state = _("已锁定") if board.period.locked_at else _("未锁定，数据仍会变化")
    return _("%(state)s；数据截至 %(now)s；制表 %(who)s；亮灯只依据已审定数据") % {
        "state": state,
        "now": f"{now:%Y-%m-%d %H:%M}",
        "who": made_by,
    }


def _write_rules(sheet: Sheet, board: Scoreboard, made_by: str, now: datetime) -> None:
    sheet.worksheet.set_column(0, 0, 22)
    sheet.worksheet.set_column(1, 1, 90)
    facts: Mapping[str, str] = {
        _("报告期"): wording.month(board.period.code),
        _("数据截至"): f"{now:%Y-%m-%d %H:%M}",
        _("制表"): made_by,
        **{str(label.text): _("%(count)s 项") % {"count": board.counts[rag]} for rag, label in labels.RAG.items()},
        _("亮灯调整"): _("%(count)s 项经复核调整，备注列注明") % {"count": board.adjusted},
        _("完成值"): _("最近一期已审定的数据；本期未报或未要求报送的沿用上期，备注列注明"),
        _("迟报和缺报"): _("单列，不影响亮灯"),
    }
    line = 0
    for name, value in facts.items():
        sheet.text(line, 0, name, bold=True)
        sheet.text(line, 1, value)
        line += 1
    for rule in board.rules.rule_sets:
        sheet.text(line, 0, f"{rule.code} v{rule.version}", bold=True)
        sheet.text(line, 1, f"{rule.name}（{rule.effective_from} 起）。{rule.source}")
        line += 1
