"""The ledger opened again: numbers are numbers, text is text, and both equal the page."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from openpyxl import load_workbook

from kpi import labels
from kpi.domain.values import Rag
from kpi.models import Submission
from kpi.selectors import scoreboard
from kpi.workbooks.cells import FILLS
from tests.conftest import NOW

HEADINGS = 3


@pytest.fixture
def sheet(as_user):
    answer = as_user("dcs_1").get("/2025/exports/ledger.xlsx?period=2025-06")
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''2025-06%E5%8F%B0%E8%B4%A6.xlsx"
    assert answer["Cache-Control"] == "private, no-store"
    return book_of(answer)["台账"]


def book_of(answer):
    return load_workbook(io.BytesIO(b"".join(answer.streaming_content)))


def column(sheet, heading: str) -> int:
    return next(cell.column for cell in sheet[HEADINGS] if cell.value == heading)


def lines(sheet) -> dict[str, int]:
    code = column(sheet, "编号")
    lines = {sheet.cell(row, code).value: row for row in range(HEADINGS + 1, sheet.max_row + 1)}
    # A section's row has no code.
    return {code: row for code, row in lines.items() if code}


def test_every_row_equals_the_scoreboard(sheet):
    board = scoreboard.build(year=2025, now=NOW, period_code="2025-06")
    rows = lines(sheet)
    assert len(rows) == len(board.rows) == 103
    for row in board.rows:
        line = rows[row.indicator.code]
        value = sheet.cell(line, column(sheet, "完成值")).value
        assert value == (float(row.actual) if row.actual is not None else "--"), row.indicator.code
        assert sheet.cell(line, column(sheet, "亮灯")).value == str(labels.RAG[row.rag].text)


def test_numbers_are_numbers_in_the_reports_precision(sheet):
    cell = sheet.cell(lines(sheet)["A06"], column(sheet, "目标值"))
    assert (cell.data_type, cell.value, cell.number_format) == ("n", 6.95, "#,##0.00")
    assert Decimal(str(cell.value)) == Decimal("6.95")


def test_the_lamp_is_a_word_and_a_fill(sheet):
    cell = sheet.cell(lines(sheet)["I35"], column(sheet, "亮灯"))
    assert cell.value == "滞后"
    assert cell.fill.start_color.rgb == "FF" + FILLS[Rag.RED][0].removeprefix("#")


def test_it_prints_and_scrolls_like_a_ledger(sheet):
    assert sheet.freeze_panes == "F4"
    assert sheet.page_setup.orientation == "landscape" and sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$1:$3"


@pytest.mark.parametrize(
    "typed", ["=1+1", "==1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "http://example.invalid", "＝1+1"]
)
def test_what_people_type_never_becomes_a_formula(as_user, typed):
    Submission.objects.filter(indicator__code="A02", period__code="2025-06").update(narrative=typed)
    answer = as_user("dcs_1").get("/2025/exports/ledger.xlsx")
    sheet = book_of(answer)["台账"]
    cell = sheet.cell(lines(sheet)["A02"], column(sheet, "当前进展"))
    assert (cell.data_type, cell.value.strip(), cell.hyperlink) == ("s", typed.strip(), None)


def test_the_second_sheet_names_rules_and_data_time(as_user):
    answer = as_user("dcs_1").get("/2025/exports/ledger.xlsx")
    text = [[cell.value for cell in row] for row in book_of(answer)["口径与规则"].rows]
    assert ["截至日期", "2025-06-30"] in text and any(name == "生成时间" for name, _ in text)
    assert any(name == "default v1.0" for name, _ in text)
