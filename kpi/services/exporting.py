"""Exports as jobs: asking, making by lease, cancelling, fetching, forgetting.

The row is the truth and the task that wakes the worker carries nothing. Rights are asked anew when a workbook is made
and whenever it is fetched: who was disabled, moved or relieved in between is refused, and that is on record.
"""

from __future__ import annotations

import logging
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import file_digest
from pathlib import Path

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.files.base import File
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts import audit
from accounts.permissions import Actor, actor_for
from kpi.domain.errors import DomainError, NotPermitted
from kpi.domain.exporting import MOST_ATTEMPTS, UNFINISHED, ExportKind, ExportState, ExportVerb, next_state
from kpi.models import ExportJob, Indicator, Period
from kpi.selectors import scores
from kpi.services import permissions, vault

logger = logging.getLogger(__name__)

SHELF = "exports"
LEASE = timedelta(seconds=60)
# How often a worker says how far it is; far below the lease.
PULSE_SECONDS = 1.0
AFTER_A_FAULT = timedelta(seconds=30)
MOST_UNFINISHED = 5
# A file younger than this may belong to a worker whose row is not written yet.
ORPHAN_AFTER = 24 * 3600
# Any fixed number: it names the lock under which the next job is chosen.
TURN_LOCK = 2025_0106


class LeaseLost(Exception):
    """The job was cancelled, or another worker has it: whatever is being made is thrown away."""


@dataclass(frozen=True)
class Made:
    """What a maker says of the file it wrote: lines of data, their fingerprint, and the name it is fetched under."""

    rows: int
    data_sha256: str
    name: str


# Writes the job's workbook to the path, telling now and then how many of how many lines are done.
Tell = Callable[[int, int], None]
Maker = Callable[[ExportJob, Path, Tell, datetime], Made]


def ask(
    *, year: int, kind: str, period: str, departments: list[str], actor: Actor, language: str, now: datetime
) -> ExportJob:
    """Queue an export; the same one, if the person has it queued already.

    ``departments`` are codes, none for all. Raises ``NotPermitted``, or ``DomainError`` ``export_kind_unknown``,
    ``export_period_unknown`` (also for a month that has not opened), ``export_unit_unknown``, ``export_no_scores``,
    ``export_too_many``.
    """
    if kind not in set(ExportKind):
        raise DomainError("export_kind_unknown")
    month = Period.objects.filter(report__year=year, code=period, opens_at__lte=now).first()
    if month is None:
        raise DomainError("export_period_unknown", period=period[:20] or "--")
    codes = sorted(set(departments))
    led = Indicator.objects.of_year(year).filter(lead_department__code__in=codes)
    if set(led.values_list("lead_department__code", flat=True)) != set(codes):
        raise DomainError("export_unit_unknown")
    if not permissions.may_export(actor, codes):
        raise NotPermitted("export_not_permitted")
    if kind == ExportKind.SCORES and scores.in_force(month) is None:
        raise DomainError("export_no_scores", period=period)
    same = {"asked_by": actor.user, "kind": kind, "period": month, "departments": codes, "language": language}
    return _waiting_already(same) or _queued(same, actor, now)


def _waiting_already(same: dict[str, object]) -> ExportJob | None:
    return ExportJob.objects.filter(**same, state__in=UNFINISHED).first()


def _queued(same: dict[str, object], actor: Actor, now: datetime) -> ExportJob:
    if ExportJob.objects.filter(asked_by=actor.user, state__in=UNFINISHED).count() >= MOST_UNFINISHED:
        raise DomainError("export_too_many", limit=MOST_UNFINISHED)
    try:
        with transaction.atomic():
            job = ExportJob.objects.create(**same, asked_at=now, next_attempt_at=now)
            _record("export.asked", job, actor, now)
            return job
    except IntegrityError:
        # Two clicks at once: the other one has it.
        found = _waiting_already(same)
        if found is None:
            raise
        return found


@transaction.atomic
def cancel(*, job: ExportJob, actor: Actor, now: datetime) -> None:
    """Nobody waits for it any more; a worker that is at it notices within a second or two.

    Raises ``NotPermitted`` for another's job, ``IllegalTransition`` ``export_moved`` for one that is over.
    """
    held = _held(job, actor)
    _change(held, ExportVerb.CANCEL, lease_token=None, lease_until=None, finished_at=now)
    _record("export.cancelled", held, actor, now)


