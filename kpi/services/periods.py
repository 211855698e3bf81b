"""Opening and locking reporting periods. Locking freezes every lamp as it is published."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.timezone import localtime

from accounts import audit
from accounts.models import User
from accounts.permissions import Actor
from kpi.domain.calendar import WorkCalendar
from kpi.domain.errors import DomainError, PeriodClosed
from kpi.domain.periods import DueRule
from kpi.domain.periods import Period as Month
from kpi.models import Extension, Indicator, Period, Report, Unlock
from kpi.services import chases, following, permissions, settling, snapshots

ZONE = ZoneInfo("Asia/Shanghai")


def create_periods(report: Report, *, calendar: WorkCalendar, rule: DueRule) -> list[Period]:
    """The twelve months of a year with their windows; months that exist are left as they are."""
    return Period.objects.bulk_create(planned_periods(report, calendar=calendar, rule=rule), ignore_conflicts=True)


def planned_periods(report: Report, *, calendar: WorkCalendar, rule: DueRule) -> list[Period]:
    """The twelve months of a year with the windows that the rule and the calendar give; nothing is stored."""
    months = Month.range(Month(report.year, 1), Month(report.year, 12))
    return [
        Period(
            report=report,
            code=str(month),
            opens_at=datetime.combine(rule.opens_on(month), time(0, 0), ZONE),
            due_at=datetime.combine(rule.due_on(month, calendar), rule.at, ZONE),
            grace_ends_at=datetime.combine(rule.grace_ends_on(month, calendar), rule.at, ZONE),
        )
        for month in months
    ]


@transaction.atomic
def lock_period(*, period: Period, typed_code: str, actor: Actor, now: datetime) -> int:
    """Close a period for good and freeze its lamps; returns how many snapshots were taken.

    ``typed_code`` must repeat the period, so that nobody locks one by a slip. Raises ``NotPermitted``,
    ``PeriodClosed`` (already locked, or still being filed) or ``DomainError`` ``confirmation_differs`` or
    ``extension_running``.
    """
    permissions.require_supervisor(actor)
    if typed_code.strip() != period.code:
        raise DomainError("confirmation_differs", field="confirm", expected=period.code)
    held = hold(period)
    if now <= held.grace_ends_at:
        raise PeriodClosed("period_still_open", period=held.code, until=localtime(held.grace_ends_at))
    _require_time_kept(held, now)
    return close(period=held, user=actor.user, now=now)


@transaction.atomic
def close(*, period: Period, user: User | None, now: datetime) -> int:
    """Lock the row first, so that no submission can slip in, then freeze what is approved."""
    locked = hold(period)
    if locked.locked_at is not None:
        raise PeriodClosed("period_closed", period=period.code)
    _require_earlier_locked(locked)
    edition = snapshots.take(period=locked, now=now)
    taken = len(edition.rows)
    locked.locked_at = now
    locked.save(update_fields=["locked_at"])
    Unlock.objects.filter(period=locked, is_confirmed=True, relocked_at__isnull=True).update(relocked_at=now)
    chases.locked(locked, now=now)
    settling.published(locked, now=now)
    following.tell(period=locked, edition=edition, now=now)
    audit.record(
        action="period.locked",
        obj=locked,
        actor=user,
        now=now,
        before={"locked_at": None},
        after={"locked_at": now.isoformat(), "snapshots": taken},
    )
    return taken


def hold(period: Period) -> Period:
    """The period as it is and stays until this transaction ends, its neighbours with it."""
    hold_year(period)
    # Not the key: rows that refer to the period must not wait for it at their commit, holding what we need by then.
    return Period.objects.select_for_update(of=("self",), no_key=True).select_related("report").get(pk=period.pk)


def hold_year(part: Period | Indicator) -> None:
    """Until this transaction ends nobody else locks or reopens a month of the year: each looks at its neighbours."""
    Report.objects.select_for_update(no_key=True).get(pk=part.report_id)


def _require_time_kept(period: Period, now: datetime) -> None:
    """More time that was granted is not cut short."""
    running = Extension.objects.filter(period=period, until__gte=now).select_related("department")
    last = running.order_by("-until").first()
    if last is not None:
        raise DomainError(
            "extension_running", unit=last.department.short_name, until=f"{localtime(last.until):%m-%d %H:%M}"
        )


def _require_earlier_locked(period: Period) -> None:
    """Lamps build on the month before: periods lock in order."""
    earlier = Period.objects.filter(report=period.report_id, code__lt=period.code, locked_at__isnull=True).first()
    if earlier is not None:
        raise DomainError("earlier_period_open", period=earlier.code)
