"""Wake-up calls of the people's side."""

from celery import shared_task

from accounts.sessions import SessionStore


@shared_task(name="accounts.sweep_sessions")
def sweep_sessions() -> None:
    SessionStore.clear_expired()
