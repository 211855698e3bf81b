"""The office sets a lamp in place of the computed one, with a reason, or takes that back (调整亮灯)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.errors import DomainError, StaleVersion
from kpi.domain.override import check_override
from kpi.domain.rag import Assessment
from kpi.domain.values import Rag, SubmissionState
from kpi.models import RagOverride, Submission
from kpi.models.querysets import SIGNED_STATES
from kpi.selectors.history import override_of
from kpi.selectors.standing import RuleBook, assess_submission
from kpi.services import permissions, review_notices, writing
from kpi.services.content import ContentInvalid, FieldError

REASON_AT_LEAST = 10
REASON_AT_MOST = 500


@transaction.atomic
def override_lamp(
    *, submission: Submission, version: int, replaces: int | None, rag: Rag, reason: str, actor: Actor, now: datetime
) -> RagOverride:
    """Set the lamp of a report the department has signed, for its period only.

    ``replaces`` is the override the actor saw in force, so that two reviewers do not overwrite each other unseen.
    Raises ``NotPermitted``, ``PeriodClosed``, ``StaleVersion``, ``ContentInvalid`` for the reason, or what
    ``check_override`` raises.
    """
    permissions.require_supervisor(actor)
    reason = _checked(reason)
    with writing.open_to_filed(submission.period, now):
        locked, computed = _seen(submission, version, replaces)
        check_override(computed.rag, rag)
        row = _record(locked, computed, rag, reason, actor, now, is_restored=False)
        review_notices.lamp_overridden(row, now=now)
        return row


@transaction.atomic
def restore_lamp(
    *, submission: Submission, version: int, replaces: int | None, reason: str, actor: Actor, now: datetime
) -> RagOverride:
    """Take an override back: the computed lamp counts again, and both rows stay on record."""
    permissions.require_supervisor(actor)
    reason = _checked(reason)
    with writing.open_to_filed(submission.period, now):
        locked, computed = _seen(submission, version, replaces)
        if replaces is None:
            raise DomainError("override_missing")
        row = _record(locked, computed, computed.rag, reason, actor, now, is_restored=True)
        review_notices.lamp_restored(row, now=now)
        return row


def _checked(reason: str) -> str:
    text = reason.strip()
    if len(text) < REASON_AT_LEAST:
        raise ContentInvalid([FieldError("override_reason", "reason_too_short", {"at_least": REASON_AT_LEAST})])
    if len(text) > REASON_AT_MOST:
        raise ContentInvalid(
            [FieldError("override_reason", "text_too_long", {"limit": REASON_AT_MOST, "length": len(text)})]
        )
    return text


def _seen(submission: Submission, version: int, replaces: int | None) -> tuple[Submission, Assessment]:
    """The report, locked and still as the actor saw it, with the lamp its figure gives."""
    locked = writing.lock_row(submission)
    if locked.version != version:
        raise StaleVersion("stale_version", given=version, current=locked.version)
    if SubmissionState(locked.state) not in SIGNED_STATES:
        raise DomainError("override_not_reviewed")
    present = override_of(locked)
    if (present.pk if present else None) != replaces:
        raise StaleVersion("stale_version", given=version, current=locked.version)
    return locked, assess_submission(locked, RuleBook.load())


def _record(
    submission: Submission,
    computed: Assessment,
    rag: Rag,
    reason: str,
    actor: Actor,
    now: datetime,
    *,
    is_restored: bool,
) -> RagOverride:
    before = override_of(submission)
    row = RagOverride.objects.create(
        submission=submission,
        version=submission.version,
        computed_rag=computed.rag,
        rule_code=computed.rule_code,
        rule_version=computed.rule_version,
        reviewed_rag=rag,
        is_restored=is_restored,
        reason=reason,
        actor=actor.user,
        at=now,
    )
    audit.record(
        action="lamp.restored" if is_restored else "lamp.overridden",
        obj=submission,
        actor=actor.user,
        now=now,
        before={"lamp": before.reviewed_rag if before else str(computed.rag)},
        after={
            "indicator": submission.indicator.code,
            "period": submission.period.code,
            "computed": str(computed.rag),
            "lamp": str(rag),
            "rule": f"{computed.rule_code} v{computed.rule_version}",
        },
        reason=reason,
        department_code=submission.indicator.lead_department.code,
    )
    return row