@transaction.atomic
def retry(*, job: ExportJob, actor: Actor, now: datetime) -> None:
    """Queue a failed, cancelled or expired export again, from the beginning. Raises as ``cancel``, or ``NotPermitted``
    ``export_not_permitted`` for somebody who may no longer have it."""
    held = _held(job, actor)
    if not permissions.may_export(actor, held.departments):
        raise NotPermitted("export_not_permitted")
    same = {name: getattr(held, name) for name in ("asked_by", "kind", "period", "departments", "language")}
    if _waiting_already(same):
        raise DomainError("export_waits_already")
    fresh = {"done": 0, "total": 0, "attempts": 0, "next_attempt_at": now, "finished_at": None, "expires_at": None}
    _change(held, ExportVerb.RETRY, **fresh, key=None, size=0, error_code="", error_params={})
    _record("export.asked", held, actor, now)


def _held(job: ExportJob, actor: Actor) -> ExportJob:
    held = ExportJob.objects.select_for_update(of=("self",)).select_related("period__report").get(pk=job.pk)
    if held.asked_by_id != actor.user.pk:
        raise NotPermitted("not_permitted")
    return held


def _change(job: ExportJob, verb: ExportVerb, **changes: object) -> None:
    for name, value in {**changes, "state": next_state(ExportState(job.state), verb)}.items():
        setattr(job, name, value)
    job.save(update_fields=[*changes, "state"])


def fetch(*, job: ExportJob, actor: Actor, now: datetime) -> File:
    """The file, open, with an audit entry of who fetched it.

    Raises ``NotPermitted`` (recorded too) for whoever may not have it now, ``IllegalTransition`` ``export_moved`` for a
    job without a file, ``DomainError`` ``export_expired`` or ``export_file_missing``.
    """
    if job.asked_by_id != actor.user.pk or not permissions.may_export(actor, job.departments):
        with transaction.atomic():
            _record("export.refused", job, actor, now)
        raise NotPermitted("export_not_permitted")
    if job.state == ExportState.EXPIRED or (job.expires_at is not None and job.expires_at <= now):
        raise DomainError("export_expired")
    # Only a file that could expire is one that is there.
    next_state(ExportState(job.state), ExportVerb.EXPIRE)
    content = vault.get(job.key, SHELF) if job.key else None
    if content is None:
        raise DomainError("export_file_missing")
    with transaction.atomic():
        _record("export.fetched", job, actor, now)
    return content


def note_download(*, job: ExportJob, made: Made, actor: Actor, now: datetime) -> None:
    """Put on record a workbook that was handed out without a queue; ``job`` is one that was never stored."""
    job.data_sha256 = made.data_sha256
    with transaction.atomic():
        _record("export.fetched", job, actor, now)


def run_next(*, make: Maker, clock: Callable[[], datetime]) -> ExportState | None:
    """Make the workbook that waits longest; the state it ended in, ``None`` when there is nothing to do."""
    job = _claim(clock())
    if job is None:
        return None
    try:
        _require_still_allowed(job, clock())
        with tempfile.TemporaryDirectory(prefix="export-") as folder, Pulse(job) as pulse:
            path = Path(folder) / "workbook.xlsx"
            with _one_picture():
                made = make(job, path, pulse.tell, clock())
            _store(job, path, made, clock())
        return ExportState.DONE
    except LeaseLost:
        return ExportState.CANCELLED
    except DomainError as refused:
        return _give_up(job, refused.code, dict(refused.params), clock())
    except SoftTimeLimitExceeded:
        return _give_up(job, "export_too_long", {}, clock())
    except Exception:
        logger.exception("export %s failed", job.pk)
        return _put_back(job, clock())


@transaction.atomic
def _claim(now: datetime) -> ExportJob | None:
    """The next job, leased to this worker. One at a time: the other processes are left to what cannot wait.

    Leases run on the database's clock, so that workers on machines with different clocks agree.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN_LOCK])
    if ExportJob.objects.filter(state=ExportState.RUNNING, lease_until__gte=Now()).exists():
        return None
    free = Q(state=ExportState.QUEUED, next_attempt_at__lte=now) | Q(state=ExportState.RUNNING)
    waiting = ExportJob.objects.filter(free).select_related("period__report", "asked_by").order_by("asked_at", "id")
    while job := waiting.select_for_update(skip_locked=True, of=("self",)).first():
        if job.attempts < MOST_ATTEMPTS:
            leased = {"lease_token": uuid.uuid4(), "lease_until": Now() + LEASE, "done": 0, "total": 0}
            _change(job, ExportVerb.CLAIM, **leased, attempts=job.attempts + 1)
            return job
        _fail(job, "export_worker_lost", {}, now)
    return None


def _require_still_allowed(job: ExportJob, now: datetime) -> None:
    """As it is now, not as it was when the export was asked for."""
    actor = actor_for(job.asked_by, now.date())
    if not permissions.may_export(actor, job.departments):
        with transaction.atomic():
            _record("export.refused", job, actor, now)
        raise NotPermitted("export_not_permitted")


class Pulse:
    """Tells the row how far the work is and renews its lease.

    Over a connection of its own: the work reads in one long transaction, and what that wrote nobody would see.
    """

    def __init__(self, job: ExportJob):
        self._job = job
        self._connection = connection.copy()
        self._next = 0.0

    def __enter__(self) -> Pulse:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def tell(self, done: int, total: int) -> None:
        """Raises ``LeaseLost`` where the job is ours no longer."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PULSE_SECONDS
        with self._connection.cursor() as cursor:
            cursor.execute(
                "UPDATE kpi_exportjob SET done = %s, total = %s, lease_until = clock_timestamp() + %s"
                " WHERE id = %s AND lease_token = %s AND state = 'running'",
                [done, total, LEASE, self._job.pk, self._job.lease_token],
            )
            if cursor.rowcount != 1:
                raise LeaseLost


