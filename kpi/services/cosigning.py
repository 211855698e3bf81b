"""Supporting units stand by their part of a report, or say why not (会签)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import Department
from accounts.permissions import Actor
from kpi.domain.cosigning import Stance
from kpi.domain.errors import DomainError, NotPermitted, StaleVersion
from kpi.domain.values import SubmissionState
from kpi.models import CoSignature, Submission
from kpi.models.querysets import BEING_COSIGNED
from kpi.selectors import cosigning
from kpi.services import permissions, review_notices, writing
from kpi.services.content import ContentInvalid, FieldError

COMMENT_AT_LEAST = 5
COMMENT_AT_MOST = 500


@transaction.atomic
def cosign(
    *,
    submission: Submission,
    department: Department,
    filing: int,
    stance: Stance,
    comment: str,
    actor: Actor,
    now: datetime,
) -> CoSignature:
    """Put one unit's statement on record.

    ``filing`` is the filing the actor looked at (``selectors.cosigning.filing_of``): a signature in between changes
    nothing they read, a return or a new figure does. Raises ``NotPermitted``, ``PeriodClosed``, ``StaleVersion``,
    ``cosign_not_asked``, ``cosign_done`` or ``ContentInvalid`` for an objection without words.
    """
    permissions.require_works_for(actor, department)
    comment = _checked(stance, comment)
    with writing.open_to_filed(submission.period, now):
        locked = writing.lock_row(submission)
        progress = cosigning.of_submission(locked)
        if department not in (*progress.confirmed, *progress.objected, *progress.missing):
            raise NotPermitted("cosign_not_asked")
        present = cosigning.filing_of(locked)
        if present != filing or SubmissionState(locked.state) not in BEING_COSIGNED:
            raise StaleVersion("stale_version", given=filing, current=present)
        if department in progress.confirmed:
            raise DomainError("cosign_done")
        row = _record(locked, department, stance, comment, actor, now)
        review_notices.cosigned(row, now=now)
        return row


def _checked(stance: Stance, comment: str) -> str:
    text = comment.strip()
    if stance is Stance.OBJECTED and len(text) < COMMENT_AT_LEAST:
        raise ContentInvalid([FieldError("comment", "reason_too_short", {"at_least": COMMENT_AT_LEAST})])
    if len(text) > COMMENT_AT_MOST:
        raise ContentInvalid([FieldError("comment", "text_too_long", {"limit": COMMENT_AT_MOST, "length": len(text)})])
    return text


def _record(
    submission: Submission, department: Department, stance: Stance, comment: str, actor: Actor, now: datetime
) -> CoSignature:
    row = CoSignature.objects.create(
        submission=submission,
        department=department,
        version=submission.version,
        cycle=submission.cycle,
        stance=stance,
        comment=comment,
        actor=actor.user,
        at=now,
    )
    audit.record(
        action=f"cosignature.{stance}",
        obj=submission,
        actor=actor.user,
        now=now,
        after={
            "indicator": submission.indicator.code,
            "period": submission.period.code,
            "unit": department.code,
            "stance": str(stance),
            "version": submission.version,
        },
        reason=comment,
        department_code=department.code,
    )
    return row
