"""``manage.py load_demo 2025``: the trial's people and invented progress. Refused outside the trial."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import clock
from kpi.models import Report
from kpi.services.demo import load_demo


class Command(BaseCommand):
    help = "Load demo people and sample progress into an empty trial."

    def add_arguments(self, parser):
        parser.add_argument("year", type=int)

    def handle(self, *args, year, **options):
        if not settings.TRIAL:
            raise CommandError("Demo data belongs to a trial only.")
        counts = load_demo(
            folder=settings.BASE_DIR / "fixtures" / "demo",
            report=Report.objects.get(year=year),
            password=settings.TRIAL_PASSWORD,
            now=clock.now(),
        )
        self.stdout.write(", ".join(f"{count} {name}" for name, count in counts.items()))
