"""``manage.py load_year 2025``: the report, its commitments, indicators, plans, calendar and rules."""

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts import clock
from kpi.services.loading import YearFiles, load_year


class Command(BaseCommand):
    help = "Load a year from fixtures/; what is already there is left as it is."

    def add_arguments(self, parser):
        parser.add_argument("year", type=int)

    def handle(self, *args, year, **options):
        report = load_year(files=YearFiles(settings.BASE_DIR / "fixtures", year), now=clock.now())
        self.stdout.write(f"{report.year}: {report.indicators.count()} indicators")
