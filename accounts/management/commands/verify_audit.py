"""``manage.py verify_audit``: walk the audit chain, hold it against the checkpoints; exit 1 names what is wrong."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from accounts import archives, audit, checkpoints


class Command(BaseCommand):
    help = "Verify the audit trail: its hash chain, and that every checkpoint's entry is still there."

    def add_arguments(self, parser):
        parser.add_argument("--archive", type=Path, metavar="FILE", help="verify a file of archive_audit as well")

    def handle(self, *args, archive=None, **options):
        if archive is not None:
            self._check_archive(archive)
        result = audit.verify()
        if not result.is_intact:
            raise CommandError(f"entry {result.first_bad_seq} does not fit the chain ({result.count} good before it)")
        if (lost := checkpoints.first_contradicted()) is not None:
            raise CommandError(self._lost(lost, result.count))
        latest = checkpoints.latest()
        said = f"last checkpoint {latest.seq} at {latest.at.isoformat()}" if latest else "no checkpoint yet"
        self.stdout.write(f"{result.count} entries, chain intact; {said}")

    def _check_archive(self, path: Path) -> None:
        try:
            found = archives.check(path)
        except (archives.ArchiveError, OSError) as problem:
            raise CommandError(f"{path}: {problem}") from problem
        if archives.contradicts(found):
            raise CommandError(f"{path}: entry {found.last} is another one in the database")
        self.stdout.write(f"{path}: entries {found.first} to {found.last}, chain intact, as in the database")

    def _lost(self, lost: checkpoints.Checkpoint, count: int) -> str:
        if lost.seq > count:
            return f"entries {count + 1} to {lost.seq} are gone: {lost.at.isoformat()} the chain ended with {lost.seq}"
        return f"entry {lost.seq} is not the one that was there at {lost.at.isoformat()}: the chain was made anew"
