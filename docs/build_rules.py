"""Fills the decision tables of ``docs/rules/*.md`` from the CSV files the tests read.

``python docs/build_rules.py`` rewrites what lies between ``<!-- table: NAME.csv -->`` and ``<!-- end -->``;
``--check`` writes nothing and exits 1, naming each page whose table differs from its file.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
CASES = DOCS.parent / "tests" / "domain" / "cases"
BLOCK = re.compile(r"(<!-- table: (?P<name>[\w-]+\.csv) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)
MARKER = re.compile(r"<!-- (?:table: .*?|end) -->")


class PageError(Exception):
    """A page cannot be filled; the message says what is wrong with it."""


def main(arguments: list[str] | None = None) -> int:
    """Fill or check every page; 1 when a page is stale or cannot be filled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is stale")
    parser.add_argument("--pages", type=Path, default=DOCS / "rules", help="folder of the pages")
    parser.add_argument("--cases", type=Path, default=CASES, help="folder of the decision tables")
    options = parser.parse_args(arguments)
    pages = sorted(options.pages.glob("*.md"))
    problems = [] if pages else [f"{options.pages}: no pages"]
    for page in pages:
        try:
            problems += refresh(page, options.cases, is_check=options.check)
        except PageError as problem:
            problems.append(str(problem))
    for text in problems:
        print(text, file=sys.stderr)
    return 1 if problems else 0


def refresh(page: Path, cases: Path, *, is_check: bool) -> list[str]:
    """Bring one page up to date, or say that it is not."""
    old = page.read_text(encoding="utf-8")
    new = filled(old, page, cases)
    if new == old:
        return []
    if is_check:
        return [f"{page.name} differs from its decision tables; run: python docs/build_rules.py"]
    page.write_text(new, encoding="utf-8")
    print(f"{page.name} written")
    return []


def filled(text: str, page: Path, cases: Path) -> str:
    """The page with every block replaced. A page without a whole block is an error: it would pass unchecked."""
    blocks = list(BLOCK.finditer(text))
    if not blocks or len(MARKER.findall(text)) != 2 * len(blocks):
        raise PageError(f"{page.name}: every <!-- table: NAME.csv --> needs its own <!-- end -->, and a page needs one")
    return BLOCK.sub(lambda found: f"{found[1]}\n{table(cases / found['name'], page)}\n{found['end']}", text)


def table(path: Path, page: Path) -> str:
    """One CSV file as a Markdown table, in its own order. An empty cell stays empty."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            head, *rows = list(csv.reader(file))
    except (FileNotFoundError, ValueError) as problem:
        raise PageError(f"{page.name}: {path.name} is missing or empty") from problem
    ragged = [number for number, row in enumerate(rows, start=2) if len(row) != len(head)]
    if ragged:
        raise PageError(f"{page.name}: {path.name} line {ragged[0]} has another number of cells than its heading")
    return "".join(line(cells) for cells in (head, ["---"] * len(head), *rows))


def line(cells: list[str]) -> str:
    """Cells as one line of a table. Only what a table cell would take for markup is escaped."""
    shown = (re.sub(r"([\\|*`]|<(?=[A-Za-z/!?]))", r"\\\1", cell) for cell in cells)
    return "| " + " | ".join(" ".join(cell.split()) for cell in shown) + " |\n"


if __name__ == "__main__":
    sys.exit(main())
