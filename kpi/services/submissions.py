"""The month of one indicator: draft → submitted → signed off → approved, or returned with a reason.

Every function is one transaction: right, period, version and state are checked, the row moves, a ``Review`` and an
audit entry are written, notices are queued or cancelled. Nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.errors import DomainError, IllegalTransition, PeriodClosed, StaleVersion
from kpi.domain.evidence import Need, need_of
from kpi.domain.guards import question
from kpi.domain.periods import Period as Month
from kpi.domain.rag import Assessment
from kpi.domain.values import Kind, Rag, SubmissionState, Verb
from kpi.domain.window import Phase
from kpi.domain.workflow import next_state
from kpi.models import Evidence, Indicator, Period, Review, Submission
from kpi.selectors import cosigning
from kpi.selectors import periods as period_selector
from kpi.selectors.content import Content, carried, content_in_force, content_of, has_figure_in_force, in_force
from kpi.selectors.standing import Figure, RuleBook, assess_figure
from kpi.services import notices, permissions, review_notices, signing
from kpi.services.content import check_complete, require_reason, with_last_figure


class FigureInDoubt(DomainError):
    """A figure to look at once more: sent again as ``sure_of`` it is filed (422)."""


ACTIONS = {
    Verb.SUBMIT: "submission.submitted",
    Verb.WITHDRAW: "submission.withdrawn",
    Verb.SIGN_OFF: "submission.signed_off",
    Verb.RETURN: "submission.returned",
    Verb.APPROVE: "submission.approved",
    Verb.CORRECT: "submission.correction_began",
    Verb.ABANDON: "submission.correction_abandoned",
}


def earlier_reports(indicator: Indicator, period: Period) -> list[Submission]:
    """The reports of the year's earlier periods that count, oldest first (1 query).

    Their content is the approved one, also while a correction is under way; those without a figure, because there was
    none yet, are left out.
    """
    found = Submission.objects.ever_approved().with_standing().select_related("period").order_by("period__code")
    found = found.filter(indicator=indicator, period__code__lt=period.code, period__report_id=period.report_id)
    return [in_force(each) for each in found if has_figure_in_force(each)]


def last_approved(indicator: Indicator, before: Period) -> Submission | None:
    """The latest of the earlier reports: what “last month” means on the form."""
    return next(reversed(earlier_reports(indicator, before)), None)


def figures_before(indicator: Indicator, period: Period) -> list[Decimal]:
    """Their figures, oldest first."""
    return [found.value for found in earlier_reports(indicator, period) if found.value is not None]


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
    require_writable(indicator, period, now)
    with _guarded(period):
        submission = _for_writing(indicator, period, version, actor, now, editor)
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
    require_writable(indicator, period, now)
    with _guarded(period):
        content = examine(
            indicator=indicator,
            period=period,
            content=content,
            earlier=earlier_reports(indicator, period),
            rules=RuleBook.load(),
            sure_of=sure_of,
            is_corrected=Submission.objects.ever_approved().filter(indicator=indicator, period=period).exists(),
            has_evidence=bool(_lock_evidence(indicator, period)),
        )
        submission = _for_writing(indicator, period, version, actor, now, editor)
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
        notices.cancel_due(indicator=indicator, period=period, now=now)
        notices.submitted(submission, now=now)
        review_notices.ask_for_cosignatures(submission, now=now)
        return submission


def evidence_need(
    indicator: Indicator, content: Content, lamp: Assessment, *, last: Submission | None, rules: RuleBook
) -> Need | None:
    """Why this content needs evidence; ``last`` is what ``last_approved`` gives, ``lamp`` the content's own."""
    last_rag = None
    if last is not None and lamp.rag is Rag.DONE:
        last_rag = assess_figure(
            indicator, period=Month.parse(last.period.code), figure=Figure.of(last), rules=rules
        ).rag
    return need_of(
        is_demanded=indicator.evidence_required,
        rag=lamp.rag,
        last_rag=last_rag,
        is_correction=content.is_correction,
        no_progress=content.no_progress,
    )


def _lock_evidence(indicator: Indicator, period: Period) -> list[Evidence]:
    """What is attached; nothing comes or goes until this transaction ends, because it takes the same row."""
    row = Submission.objects.select_for_update().filter(indicator=indicator, period=period).first()
    return list(row.evidence.attached()) if row else []


