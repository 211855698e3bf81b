"""The month of one indicator: draft → submitted → signed off → approved, or returned with a reason.

Every function is one transaction: right, period, version and state are checked, the row moves, a ``Review`` and an
audit entry are written, notices are queued or cancelled. Nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.errors import DomainError, PeriodClosed, StaleVersion
from kpi.domain.guards import question
from kpi.domain.periods import Period as Month
from kpi.domain.values import Kind, SubmissionState, Verb
from kpi.domain.workflow import next_state
from kpi.models import Indicator, Period, Review, Submission
from kpi.selectors.standing import RuleBook, assess_figure
from kpi.services import notices, permissions
from kpi.services.content import Content, ContentInvalid, FieldError, check_complete, content_of, with_last_figure

REASON_AT_LEAST = 5


class FigureInDoubt(DomainError):
    """A figure to look at once more: sent again as ``sure_of`` it is filed (422)."""


ACTIONS = {
    Verb.SUBMIT: "submission.submitted",
    Verb.WITHDRAW: "submission.withdrawn",
    Verb.SIGN_OFF: "submission.signed_off",
    Verb.RETURN: "submission.returned",
    Verb.APPROVE: "submission.approved",
}


def last_approved(indicator: Indicator, before: Period) -> Submission | None:
    """The latest approved submission of an earlier period: what “last month” means on the form."""
    return _approved_before(indicator, before).select_related("period").order_by("-period__code").first()


def _approved_before(indicator: Indicator, period: Period) -> QuerySet[Submission]:
    """Approved submissions of the year's earlier periods."""
    return Submission.objects.approved().filter(
        indicator=indicator, period__code__lt=period.code, period__report_id=period.report_id
    )


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
    with _open(period, now):
        submission = _for_writing(indicator, period, version, actor, now, editor)
        submission.state = next_state(SubmissionState(submission.state), Verb.SAVE)
        if submission.version and content_of(submission) == content and submission.typed == (typed or {}):
            return submission
        before = _audited(submission)
        submission.typed = dict(typed or {})
        _fill(submission, content, actor, now, editor)
        submission.version += 1
        submission.save()
        audit.record(
            action="submission.saved",
            obj=submission,
            actor=actor.user,
            now=now,
            before=before,
            after=_audited(submission),
            department_code=indicator.lead_department.code,
        )
        return submission


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
    with _open(period, now):
        earlier = list(_approved_before(indicator, period).order_by("period__code"))
        content = examine(
            indicator=indicator,
            period=period,
            content=content,
            earlier=earlier,
            rules=RuleBook.load(),
            sure_of=sure_of,
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
        _move(submission, Verb.SUBMIT, actor, now)
        notices.cancel_due(indicator=indicator, period=period, now=now)
        notices.submitted(submission, now=now)
        return submission


@transaction.atomic
def withdraw(*, submission: Submission, version: int, actor: Actor, now: datetime) -> Submission:
    """Take a submission back before the head has looked at it."""
    permissions.require(actor, Verb.WITHDRAW, submission.indicator)
    with _open(submission.period, now):
        locked = _lock(submission, version)
        _move(locked, Verb.WITHDRAW, actor, now)
        return locked


@transaction.atomic
def sign_off(*, submission: Submission, version: int, actor: Actor, now: datetime, comment: str = "") -> Submission:
    """The head puts the department's name to it. Whoever submitted it may not sign it."""
    permissions.require(actor, Verb.SIGN_OFF, submission.indicator)
    with _open(submission.period, now):
        locked = _lock(submission, version)
        if locked.author_id == actor.user.pk:
            raise DomainError("signer_is_author", indicator=submission.indicator.code)
        locked.signed_off_at = now
        _move(locked, Verb.SIGN_OFF, actor, now, comment)
        notices.signed_off(locked, now=now)
        return locked


@transaction.atomic
def approve(*, submission: Submission, version: int, actor: Actor, now: datetime, comment: str = "") -> Submission:
    """The supervision office accepts the figure: from now on it colours the lamp."""
    permissions.require(actor, Verb.APPROVE, submission.indicator)
    with _open(submission.period, now):
        locked = _lock(submission, version)
        locked.approved_at = now
        _move(locked, Verb.APPROVE, actor, now, comment)
        notices.approved(locked, now=now)
        return locked


@transaction.atomic
def return_for_revision(
    *, submission: Submission, version: int, actor: Actor, now: datetime, reason: str
) -> Submission:
    """Send it back with a reason of at least five characters; a new cycle of reminders begins."""
    was_signed = submission.state == SubmissionState.SIGNED_OFF
    permissions.require(actor, Verb.RETURN, submission.indicator, is_signed_off=was_signed)
    reason = reason.strip()
    if len(reason) < REASON_AT_LEAST:
        raise ContentInvalid([FieldError("reason", "reason_too_short", {"at_least": REASON_AT_LEAST})])
    with _open(submission.period, now):
        locked = _lock(submission, version)
        locked.cycle += 1
        _move(locked, Verb.RETURN, actor, now, reason)
        notices.returned(locked, reason=reason, now=now)
        return locked


def require_open(period: Period, now: datetime) -> None:
    """Raise ``PeriodClosed`` for a period that is locked or not yet open."""
    if period.locked_at is not None:
        raise PeriodClosed("period_closed", period=period.code)
    if now < period.opens_at:
        raise PeriodClosed("period_not_open", period=period.code)


@contextmanager
def _open(period: Period, now: datetime) -> Iterator[None]:
    """Refuse a period that cannot be written; the database trigger has the last word in a race."""
    require_open(period, now)
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
) -> Content:
    """The content as it would be filed; writes nothing and asks the database nothing.

    ``earlier`` are the approved reports of the year's earlier months, oldest first.

    Raises ``ContentInvalid`` or ``FigureInDoubt``.
    """
    last = earlier[-1] if earlier else None
    content = with_last_figure(content, last)
    month = Month.parse(period.code)
    lamp = assess_figure(indicator, period=month, figure=content.figure(), rules=rules)
    check_complete(indicator=indicator, content=content, last=last, assessment=lamp)
    if content.value != sure_of:
        _ask(indicator, content, earlier, plan=lamp.expected)
    return content


