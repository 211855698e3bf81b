"""Who may write which report now: the period's door, and the row with its lock and version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.permissions import Actor
from kpi.domain.errors import PeriodClosed, StaleVersion
from kpi.domain.values import SubmissionState
from kpi.domain.window import Phase
from kpi.models import Indicator, Period, Submission
from kpi.selectors import periods as period_selector


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
def open_to_filed(period: Period, now: datetime) -> Iterator[None]:
    """For steps on a report that was filed: refuse a period that is locked or not yet open."""
    require_open(period, now)
    with guarded(period):
        yield


@contextmanager
def guarded(period: Period) -> Iterator[None]:
    """The database trigger has the last word in a race with the lock; put it into our words."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as problem:
        if "period_closed" in str(problem):
            raise PeriodClosed("period_closed", period=period.code) from problem
        raise


def row_for_writing(
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
    return lock(stored, version, editor)


def lock(submission: Submission, version: int, editor: UUID | None = None) -> Submission:
    """The row, locked for this transaction, provided nobody but ``editor`` wrote since the version given."""
    locked = lock_row(submission)
    is_own = editor is not None and locked.editor == editor
    if locked.version != version and not is_own:
        raise StaleVersion("stale_version", given=version, current=locked.version)
    return locked


def lock_row(submission: Submission) -> Submission:
    return (
        # Not the key: locking the period refers to the row from its snapshots, while this waits for the period.
        Submission.objects.select_for_update(of=("self",), no_key=True)
        .select_related("indicator__lead_department", "indicator__accountable_post", "period__report")
        .get(pk=submission.pk)
    )


def lock_any(indicator: Indicator, period: Period) -> Submission | None:
    """The row in whatever version it is, locked."""
    stored = Submission.objects.filter(indicator=indicator, period=period).first()
    return lock_row(stored) if stored else None
