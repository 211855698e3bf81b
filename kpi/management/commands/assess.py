"""``manage.py assess --as-of 2025-06-30 --format json``: every indicator with value, plan, lamp and reason."""

import json
from datetime import date

from django.core.management.base import BaseCommand, CommandError

from accounts import clock
from kpi.domain.periods import Period as Month
from kpi.models import Period
from kpi.selectors import scoreboard
from kpi.selectors.records import as_record


class Command(BaseCommand):
    help = "Print the lamp of every indicator as of a day."

    def add_arguments(self, parser):
        parser.add_argument("--as-of", type=date.fromisoformat, default=None)
        parser.add_argument("--format", choices=("table", "json"), default="table")

    def handle(self, *args, as_of, format, **options):
        day = as_of or clock.today()
        try:
            board = scoreboard.build(year=day.year, now=clock.now(), period_code=str(Month.of(day)))
        except Period.DoesNotExist as problem:
            raise CommandError(f"No reporting periods for {day.year}. Load the year first.") from problem
        records = [as_record(row) for row in board.rows]
        if format == "json":
            self.stdout.write(json.dumps(records, ensure_ascii=False, indent=1))
            return
        for record in records:
            self.stdout.write("{code:<5}{lamp:<9}{value!s:>12}{plan!s:>12}  {name}".format(**record))
