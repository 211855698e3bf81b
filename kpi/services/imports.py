"""An uploaded workbook's life: kept for half an hour, confirmed once or forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction

from accounts import audit
from accounts.models import Department
from accounts.permissions import Actor
from kpi.domain.errors import DomainError
from kpi.models import Period, ReportUpload
from kpi.services import permissions, writing

VALID_FOR = timedelta(minutes=30)
NAME_AT_MOST = 200


@transaction.atomic
def keep_upload(
    *,
    department: Department,
    period: Period,
    name: str,
    data: bytes,
    rows: Sequence[Sequence[str]],
    actor: Actor,
    now: datetime,
) -> ReportUpload:
    """Keep what was read from a workbook until it is confirmed; the person's earlier, unconfirmed ones are forgotten.

    Raises ``NotPermitted`` or ``PeriodClosed``.
    """
    permissions.require_works_for(actor, department)
    writing.require_open(period, now)
    ReportUpload.objects.filter(user=actor.user, applied_at__isnull=True).delete()
    return ReportUpload.objects.create(
        department=department,
        period=period,
        user=actor.user,
        name=name[-NAME_AT_MOST:],
        sha256=sha256(data).hexdigest(),
        rows=rows,
        uploaded_at=now,
        expires_at=now + VALID_FOR,
    )


def claim(*, upload: ReportUpload, digest: str, actor: Actor, now: datetime) -> ReportUpload:
    """The upload, locked for this transaction; one import at a time per department.

    Raises ``import_done``, ``import_expired`` or ``import_differs``.
    """
    Department.objects.select_for_update(no_key=True).get(pk=upload.department_id)
    locked = ReportUpload.objects.select_for_update(of=("self",)).get(pk=upload.pk, user=actor.user)
    if locked.applied_at is not None:
        raise DomainError("import_done")
    if now >= locked.expires_at:
        raise DomainError("import_expired")
    if digest != locked.sha256:
        raise DomainError("import_differs")
    return locked


def settle(*, upload: ReportUpload, written: int, actor: Actor, now: datetime) -> None:
    """Mark the upload as carried out, with its audit entry."""
    upload.applied_at = now
    upload.save(update_fields=["applied_at"])
    audit.record(
        action="import.applied",
        obj=upload,
        actor=actor.user,
        now=now,
        after={"file": upload.name, "sha256": upload.sha256, "period": upload.period.code, "written": written},
        department_code=upload.department.code,
    )
