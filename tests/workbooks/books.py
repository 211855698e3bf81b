"""Filled templates for the tests: the real one, changed cell by cell and saved by another program than wrote it."""

from __future__ import annotations

import io
from collections.abc import Mapping

from openpyxl import load_workbook

HEAD_ROWS = 3


def filled(data: bytes, cells: Mapping[str, Mapping[str, object]]) -> bytes:
    """The workbook with ``{code: {key: value}}`` typed in; keys are those of the hidden first row."""
    book = load_workbook(io.BytesIO(data))
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[1]}
    rows = {sheet.cell(number, columns["code"]).value: number for number in range(HEAD_ROWS + 1, sheet.max_row + 1)}
    for code, values in cells.items():
        for key, value in values.items():
            sheet.cell(rows[code], columns[key]).value = value
    return saved(book)


def saved(book) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def rows_of(data: bytes) -> dict[str, dict[str, object]]:
    """Every line of the sheet by its code."""
    sheet = load_workbook(io.BytesIO(data)).worksheets[0]
    keys = [cell.value for cell in sheet[1]]
    lines = sheet.iter_rows(min_row=HEAD_ROWS + 1, values_only=True)
    return {line[0]: dict(zip(keys, line, strict=True)) for line in lines}
