"""The supporting documents of a request: kept with the form that sent them until it is taken, then for good."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.base import File
from django.db import transaction

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.errors import DomainError, NotPermitted
from kpi.domain.target_changes import ChangeParty
from kpi.models import Indicator, TargetChange, TargetChangeFile
from kpi.selectors.target_changes import parties
from kpi.services import vault
from kpi.services.evidence import examined

FORM_LIVES = timedelta(days=1)
FORMS_AT_ONCE = 3


def waiting(form_key: UUID, actor: Actor) -> list[TargetChangeFile]:
    """What the actor has sent with a form that is not taken yet (1 query)."""
    return list(TargetChangeFile.objects.filter(form_key=form_key, uploaded_by=actor.user, change__isnull=True))


def stash(
    *, indicator: Indicator, form_key: UUID, name: str, content: File, actor: Actor, now: datetime
) -> TargetChangeFile:
    """Keep one file with its form, so that a form that comes back need not be given it again.

    The bytes are on the disk before the row is written. Raises ``NotPermitted`` or ``DomainError`` ``evidence_…``.
    """
    if ChangeParty.UNIT not in parties(actor, indicator):
        raise NotPermitted("not_permitted")
    file = TargetChangeFile(
        form_key=form_key, key=uuid4(), uploaded_by=actor.user, uploaded_at=now, **examined(name, content)
    )
    vault.put(file.key, content)
    try:
        with transaction.atomic():
            _require_place(file, waiting(form_key, actor))
            file.save(force_insert=True)
    except DomainError:
        vault.drop(file.key)
        raise
    return file


def _require_place(file: TargetChangeFile, present: list[TargetChangeFile]) -> None:
    if any(other.sha256 == file.sha256 for other in present):
        raise DomainError("evidence_duplicate", name=file.name)
    # However many forms somebody opens, what they never send stays within bounds.
    given_up = TargetChangeFile.objects.filter(uploaded_by=file.uploaded_by, change__isnull=True).count()
    if len(present) >= settings.EVIDENCE_MAX_FILES or given_up >= FORMS_AT_ONCE * settings.EVIDENCE_MAX_FILES:
        raise DomainError("evidence_too_many", limit=settings.EVIDENCE_MAX_FILES)


def put_beside(change: TargetChange, *, form_key: UUID, actor: Actor, now: datetime) -> list[TargetChangeFile]:
    """Let what waits with a form belong to the case, with its present step and an entry each; returns what came."""
    found = waiting(form_key, actor)
    for file in found:
        file.change, file.version = change, change.version
        file.save(update_fields=["change", "version"])
        _record("target_change_file.attached", file, actor, now)
    return found


@transaction.atomic
def read(*, file: TargetChangeFile, actor: Actor, now: datetime) -> File:
    """The bytes, open, with an audit entry of who read them. Whether the actor may see the case was asked before.

    Raises ``evidence_file_missing`` where the folder has lost them.
    """
    content = vault.get(file.key)
    if content is None:
        raise DomainError("evidence_file_missing", name=file.name)
    _record("target_change_file.read", file, actor, now)
    return content


def _record(action: str, file: TargetChangeFile, actor: Actor, now: datetime) -> None:
    indicator = file.change.indicator
    audit.record(
        action=action,
        obj=file,
        actor=actor.user,
        now=now,
        after={"indicator": indicator.code, "case": file.change_id, "name": file.name, "sha256": file.sha256},
        department_code=indicator.lead_department.code,
    )


@transaction.atomic
def forget_stale(*, now: datetime) -> int:
    """Delete what came with forms that were never taken, a day later; how many."""
    stale = list(TargetChangeFile.objects.filter(change__isnull=True, uploaded_at__lt=now - FORM_LIVES))
    for file in stale:
        # Somebody may have sent the form at this moment: then the row is another's and stays.
        if TargetChangeFile.objects.filter(pk=file.pk, change__isnull=True).delete()[0]:
            transaction.on_commit(partial(vault.drop, file.key), robust=True)
    return len(stale)
