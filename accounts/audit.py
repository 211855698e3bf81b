"""Append to the audit trail inside the caller's transaction, and verify the whole chain.

Every entry's hash covers its content and the hash before it. An advisory lock, held until the transaction ends, lets
only one writer at a time read the head of the chain: without it parallel writers fork the chain.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

from accounts.models import AuditEntry, User

GENESIS = "0" * 64
# Any fixed number: it names the lock, not the data.
CHAIN_LOCK = 2025_0105
BATCH = 500


@dataclass(frozen=True)
class Origin:
    """Where a request came from; set by the middleware, empty for tasks and commands."""

    request_id: str = ""
    ip: str | None = None
    # The prefix of the API token that was shown, where one was.
    token: str = ""


# Entries of the change that is being made, while they are held back.
_held: ContextVar[list[AuditEntry] | None] = ContextVar("audit_held", default=None)
origin: ContextVar[Origin] = ContextVar("audit_origin", default=Origin())  # noqa: B039 — frozen


@dataclass(frozen=True)
class VerifyResult:
    """``count`` entries are good, the last of them with ``hash``.

    ``first_bad_seq`` is the first entry whose content, place or hash is not what the chain demands.
    """

    count: int
    first_bad_seq: int | None
    hash: str

    @property
    def is_intact(self) -> bool:
        return self.first_bad_seq is None


def record(
    *,
    action: str,
    obj: models.Model,
    actor: User | None,
    now: datetime,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
    department_code: str = "",
) -> AuditEntry:
    """Append one entry, or keep it for the end of ``together``; in the transaction of the change it tells of."""
    if not connection.in_atomic_block:
        raise RuntimeError("audit.record must run in the transaction of the change")
    source = origin.get()
    entry = AuditEntry(
        occurred_at=now,
        actor=actor,
        actor_label=_label(actor, source),
        action=action,
        object_type=obj._meta.label_lower,
        # Nothing is stored of somebody who does not exist.
        object_id="" if obj.pk is None else str(obj.pk),
        object_label=str(obj)[:200],
        department_code=department_code,
        before=_plain(before),
        after=_plain(after),
        reason=reason,
        request_id=source.request_id,
        ip=source.ip,
    )
    held = _held.get()
    if held is None:
        _append([entry])
    else:
        held.append(entry)
    return entry


def _label(actor: User | None, source: Origin) -> str:
    """Who it was; where a token acted in their place, which one."""
    name = str(actor) if actor else "system"
    return f"{name} [{source.token}]" if source.token else name


def stranger() -> User:
    """Whom an entry is about that tells of a name nobody has. The name itself may be a password in the wrong field."""
    return User(display_name="没有这个账号")


@contextmanager
def together() -> Iterator[None]:
    """Entries recorded inside are chained and written at the end, in one go.

    A change of many rows keeps the head of the chain, for which everybody else waits, only for that long. A failure
    inside must end the transaction: it leaves no entry.
    """
    held: list[AuditEntry] = []
    token = _held.set(held)
    try:
        yield
    finally:
        _held.reset(token)
    _append(held)


def _append(entries: Sequence[AuditEntry]) -> None:
    if not entries:
        return
    _lock_chain()
    head = AuditEntry.objects.order_by("-seq").values_list("seq", "hash").first()
    seq, previous_hash = head or (0, GENESIS)
    for place, entry in enumerate(entries, start=seq + 1):
        entry.seq, entry.previous_hash = place, previous_hash
        entry.hash = previous_hash = digest(entry)
    AuditEntry.objects.bulk_create(entries, batch_size=BATCH)


def verify(*, after: int = 0, after_hash: str = GENESIS, most: int | None = None) -> VerifyResult:
    """Walk the chain on from an entry known to be good, ``most`` entries at once, in constant memory.

    An entry cut off at the end does not show here.
    """
    good, good_hash = after, after_hash
    for entry in AuditEntry.objects.filter(seq__gt=after).order_by("seq")[:most].iterator(chunk_size=2000):
        is_next = entry.seq == good + 1 and entry.previous_hash == good_hash
        if not is_next or entry.hash != digest(entry):
            return VerifyResult(good, entry.seq, good_hash)
        good, good_hash = entry.seq, entry.hash
    return VerifyResult(good, None, good_hash)


def digest(entry: AuditEntry) -> str:
    """SHA-256 over the entry's content and the hash before it, as canonical JSON."""
    content = {
        field.attname: getattr(entry, field.attname)
        for field in AuditEntry._meta.concrete_fields
        if field.attname not in {"hash", "occurred_at"}
    }
    content["occurred_at"] = entry.occurred_at.astimezone(UTC).isoformat()
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _lock_chain() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])


def _plain(values: Mapping[str, object] | None) -> object:
    """The values as PostgreSQL will give them back, so that the hash can be computed again from the row."""
    return None if values is None else json.loads(json.dumps(values, cls=DjangoJSONEncoder, ensure_ascii=False))
