"""Wake-up calls. The truth is in the tables: a lost or doubled call changes nothing."""

from celery import shared_task

from accounts import clock
from notifications import delivery


@shared_task(name="notifications.send_due")
def send_due() -> None:
    delivery.send_due(now=clock.now())