def _ask(indicator: Indicator, content: Content, earlier: Sequence[Submission], *, plan: Decimal | None) -> None:
    """Raise ``FigureInDoubt`` where the figure looks like a slip of hand or unit."""
    if content.is_correction or content.no_progress:
        return
    doubt = question(
        kind=Kind(indicator.kind),
        value=content.value,
        earlier=[found.value for found in earlier if found.value is not None],
        plan=plan,
        target=indicator.target_value,
    )
    if doubt is not None:
        raise FigureInDoubt(f"doubt_{doubt.doubt}", value=content.value, unit=indicator.unit, **doubt.params)


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
    locked = (
        Submission.objects.select_for_update(of=("self",))
        .select_related("indicator__lead_department", "indicator__accountable_post", "period")
        .get(pk=submission.pk)
    )
    is_own = editor is not None and locked.editor == editor
    if locked.version != version and not is_own:
        raise StaleVersion("stale_version", given=version, current=locked.version)
    return locked


def _fill(submission: Submission, content: Content, actor: Actor, now: datetime, editor: UUID | None) -> None:
    for name, value in content.as_fields().items():
        setattr(submission, name, value)
    submission.author = actor.user
    submission.editor = editor
    submission.updated_at = now


def _move(submission: Submission, verb: Verb, actor: Actor, now: datetime, comment: str = "") -> None:
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
        at=now,
        comment=comment,
        content=content_of(submission).as_json(),
    )
    audit.record(
        action=ACTIONS[verb],
        obj=submission,
        actor=actor.user,
        now=now,
        before={"state": str(before)},
        after=_audited(submission),
        reason=comment,
        department_code=submission.indicator.lead_department.code,
    )


def _audited(submission: Submission) -> dict[str, object]:
    return {
        "indicator": submission.indicator.code,
        "period": submission.period.code,
        "state": str(submission.state),
        "version": submission.version,
        **content_of(submission).as_json(),
    }
