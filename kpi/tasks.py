"""Wake-up calls. The truth is in the tables: a lost or doubled call changes nothing."""

from celery import shared_task

from accounts import clock
from kpi.services import evidence, reminders


@shared_task(name="kpi.tick")
def tick() -> int:
    return reminders.tick(now=clock.now())


@shared_task(name="kpi.sweep_evidence")
def sweep_evidence() -> int:
    return evidence.remove_orphans(file_time=clock.file_time())
