"""``manage.py check_report 2025``: counts, and every gap; exit status 1 if there is one."""

from django.core.management.base import BaseCommand, CommandError

from kpi.models import Report
from kpi.services.checking import check_report


class Command(BaseCommand):
    help = "Check that every commitment of a year is owned, anchored, planned to its target and led by one department."

    def add_arguments(self, parser):
        parser.add_argument("year", type=int)

    def handle(self, *args, year, **options):
        report = Report.objects.filter(year=year).first()
        if report is None:
            raise CommandError(f"No report for {year}. Load it first: manage.py load_year {year}")
        result = check_report(report)
        for name, count in result.counts.items():
            self.stdout.write(f"{name:<22}{count:>5}")
        for gap in result.gaps:
            self.stderr.write(gap)
        if result.gaps:
            raise CommandError(f"{len(result.gaps)} gaps")
