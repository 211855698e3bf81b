"""Wake-up calls. The truth is in the tables: a lost or doubled call changes nothing."""

from celery import shared_task

from accounts import clock
from kpi.services import evidence, exporting, handovers, idempotency, reminders, target_change_files
from kpi.workbooks.export import make


@shared_task(name="kpi.tick")
def tick() -> int:
    now = clock.now()
    # First, so that whoever leads from today on is reminded, and nobody else.
    handovers.carry_out_due(now=now)
    return reminders.tick(now=now)


@shared_task(name="kpi.sweep_evidence")
def sweep_evidence() -> int:
    idempotency.forget(now=clock.now())
    given_up = target_change_files.forget_stale(now=clock.now())
    orphans = evidence.remove_orphans(file_time=clock.file_time()) + exporting.remove_orphans(
        file_time=clock.file_time()
    )
    return given_up + orphans


# Longer than other tasks: a year of a large city takes a minute or two. Below the broker's visibility timeout.
@shared_task(name="kpi.run_exports", soft_time_limit=300, time_limit=330)
def run_exports() -> str | None:
    exporting.expire(now=clock.now())
    return exporting.run_next(make=make, clock=clock.now)
