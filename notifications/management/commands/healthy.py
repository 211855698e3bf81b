"""``manage.py healthy worker``: is a part of the machine at work? For a container's health check."""

import sys
from datetime import timedelta

from django.core.management.base import BaseCommand
from django.db import Error

from accounts import chain_checks, clock
from notifications import health

SILENT, UNKNOWN = 1, 2
# The trail is no process that leaves a mark: it is whole, and lately written down outside the database.
TRAIL = "audit"


class Command(BaseCommand):
    help = "Exit 0 if the part left its mark lately (audit: is whole), 1 if not, 2 if the database cannot be asked."

    def add_arguments(self, parser):
        parser.add_argument("part", choices=(*health.MARKS, TRAIL))
        parser.add_argument("--within", type=int, metavar="SECONDS", help="default: 300, for audit 9000")

    def handle(self, *args, part: str, within: int | None, **options):
        longest = None if within is None else timedelta(seconds=within)
        try:
            told, is_well = self._trail(longest) if part == TRAIL else self._mark(part, longest)
        except Error as problem:
            self.stderr.write(f"the database cannot be asked: {problem}")
            sys.exit(UNKNOWN)
        self.stdout.write(f"{part}: {told}")
        if not is_well:
            sys.exit(SILENT)

    def _mark(self, part: str, longest: timedelta | None) -> tuple[str, bool]:
        age = health.ages()[part]
        told = "never" if age is None else f"{age.total_seconds():.0f} s ago"
        return told, not health.is_silent(age, longest or timedelta(seconds=300))

    def _trail(self, longest: timedelta | None) -> tuple[str, bool]:
        standing = chain_checks.standing()
        trouble = standing.trouble(clock.real_now(), longest or chain_checks.CHECKPOINT_IS_OLD)
        return trouble or "whole as far as checked, checkpoint recent", not trouble
