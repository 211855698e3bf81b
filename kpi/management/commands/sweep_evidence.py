"""``manage.py sweep_evidence``: what the nightly job does, by hand."""

from django.core.management.base import BaseCommand

from accounts import clock
from kpi.services import evidence, target_change_files


class Command(BaseCommand):
    help = "Delete evidence files older than a day that no row names, and what came with requests that were given up."

    def handle(self, *args, **options):
        given_up = target_change_files.forget_stale(now=clock.now())
        count = evidence.remove_orphans(file_time=clock.file_time())
        self.stdout.write(f"{count} files without a row deleted, {given_up} of requests that were given up")
