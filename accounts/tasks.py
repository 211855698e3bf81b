"""Wake-up calls of the people's side."""

from celery import shared_task

from accounts import checkpoints, clock, guessing
from accounts.sessions import SessionStore


@shared_task(name="accounts.sweep_sessions")
def sweep_sessions() -> None:
    """Sessions that are over, and what slowed guessing and serves no more."""
    SessionStore.clear_expired()
    guessing.sweep(clock.real_now())


@shared_task(name="accounts.checkpoint_audit")
def checkpoint_audit() -> None:
    checkpoints.append(now=clock.real_now())
