"""``manage.py verify_audit``: walk the audit chain; exit status 1 names the first bad entry."""

from django.core.management.base import BaseCommand, CommandError

from accounts import audit


class Command(BaseCommand):
    help = "Verify the audit trail's hash chain."

    def handle(self, *args, **options):
        result = audit.verify()
        if not result.is_intact:
            raise CommandError(f"entry {result.first_bad_seq} does not fit the chain ({result.count} good before it)")
        self.stdout.write(f"{result.count} entries, chain intact")
