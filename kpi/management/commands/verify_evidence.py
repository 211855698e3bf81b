"""``manage.py verify_evidence``: is every attached file there and still the one that was attached?"""

from django.core.management.base import BaseCommand, CommandError

from kpi.services import evidence


class Command(BaseCommand):
    help = "Compare every evidence file with its SHA-256; names those that are missing or differ and exits 1."

    def handle(self, *args, **options):
        damaged = evidence.damaged()
        for file in damaged:
            self.stdout.write(f"{file.key} {file.owner} {file.name}")
        if damaged:
            raise CommandError(f"{len(damaged)} of {evidence.count()} files are missing or differ")
        self.stdout.write(f"{evidence.count()} files, all as they were attached")
