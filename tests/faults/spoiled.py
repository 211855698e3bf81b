"""The product as it must not be, for negative controls: each function spoils one thing in the process that calls it."""

from __future__ import annotations

import time
from datetime import datetime

from kpi.services import reminders
from notifications import sending
from notifications.models import DispatchState, Outcome
from notifications.rules import Rules


def mark_first() -> None:
    """Record a message as sent and send it then: what dies in between is lost."""

    def deliver(claim: sending.Claim, found: Rules, now: datetime) -> str:
        wanted = [delivery.notice for delivery in claim.deliveries]
        sending._finish(claim, now, Outcome.SENT, wanted=wanted, state=DispatchState.SENT, sent_at=now)
        # As on a busy machine: the honest order bears a pause of any length here.
        time.sleep(0.03)
        sending._send(claim, wanted, found, now)
        return Outcome.SENT

    sending._deliver = deliver
    sending._keep = lambda *_, **__: None


def plan_today_only() -> None:
    """Plan what is due today instead of what is due and not recorded: a day without a planner is lost."""
    honest = reminders.plan

    def plan(owed, *, now: datetime, **options):
        return tuple(each for each in honest(owed, now=now, **options) if each.due_step_at.date() == now.date())

    reminders.plan = plan
