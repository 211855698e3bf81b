"""Counting a caller's requests of the present minute, exactly however many processes answer them."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

COUNT = """
    INSERT INTO kpi_requestcount AS stored (caller, minute, count) VALUES (%s, %s, 1)
    ON CONFLICT (caller) DO UPDATE SET
        count = CASE WHEN stored.minute = EXCLUDED.minute THEN stored.count + 1 ELSE 1 END,
        minute = EXCLUDED.minute
    RETURNING count
"""


def count(caller: str, *, now: datetime) -> int:
    """The number of this request within its minute, the first being 1 (1 query)."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [caller, now.replace(second=0, microsecond=0)])
        return cursor.fetchone()[0]
