"""Attaching files to a report, taking them off, reading them, and sweeping up what a crash left behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.base import File
from django.db import transaction

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.errors import DomainError
from kpi.domain.values import Verb
from kpi.models import Evidence, Indicator, Period, Submission, TargetChangeFile
from kpi.services import inspection, permissions, submissions, vault

MEGABYTE = 1024 * 1024
# A file younger than this may belong to an upload whose row is not committed yet.
ORPHAN_AFTER = 24 * 3600
# Whose bytes lie in the folder.
KEPT = (Evidence, TargetChangeFile)


@dataclass(frozen=True)
class Attached:
    """A file that was attached, and the reports of the year, visible to the person, that hold the same one already."""

    evidence: Evidence
    elsewhere: Sequence[Evidence]


def attach(
    *,
    indicator: Indicator,
    period: Period,
    name: str,
    content: File,
    actor: Actor,
    now: datetime,
    editor: UUID | None = None,
) -> Attached:
    """Attach one file to a draft or returned report; a report that nobody has begun becomes a draft.

    The bytes are on the disk before the row is written: a crash leaves at worst a file without a row, which
    ``remove_orphans`` finds. ``editor`` is the open form that attaches, for the draft it may begin.

    Raises ``NotPermitted``, ``PeriodClosed``, ``IllegalTransition``, or ``DomainError`` ``evidence_…``.
    """
    permissions.require(actor, Verb.SAVE, indicator)
    file = Evidence(key=uuid4(), uploaded_by=actor.user, uploaded_at=now, **examined(name, content))
    vault.put(file.key, content)
    try:
        return _attach(file, indicator, period, actor, now, editor)
    except DomainError:
        # Nothing was committed. After any other failure that is not certain, and the file is left to the sweep.
        vault.drop(file.key)
        raise


def examined(name: str, content: File) -> dict[str, Any]:
    """What a file that is accepted is: its cleaned name, size, checksum and type, as columns of its row.

    Raises ``DomainError`` ``evidence_…``.
    """
    name = inspection.clean_name(name)
    if content.size > settings.EVIDENCE_MAX_BYTES:
        raise DomainError("evidence_too_large", name=name, limit=settings.EVIDENCE_MAX_BYTES // MEGABYTE)
    kind = inspection.identify(content.file, size=content.size, name=name)
    return {"name": name, "size": content.size, "sha256": _digest(content), "content_type": kind.content_type}


@transaction.atomic
def _attach(
    file: Evidence, indicator: Indicator, period: Period, actor: Actor, now: datetime, editor: UUID | None
) -> Attached:
    with submissions.held(indicator=indicator, period=period, actor=actor, now=now, editor=editor) as submission:
        present = list(submission.evidence.attached())
        if any(other.sha256 == file.sha256 for other in present):
            raise DomainError("evidence_duplicate", name=file.name)
        if len(present) >= settings.EVIDENCE_MAX_FILES:
            raise DomainError("evidence_too_many", limit=settings.EVIDENCE_MAX_FILES)
        file.submission = submission
        file.save(force_insert=True)
        _record("evidence.attached", file, actor, now)
        return Attached(file, _elsewhere(file, period, actor))


def _elsewhere(file: Evidence, period: Period, actor: Actor) -> list[Evidence]:
    """The same bytes on other reports of the year that the actor may see: worth telling, never a reason to refuse."""
    same = Evidence.objects.visible_to(actor).attached().filter(sha256=file.sha256)
    others = same.filter(submission__period__report=period.report_id).exclude(submission=file.submission_id)
    return list(others.select_related("submission__indicator", "submission__period").order_by("uploaded_at"))


@transaction.atomic
def remove(*, indicator: Indicator, period: Period, pk: UUID, actor: Actor, now: datetime) -> Evidence:
    """Take a file off a report. What was ever submitted with it stays as a row and a file; anything else is gone.

    Raises ``evidence_gone`` for a file that is not attached to this report, besides the errors of ``attach``.
    """
    with submissions.held(indicator=indicator, period=period, actor=actor, now=now) as submission:
        file = submission.evidence.attached().filter(pk=pk).first()
        if file is None:
            raise DomainError("evidence_gone")
        _record("evidence.removed", file, actor, now)
        if file.filed_at is None:
            Evidence.objects.filter(pk=file.pk).delete()
            _forget([file])
        else:
            file.removed_at, file.removed_by = now, actor.user
            file.save(update_fields=["removed_at", "removed_by"])
        return file


@transaction.atomic
def discard_draft(*, submission: Submission, version: int, actor: Actor, now: datetime) -> None:
    """Throw away a draft that was never submitted, with its files. Raises what ``submissions.discard_draft`` raises."""
    _forget(submissions.discard_draft(submission=submission, version=version, actor=actor, now=now))


@transaction.atomic
def read(*, file: Evidence, actor: Actor, now: datetime) -> File:
    """The bytes, open, with an audit entry of who read them. ``file`` comes from ``Evidence.objects.visible_to``.

    Raises ``evidence_file_missing`` where the folder has lost them.
    """
    content = vault.get(file.key)
    if content is None:
        raise DomainError("evidence_file_missing", name=file.name)
    _record("evidence.read", file, actor, now)
    return content


def remove_orphans(*, file_time: float) -> int:
    """Delete files older than a day that no row names; how many. ``file_time`` is the file system's own clock, now."""
    old = set(vault.kept(before=file_time - ORPHAN_AFTER))
    named = {str(key) for table in KEPT for key in table.objects.values_list("key", flat=True).iterator()}
    orphans = old - named
    for name in orphans:
        vault.vault().delete(name)
    return len(orphans)


def damaged() -> list[Evidence | TargetChangeFile]:
    """Rows whose file is missing or is not the one that was attached, for the check after a restore."""
    rows = (file for table in KEPT for file in table.objects.order_by("uploaded_at", "id").iterator())
    return [file for file in rows if not _is_whole(file)]


def count() -> int:
    """How many files there should be."""
    return sum(table.objects.count() for table in KEPT)


def _is_whole(file: Evidence | TargetChangeFile) -> bool:
    content = vault.get(file.key)
    if content is None:
        return False
    with content:
        return _digest(content) == file.sha256


def _digest(content: File) -> str:
    found = sha256()
    for chunk in content.chunks():
        found.update(chunk)
    return found.hexdigest()


def _forget(files: Sequence[Evidence]) -> None:
    """Drop the bytes once the rows are gone for certain; what fails then is swept up later."""
    for file in files:
        transaction.on_commit(partial(vault.drop, file.key), robust=True)


def _record(action: str, file: Evidence, actor: Actor, now: datetime) -> None:
    submission = file.submission
    audit.record(
        action=action,
        obj=file,
        actor=actor.user,
        now=now,
        after={
            "indicator": submission.indicator.code,
            "period": submission.period.code,
            "name": file.name,
            "size": file.size,
            "sha256": file.sha256,
        },
        department_code=submission.indicator.lead_department.code,
    )
