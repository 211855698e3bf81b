"""What the application's own database role may do: everything but rewrite history.

Run by the owner of the tables after every ``migrate``. Triggers guard the same tables against the owner's slips.
"""

from __future__ import annotations

from django.db.backends.utils import CursorWrapper
from psycopg import sql

APPEND_ONLY = (
    "accounts_auditentry",
    "kpi_review",
    "kpi_assessmentsnapshot",
    "kpi_ragoverride",
    "kpi_cosignature",
    "kpi_reportedition",
    "kpi_directiveentry",
    "kpi_directivecopy",
    "kpi_bulletinedit",
    "kpi_bulletinstep",
    "kpi_bulletinfile",
    "kpi_formerplan",
    "kpi_scoreline",
    "kpi_scorecorrection",
    "kpi_scorestep",
    "kpi_targetchangeentry",
    "kpi_targetchangewindow",
)


def apply_grants(cursor: CursorWrapper, app_role: str) -> None:
    """Grant ``app_role`` its rights on all tables and take UPDATE, DELETE and TRUNCATE away on append-only ones."""
    role = sql.Identifier(app_role)
    statements = (
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role),
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}").format(role),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(role),
        *(
            sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(sql.Identifier(table), role)
            for table in APPEND_ONLY
        ),
    )
    for statement in statements:
        cursor.execute(statement)
