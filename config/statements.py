"""How long one statement of a web request may take in PostgreSQL, locks it waits for included."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

LONGEST_MS = 15_000


def limit_statements(connection: BaseDatabaseWrapper, milliseconds: int = LONGEST_MS, **_: Any) -> None:
    """Told of every new connection of a web server, and of no worker's, command's or migration's.

    Whoever waits longer has left, and what holds up one page must not take every connection there is.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [str(milliseconds)])
