"""More time for one department, and reopening a locked period: asked for, then decided by the supervision office."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import Department, User
from accounts.permissions import Actor
from kpi.domain.errors import DomainError, NotPermitted, PeriodClosed
from kpi.domain.window import Phase
from kpi.models import Extension, Period, Unlock
from kpi.selectors import periods as period_selector
from kpi.services import notices, periods, permissions
from kpi.services.content import ContentInvalid, FieldError, require_reason


@transaction.atomic
def ask_extension(*, period: Period, department: Department, reason: str, actor: Actor, now: datetime) -> Extension:
    """A department asks for more time: to be late by consent before the due moment, to report at all after the grace.

    Raises ``NotPermitted``, ``PeriodClosed`` for a period that is locked or not open, ``ContentInvalid`` without a
    reason, ``extension_asked_already`` while one waits for its answer.
    """
    permissions.require_works_for(actor, department)
    _require_takes_extensions(period, now)
    _one_at_a_time(department)
    if Extension.objects.filter(period=period, department=department, decided_at__isnull=True).exists():
        raise DomainError("extension_asked_already")
    asked = Extension.objects.create(
        period=period, department=department, reason=require_reason(reason), asked_by=actor.user, asked_at=now
    )
    _audit("extension.asked", asked, actor, now)
    notices.extension_asked(asked, now=now)
    return asked


@transaction.atomic
def extend(
    *, period: Period, department: Department, until: datetime | None, reason: str, actor: Actor, now: datetime
) -> Extension:
    """The office gives a department more time of its own accord; an open request of the department is answered by it.

    Raises what ``answer_extension`` raises.
    """
    permissions.require_supervisor(actor)
    _one_at_a_time(department)
    waiting = Extension.objects.filter(period=period, department=department, decided_at__isnull=True).first()
    text = require_reason(reason)
    asked = waiting or Extension(period=period, department=department, reason=text, asked_by=actor.user, asked_at=now)
    return _decide(asked, until=_future(until, now), answer=text, actor=actor, now=now)


@transaction.atomic
def answer_extension(
    *, extension: Extension, until: datetime | None, answer: str, actor: Actor, now: datetime
) -> Extension:
    """Grant the request until a moment, or refuse it (``until`` is ``None``) with a reason.

    Raises ``NotPermitted``, ``extension_answered``, ``ContentInvalid`` for a moment that is over, or a refusal without
    a reason; ``PeriodClosed`` once the period is locked.
    """
    permissions.require_supervisor(actor)
    _one_at_a_time(extension.department)
    waiting = Extension.objects.select_related("period__report", "department", "asked_by").get(pk=extension.pk)
    if waiting.decided_at is not None:
        raise DomainError("extension_answered")
    text = answer.strip() if until is not None else require_reason(answer, "answer")
    moment = None if until is None else _future(until, now)
    return _decide(waiting, until=moment, answer=text, actor=actor, now=now)


def _decide(extension: Extension, *, until: datetime | None, answer: str, actor: Actor, now: datetime) -> Extension:
    _require_takes_extensions(extension.period, now)
    if until is not None and until <= extension.period.due_at:
        raise ContentInvalid([FieldError("until", "until_before_due")])
    extension.until = until
    extension.answer = answer
    extension.decided_by = actor.user
    extension.decided_at = now
    extension.save()
    _audit("extension.granted" if until else "extension.refused", extension, actor, now)
    notices.extension_answered(extension, now=now)
    return extension


def _one_at_a_time(department: Department) -> None:
    """Two requests or answers of one department wait for each other, so that each sees what the other wrote."""
    Department.objects.select_for_update(no_key=True).get(pk=department.pk)


def _require_takes_extensions(period: Period, now: datetime) -> None:
    phase = period_selector.window(period).phase(now)
    if phase is Phase.LOCKED:
        raise PeriodClosed("period_closed", period=period.code)
    if phase is Phase.NOT_OPEN:
        raise PeriodClosed("period_not_open", period=period.code)


def _future(until: datetime | None, now: datetime) -> datetime:
    if until is None:
        raise ContentInvalid([FieldError("until", "until_required")])
    if until <= now:
        raise ContentInvalid([FieldError("until", "until_in_past")])
    return until


def _audit(action: str, extension: Extension, actor: Actor, now: datetime) -> None:
    audit.record(
        action=action,
        obj=extension,
        actor=actor.user,
        now=now,
        after={
            "period": extension.period.code,
            "department": extension.department.code,
            "until": extension.until.isoformat() if extension.until else None,
        },
        reason=extension.answer or extension.reason,
        department_code=extension.department.code,
    )


@transaction.atomic
def ask_unlock(*, period: Period, reason: str, actor: Actor, now: datetime) -> Unlock:
    """One person of the office asks to reopen the latest locked period; another one has to confirm.

    Lamps build on the month before, so only the latest locked period can be reopened; an older figure is corrected in
    the month that is open. Raises ``NotPermitted``, ``unlock_not_locked``, ``unlock_latest_only``,
    ``unlock_asked_already`` or ``ContentInvalid``.
    """
    permissions.require_supervisor(actor)
    locked = periods.hold(period)
    if locked.locked_at is None:
        raise DomainError("unlock_not_locked", period=locked.code)
    _require_latest(locked)
    if Unlock.objects.filter(period=locked, decided_at__isnull=True).exists():
        raise DomainError("unlock_asked_already")
    asked = Unlock.objects.create(period=locked, reason=require_reason(reason), asked_by=actor.user, asked_at=now)
    _audit_unlock("period.unlock_asked", asked, actor.user, now)
    notices.unlock_asked(asked, now=now)
    return asked


@transaction.atomic
def confirm_unlock(*, unlock: Unlock, typed_code: str, actor: Actor, now: datetime) -> Period:
    """The second person agrees: the period is open for revision until it is locked again.

    ``typed_code`` must repeat the period. What was published stays as an edition of its own.
    """
    waiting = _waiting(unlock, actor)
    period = waiting.period
    if typed_code.strip() != period.code:
        raise DomainError("confirmation_differs", field="confirm", expected=period.code)
    _require_latest(period)
    _settle(waiting, actor, now, is_confirmed=True)
    before = period.locked_at
    period.locked_at = None
    period.save(update_fields=["locked_at"])
    audit.record(
        action="period.unlocked",
        obj=period,
        actor=actor.user,
        now=now,
        before={"locked_at": before.isoformat() if before else None},
        after={"locked_at": None, "asked_by": waiting.asked_by.username, "confirmed_by": actor.user.username},
        reason=waiting.reason,
    )
    notices.unlock_answered(waiting, now=now)
    return period


@transaction.atomic
def refuse_unlock(*, unlock: Unlock, actor: Actor, now: datetime) -> Unlock:
    """The request ends: refused by another person of the office, or taken back by whoever asked."""
    permissions.require_supervisor(actor)
    waiting = _open_request(unlock)
    if waiting.asked_by_id == actor.user.pk:
        waiting.decided_at = now
        waiting.save()
        _audit_unlock("period.unlock_taken_back", waiting, actor.user, now)
        return waiting
    _settle(waiting, actor, now, is_confirmed=False)
    _audit_unlock("period.unlock_refused", waiting, actor.user, now)
    notices.unlock_answered(waiting, now=now)
    return waiting


def _waiting(unlock: Unlock, actor: Actor) -> Unlock:
    permissions.require_supervisor(actor)
    waiting = _open_request(unlock)
    if waiting.asked_by_id == actor.user.pk:
        raise NotPermitted("unlock_takes_two")
    return waiting


def _open_request(unlock: Unlock) -> Unlock:
    """The request, locked together with its period, provided nobody has answered it."""
    periods.hold(unlock.period)
    found = Unlock.objects.select_related("period__report", "asked_by").get(pk=unlock.pk)
    if found.decided_at is not None:
        raise DomainError("unlock_answered")
    return found


def _require_latest(period: Period) -> None:
    later = Period.objects.filter(report=period.report_id, code__gt=period.code, locked_at__isnull=False)
    if later.exists():
        raise DomainError("unlock_latest_only", period=period.code)


def _settle(unlock: Unlock, actor: Actor, now: datetime, *, is_confirmed: bool) -> None:
    unlock.decided_by = actor.user
    unlock.decided_at = now
    unlock.is_confirmed = is_confirmed
    unlock.save()


def _audit_unlock(action: str, unlock: Unlock, user: User, now: datetime) -> None:
    audit.record(
        action=action, obj=unlock, actor=user, now=now, after={"period": unlock.period.code}, reason=unlock.reason
    )
