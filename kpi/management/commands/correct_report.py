"""``manage.py correct_report 2025 PATH [--dry-run]``: store a corrected edition of the report's text."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from accounts import clock
from kpi import refusals
from kpi.documents.reading import kept_text
from kpi.domain.errors import DomainError
from kpi.models import Report
from kpi.services.editions import correct_report, preview_correction
from kpi.services.plaintext import with_line_ends_of


class Command(BaseCommand):
    help = (
        "Store a corrected edition of a year's report and anchor its commitments anew; --dry-run only says what moves."
    )

    def add_arguments(self, parser):
        parser.add_argument("year", type=int)
        parser.add_argument("path", type=Path)
        parser.add_argument("--reason", default="", help="where the correction comes from; needed to store it")
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, *args, year, path, reason, dry_run, **options):
        report = Report.objects.filter(year=year).first()
        if report is None:
            raise CommandError(f"No report for {year}. Load it first: manage.py load_year {year}")
        try:
            text = with_line_ends_of(report.text, kept_text(path.read_bytes(), path.name))
            if dry_run:
                found = preview_correction(report=report, text=text)
            else:
                found = correct_report(
                    report=report, text=text, base_sha256=report.sha256, reason=reason, actor=None, now=clock.now()
                )
        except OSError as problem:
            raise CommandError(str(problem)) from problem
        except DomainError as problem:
            raise CommandError(refusals.refusal(problem.code, problem.params)) from problem
        self._tell(found)
        self.stdout.write("nothing stored (--dry-run)" if dry_run else f"stored: {found.sha256}")

    def _tell(self, found):
        for name in ("kept", "moved", "changed", "lost"):
            self.stdout.write(f"{name:<10}{len(found.of(name)):>5}")
        for move in found.changed:
            mark = "  FIGURES CHANGED" if move.is_figure_changed else ""
            self.stdout.write(f"{move.commitment.code} {move.before} -> {move.quote}{mark}")
        for move in found.doubtful:
            self.stdout.write(f"{move.commitment.code} other surroundings, look at it: {move.quote}")
        for move in found.lost:
            self.stderr.write(f"{move.commitment.code} {move.loss}: {move.before}")
