"""``manage.py healthy worker``: is a part of the machine at work? For a container's health check."""

import sys
from datetime import timedelta

from django.core.management.base import BaseCommand
from django.db import Error

from notifications import health

SILENT, UNKNOWN = 1, 2


class Command(BaseCommand):
    help = "Exit 0 if the part left its mark lately, 1 if it is silent, 2 if the database cannot be asked."

    def add_arguments(self, parser):
        parser.add_argument("part", choices=health.MARKS)
        parser.add_argument("--within", type=int, default=300, metavar="SECONDS")

    def handle(self, *args, part: str, within: int, **options):
        try:
            age = health.ages()[part]
        except Error as problem:
            self.stderr.write(f"the database cannot be asked: {problem}")
            sys.exit(UNKNOWN)
        told = "never" if age is None else f"{age.total_seconds():.0f} s ago"
        self.stdout.write(f"{part}: {told}")
        if health.is_silent(age, timedelta(seconds=within)):
            sys.exit(SILENT)
