"""Redis frozen, killed with calls in its queue, emptied, while departments file: nobody notices, nothing is lost."""

from __future__ import annotations

import signal
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.db import connection

from accounts import clock
from accounts.models import User
from config.run import unused_port
from config.services import Services
from kpi.models import ReminderPolicy
from notifications import health, outbox
from notifications.models import Delivery
from tests.faults import figures
from tests.faults.machine import (
    Sink,
    broker,
    environment,
    family,
    frozen,
    mail_sink,
    process,
    signal_all,
    start_broker,
    until,
)
from tests.faults.test_acknowledged import CODES, Clerk, signed_in
from tests.journeys.conftest import wait_for
from tests.servers import granian

pytestmark = pytest.mark.timeout(400)

TICK_SECONDS = 2
CALLS_QUEUED = 500
BACK_WITHIN = 120
SLOWEST_SUBMIT = 1.0


class TimedClerk(Clerk):
    """Files on and on, and knows how long each answer took."""

    def _until_answered(self, body: str) -> None:
        began = time.monotonic()
        super()._until_answered(body)
        self.__dict__.setdefault("took", []).append(time.monotonic() - began)


@dataclass
class Product:
    """Web, worker and beat around a broker of their own, with departments filing."""

    broker: Services
    sink: Sink
    worker: int
    clerks: list[TimedClerk]
    reminded: int = 0
    back_after: list[float] = field(default_factory=list)

    def remind(self, count: int) -> None:
        """Reminders that are due now: worked out without the broker, as a planner from cron would."""
        people = User.objects.filter(username__startswith="p-")[self.reminded : self.reminded + count]
        now = clock.now()
        drafts = [
            outbox.Draft(
                kind="follow.changed", recipient=one, key=f"b:{one.pk}", title="今天截止", passes_quiet_hours=True
            )
            for one in people
        ]
        assert len(outbox.enqueue_many(drafts, now=now)) == count
        self.reminded += count

    def is_back(self) -> None:
        """Everything is delivered and calls reach the worker again, unaided and in time."""
        began = time.monotonic()
        until(lambda: not Delivery.objects.filter(state="queued").exists(), "reminders wait", BACK_WITHIN, 0.1)
        self.back_after.append(time.monotonic() - began)
        until(lambda: health.ages()["worker"].total_seconds() < 2 * TICK_SECONDS, "the worker is deaf", BACK_WITHIN)

    @property
    def broker_pid(self) -> int:
        return self.broker._running[-1][0].pid


@pytest.fixture
def product(committed_db, database_name, tmp_path) -> Iterator[Product]:
    ReminderPolicy.objects.update(brake_count=0)
    User.objects.bulk_create(
        User(username=f"p-{number:03}", display_name=f"同志{number}", email=f"p{number}@example.invalid")
        for number in range(300)
    )
    with broker() as valkey, mail_sink(tmp_path, 0) as sink:
        port, stop = unused_port(), threading.Event()
        variables = environment(
            database_name, EMAIL_PORT=str(sink.port), REDIS_URL=f"redis://127.0.0.1:{valkey.valkey_port}/0",
            TICK_SECONDS=str(TICK_SECONDS), SENDING_LEASE_SECONDS="5",
        )  # fmt: skip
        work = ["celery", "-A", "config", "worker", "--concurrency", "1", "--without-gossip", "--without-mingle"]
        wake = ["celery", "-A", "config", "beat", "-s", str(tmp_path / "schedule")]
        cookie = signed_in("nyj_staff")
        clerks = [TimedClerk(code, cookie, port, stop) for code in CODES]
        with (
            process(granian(port), variables, tmp_path / "web.log"),
            process(work, variables, tmp_path / "worker.log") as worker,
            process(wake, variables, tmp_path / "beat.log"),
        ):
            wait_for(f"http://127.0.0.1:{port}/readyz", tmp_path / "web.log")
            until(lambda: health.ages()["worker"], f"no call arrives:\n{tail(tmp_path)}")
            threads = [threading.Thread(target=clerk.work) for clerk in clerks]
            for thread in threads:
                thread.start()
            yield Product(valkey, sink, worker.pid, clerks)
            stop.set()
            for thread in threads:
                thread.join()
        connection.close()


def tail(folder: Path) -> str:
    return "\n".join((folder / name).read_text(errors="replace")[-1500:] for name in ("worker.log", "beat.log"))


def freeze(product: Product, seconds: float) -> None:
    """Frozen while people file and reminders come due; a caller with default settings is stuck all that time."""
    answered = sum(len(clerk.answered) for clerk in product.clerks)
    with frozen(product.broker_pid):
        stuck = call_without_limits(product.broker)
        product.remind(50)
        threading.Event().wait(seconds)
        assert stuck.is_alive(), "negative control: without our limits a call waits for as long as the broker is away"
    assert sum(len(clerk.answered) for clerk in product.clerks) > answered, "people filed meanwhile"
    product.is_back()
    stuck.join(10)


def call_without_limits(valkey: Services) -> threading.Thread:
    app = Celery(broker=f"redis://127.0.0.1:{valkey.valkey_port}/1", set_as_current=False)
    thread = threading.Thread(target=app.send_task, args=("nothing",), daemon=True)
    thread.start()
    return thread


def kill_with_calls_queued(product: Product) -> None:
    """Killed with calls in its queue and nothing on disk."""
    stopped = family(product.worker)
    signal_all(stopped, signal.SIGSTOP)
    client = redis.Redis(port=product.broker.valkey_port, socket_timeout=5)
    app = Celery(broker=f"redis://127.0.0.1:{product.broker.valkey_port}/0", set_as_current=False)
    for _ in range(CALLS_QUEUED):
        app.send_task("notifications.canary")
    assert client.llen("celery") >= CALLS_QUEUED - 2, "but for what the worker had asked for when it stopped"
    product.remind(50)
    killed, _signal = product.broker._running.pop()
    killed.kill()
    killed.wait()
    start_broker(product.broker)
    assert redis.Redis(port=product.broker.valkey_port).llen("celery") < CALLS_QUEUED / 10, "they are gone"
    signal_all(stopped, signal.SIGCONT)
    product.is_back()


def empty(product: Product) -> None:
    product.remind(50)
    redis.Redis(port=product.broker.valkey_port).flushall()
    product.is_back()


def check(product: Product) -> list[float]:
    """Nobody was answered with an error (the clerks fail on any), each reminder came once; seconds of each answer."""
    assert sum(clerk.retries for clerk in product.clerks) == 0, "somebody got no answer"
    letters = [to for _name, to in product.sink.accepted() if not to.endswith("@demo.invalid")]
    assert len(letters) == len(set(letters)) == product.reminded
    return [seconds for clerk in product.clerks for seconds in clerk.took]


def test_nobody_notices_a_frozen_broker(product):
    freeze(product, 5)
    assert max(check(product)) < 5, "somebody waited for the broker"


@pytest.mark.bar
def test_the_broker_is_frozen_for_a_minute_killed_and_emptied(product):
    freeze(product, 60)
    kill_with_calls_queued(product)
    empty(product)
    p95 = statistics.quantiles(check(product), n=20)[-1]
    figures.note(
        "R4", submits=sum(len(clerk.answered) for clerk in product.clerks), p95=f"{p95 * 1000:.0f} ms",
        reminders=product.reminded, lost=0, back_after=" / ".join(f"{each:.0f} s" for each in product.back_after),
    )  # fmt: skip
    assert p95 < SLOWEST_SUBMIT, f"95 of 100 submits took up to {p95:.2f} s"
