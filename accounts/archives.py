"""The trail's old entries as a file for long keeping: whole, in order, and provable without the database.

A line is an entry with its hashes, as JSON; the last line sums up what stands before it. Nothing is taken out of the
database: see docs/adr/0022-audit-retention.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from accounts import audit
from accounts.models import AuditEntry

FIELDS = [field.attname for field in AuditEntry._meta.concrete_fields]


class ArchiveError(Exception):
    """No archive could be made, or the file is not what it was; the text says what is wrong."""


@dataclass(frozen=True)
class Archive:
    """Entries ``first`` to ``last``, whose hash is ``last_hash``; ``sha256`` is that of all lines before this one."""

    first: int
    last: int
    last_hash: str
    sha256: str


@transaction.atomic
def make(path: Path, *, after: int = 0, now: datetime) -> Archive:
    """Write what follows the entry ``after`` and is older than ``AUDIT_KEPT_DAYS``, with an entry that tells of it.

    Raises ``ArchiveError`` where nothing is old enough, the chain is broken up to there, or the file exists.
    """
    last = _last_before(now - timedelta(days=settings.AUDIT_KEPT_DAYS))
    if last <= after:
        raise ArchiveError(f"no entry after {after} is older than {settings.AUDIT_KEPT_DAYS} days")
    found = audit.verify(most=last)
    if found.first_bad_seq is not None:
        raise ArchiveError(f"entry {found.first_bad_seq} does not fit the chain: nothing was written")
    _write(path, after, last)
    made = check(path)
    kept = AuditEntry.objects.get(seq=last)
    audit.record(action="audit.archived", obj=kept, actor=None, now=now, after={"file": path.name, **asdict(made)})
    return made


def _last_before(moment: datetime) -> int:
    """The last of the entries that have only older ones before them."""
    younger = AuditEntry.objects.filter(occurred_at__gte=moment).order_by("seq").values_list("seq", flat=True).first()
    if younger is not None:
        return younger - 1
    return AuditEntry.objects.order_by("-seq").values_list("seq", flat=True).first() or 0


def _write(path: Path, after: int, last: int) -> None:
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    except FileExistsError as problem:
        raise ArchiveError(f"{path} exists: an archive is never written over") from problem
    seen, last_hash = sha256(), ""
    with os.fdopen(file, "wb") as out:
        entries = AuditEntry.objects.filter(seq__gt=after, seq__lte=last).order_by("seq")
        for values in entries.values(*FIELDS).iterator(chunk_size=2000):
            line = _line(values)
            seen.update(line)
            out.write(line)
            last_hash = values["hash"]
        out.write(_line(asdict(Archive(after + 1, last, last_hash, seen.hexdigest()))))
        out.flush()
        os.fsync(out.fileno())


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, cls=ExactEncoder, ensure_ascii=False, sort_keys=True).encode() + b"\n"


class ExactEncoder(DjangoJSONEncoder):
    """Moments with every digit: the hash covers them."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


def check(path: Path) -> Archive:
    """Walk the file along its hashes. Raises ``ArchiveError`` naming the first entry that is not what it was."""
    seen, expected, previous = sha256(), None, None
    for line, values in _lines(path):
        if "sha256" in values:
            told = Archive(**values)
            if (told.last, told.last_hash, told.sha256) != (expected and expected - 1, previous, seen.hexdigest()):
                raise ArchiveError("the last line does not fit what stands before it")
            return told
        entry = AuditEntry(**values | {"occurred_at": datetime.fromisoformat(values["occurred_at"])})
        is_next = expected is None or (entry.seq == expected and entry.previous_hash == previous)
        if not is_next or entry.hash != audit.digest(entry):
            raise ArchiveError(f"entry {entry.seq} does not fit the chain")
        seen.update(line)
        expected, previous = entry.seq + 1, entry.hash
    raise ArchiveError("the file has no last line: it was cut off")


def _lines(path: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield line, json.loads(line)
            except ValueError as problem:
                raise ArchiveError(f"line {number} cannot be read") from problem


def contradicts(archive: Archive) -> bool:
    """Whether the database knows another entry in the place of the archive's last."""
    return AuditEntry.objects.filter(seq=archive.last).values_list("hash", flat=True).first() != archive.last_hash
