"""The office moves a period's window for everybody: opens it early, gives more time, closes it early, takes that back.

Each act is put on record with the moments before and after, and told to the units it concerns. Reminders follow by
themselves: they count from the period's moments (``kpi.selectors.obligations``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils.timezone import localtime

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.errors import DomainError, IllegalTransition, PeriodClosed
from kpi.domain.window import Window
from kpi.domain.window_acts import Moments, WindowAct, after, check_undo, moments_of
from kpi.models import Period, Submission, WindowChange
from kpi.selectors import periods as period_selector
from kpi.selectors.calendar import work_calendar
from kpi.selectors.windows import last_change
from kpi.services import periods, permissions, window_notices
from kpi.services.content import ContentInvalid, FieldError, require_reason

COLUMNS = Moments._fields


@transaction.atomic
def change_window(
    *,
    period: Period,
    act: WindowAct,
    until: datetime | None = None,
    typed_code: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> WindowChange:
    """Do ``act`` to the period; ``until`` is what an extension gives. ``typed_code`` must repeat the period.

    Raises ``NotPermitted``; ``ContentInvalid`` with every field that needs a correction; ``PeriodClosed`` (locked, or
    not open yet), ``IllegalTransition`` where it is so already, or ``DomainError`` ``earlier_period_not_open``.
    """
    permissions.require_supervisor(actor)
    held = periods.hold(period)
    if act is WindowAct.OPEN:
        _require_earlier_opened(held, now)
    moments, said = _checked(held, act, until=until, typed_code=typed_code, reason=reason, now=now)
    before = moments_of(_window(held))
    change = WindowChange.objects.create(
        period=held,
        act=act,
        **{f"was_{name}": moment for name, moment in before._asdict().items()},
        **moments._asdict(),
        reason=said,
        actor=actor.user,
        at=now,
    )
    _move(held, before, moments, f"period.{DONE[act]}", said, actor, now)
    window_notices.changed(change, now=now)
    return change


@transaction.atomic
def undo_change(
    *, period: Period, change_id: int, typed_code: str, reason: str, actor: Actor, now: datetime
) -> WindowChange:
    """Take the latest act back: the moments before it are in force again.

    Raises as ``change_window``, and ``IllegalTransition`` where it is not the latest, was taken back already, or may be
    relied on.
    """
    permissions.require_supervisor(actor)
    held = periods.hold(period)
    change = last_change(held)
    if change is None or change.pk != change_id:
        raise IllegalTransition("undo_not_latest")
    if held.locked_at is not None:
        raise PeriodClosed("period_closed", period=held.code)
    errors: list[FieldError] = []
    said = _collect(errors, lambda: require_reason(reason))
    _check_code(errors, held, typed_code)
    if errors or said is None:
        raise ContentInvalid(errors)
    present, before = moments_of(_window(held)), moments_before(change)
    has_reports = change.act == WindowAct.OPEN and Submission.objects.filter(period=held).exists()
    check_undo(WindowAct(change.act), before=before, present=present, now=now, has_reports=has_reports)
    change.undone_at, change.undone_by, change.undone_because = now, actor.user, said
    change.save(update_fields=["undone_at", "undone_by", "undone_because"])
    _move(held, present, before, "period.change_undone", said, actor, now)
    window_notices.changed(change, now=now)
    return change


DONE = {WindowAct.OPEN: "opened_early", WindowAct.EXTEND: "extended", WindowAct.CLOSE: "closed_early"}


def moments_before(change: WindowChange) -> Moments:
    """The moments an act replaced."""
    return Moments(*(localtime(getattr(change, f"was_{name}")) for name in COLUMNS))


def _window(period: Period) -> Window:
    """The period's own window in the city's time."""
    found = period_selector.window(period)
    moments = Moments(*(localtime(moment) for moment in moments_of(found)))
    return Window(*moments, locked_at=found.locked_at)


def _require_earlier_opened(period: Period, now: datetime) -> None:
    earlier = Period.objects.filter(report=period.report_id, code__lt=period.code, opens_at__gt=now).first()
    if earlier is not None:
        raise DomainError("earlier_period_not_open", period=earlier.code)


def _checked(
    period: Period, act: WindowAct, *, until: datetime | None, typed_code: str, reason: str, now: datetime
) -> tuple[Moments, str]:
    """The new moments and the reason; every field that is wrong at once, the state of the period before any."""
    errors: list[FieldError] = []
    try:
        moments = after(act, _window(period), now=localtime(now), until=until, calendar=work_calendar())
    except PeriodClosed as problem:
        raise PeriodClosed(problem.code, period=period.code) from problem
    except IllegalTransition:
        raise
    except DomainError as problem:
        errors.append(FieldError(str(problem.params["field"]), problem.code, problem.params))
    said = _collect(errors, lambda: require_reason(reason))
    _check_code(errors, period, typed_code)
    if errors or said is None:
        raise ContentInvalid(errors)
    return moments, said


def _collect(errors: list[FieldError], step: Callable[[], str]) -> str | None:
    try:
        return step()
    except ContentInvalid as problem:
        errors.extend(problem.errors)
        return None


def _check_code(errors: list[FieldError], period: Period, typed: str) -> None:
    if typed.strip() != period.code:
        errors.append(FieldError("confirm", "confirmation_differs", {"expected": period.code}))


def _move(
    period: Period, before: Moments, moments: Moments, action: str, reason: str, actor: Actor, now: datetime
) -> None:
    for name, moment in moments._asdict().items():
        setattr(period, name, moment)
    period.save(update_fields=COLUMNS)
    audit.record(
        action=action, obj=period, actor=actor.user, now=now, before=_said(before), after=_said(moments), reason=reason
    )


def _said(moments: Moments) -> dict[str, str]:
    return {name: moment.isoformat() for name, moment in moments._asdict().items()}
