"""``manage.py extract_commitments REPORT``: what a report promises, as a table or as JSON; no database is needed."""

import json
from decimal import Decimal
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from kpi import refusals
from kpi.documents.reading import read_report
from kpi.domain.errors import DomainError
from kpi.domain.extraction import Extracted, extract, outline
from kpi.domain.official import width

UNREADABLE = 2
KEYS = (
    *("quote", "start", "end", "section", "kind", "metric", "value", "unit", "comparator", "deadline", "strength"),
    *("confidence", "why"),
)
# Name and width of the columns before the quotation.
COLUMNS = (
    *(("value", 9), ("unit", 14), ("comparator", 10), ("deadline", 8), ("strength", 8), ("kind", 13)),
    ("confidence", 10),
)


class Command(BaseCommand):
    help = (
        "Propose the commitments of a government work report (.txt in UTF-8 or GB18030, .docx, .pdf with a text layer)."
    )
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("path", type=Path)
        parser.add_argument("--year", type=int, help="the year the report plans for; read from the text if left out")
        parser.add_argument("--format", choices=("table", "json"), default="table")
        parser.add_argument("--save-text", type=Path, metavar="FILE", help="write the text that start and end count in")

    def handle(self, *args, path, year, save_text, **options):
        text = self._text(path)
        if save_text:
            save_text.write_text(text, encoding="utf-8", newline="\n")
        found = extract(text, year)
        if options["format"] == "json":
            self.stdout.write(json.dumps([as_json(each) for each in found], ensure_ascii=False, indent=1))
            return
        self.stdout.write("  ".join(padded(name, size) for name, size in COLUMNS) + "  quote")
        for each in found:
            self.stdout.write(as_line(each))
        numbers = sum(each.value is not None for each in found)
        report = outline(text, year)
        self.stdout.write(f"{len(found)} proposed, {numbers} with a number; planned year: {report.year or 'not found'}")

    def _text(self, path: Path) -> str:
        try:
            return read_report(path.read_bytes(), path.name)
        except OSError as problem:
            raise CommandError(f"{path}: {problem.strerror}", returncode=UNREADABLE) from problem
        except DomainError as problem:
            raise CommandError(refusals.refusal(problem.code, problem.params), returncode=UNREADABLE) from problem


def as_json(each: Extracted) -> dict[str, object]:
    """The thirteen keys, in their order; a number is a JSON number as it is written in the report."""
    values = {name: getattr(each, name) for name in KEYS}
    return values | {"value": plain(each.value), "unit": each.unit or None}


def plain(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def as_line(each: Extracted) -> str:
    shown = as_json(each)
    cells = (padded("" if shown[name] is None else str(shown[name]), size) for name, size in COLUMNS)
    return "  ".join(cells) + "  " + " ".join(each.quote.split())


def padded(text: str, size: int) -> str:
    """Filled up to ``size`` columns, of which a Chinese character takes two."""
    return text + " " * max(0, size - int(2 * width(text)))
