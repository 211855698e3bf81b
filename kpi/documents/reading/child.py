"""Reads a Word document or a PDF from standard input under hard limits and prints its text as JSON.

A process of its own: whatever the file does to the parser, the server is not touched. It imports nothing of ours.
"""

from __future__ import annotations

import io
import json
import logging
import resource
import sys
from collections.abc import Iterator

MEMORY = 1024 * 1024 * 1024
CPU_SECONDS = 45
MOST_PAGES = 500
# A little more than is accepted: the caller says how much it is.
MOST_TEXT = 2_000_000


def main(kind: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    logging.disable()
    refused, text = (word if kind == "docx" else pdf)(sys.stdin.buffer.read())
    print(json.dumps({"refused": refused, "text": text[:MOST_TEXT]}))


def word(data: bytes) -> tuple[str, str]:
    """Paragraphs and tables in their order, a line each; cells of a row are parted by a tab."""
    from docx import Document

    return "", "\n".join(_lines(Document(io.BytesIO(data))))


def _lines(part: object) -> Iterator[str]:
    from docx.table import Table

    for block in part.iter_inner_content():  # type: ignore[attr-defined]
        if not isinstance(block, Table):
            yield block.text
            continue
        for row in block.rows:
            # A merged cell stands in a row once for each column it covers.
            cells = list({id(cell._tc): cell for cell in row.cells}.values())
            yield "\t".join(" ".join(cell.text.split()) for cell in cells)


def pdf(data: bytes) -> tuple[str, str]:
    """The text layer, page by page, a form feed between two; and the code of a refusal, if there is one."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        return "report_encrypted", ""
    if len(reader.pages) > MOST_PAGES:
        return "report_too_many_pages", ""
    pages: list[str] = []
    for page in reader.pages:
        pages.append(page.extract_text())
        if sum(map(len, pages)) > MOST_TEXT:
            break
    text = "\n\f\n".join(pages)
    return ("", text) if text.strip("\n\f ") else ("report_no_text_layer", "")


if __name__ == "__main__":
    main(sys.argv[1])