@contextmanager
def writing(
    *, indicator: Indicator, period: Period, actor: Actor, now: datetime, editor: UUID | None = None
) -> Iterator[Submission]:
    """The report, locked, for what hangs on it and is none of its fields; begun as a draft where there is none.

    The same right, window and states as ``save_draft``, within the caller's transaction. Neither version nor editor of
    a report that exists are touched: no field has changed, so nobody's open form is stale (docs/adr/0010).

    Raises ``NotPermitted``, ``PeriodClosed`` or ``IllegalTransition``.
    """
    permissions.require(actor, Verb.SAVE, indicator)
    require_writable(indicator, period, now)
    with _guarded(period):
        submission = _lock_any(indicator, period) or _begin(indicator, period, actor, now, editor)
        next_state(SubmissionState(submission.state), Verb.SAVE)
        yield submission


def _lock_any(indicator: Indicator, period: Period) -> Submission | None:
    """The row in whatever version it is, locked."""
    stored = Submission.objects.filter(indicator=indicator, period=period).first()
    return _locked(stored) if stored else None


def _begin(indicator: Indicator, period: Period, actor: Actor, now: datetime, editor: UUID | None) -> Submission | None:
    """A draft of the form ``editor`` with what is carried over; the one that somebody else has begun meanwhile."""
    try:
        draft = _for_writing(indicator, period, 0, actor, now, editor)
    except StaleVersion:
        return _lock_any(indicator, period)
    if draft.version == 0:
        _write(draft, carried(last_approved(indicator, period), period))
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
    with _open(submission.period, now):
        locked = _lock(submission, version)
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
    with _open(submission.period, now):
        locked = _lock(submission, version)
        _move(locked, Verb.WITHDRAW, actor, now)
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
    with _open(submission.period, now):
        locked = _lock(submission, version)
        hand = signing.hand_of(submission=locked, actor=actor, now=now, is_batch=is_batch)
        locked.signed_off_at = now
        _move(locked, Verb.SIGN_OFF, actor, now, comment, hand)
        notices.signed_off(locked, now=now)
        return locked


@transaction.atomic
def approve(*, submission: Submission, version: int, actor: Actor, now: datetime, comment: str = "") -> Submission:
    """The supervision office accepts the figure: from now on it colours the lamp.

    Refused with ``cosign_missing`` or ``cosign_objected`` until every supporting unit that is asked has confirmed.
    """
    permissions.require(actor, Verb.APPROVE, submission.indicator)
    with _open(submission.period, now):
        locked = _lock(submission, version)
        _require_cosigned(locked)
        locked.approved_at = now
        _move(locked, Verb.APPROVE, actor, now, comment)
        notices.approved(locked, now=now)
        return locked


@transaction.atomic
def begin_correction(*, submission: Submission, version: int, actor: Actor, now: datetime, reason: str) -> Submission:
    """Open an approved report to its department again. The approved version counts until the next one is approved."""
    permissions.require(actor, Verb.CORRECT, submission.indicator)
    reason = require_reason(reason)
    with _open(submission.period, now):
        locked = _lock(submission, version)
        locked.is_correction = True
        _move(locked, Verb.CORRECT, actor, now, reason)
        review_notices.forget_cosignatures(locked, now=now)
        return locked


@transaction.atomic
def abandon_correction(*, submission: Submission, version: int, actor: Actor, now: datetime) -> Submission:
    """Give a correction up: the report says again what was approved. Raises ``nothing_approved`` where nothing was."""
    permissions.require(actor, Verb.ABANDON, submission.indicator)
    with _open(submission.period, now):
        locked = _lock(submission, version)
        stored = Submission.objects.with_standing().get(pk=locked.pk)
        content = content_in_force(stored)
        if content is None:
            raise IllegalTransition("nothing_approved")
        locked.typed = {}
        _write(locked, content)
        _move(locked, Verb.ABANDON, actor, now)
        return locked


@transaction.atomic
def return_for_revision(
    *, submission: Submission, version: int, actor: Actor, now: datetime, reason: str
) -> Submission:
    """Send it back with a reason of at least five characters; a new cycle of reminders begins."""
    was_signed = submission.state == SubmissionState.SIGNED_OFF
    permissions.require(actor, Verb.RETURN, submission.indicator, is_signed_off=was_signed)
    reason = require_reason(reason)
    with _open(submission.period, now):
        locked = _lock(submission, version)
        locked.cycle += 1
        hand = signing.OWN_HAND if was_signed else signing.returning_hand(submission=locked, actor=actor, now=now)
        _move(locked, Verb.RETURN, actor, now, reason, hand)
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


def require_open(period: Period, now: datetime) -> None:
    """Raise ``PeriodClosed`` for a period that is locked or not yet open: for reports filed once, that is all."""
    _refuse(period_selector.window(period).refusal(now, was_filed=True), period)


