"""``manage.py sweep_evidence``: what the nightly job does, by hand."""

from django.core.management.base import BaseCommand

from accounts import clock
from kpi.services import evidence


class Command(BaseCommand):
    help = "Delete evidence files older than a day that no row names."

    def handle(self, *args, **options):
        count = evidence.remove_orphans(file_time=clock.file_time())
        self.stdout.write(f"{count} files without a row deleted")
