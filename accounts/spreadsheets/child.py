"""Reads one workbook from standard input under hard limits and prints its first sheet as JSON.

A process of its own: whatever the file does to the parser, the server is not touched. It imports nothing of ours.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
from itertools import islice
from typing import IO

from openpyxl import load_workbook
from openpyxl.cell.read_only import EmptyCell, ReadOnlyCell
from openpyxl.cell.text import Text
from openpyxl.reader import excel
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

# Stands for a formula in a cell; no text can hold it, because XML has no such character.
FORMULA = "\x01formula"
MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 10
# LibreOffice saves a truth value as the formula that gives it.
TRUTHS = {"=TRUE()": "TRUE", "=FALSE()": "FALSE"}
# Characters of all cells together: 5,000 rows with two full texts each.
MOST_TEXT = 20_000_000


def main(most_rows: int, most_columns: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    print(json.dumps(rows_of(sys.stdin.buffer.read(), most_rows, most_columns)))


def rows_of(data: bytes, most_rows: int, most_columns: int) -> dict[str, object]:
    """``rows`` of the first sheet as text without blank margins; ``is_cut`` where there is more than is allowed."""
    book = load_workbook(io.BytesIO(data), read_only=True)
    found = book.worksheets[0].iter_rows(max_row=most_rows + 2, max_col=most_columns + 1)
    rows: list[list[str]] = []
    length = 0
    # Counted, because the numbers rows give themselves are the sender's word; and one long text can be in every cell.
    for row in islice(found, most_rows + 2):
        rows.append([text_of(cell) for cell in row])
        length += sum(map(len, rows[-1]))
        if length > MOST_TEXT:
            return {"rows": [], "is_cut": True}
    while rows and not any(rows[-1]):
        rows.pop()
    width = max((place + 1 for row in rows for place, value in enumerate(row) if value), default=0)
    is_cut = len(rows) > most_rows + 1 or width > most_columns
    return {"rows": [] if is_cut else [row[:width] for row in rows], "is_cut": is_cut}


# How the file format writes signs that XML cannot hold, and an underscore that would look like one of these. 0 and 1
# stay as they are: no database keeps the one, and the other begins ``FORMULA``.
ESCAPE = re.compile(r"_x(000[2-9A-Fa-f]|001[0-9A-Fa-f]|005[Ff])_")


def strings(source: IO[bytes]) -> list[str]:
    """The workbook's texts, each escape undone once: the library takes out half of some and none of others."""
    found = []
    for _event, node in iterparse(source):
        if node.tag == f"{{{SHEET_MAIN_NS}}}si":
            text = Text.from_tree(node).content
            found.append(ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text)
            node.clear()
    return found


excel.read_string_table = strings


def text_of(cell: ReadOnlyCell | EmptyCell) -> str:
    """A cell as a person reads it; a formula as ``FORMULA``, because nobody can say what it will come to."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if cell.data_type == "f":
        return TRUTHS.get(str(value), FORMULA)
    # A workbook's numbers are doubles: 15 digits are what Excel itself shows, 128.60000000000001 is 128.6.
    return f"{value:.15g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