def require_writable(indicator: Indicator, period: Period, now: datetime) -> None:
    """Raise ``PeriodClosed`` where the lead department may not write this report now (at most 2 queries).

    After the grace only what was filed before, or a department with more time, is let in.
    """
    window = period_selector.window(period)
    if window.phase(now) is Phase.REVIEW:
        window = period_selector.window_for(period, indicator.lead_department_id)
        filed = Submission.objects.filter(indicator=indicator, period=period, first_submitted_at__isnull=False)
        _refuse(window.refusal(now, was_filed=filed.exists()), period)
    else:
        _refuse(window.refusal(now, was_filed=False), period)


def _refuse(code: str | None, period: Period) -> None:
    if code is not None:
        raise PeriodClosed(code, period=period.code)


@contextmanager
def _open(period: Period, now: datetime) -> Iterator[None]:
    """For steps on a report that was filed: refuse a period that is locked or not yet open."""
    require_open(period, now)
    with _guarded(period):
        yield


@contextmanager
def _guarded(period: Period) -> Iterator[None]:
    """The database trigger has the last word in a race with the lock; put it into our words."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as problem:
        if "period_closed" in str(problem):
            raise PeriodClosed("period_closed", period=period.code) from problem
        raise


def examine(
    *,
    indicator: Indicator,
    period: Period,
    content: Content,
    earlier: Sequence[Submission],
    rules: RuleBook,
    sure_of: Decimal | None = None,
    is_corrected: bool = False,
    has_evidence: bool = False,
) -> Content:
    """The content as it would be filed; writes nothing and asks the database nothing.

    ``earlier`` is what ``earlier_reports`` gives. ``is_corrected``: a version was approved before, so this is a
    correction, whatever the form says.

    Raises ``ContentInvalid`` or ``FigureInDoubt``.
    """
    last = earlier[-1] if earlier else None
    content = with_last_figure(content, last)
    content = replace(content, is_correction=content.is_correction or is_corrected)
    lamp = assess_figure(indicator, period=Month.parse(period.code), figure=content.figure(), rules=rules)
    doubt = None if content.value == sure_of else _doubt(indicator, content, earlier, plan=lamp.expected)
    # A slip of the unit may claim a completion: the figure is asked about first, and only then for its proof.
    is_proved = has_evidence or doubt is not None
    need = None if is_proved else evidence_need(indicator, content, lamp, last=last, rules=rules)
    check_complete(indicator=indicator, content=content, last=last, assessment=lamp, unproved=need)
    if doubt is not None:
        raise doubt
    return content


def _doubt(
    indicator: Indicator, content: Content, earlier: Sequence[Submission], *, plan: Decimal | None
) -> FigureInDoubt | None:
    """The question to raise where the figure looks like a slip of hand or unit."""
    if content.is_correction or content.no_progress or content.value is None:
        return None
    doubt = question(
        kind=Kind(indicator.kind),
        value=content.value,
        earlier=[found.value for found in earlier if found.value is not None],
        plan=plan,
        target=indicator.target_value,
    )
    if doubt is None:
        return None
    return FigureInDoubt(f"doubt_{doubt.doubt}", value=content.value, unit=indicator.unit, **doubt.params)


def _is_repeated(submission: Submission, content: Content, editor: UUID | None) -> bool:
    """A request that was carried out and whose answer got lost is sent again, word for word."""
    was_filed_here = submission.state == SubmissionState.SUBMITTED and submission.editor == editor is not None
    return was_filed_here and content_of(submission) == content


def _for_writing(
    indicator: Indicator, period: Period, version: int, actor: Actor, now: datetime, editor: UUID | None
) -> Submission:
    """The row to write by ``editor``, created on the first save.

    Two first savers race for the unique key: one is stale, unless it is the same form sending again.
    """
    if version == 0:
        draft = Submission(
            indicator=indicator,
            period=period,
            state=SubmissionState.DRAFT,
            version=0,
            author=actor.user,
            updated_at=now,
        )
        try:
            with transaction.atomic():
                draft.save(force_insert=True)
        except IntegrityError as problem:
            if "submission_once_per_period" not in str(problem):
                raise
        else:
            return draft
    stored = Submission.objects.filter(indicator=indicator, period=period).first()
    if stored is None:
        raise StaleVersion("stale_version", given=version, current=0)
    return _lock(stored, version, editor)


def _lock(submission: Submission, version: int, editor: UUID | None = None) -> Submission:
    """The row, locked for this transaction, provided nobody but ``editor`` wrote since the version given."""
    locked = _locked(submission)
    is_own = editor is not None and locked.editor == editor
    if locked.version != version and not is_own:
        raise StaleVersion("stale_version", given=version, current=locked.version)
    return locked


def _locked(submission: Submission) -> Submission:
    return (
        # Not the key: locking the period refers to the row from its snapshots, while this waits for the period.
        Submission.objects.select_for_update(of=("self",), no_key=True)
        .select_related("indicator__lead_department", "indicator__accountable_post", "period")
        .get(pk=submission.pk)
    )


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
