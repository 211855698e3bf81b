"""Writes a department's workbook for one period: a protected sheet to fill in, and one that says how."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from xlsxwriter import Workbook

from accounts.models import Department
from accounts.permissions import Actor
from kpi import labels, wording
from kpi.domain.periods import Period as Month
from kpi.domain.values import Kind
from kpi.models import Indicator, Period, Submission
from kpi.selectors import history, scoreboard
from kpi.selectors.content import carried, content_of
from kpi.selectors.scoreboard import Row
from kpi.services.content import FIGURES, PUBLISHED_KINDS, shown
from kpi.workbooks.cells import Sheet
from kpi.workbooks.filing import COLUMNS, KEYS, KINDS, OPEN, YES, cells_of, instructions, stamp_of

HEAD_ROWS = 3
LOCKED = {"bg_color": "#ECEFF3"}
TYPED = {"locked": False, "num_format": "@"}
PARTS = ("numerator", "denominator")


def unused_by(kind: Kind) -> tuple[str, ...]:
    """The open columns a kind's line has no use for."""
    figure = ("value",) if kind is Kind.RATIO else PARTS
    return figure if kind in PUBLISHED_KINDS else (*figure, "is_unpublished")


@dataclass(frozen=True)
class Line:
    """One indicator: the known figures, the open cells in words, and its stamp."""

    indicator: Indicator
    last: Decimal | None
    plan: Decimal | None
    cells: Mapping[str, str]
    stamp: str


def template(*, department: Department, period: Period, actor: Actor, now: datetime) -> bytes:
    """The workbook as bytes: what the department may still fill in for the period, as it stands now."""
    led = Indicator.objects.of_year(period.report.year).led_by([department.pk])
    board = scoreboard.build(year=period.report.year, now=now, actor=actor, period_code=period.code, indicators=led)
    owed = [row for row in board.rows if row.current.is_unfiled and _is_open(row, now)]
    earlier = history.before([row.indicator for row in owed], period).earlier
    lines = [_line_of(row, earlier.get(row.indicator.pk, ())) for row in owed if row.indicator.kind in KINDS]
    elsewhere = [row.indicator for row in owed if row.indicator.kind not in KINDS]
    buffer = io.BytesIO()
    with Workbook(buffer, {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}) as workbook:
        _write_lines(Sheet(workbook, workbook.add_worksheet(_("填报"))), department, period, lines)
        _write_instructions(Sheet(workbook, workbook.add_worksheet(_("填写说明"))), elsewhere)
    return buffer.getvalue()


def _is_open(row: Row, now: datetime) -> bool:
    """Whether the department may still write the report: a row that would be refused is not offered."""
    submission = row.current.submission
    was_filed = submission is not None and submission.first_submitted_at is not None
    return row.current.window is not None and row.current.window.refusal(now, was_filed=was_filed) is None


def _line_of(row: Row, earlier: Sequence[Submission]) -> Line:
    submission, last = row.current.submission, earlier[-1] if earlier else None
    content = content_of(submission) if submission else carried(last, row.current.period)
    return Line(
        indicator=row.indicator,
        last=last.value if last else None,
        plan=row.terms.expected_at(Month.parse(row.current.period.code)),
        cells=cells_of(shown(content, row.indicator)),
        stamp=stamp_of(submission.version if submission else 0, content),
    )


def _write_lines(sheet: Sheet, department: Department, period: Period, lines: Sequence[Line]) -> None:
    worksheet = sheet.worksheet
    title = _("%(unit)s %(period)s填报表") % {"unit": department.name, "period": wording.month(period.code)}
    for number, column in enumerate(COLUMNS):
        worksheet.set_column(number, number, column.width, None, {"hidden": column.is_hidden})
        sheet.text(0, number, column.key)
        sheet.text(2, number, str(column.heading), bold=True, bg_color="#E8F0F7", align="center")
    worksheet.write_string(1, 0, title, sheet.style(bold=True, font_size=14, border=0))
    worksheet.set_row(0, None, None, {"hidden": True})
    worksheet.set_row(1, 28)
    for position, line in enumerate(lines, start=HEAD_ROWS):
        _write_line(sheet, position, period, line)
    _add_lists(sheet, period, last=HEAD_ROWS + max(len(lines), 1) - 1)
    worksheet.freeze_panes(HEAD_ROWS, 2)
    # A guard rail for the hand, not a secret: whoever unlocks the sheet meets the same checks on upload.
    worksheet.protect("", {"format_columns": True, "format_rows": True, "autofilter": True})
    worksheet.set_landscape()
    worksheet.set_paper(9)
    worksheet.fit_to_pages(1, 0)
    worksheet.repeat_rows(2)


def _write_line(sheet: Sheet, position: int, period: Period, line: Line) -> None:
    indicator = line.indicator
    known = {
        "code": indicator.code,
        "name": indicator.name,
        "unit": "%" if indicator.kind == Kind.RATIO else indicator.unit,
        "last": wording.figure(line.last, indicator.decimals),
        "plan": wording.figure(line.plan, indicator.decimals),
        "target": wording.figure(indicator.target_value, indicator.decimals),
        "period": period.code,
        "stamp": line.stamp,
    }
    unused = unused_by(Kind(indicator.kind))
    for number, key in enumerate(KEYS):
        if key not in OPEN or key in unused:
            sheet.text(position, number, known.get(key, ""), **LOCKED)
        elif key in FIGURES and line.cells[key]:
            pattern = "#,##0" + ("." + "0" * indicator.decimals if indicator.decimals else "")
            sheet.worksheet.write_number(
                position, number, Decimal(line.cells[key]), sheet.style(locked=False, num_format=pattern)
            )
        elif key in FIGURES:
            sheet.worksheet.write_blank(position, number, None, sheet.style(locked=False))
        else:
            sheet.text(position, number, line.cells[key], **TYPED)


def _add_lists(sheet: Sheet, period: Period, *, last: int) -> None:
    """Choices where the cell holds one of a few words; several reasons are typed, so theirs only suggests."""
    months = Month.range(Month.parse(period.code).next(), Month(Month.parse(period.code).year, 12))
    lists = {
        "no_progress": [str(YES)],
        "is_unpublished": [str(YES)],
        "is_correction": [str(YES)],
        "deviation_reasons": [str(label.text) for label in labels.DEVIATION.values()],
        "catch_up_period": [str(month) for month in months],
        "outlook": [str(label.text) for label in labels.OUTLOOK.values()],
    }
    for key, words in lists.items():
        if not words:
            continue
        options = {
            "validate": "list",
            "source": words,
            "error_type": "information" if key == "deviation_reasons" else "stop",
            "error_title": str(_("请从列表中选择")),
            "error_message": "、".join(words)[:255],
        }
        column = KEYS.index(key)
        sheet.worksheet.data_validation(HEAD_ROWS, column, last, column, options)


def _write_instructions(sheet: Sheet, elsewhere: Sequence[Indicator]) -> None:
    sheet.worksheet.set_column(0, 0, 18)
    sheet.worksheet.set_column(1, 1, 90)
    points = instructions()
    if elsewhere:
        names = "；".join(f"{indicator.code} {indicator.name}" for indicator in elsewhere)
        points.append((_("在网页填报"), _("里程碑和逐个乡镇、区县打勾的指标不在本表：%(names)s") % {"names": names}))
    for line, (name, text) in enumerate(points):
        sheet.text(line, 0, name, bold=True)
        sheet.text(line, 1, text)
    sheet.worksheet.protect()
