"""Files that are handed out at once, without a queue: who took what, by its SHA-256, is on record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.db.models import Model

from accounts import audit
from accounts.permissions import Actor


@transaction.atomic
def note_file(
    *, action: str, obj: Model, name: str, data: bytes, actor: Actor, now: datetime, department_code: str = ""
) -> None:
    """Put on record that somebody took a bulletin, or a form to fill in."""
    audit.record(
        action=action,
        obj=obj,
        actor=actor.user,
        now=now,
        after={"name": name, "sha256": sha256(data).hexdigest()},
        department_code=department_code,
    )


@transaction.atomic
def note_trail(*, criteria: Mapping[str, str], name: str, rows: int, data: bytes, actor: Actor, now: datetime) -> None:
    """Put on record that somebody took entries of the audit trail with them, and which."""
    audit.record(
        action="audit.exported",
        obj=actor.user,
        actor=actor.user,
        now=now,
        after={"criteria": dict(criteria), "rows": rows, "name": name, "sha256": sha256(data).hexdigest()},
    )
