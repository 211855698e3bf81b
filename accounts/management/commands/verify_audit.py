"""``manage.py verify_audit``: walk the audit chain, hold it against the checkpoints; exit 1 names what is wrong."""

from django.core.management.base import BaseCommand, CommandError

from accounts import audit, checkpoints


class Command(BaseCommand):
    help = "Verify the audit trail: its hash chain, and that every checkpoint's entry is still there."

    def handle(self, *args, **options):
        result = audit.verify()
        if not result.is_intact:
            raise CommandError(f"entry {result.first_bad_seq} does not fit the chain ({result.count} good before it)")
        if (lost := checkpoints.first_contradicted()) is not None:
            raise CommandError(self._lost(lost, result.count))
        latest = checkpoints.latest()
        said = f"last checkpoint {latest.seq} at {latest.at.isoformat()}" if latest else "no checkpoint yet"
        self.stdout.write(f"{result.count} entries, chain intact; {said}")

    def _lost(self, lost: checkpoints.Checkpoint, count: int) -> str:
        if lost.seq > count:
            return f"entries {count + 1} to {lost.seq} are gone: {lost.at.isoformat()} the chain ended with {lost.seq}"
        return f"entry {lost.seq} is not the one that was there at {lost.at.isoformat()}: the chain was made anew"
