"""The month of one indicator: draft → submitted → signed off → approved, or returned with a reason.

Every function is one transaction: right, period, version and state are checked, the row moves, a ``Review`` and an
audit entry are written, notices are queued or cancelled. Nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.errors import DomainError, IllegalTransition, StaleVersion
from kpi.domain.values import SubmissionState, Verb
from kpi.domain.workflow import next_state
from kpi.models import Evidence, Indicator, Period, Review, Submission
from kpi.selectors import cosigning
from kpi.selectors.content import Content, carried, content_in_force, content_of
from kpi.selectors.standing import RuleBook
from kpi.services import (
    chases,
    examining,
    notices,
    permissions,
    review_notices,
    settling,
    signing,
    vault,
    writing,
)
from kpi.services.content import require_reason

ACTIONS = {
    Verb.SUBMIT: "submission.submitted",
    Verb.WITHDRAW: "submission.withdrawn",
    Verb.SIGN_OFF: "submission.signed_off",
    Verb.RETURN: "submission.returned",
    Verb.APPROVE: "submission.approved",
    Verb.CORRECT: "submission.correction_began",
    Verb.ABANDON: "submission.correction_abandoned",
}


@transaction.atomic
def save_draft(
    *,
    indicator: Indicator,
    period: Period,
    content: Content,
    version: int,
    actor: Actor,
    now: datetime,
    editor: UUID | None = None,
    typed: Mapping[str, Any] | None = None,
) -> Submission:
    """Keep what has been typed; what is kept already is not written again. ``version`` is 0 for a first save.

    ``editor`` is the open form that writes: what it wrote itself is not stale to it. ``typed`` are the fields as they
    stand, where some cannot be read into ``content`` yet.

    Raises ``NotPermitted``, ``PeriodClosed``, ``StaleVersion`` or ``IllegalTransition``.
    """
    permissions.require(actor, Verb.SAVE, indicator)
    writing.require_writable(indicator, period, now)
    with writing.guarded(period):
        submission = writing.row_for_writing(indicator, period, version, actor, now, editor)
        submission.state = next_state(SubmissionState(submission.state), Verb.SAVE)
        if submission.version and content_of(submission) == content and submission.typed == (typed or {}):
            return submission
        before = _audited(submission)
        submission.typed = dict(typed or {})
        _fill(submission, content, actor, now, editor)
        submission.version += 1
        submission.save()
        _record_saved(submission, actor, now, before=before)
        return submission


def _record_saved(submission: Submission, actor: Actor, now: datetime, *, before: dict[str, object] | None) -> None:
    audit.record(
        action="submission.saved",
        obj=submission,
        actor=actor.user,
        now=now,
        before=before,
        after=_audited(submission),
        department_code=submission.indicator.lead_department.code,
    )


@transaction.atomic
def submit(
    *,
    indicator: Indicator,
    period: Period,
    content: Content,
    version: int,
    actor: Actor,
    now: datetime,
    editor: UUID | None = None,
    sure_of: Decimal | None = None,
) -> Submission:
    """File the content for the head's signature; open reminders about it are cancelled.

    The same content sent again by the same ``editor`` has been filed already, and nothing more is written.
    ``sure_of`` is the figure the person was asked about and stands by.

    Raises ``ContentInvalid`` or ``FigureInDoubt`` besides the errors of ``save_draft``.
    """
    permissions.require(actor, Verb.SUBMIT, indicator)
    writing.require_writable(indicator, period, now)
    with writing.guarded(period):
        content = examining.examine(
            indicator=indicator,
            period=period,
            content=content,
            earlier=examining.earlier_reports(indicator, period),
            rules=RuleBook.load(),
            sure_of=sure_of,
            is_corrected=Submission.objects.ever_approved().filter(indicator=indicator, period=period).exists(),
            has_evidence=bool(_lock_evidence(indicator, period)),
        )
        submission = writing.row_for_writing(indicator, period, version, actor, now, editor)
        if _is_repeated(submission, content, editor):
            return submission
        # The move is checked from the state the row really has before its content changes.
        next_state(SubmissionState(submission.state), Verb.SUBMIT)
        submission.typed = {}
        _fill(submission, content, actor, now, editor)
        submission.submitted_at = now
        submission.first_submitted_at = submission.first_submitted_at or now
        # Before the step is written down with them: from here on they stay.
        submission.evidence.attached().filter(filed_at__isnull=True).update(filed_at=now)
        _move(submission, Verb.SUBMIT, actor, now)
        chases.filed(indicator=indicator, period=period, now=now)
        settling.filed(indicator=indicator, period=period, now=now)
        notices.submitted(submission, now=now)
        review_notices.ask_for_cosignatures(submission, now=now)
        return submission


def _lock_evidence(indicator: Indicator, period: Period) -> list[Evidence]:
    """What is attached; nothing comes or goes until this transaction ends, because it takes the same row."""
    # Not the key, for the reason in ``writing.lock_row``.
    row = Submission.objects.select_for_update(no_key=True).filter(indicator=indicator, period=period).first()
    return list(row.evidence.attached()) if row else []


@contextmanager
def held(
    *, indicator: Indicator, period: Period, actor: Actor, now: datetime, editor: UUID | None = None
) -> Iterator[Submission]:
    """The report, locked, for what hangs on it and is none of its fields; begun as a draft where there is none.

    The same right, window and states as ``save_draft``, within the caller's transaction. Neither version nor editor of
    a report that exists are touched: no field has changed, so nobody's open form is stale (docs/adr/0010).

    Raises ``NotPermitted``, ``PeriodClosed`` or ``IllegalTransition``.
    """
    permissions.require(actor, Verb.SAVE, indicator)
    writing.require_writable(indicator, period, now)
    with writing.guarded(period):
        submission = writing.lock_any(indicator, period) or _begin(indicator, period, actor, now, editor)
        next_state(SubmissionState(submission.state), Verb.SAVE)
        yield submission


def _begin(indicator: Indicator, period: Period, actor: Actor, now: datetime, editor: UUID | None) -> Submission | None:
    """A draft of the form ``editor`` with what is carried over; the one that somebody else has begun meanwhile."""
    try:
        draft = writing.row_for_writing(indicator, period, 0, actor, now, editor)
    except StaleVersion:
        return writing.lock_any(indicator, period)
    if draft.version == 0:
        _write(draft, carried(examining.last_approved(indicator, period), period))
        draft.editor = editor
        draft.version = 1
        draft.save()
        _record_saved(draft, actor, now, before=None)
    return draft


@transaction.atomic
def discard_draft(*, submission: Submission, version: int, actor: Actor, now: datetime) -> list[Evidence]:
    """Throw away a draft that was never submitted; the files that hung on it, whose bytes are the caller's to forget.

    Raises ``draft_was_filed`` for anything that was ever submitted, besides the errors of ``save_draft``.
    """
    permissions.require(actor, Verb.SAVE, submission.indicator)
    with writing.open_to_filed(submission.period, now):
        locked = writing.lock(submission, version)
        if locked.state != SubmissionState.DRAFT or locked.first_submitted_at is not None:
            raise DomainError("draft_was_filed", indicator=submission.indicator.code)
        files = list(locked.evidence.all())
        audit.record(
            action="submission.discarded",
            obj=locked,
            actor=actor.user,
            now=now,
            before=_audited(locked) | {"evidence": [found.name for found in files]},
            department_code=locked.indicator.lead_department.code,
        )
        locked.evidence.all().delete()
        locked.delete()
        return files


@transaction.atomic
def withdraw(*, submission: Submission, version: int, actor: Actor, now: datetime) -> Submission:
    """Take a submission back before the head has looked at it."""
    permissions.require(actor, Verb.WITHDRAW, submission.indicator)
    with writing.open_to_filed(submission.period, now):
        locked = writing.lock(submission, version)
        _move(locked, Verb.WITHDRAW, actor, now)
        settling.decided(locked, now=now)
        review_notices.forget_cosignatures(locked, now=now)
        return locked


@transaction.atomic
def sign_off(
    *,
    submission: Submission,
    version: int,
    actor: Actor,
    now: datetime,
    comment: str = "",
    is_batch: bool = False,
) -> Submission:
    """The head puts the department's name to it, or whom the head lent the signature to.

    Whoever submitted it may not sign it, except by delegation, which the record then shows.
    """
    permissions.require(actor, Verb.SIGN_OFF, submission.indicator)
    with writing.open_to_filed(submission.period, now):
        locked = writing.lock(submission, version)
        unit, author = locked.indicator.lead_department_id, locked.author_id
        hand = signing.hand_of(department_id=unit, author_id=author, actor=actor, now=now, is_batch=is_batch)
        locked.signed_off_at = now
        _move(locked, Verb.SIGN_OFF, actor, now, comment, hand)
        settling.signed(locked, now=now)
        notices.signed_off(locked, now=now)
        return locked


@transaction.atomic
def approve(*, submission: Submission, version: int, actor: Actor, now: datetime, comment: str = "") -> Submission:
    """The supervision office accepts the figure: from now on it colours the lamp.

    Refused with ``cosign_missing`` or ``cosign_objected`` until every supporting unit that is asked has confirmed.
    """
    permissions.require(actor, Verb.APPROVE, submission.indicator)
    with writing.open_to_filed(submission.period, now):
        locked = writing.lock(submission, version)
        _require_cosigned(locked)
        locked.approved_at = now
        _move(locked, Verb.APPROVE, actor, now, comment)
        settling.decided(locked, now=now)
        notices.approved(locked, now=now)
        return locked


@transaction.atomic
def begin_correction(*, submission: Submission, version: int, actor: Actor, now: datetime, reason: str) -> Submission:
    """Open an approved report to its department again. The approved version counts until the next one is approved."""
    permissions.require(actor, Verb.CORRECT, submission.indicator)
    reason = require_reason(reason)
    with writing.open_to_filed(submission.period, now):
        locked = writing.lock(submission, version)
        locked.is_correction = True
        _move(locked, Verb.CORRECT, actor, now, reason)
        review_notices.forget_cosignatures(locked, now=now)
        return locked


@transaction.atomic
def abandon_correction(
    *, submission: Submission, version: int, actor: Actor, now: datetime, editor: UUID | None = None
) -> Submission:
    """Give a correction up: the report says again what was approved. Raises ``nothing_approved`` where nothing was."""
    permissions.require(actor, Verb.ABANDON, submission.indicator)
    with writing.open_to_filed(submission.period, now):
        locked = writing.lock(submission, version, editor)
        stored = Submission.objects.with_standing().get(pk=locked.pk)
        content = content_in_force(stored)
        if content is None:
            raise IllegalTransition("nothing_approved")
        locked.typed = {}
        _write(locked, content)
        _restore_evidence(locked, actor, now)
        _move(locked, Verb.ABANDON, actor, now)
        return locked


def _restore_evidence(submission: Submission, actor: Actor, now: datetime) -> None:
    """Attached is again what the last approval was given on: nothing less, and nothing that nobody has looked at."""
    approval = submission.reviews.filter(verb=Verb.APPROVE).order_by("-version").first()
    proved = [found["id"] for found in approval.content.get("evidence", ())] if approval else []
    others = submission.evidence.exclude(pk__in=proved)
    for file in others.filter(filed_at__isnull=True):
        transaction.on_commit(partial(vault.drop, file.key), robust=True)
    others.filter(filed_at__isnull=True).delete()
    others.attached().update(removed_at=now, removed_by=actor.user)
    submission.evidence.filter(pk__in=proved).update(removed_at=None, removed_by=None)


@transaction.atomic
def return_for_revision(
    *, submission: Submission, version: int, actor: Actor, now: datetime, reason: str
) -> Submission:
    """Send it back with a reason of at least five characters; a new cycle of reminders begins."""
    was_signed = submission.state == SubmissionState.SIGNED_OFF
    permissions.require(actor, Verb.RETURN, submission.indicator, is_signed_off=was_signed)
    reason = require_reason(reason)
    with writing.open_to_filed(submission.period, now):
        locked = writing.lock(submission, version)
        locked.cycle += 1
        unit = locked.indicator.lead_department_id
        hand = signing.OWN_HAND if was_signed else signing.returning_hand(department_id=unit, actor=actor, now=now)
        _move(locked, Verb.RETURN, actor, now, reason, hand)
        settling.decided(locked, now=now)
        review_notices.forget_cosignatures(locked, now=now)
        notices.returned(locked, reason=reason, now=now)
        return locked


def _require_cosigned(submission: Submission) -> None:
    """Raise while a supporting unit has not confirmed the report as it was filed last. The row must be locked."""
    progress = cosigning.of_submission(submission)
    if progress.objected:
        raise DomainError("cosign_objected", units="、".join(unit.short_name for unit in progress.objected))
    if progress.missing:
        raise DomainError("cosign_missing", units="、".join(unit.short_name for unit in progress.missing))


def _is_repeated(submission: Submission, content: Content, editor: UUID | None) -> bool:
    """A request that was carried out and whose answer got lost is sent again, word for word."""
    was_filed_here = submission.state == SubmissionState.SUBMITTED and submission.editor == editor is not None
    return was_filed_here and content_of(submission) == content


def _fill(submission: Submission, content: Content, actor: Actor, now: datetime, editor: UUID | None) -> None:
    _write(submission, content)
    submission.author = actor.user
    submission.editor = editor
    submission.updated_at = now


def _write(submission: Submission, content: Content) -> None:
    for name, value in content.as_fields().items():
        setattr(submission, name, value)


def _move(
    submission: Submission,
    verb: Verb,
    actor: Actor,
    now: datetime,
    comment: str = "",
    hand: signing.Hand = signing.OWN_HAND,
) -> None:
    """Apply the transition table, raise the version, and leave the history and audit rows."""
    before = SubmissionState(submission.state)
    submission.state = next_state(before, verb)
    submission.editor = submission.editor if verb is Verb.SUBMIT else None
    submission.version += 1
    submission.updated_at = now
    submission.save()
    Review.objects.create(
        submission=submission,
        verb=verb,
        from_state=before,
        to_state=submission.state,
        version=submission.version,
        actor=actor.user,
        on_behalf_of=hand.on_behalf_of,
        delegation=hand.delegation,
        is_own_submission=hand.is_own_submission,
        at=now,
        comment=comment,
        content=content_of(submission).as_json() | {"evidence": evidence_of(submission)},
    )
    audit.record(
        action=ACTIONS[verb],
        obj=submission,
        actor=actor.user,
        now=now,
        before={"state": str(before)},
        after=_audited(submission) | _lent(hand),
        reason=comment,
        department_code=submission.indicator.lead_department.code,
    )


def evidence_of(submission: Submission) -> list[dict[str, str]]:
    """What a step was taken on: each file by id, name and SHA-256, so that removing one later hides nothing."""
    return [
        {"id": str(found.pk), "name": found.name, "sha256": found.sha256} for found in submission.evidence.attached()
    ]


def _lent(hand: signing.Hand) -> dict[str, object]:
    if hand.on_behalf_of is None:
        return {}
    return {"on_behalf_of": hand.on_behalf_of.username, "is_own_submission": hand.is_own_submission}


def _audited(submission: Submission) -> dict[str, object]:
    return {
        "indicator": submission.indicator.code,
        "period": submission.period.code,
        "state": str(submission.state),
        "version": submission.version,
        **content_of(submission).as_json(),
    }
