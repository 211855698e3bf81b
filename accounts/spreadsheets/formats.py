"""The two file formats of administration's tables: read within bounds, written so that no text ever becomes a formula.

A table that is written and read again is the same table, character by character.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from decimal import Decimal

import tablib
from import_export.formats.base_formats import CSV, XLSX
from xlsxwriter import Workbook

from accounts.spreadsheets import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, SpreadsheetRefused, read
from accounts.spreadsheets.child import FORMULA, MOST_TEXT

MAX_CELL = 32_767
# Neither may ever turn what a person typed into a formula, a link or a number.
PLAIN = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
# What spreadsheets take for a formula, behind whatever they would skip; apostrophes before it are ours or the person's.
RISKY = re.compile(r"'*(?:[\s\u3000\"]*[=+\-@＝＋－＠]|[\t\r\n])")
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
ENCODINGS = ("utf-8-sig", "gb18030")


def escaped(text: str) -> str:
    """A text as it stands in a CSV file: an apostrophe more before what could be a formula; plain numbers stay."""
    return f"'{text}" if RISKY.match(text) and not NUMBER.fullmatch(text) else text


def unescaped(text: str) -> str:
    """What ``escaped`` was given."""
    return text[1:] if text.startswith("'") and RISKY.match(text) else text


class BoundedXLSX(XLSX):
    """Workbooks: read through ``accounts.spreadsheets.read``, written with every text forced to be text."""

    def create_dataset(self, in_stream: bytes) -> tablib.Dataset:
        rows = read(in_stream)
        if any(FORMULA in row for row in rows):
            raise SpreadsheetRefused("workbook_has_formulas")
        return _dataset(rows)

    def export_data(self, dataset: tablib.Dataset, **kwargs: object) -> bytes:
        buffer = io.BytesIO()
        with Workbook(buffer, PLAIN) as book:
            sheet = book.add_worksheet()
            sheet.freeze_panes(1, 0)
            for line, row in enumerate([dataset.headers or [], *dataset]):
                for column, value in enumerate(row):
                    if isinstance(value, bool | int | Decimal):
                        sheet.write_number(line, column, value)
                    elif text := _text(value):
                        if len(text) > MAX_CELL:
                            raise SpreadsheetRefused("text_too_long")
                        sheet.write_string(line, column, text)
        return buffer.getvalue()


class BoundedCSV(CSV):
    """CSV as Excel reads it: with a mark of its encoding, everything quoted, nothing that could be a formula."""

    CONTENT_TYPE = "text/csv; charset=utf-8"

    def is_binary(self) -> bool:
        """What a file is encoded in is found out here."""
        return True

    def get_read_mode(self) -> str:
        return "rb"

    def create_dataset(self, in_stream: bytes) -> tablib.Dataset:
        if len(in_stream) > MAX_BYTES:
            raise SpreadsheetRefused("file_too_large")
        reader = csv.reader(io.StringIO(_decoded(in_stream), newline=""), strict=True)
        rows: list[list[str]] = []
        try:
            for row in reader:
                rows.append([unescaped(cell) for cell in row])
                if len(rows) > MAX_ROWS + 1 or len(row) > MAX_COLUMNS:
                    raise SpreadsheetRefused("too_many_rows")
        except csv.Error as problem:
            raise SpreadsheetRefused("not_a_csv") from problem
        return _dataset([row for row in rows if any(row)])

    def export_data(self, dataset: tablib.Dataset, **kwargs: object) -> bytes:
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
        for row in [dataset.headers or [], *dataset]:
            writer.writerow([escaped(_text(value)) for value in row])
        return buffer.getvalue().encode(ENCODINGS[0])


FORMATS = [BoundedXLSX, BoundedCSV]


def _text(value: object) -> str:
    """A cell as text: nothing for nothing, truth as 1 and 0, figures without an exponent."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _decoded(data: bytes) -> str:
    if b"\0" in data:
        raise SpreadsheetRefused("not_a_csv")
    for encoding in ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(text) > MOST_TEXT:
            raise SpreadsheetRefused("file_too_large")
        return text
    raise SpreadsheetRefused("not_a_csv")


def _dataset(rows: Iterable[list[str]]) -> tablib.Dataset:
    """The first row as headings, the others as wide as it."""
    found = list(rows)
    if not found:
        return tablib.Dataset()
    head = found[0]
    if not all(head) or len(set(head)) < len(head):
        raise SpreadsheetRefused("heading_missing")
    width = len(head)
    if any(any(row[width:]) for row in found[1:]):
        raise SpreadsheetRefused("heading_missing")
    return tablib.Dataset(*[(row + [""] * width)[:width] for row in found[1:]], headers=head)
