"""A designed sheet: title, head, sections, lines, and how it scrolls, filters and prints. Written downwards only.

XlsxWriter keeps one row of each sheet in memory (``constant_memory``): what is above cannot be changed any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil
from typing import Any

from django.utils.translation import gettext as _
from xlsxwriter import Workbook

from kpi import labels
from kpi.domain.values import Rag
from kpi.workbooks.cells import FILLS, Sheet, pattern_of
from kpi.workbooks.columns import Column, Layout
from kpi.workbooks.layout import Line, month_look
from kpi.workbooks.order import Order

HEAD_ROWS = 3
# A line of text at 10 points, and the highest row there is.
LINE_POINTS, MOST_POINTS = 14, 409
HEAD = {"bold": True, "bg_color": "#E8F0F7", "align": "center"}
SECTION = {"bold": True, "bg_color": "#F3F5F8"}
# A figure keeps off the text beside it.
FIGURE = {"align": "right", "indent": 1}
QUIET = {"border": 0, "font_color": "#5A6675"}
# A month that was asked for and has no figure of its own; a missing one is hatched as on the page.
BLANK_LAMP = {"bg_color": "#FFFFFF", "font_color": "#3F4C5C", "align": "center"}
MISSED = {
    "bold": True,
    "bg_color": "#FFFFFF",
    "fg_color": "#D8DEE6",
    "pattern": 14,
    "font_color": "#14202E",
    "align": "center",
}


class Frame:
    """One sheet of a layout. Call ``section`` and ``line`` in order, then ``close``."""

    def __init__(self, workbook: Workbook, name: str, layout: Layout, order: Order, *, whose: str = ""):
        """``whose`` takes the place of the order's departments in the head."""
        self.sheet = Sheet(workbook, workbook.add_worksheet(name))
        self.layout, self.order = layout, order
        self.next = HEAD_ROWS
        self._write_head(whose or order.units)
        self._set_up_page()

    def _write_head(self, whose: str) -> None:
        sheet, last = self.sheet, len(self.layout.columns) - 1
        worksheet = sheet.worksheet
        for number, column in enumerate(self.layout.columns):
            worksheet.set_column(number, number, column.width)
        title = sheet.style(bold=True, font_size=16, align="center", border=0)
        worksheet.set_row(0, 30)
        worksheet.merge_range(0, 0, 0, last, "", title)
        worksheet.write_string(0, 0, self.order.title, title)
        # Left whose figures, right as of when. Written rather than merged with a value, which would be guessed at.
        middle = last // 3
        worksheet.merge_range(1, 0, 1, middle, "", sheet.style(**QUIET))
        worksheet.merge_range(1, middle + 1, 1, last, "", sheet.style(align="right", **QUIET))
        worksheet.write_string(1, 0, whose, sheet.style(**QUIET))
        worksheet.write_string(1, middle + 1, self.order.as_of, sheet.style(align="right", **QUIET))
        worksheet.set_row(2, 30)
        for number, column in enumerate(self.layout.columns):
            sheet.text(2, number, str(column.heading), **HEAD)

    def _set_up_page(self) -> None:
        worksheet = self.sheet.worksheet
        worksheet.freeze_panes(HEAD_ROWS, self.layout.frozen)
        worksheet.outline_settings(visible=True, symbols_below=False)
        worksheet.set_landscape()
        worksheet.set_paper(self.layout.paper)
        worksheet.fit_to_pages(1, 0)
        worksheet.repeat_rows(0, HEAD_ROWS - 1)
        worksheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        worksheet.set_footer(self.order.footer)

    def section(self, title: str) -> None:
        """A heading over the lines that follow, which fold away under it; not merged, so that filters work."""
        style = self.sheet.style(**SECTION)
        for number in range(len(self.layout.columns)):
            self.sheet.worksheet.write_blank(self.next, number, None, style)
        self.sheet.worksheet.write_string(self.next, 0, title, style)
        self.next += 1

    def line(self, line: Line, *, is_folded: bool = True) -> None:
        """One line of data; ``is_folded`` below a section."""
        values = [column.value(line) for column in self.layout.columns]
        # Not every program makes a row as high as its text when it opens a file.
        height = row_height((column.width, value) for column, value in zip(self.layout.columns, values, strict=True))
        self.sheet.worksheet.set_row(self.next, height, None, {"level": 1} if is_folded else {})
        for number, column in enumerate(self.layout.columns):
            self._write(number, column, values[number], line)
        self.next += 1

    def _write(self, number: int, column: Column, value: Any, line: Line) -> None:
        if column.form == "number":
            self.sheet.number(self.next, number, value, pattern_of(line.indicator.decimals), **FIGURE)
        elif column.form == "percent":
            self.sheet.number(self.next, number, value, "0.0%", **FIGURE)
        elif column.form == "points":
            self.sheet.number(self.next, number, value, "0.00", **FIGURE)
        elif column.form == "whole":
            self.sheet.number(self.next, number, value, "0", align="center")
        elif column.form == "moment":
            self.sheet.moment(self.next, number, value)
        elif column.form == "lamp":
            self.sheet.lamp(self.next, number, value, line.lamp)
        elif column.form == "month":
            self._write_month(number, value)
        elif column.is_centred:
            self.sheet.text(self.next, number, value, align="center")
        else:
            self.sheet.text(self.next, number, value)

    def _write_month(self, number: int, month: Any) -> None:
        if month is None:
            self.sheet.text(self.next, number, "")
            return
        word, rag, is_own = month_look(month)
        if rag is None:
            self.sheet.text(self.next, number, word, **(MISSED if month.mark == "missing" else BLANK_LAMP))
        else:
            self.sheet.lamp(self.next, number, word, rag, bold=is_own)

    def note(self, text: str) -> None:
        """A sentence in place of lines."""
        self.sheet.text(self.next, 0, text, text_wrap=False, border=0)
        self.next += 1

    def close(self) -> None:
        """Filters and the print area reach to the last line."""
        last_line, last = max(self.next - 1, HEAD_ROWS), len(self.layout.columns) - 1
        self.sheet.worksheet.autofilter(HEAD_ROWS - 1, 0, last_line, last)
        self.sheet.worksheet.print_area(0, 0, last_line, last)


def row_height(cells: Iterable[tuple[float, Any]]) -> float:
    """Points a row needs for the longest of its texts, from the columns' widths in characters."""
    most = 1
    for width, value in cells:
        # A Chinese character is as wide as two others.
        if isinstance(value, str) and (len(value) * 2 > width or "\n" in value):
            most = max(most, sum(_lines(part, width) for part in value.splitlines()))
    return min(most * LINE_POINTS + 5, MOST_POINTS)


def _lines(text: str, width: float) -> int:
    """How many lines a text is broken into; in the national encoding a text is as long as it is wide."""
    size = len(text.encode("gb18030", "replace"))
    # Where it is broken, a line is not quite full.
    return 1 if size <= width else ceil(size / (width - 1))


def lamp_head(sheet: Sheet, line: int, first: str) -> None:
    """The head of a table of counts: what a line is, the five lamps as word and fill, their sum."""
    sheet.text(line, 0, first, **HEAD)
    for number, (rag, label) in enumerate(labels.RAG.items(), start=1):
        sheet.lamp(line, number, str(label.text), rag)
    sheet.text(line, len(labels.RAG) + 1, _("合计"), **HEAD)


def chart_fill(rag: Rag) -> dict[str, object]:
    """A lamp's colour in a chart; the pale ones get an edge in their ink."""
    background, ink = FILLS[rag]
    return {"fill": {"color": background}, "border": {"color": ink, "width": 0.75}}
