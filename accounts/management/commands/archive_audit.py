"""``manage.py archive_audit FILE``: old entries of the trail as a file for long keeping. Deletes nothing."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from accounts import archives, clock


class Command(BaseCommand):
    help = "Write audit entries older than AUDIT_KEPT_DAYS to a file that proves itself; the database keeps them too."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--after", type=int, default=0, metavar="SEQ", help="the last entry of the archive before")

    def handle(self, *args, file, after, **options):
        try:
            made = archives.make(file, after=after, now=clock.now())
        except archives.ArchiveError as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"entries {made.first} to {made.last} in {file}, sha256 {made.sha256}")
