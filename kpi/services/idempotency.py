"""Requests sent again: the same key and body get the answer that was given, and nothing happens twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction

from accounts.models import ApiToken, User
from kpi.domain.errors import DomainError
from kpi.models import IdempotencyKey

KEPT = timedelta(hours=48)


@dataclass(frozen=True)
class Claim:
    """The row of a key; ``is_repeated`` says that it holds the answer already."""

    row: IdempotencyKey
    is_repeated: bool


def claim(*, user: User, token: ApiToken | None, key: str, fingerprint: str, now: datetime) -> Claim:
    """Take the key inside the caller's transaction, which is also the one of the change.

    Two at once: the second waits at the unique key until the first has ended, then finds its answer or, where that
    one was refused and left no row, takes its place. Raises ``idempotency_key_reused`` for another request.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("the key must be taken in the transaction of the change")
    row = IdempotencyKey(user=user, token=token, key=key, fingerprint=fingerprint, created_at=now)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            return Claim(row, is_repeated=False)
    except IntegrityError as problem:
        if "idempotency_key_once" not in str(problem):
            raise
    stored = IdempotencyKey.objects.get(user=user, token=token, key=key)
    if stored.fingerprint != fingerprint:
        raise DomainError("idempotency_key_reused")
    return Claim(stored, is_repeated=True)


def fingerprint(parts: Iterable[bytes]) -> str:
    """The SHA-256 of what makes a request the one it is, in parts so that a large file is never held whole."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def keep(claimed: Claim, *, status: int, headers: Mapping[str, str], body: str) -> None:
    """Write down what was answered."""
    row = claimed.row
    row.status, row.headers, row.body = status, dict(headers), body
    row.save(update_fields=["status", "headers", "body"])


def forget(*, now: datetime) -> int:
    """Drop keys nobody repeats any more; how many."""
    return IdempotencyKey.objects.filter(created_at__lt=now - KEPT).delete()[0]