@contextmanager
def _one_picture() -> Iterator[None]:
    """The whole workbook is made from the data of one moment, and nothing can be written meanwhile."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _store(job: ExportJob, path: Path, made: Made, now: datetime) -> None:
    """The file first, whole and on the disk, then the row; whoever lost the lease leaves neither."""
    key = uuid.uuid4()
    with path.open("rb") as file:
        digest, size = file_digest(file, "sha256").hexdigest(), path.stat().st_size
        file.seek(0)
        vault.put(key, File(file), SHELF)
    try:
        with transaction.atomic():
            mine = _mine(job)
            _change(
                mine,
                ExportVerb.FINISH,
                **{"key": key, "sha256": digest, "size": size, "name": made.name, "data_sha256": made.data_sha256},
                **{"rows": made.rows, "done": made.rows, "total": made.rows, "lease_token": None, "lease_until": None},
                finished_at=now,
                expires_at=now + timedelta(days=settings.EXPORTS_KEPT_DAYS),
            )
            _record("export.made", mine, None, now)
    except BaseException:
        vault.drop(key, SHELF)
        raise


def _mine(job: ExportJob) -> ExportJob:
    held = ExportJob.objects.select_for_update(of=("self",)).select_related("period__report", "asked_by")
    found = held.filter(pk=job.pk, lease_token=job.lease_token, state=ExportState.RUNNING).first()
    if found is None:
        raise LeaseLost
    return found


def _give_up(job: ExportJob, code: str, params: dict[str, object], now: datetime) -> ExportState:
    try:
        with transaction.atomic():
            _fail(_mine(job), code, params, now)
    except LeaseLost:
        return ExportState.CANCELLED
    return ExportState.FAILED


def _fail(job: ExportJob, code: str, params: dict[str, object], now: datetime) -> None:
    told = {name: value if isinstance(value, int) else str(value) for name, value in params.items()}
    over = {"lease_token": None, "lease_until": None, "finished_at": now}
    _change(job, ExportVerb.FAIL, **over, error_code=code, error_params=told)
    _record("export.failed", job, None, now)


def _put_back(job: ExportJob, now: datetime) -> ExportState:
    """A fault may pass: it is tried again later, but not for ever."""
    if job.attempts >= MOST_ATTEMPTS:
        return _give_up(job, "export_fault", {}, now)
    try:
        with transaction.atomic():
            again = {"lease_token": None, "lease_until": None, "next_attempt_at": now + AFTER_A_FAULT}
            _change(_mine(job), ExportVerb.PUT_BACK, **again)
    except LeaseLost:
        return ExportState.CANCELLED
    return ExportState.QUEUED


def expire(*, now: datetime) -> int:
    """Delete the files whose time is over; how many."""
    due = ExportJob.objects.filter(state=ExportState.DONE, expires_at__lte=now)
    for job in due:
        with transaction.atomic():
            ExportJob.objects.filter(pk=job.pk, state=ExportState.DONE).update(state=ExportState.EXPIRED)
        # After the row: a file without a row is swept up, a row without its file would be a lie.
        vault.drop(job.key, SHELF)
    return len(due)


def remove_orphans(*, file_time: float) -> int:
    """Delete files older than a day that no kept export names; how many."""
    old = set(vault.kept(before=file_time - ORPHAN_AFTER, shelf=SHELF))
    kept = ExportJob.objects.filter(state=ExportState.DONE).values_list("key", flat=True)
    orphans = old - {str(key) for key in kept}
    for name in orphans:
        vault.vault(SHELF).delete(name)
    return len(orphans)


def _record(action: str, job: ExportJob, actor: Actor | None, now: datetime) -> None:
    audit.record(
        action=action,
        obj=job,
        actor=actor.user if actor else None,
        now=now,
        after={
            "kind": job.kind,
            "period": job.period.code,
            "departments": job.departments,
            "asked_by": job.asked_by.username,
            "data_sha256": job.data_sha256,
            "sha256": job.sha256,
            "error": job.error_code,
        },
        department_code=job.departments[0] if len(job.departments) == 1 else "",
    )
