"""``manage.py open_year 2026 [--text PATH] [--dry-run]``: the next year's report and months; twice changes nothing."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import localtime

from accounts import clock
from kpi import refusals
from kpi.documents.reading import kept_text
from kpi.domain.errors import DomainError
from kpi.services import years


class Command(BaseCommand):
    help = "Open a year: its report (with or without the text) and its months; --dry-run only says what would be made."

    def add_arguments(self, parser):
        parser.add_argument("year", type=int)
        parser.add_argument("--text", type=Path, help="the report (.txt, .docx, .pdf); may follow later")
        parser.add_argument("--title", default="", help="default: the text's first line")
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, *args, year, text, title, dry_run, **options):
        try:
            given = {
                "year": year,
                "text": kept_text(text.read_bytes(), text.name) if text else "",
                "title": title,
                "folder": settings.BASE_DIR / "fixtures",
                "now": clock.now(),
            }
            opening = years.preview(**given) if dry_run else years.open_year(**given, actor=None)
        except OSError as problem:
            raise CommandError(str(problem)) from problem
        except DomainError as problem:
            raise CommandError(refusals.refusal(problem.code, problem.params)) from problem
        self._tell(opening)
        self.stdout.write("nothing stored (--dry-run)" if dry_run else "done")

    def _tell(self, opening: years.Opening) -> None:
        self.stdout.write(f"{opening.year}: {opening.title}")
        self.stdout.write(f"text      {'set' if opening.sets_text else 'unchanged'}")
        for name, periods in (("added", opening.added), ("moved", opening.moved)):
            self.stdout.write(f"{name:<10}{len(periods)} months")
            for period in periods:
                self.stdout.write(f"  {period.code} due {localtime(period.due_at):%Y-%m-%d %H:%M}")
        self.stdout.write(f"calendar  {opening.new_days} days added")
        for year in opening.guessed:
            self.stderr.write(f"{year}: no holidays on record; due days are guessed as Monday to Friday")
