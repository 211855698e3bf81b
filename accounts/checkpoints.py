"""The head of the audit chain, written down every hour where the database cannot reach.

Entries cut off at the end leave a chain that is shorter and whole; so does a chain that was forged anew from some entry
on. Both contradict what the file says. A line is ``seq hash time``; lines are only ever added.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from accounts.models import AuditEntry

# Longer than a line, which is about 120 characters.
TAIL_BYTES = 400


@dataclass(frozen=True)
class Checkpoint:
    """At ``at`` the chain ended with the entry ``seq``, whose hash was ``hash``."""

    seq: int
    hash: str
    at: datetime

    def __str__(self) -> str:
        return f"{self.seq} {self.hash} {self.at.isoformat()}"


def append(*, now: datetime) -> Checkpoint | None:
    """Write the head down, on the disk before this returns; ``None`` while the chain is empty.

    The file is readable by the product's own user and group only (0640).
    """
    head = AuditEntry.objects.order_by("-seq").values_list("seq", "hash").first()
    if head is None:
        return None
    made = Checkpoint(*head, now)
    path: Path = settings.AUDIT_CHECKPOINT_FILE
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(file, f"{made}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)
    return made


def written() -> Iterator[Checkpoint]:
    """All of them, the oldest first. A line that cannot be read raises ``ValueError``: nobody but ``append`` writes."""
    try:
        lines = settings.AUDIT_CHECKPOINT_FILE.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
    yield from map(_read, lines)


def latest() -> Checkpoint | None:
    """The last line, read from the end: pages ask for it, and the file grows for years."""
    try:
        with settings.AUDIT_CHECKPOINT_FILE.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - TAIL_BYTES, 0))
            lines = file.read().decode().splitlines()
    except FileNotFoundError:
        return None
    return _read(lines[-1]) if lines else None


def _read(line: str) -> Checkpoint:
    seq, hashed, at = line.split()
    return Checkpoint(int(seq), hashed, datetime.fromisoformat(at))


def first_contradicted() -> Checkpoint | None:
    """The first checkpoint whose entry is gone or is another one now (1 query for 500 checkpoints)."""
    found = sorted(written(), key=lambda each: each.seq)
    for start in range(0, len(found), 500):
        part = found[start : start + 500]
        stored = dict(AuditEntry.objects.filter(seq__in=[each.seq for each in part]).values_list("seq", "hash"))
        for each in part:
            if stored.get(each.seq) != each.hash:
                return each
    return None
