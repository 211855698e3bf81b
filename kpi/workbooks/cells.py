"""How a cell is written: text forced to be text, figures as figures, lamps as a word on a fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from accounts.spreadsheets.formats import MAX_CELL
from kpi import wording
from kpi.domain.values import Rag

MAX_NAME = 31
# What no sheet's name may hold.
FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", "·"))
BASE = {"font_name": "微软雅黑", "font_size": 10, "valign": "vcenter", "border": 1, "border_color": "#D8DEE6"}

# Word and fill agree with the pages: (background, ink).
FILLS: Mapping[Rag, tuple[str, str]] = {
    Rag.RED: ("#B3202A", "#FFFFFF"),
    Rag.AMBER: ("#F6C552", "#4A2F00"),
    Rag.GREEN: ("#DDF1E7", "#0F5A42"),
    Rag.DONE: ("#E2EDFA", "#1C4C86"),
    Rag.NOT_DUE: ("#ECEFF3", "#4A5563"),
}


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
        self.worksheet.write_string(line, column, fitting(value), self.style(**{"text_wrap": True, **options}))

    def number(self, line: int, column: int, value: Decimal | int | None, pattern: str, **options: object) -> None:
        """A number as a number; “--” where there is none, because blank and zero would say something else."""
        if value is None:
            self.text(line, column, wording.MISSING, **{"align": "right", **options})
            return
        self.worksheet.write_number(line, column, value, self.style(num_format=pattern, **options))

    def moment(self, line: int, column: int, value: datetime | None) -> None:
        """A local moment as a date of the workbook; “--” where there is none."""
        if value is None:
            self.text(line, column, wording.MISSING, align="center")
            return
        self.worksheet.write_datetime(
            line, column, value.replace(tzinfo=None), self.style(num_format="yyyy-mm-dd hh:mm")
        )

    def lamp(self, line: int, column: int, word: str, rag: Rag, **options: object) -> None:
        background, ink = FILLS[rag]
        look = {"bg_color": background, "font_color": ink, "bold": True, "align": "center", **options}
        self.text(line, column, word, **look)


def fitting(value: str) -> str:
    """As much of a text as a cell holds; what is cut ends in an ellipsis."""
    return value if len(value) <= MAX_CELL else value[: MAX_CELL - 1] + "…"


def pattern_of(decimals: int) -> str:
    """The number format of a figure with so many decimals."""
    return "#,##0" + ("." + "0" * decimals if decimals else "")


def sheet_names(titles: Sequence[str]) -> list[str]:
    """One allowed name for each title: at most 31 characters as Excel counts them, no two alike, whatever the case."""
    names: list[str] = []
    taken = {"history"}
    for title in titles:
        # A quotation mark at either end is refused; blank is no name.
        plain = "".join(sign for sign in title.translate(FORBIDDEN) if sign.isprintable()).strip("' ") or "--"
        name, number = _cut(plain, MAX_NAME), 1
        while name.casefold() in taken:
            number += 1
            mark = f"({number})"
            name = _cut(plain, MAX_NAME - len(mark)) + mark
        taken.add(name.casefold())
        names.append(name)
    return names


def _cut(text: str, most: int) -> str:
    """Excel counts halves of surrogate pairs."""
    while len(text.encode("utf-16-le")) // 2 > most:
        text = text[:-1]
    return text.rstrip("' ")
