"""Verifying the trail, however long it is: a row walks along the chain in slices, each a transaction of its own.

Whoever asks gets the first seconds done at once; a worker goes on from there. Every night one begins by itself.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts import audit, checkpoints
from accounts.checkpoints import Checkpoint
from accounts.models import AuditCheck, Role, User
from accounts.permissions import Actor, require

# Who reads the trail, and may have it verified.
READERS = (Role.AUDITOR, Role.SUPERVISOR)
# No entry has this number: it says that the checkpoint file cannot be read.
UNREADABLE = 0
# Entries walked in one transaction: about half a second.
SLICE = 10_000
# The hour's checkpoint may be missed once before anybody is told.
CHECKPOINT_IS_OLD = timedelta(hours=2, minutes=30)
# How long a page waits for it, and how long one wake-up of a worker works on it.
AT_ONCE_SECONDS, A_WAKE_UP_SECONDS = 2.0, 40.0


@dataclass(frozen=True)
class Standing:
    """What is known of the chain: the last finished check, the one under way, the last line of the checkpoint file."""

    last: AuditCheck | None
    running: AuditCheck | None
    checkpoint: Checkpoint | None

    def checkpoint_age(self, real_now: datetime) -> timedelta | None:
        """Since the head was last written down, by the real clock; ``None`` if it never was."""
        return real_now - self.checkpoint.at if self.checkpoint else None

    def trouble(self, real_now: datetime, within: timedelta) -> str:
        """What is wrong, in one line for operators; empty where the chain is whole and written down lately enough."""
        if self.last is not None and self.last.first_bad_seq is not None:
            return f"entry {self.last.first_bad_seq} does not fit the chain"
        if self.last is not None and self.last.lost_seq == UNREADABLE:
            return "the checkpoint file cannot be read"
        if self.last is not None and self.last.lost_seq is not None:
            return f"entry {self.last.lost_seq} is not the one the checkpoint file knows"
        age = self.checkpoint_age(real_now)
        if age is None:
            return "no checkpoint yet"
        return f"last checkpoint {age.total_seconds():.0f} s ago" if age > within else ""


def may_read(actor: Actor) -> bool:
    return any(actor.has(role) for role in READERS)


def ask(*, actor: Actor, now: datetime) -> AuditCheck:
    """Begin a check, or find the one under way. Raises ``PermissionRefused`` for whoever does not read the trail."""
    require(may_read(actor), "not_permitted")
    return _begin(actor.user, now)


def begin_nightly(*, now: datetime) -> AuditCheck:
    return _begin(None, now)


@transaction.atomic
def _begin(user: User | None, now: datetime) -> AuditCheck:
    under_way = AuditCheck.objects.filter(finished_at=None).first()
    if under_way is not None:
        return under_way
    check = AuditCheck.objects.create(asked_by=user, asked_at=now, last_hash=audit.GENESIS)
    if user is not None:
        audit.record(action="audit_check.asked", obj=check, actor=user, now=now)
    return check


def go_on(*, now: datetime, seconds: float) -> AuditCheck | None:
    """Work on the check under way for so long; what became of it, ``None`` where there is nothing to do."""
    check, stop_at = _slice(now), time.monotonic() + seconds
    while check is not None and check.finished_at is None and time.monotonic() < stop_at:
        check = _slice(now) or check
    return check


@transaction.atomic
def _slice(now: datetime) -> AuditCheck | None:
    """One slice of the check nobody else is at."""
    waiting = AuditCheck.objects.filter(finished_at=None).order_by("id")
    check: AuditCheck | None = waiting.select_for_update(skip_locked=True, of=("self",)).first()
    if check is None:
        return None
    found = audit.verify(after=check.checked_to, after_hash=check.last_hash, most=SLICE)
    is_end = found.first_bad_seq is not None or found.count - check.checked_to < SLICE
    check.checked_to, check.last_hash, check.first_bad_seq = found.count, found.hash, found.first_bad_seq
    if is_end:
        _finish(check, now)
    check.save()
    return check


def _finish(check: AuditCheck, now: datetime) -> None:
    check.lost_seq, check.finished_at = _lost(), now
    audit.record(
        action="audit_check.intact" if check.is_intact else "audit_check.broken",
        obj=check,
        actor=check.asked_by,
        now=now,
        after={"checked_to": check.checked_to, "first_bad_seq": check.first_bad_seq, "lost_seq": check.lost_seq},
    )


def _lost() -> int | None:
    """The entry a checkpoint knows and the chain does not; ``UNREADABLE`` where somebody spoiled the file itself."""
    try:
        lost = checkpoints.first_contradicted()
    except ValueError:
        return UNREADABLE
    return lost.seq if lost else None


def _latest() -> Checkpoint | None:
    try:
        return checkpoints.latest()
    except ValueError:
        return None


def standing() -> Standing:
    """What a page says of the chain (2 queries)."""
    return Standing(
        last=AuditCheck.objects.exclude(finished_at=None).first(),
        running=AuditCheck.objects.filter(finished_at=None).first(),
        checkpoint=_latest(),
    )
