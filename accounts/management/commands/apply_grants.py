"""``manage.py apply_grants kpi_app``: run by the owner of the tables after every ``migrate``."""

from django.core.management.base import BaseCommand
from django.db import connection, transaction

from accounts.grants import APPEND_ONLY, apply_grants


class Command(BaseCommand):
    help = "Give the application's database role its rights, without UPDATE and DELETE on append-only tables."

    def add_arguments(self, parser):
        parser.add_argument("role")

    @transaction.atomic
    def handle(self, *args, role, **options):
        with connection.cursor() as cursor:
            apply_grants(cursor, role)
        self.stdout.write(f"{role}: append-only are {', '.join(APPEND_ONLY)}")
