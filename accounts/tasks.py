"""Wake-up calls of the people's side."""

from celery import shared_task

from accounts import chain_checks, checkpoints, clock, guessing
from accounts.sessions import SessionStore


@shared_task(name="accounts.sweep_sessions")
def sweep_sessions() -> None:
    """Sessions that are over, and what slowed guessing and serves no more."""
    SessionStore.clear_expired()
    guessing.sweep(clock.real_now())


@shared_task(name="accounts.checkpoint_audit")
def checkpoint_audit() -> None:
    checkpoints.append(now=clock.real_now())


@shared_task(name="accounts.begin_audit_check")
def begin_audit_check() -> None:
    chain_checks.begin_nightly(now=clock.now())


@shared_task(name="accounts.go_on_with_audit_check")
def go_on_with_audit_check() -> None:
    chain_checks.go_on(now=clock.now(), seconds=chain_checks.A_WAKE_UP_SECONDS)
