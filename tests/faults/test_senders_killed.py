"""Senders killed with messages in hand: each reminder arrives, is recorded once, and a double is known by its id."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection

from accounts.models import User
from kpi.models import ReminderPolicy
from notifications import outbox
from notifications.models import Attempt, Delivery, Dispatch
from tests.conftest import NOW
from tests.faults import figures
from tests.faults.machine import Nursery, doubles, environment, mail_sink, nursery, until

pytestmark = pytest.mark.timeout(400)

LEASE_SECONDS = 5
SENDERS = 4
SEED = 20250702
HOLDS = "SELECT count(*) FROM notifications_dispatch WHERE state = 'sending' AND lease_token::text LIKE %s"


@dataclass(frozen=True)
class Run:
    """What a run left behind."""

    people: set[str]
    accepted: list[tuple[str, str]]
    kills: int
    seconds: float


def remind(count: int) -> set[str]:
    """As many people with one reminder each; their addresses."""
    ReminderPolicy.objects.update(brake_count=0)
    people = User.objects.bulk_create(
        User(username=f"p{number}", display_name=f"同志{number}", email=f"p{number}@example.invalid")
        for number in range(count)
    )
    drafts = [outbox.Draft(kind="follow.changed", recipient=one, key=f"r{one.pk}", title="今天截止") for one in people]
    outbox.enqueue_many(drafts, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as autovacuum would have done on a database in use
    return {one.email for one in people}


def send_through_kills(count: int, kills: int, database: str, folder: Path, spoil: tuple[str, ...] = ()) -> Run:
    people, dice, started = remind(count), random.Random(SEED), time.monotonic()
    with mail_sink(folder) as sink:
        variables = environment(database, EMAIL_PORT=str(sink.port), SENDING_LEASE_SECONDS=str(LEASE_SECONDS))
        with nursery(variables, folder / "senders.log") as senders:
            command = [*spoil, "tick", "send", "--loop", "0.1"]
            for _ in range(SENDERS):
                senders.start(*command)
            for number in range(1, kills + 1):
                # Spread over the first nine tenths, so that each kill finds all of them at work.
                until(lambda after=0.9 * count * number / kills: marked() >= after, "senders no longer send")
                (kill_at_once if spoil else kill_with_lease)(senders, dice)
                senders.start(*command)
            until(lambda: marked() == count, f"only {marked()} of {count} are sent", 120)
        return Run(people, sink.accepted(), kills, time.monotonic() - started)


def marked() -> int:
    return Dispatch.objects.filter(state="sent").count()


def kill_with_lease(senders: Nursery, dice: random.Random) -> None:
    """Freeze a sender; kill it only if it holds a message that it has not finished with."""
    for _try in range(2000):
        pid = dice.choice(senders.alive)
        time.sleep(dice.uniform(0, 0.02))
        os.kill(pid, signal.SIGSTOP)
        if holds(pid):
            time.sleep(0.005)  # what it had asked for before it froze is done by now
            if holds(pid):
                senders.kill(pid)
                return
        os.kill(pid, signal.SIGCONT)
    raise AssertionError("no sender was found with a lease")


def kill_at_once(senders: Nursery, dice: random.Random) -> None:
    time.sleep(dice.uniform(0, 0.02))
    senders.kill(dice.choice(senders.alive))


def holds(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(HOLDS, [f"{pid:08x}-%"])
        return cursor.fetchone()[0] == 1


def check(run: Run) -> None:
    arrived = Counter(to for _name, to in run.accepted)
    assert run.people - set(arrived) == set(), "lost"
    again = doubles(run.accepted)
    assert len(set(run.accepted)) == len(run.people), "a double came under another id"
    assert again.total() <= run.kills and set(again.values()) <= {1}, "at most one double a kill"
    assert Dispatch.objects.filter(state="sent").count() == len(run.people)
    assert Delivery.objects.filter(channel="email", state="sent").count() == len(run.people)
    assert Attempt.objects.filter(outcome="").count() == run.kills, "each kill cut off a try"


def test_nothing_is_lost_when_senders_are_killed_with_messages_in_hand(committed_db, database_name, tmp_path):
    """The negative control is ``test_marking_before_sending_loses_some``."""
    check(send_through_kills(150, 6, database_name, tmp_path))


def test_marking_before_sending_loses_some(committed_db, database_name, tmp_path):
    """Negative control: senders that record a message as sent and send it then."""
    run = send_through_kills(150, 15, database_name, tmp_path, ("tests.faults.spoiled.mark_first",))
    assert run.people - {to for _name, to in run.accepted}


@pytest.mark.bar
def test_five_thousand_reminders_through_fifty_kills(committed_db, database_name, tmp_path):
    run = send_through_kills(5000, 50, database_name, tmp_path)
    figures.note(
        "R3", reminders=len(run.people), kills=run.kills, lost=0, doubles=doubles(run.accepted).total(),
        seconds=f"{run.seconds:.0f}",
    )  # fmt: skip
    check(run)
