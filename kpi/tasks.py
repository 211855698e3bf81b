"""Wake-up calls. The truth is in the tables: a lost or doubled call changes nothing."""

from celery import shared_task

from accounts import clock
from kpi.services import reminders


@shared_task(name="kpi.tick")
def tick() -> int:
    return reminders.tick(now=clock.now())
