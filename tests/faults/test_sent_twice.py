"""Requests sent twice at once, and again after their server was killed in the middle: one effect each (R2)."""

from __future__ import annotations

import http.client
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from config.run import unused_port
from kpi.models import Directive, IdempotencyKey
from tests.api.conftest import make_token
from tests.faults import figures
from tests.faults.machine import environment, kill_group, until
from tests.faults.test_acknowledged import serving
from tests.races import somebody_waits

pytestmark = pytest.mark.timeout(900)

WITHOUT_LIMITS = {"API_PERSON_REQUESTS_A_MINUTE": "1000000", "API_SERVICE_REQUESTS_A_MINUTE": "1000000"}
# A key that is not free so long after a kill is stuck.
STUCK_AFTER = 10.0
AT_ONCE = 8


@dataclass
class Line:
    """What one client is answered."""

    status: int
    body: bytes


@dataclass
class Outcome:
    """What a run came to; ``slowest`` is how long a key was not free after a kill, in seconds."""

    differing: int = 0
    reused_unrefused: int = 0
    stuck: int = 0
    slowest: float = 0.0
    rows: int = 0
    statuses: dict[int, int] = field(default_factory=dict)


@dataclass
class Client:
    port: int
    token: str

    def send(self, key: str, text: str) -> Line:
        """Issue a directive, which has no version of its own: only the key stands between a retry and a second one."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Idempotency-Key": key}
        wish = {"indicator": "A06", "kind": "instruct", "text": text, "post": "mayor"}
        try:
            line.request("POST", "/api/v1/2025/directives/", json.dumps(wish), headers)
            answer = line.getresponse()
            return Line(answer.status, answer.read())
        finally:
            line.close()


def send_pairs(client: Client, count: int, found: Outcome) -> None:
    """Each key by two at once; then once more with another body."""
    keys = [f"pair-{number}" for number in range(count)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda key: client.send(key, f"示例：{key}"), [key for key in keys for _ in range(2)]))
        others = list(pool.map(lambda key: client.send(key, "示例：另一件事"), keys))
    for one, two in zip(answers[::2], answers[1::2], strict=True):
        found.differing += (one.status, one.body) != (two.status, two.body) or one.status != 201
    for answer in answers:
        found.statuses[answer.status] = found.statuses.get(answer.status, 0) + 1
    found.reused_unrefused = sum(other.status != 422 for other in others)


@contextmanager
def holding_directives(database: str) -> Iterator[None]:
    """Nobody writes a directive meanwhile: a request that wants to waits in the middle of its transaction."""
    server = settings.DATABASES["default"]
    address = f"postgresql://{server['USER']}@{server['HOST']}:{server['PORT']}/{database}"
    with psycopg.connect(address) as held:
        held.execute("LOCK TABLE kpi_directive IN SHARE MODE")
        yield
        held.rollback()


def kill_in_the_middle(server: subprocess.Popen[bytes], client: Client, database: str, key: str) -> None:
    """The server dies by SIGKILL while a request holds its key and waits for the change."""
    with holding_directives(database):
        sent = threading.Thread(target=_send_quietly, args=(client, key))
        sent.start()
        until(lambda: somebody_waits("relation"), "the request does not wait")
        kill_group(server)
        sent.join()


def send_again(client: Client, key: str, found: Outcome) -> None:
    """The retry, on a server started anew."""
    began = time.monotonic()
    answer = client.send(key, f"示例：{key}")
    while answer.status != 201 and time.monotonic() - began < STUCK_AFTER:
        time.sleep(0.2)
        answer = client.send(key, f"示例：{key}")
    found.stuck += answer.status != 201
    found.slowest = max(found.slowest, time.monotonic() - began)


def _send_quietly(client: Client, key: str) -> None:
    with suppress(OSError, http.client.HTTPException):
        client.send(key, f"示例：{key}")


def go_through(application: str, database: str, folder: Path, *, pairs: int, kills: int) -> Outcome:
    """Pairs on one server, then kills; what is in the database at the end."""
    token, found, before = make_token("dcs_1").text, Outcome(), Directive.objects.count()
    client, log = Client(unused_port(), token), folder / "web.log"
    connection.close()
    for life in range(kills + 1):
        with serving(application, client.port, environment(database, **WITHOUT_LIMITS), log) as server:
            if life == 0:
                send_pairs(client, pairs, found)
            else:
                send_again(client, f"kill-{life}", found)
            if life < kills:
                kill_in_the_middle(server, client, database, f"kill-{life + 1}")
    found.rows = Directive.objects.count() - before
    return found


def test_one_key_one_effect_through_a_kill(committed_db, database_name, tmp_path):
    found = go_through("config.wsgi:application", database_name, tmp_path, pairs=20, kills=1)
    assert (found.differing, found.reused_unrefused, found.stuck, found.rows) == (0, 0, 0, 21), found
    assert IdempotencyKey.objects.count() == 21


@pytest.mark.bar
def test_five_hundred_pairs_and_ten_kills(committed_db, database_name, tmp_path):
    found = go_through("config.wsgi:application", database_name, tmp_path, pairs=500, kills=10)
    figures.note(
        "R2", pairs=500, differing=found.differing, reused_key_not_refused=found.reused_unrefused, kills=10,
        stuck=found.stuck, slowest_seconds=f"{found.slowest:.1f}", rows=found.rows,
    )  # fmt: skip
    assert (found.differing, found.reused_unrefused, found.stuck, found.rows) == (0, 0, 0, 510), found


@pytest.mark.bar
def test_a_key_outside_the_transaction_is_stuck(committed_db, database_name, tmp_path):
    """The negative control: the key committed before the change, the same pairs and a kill."""
    found = go_through("tests.faults.loose:application", database_name, tmp_path, pairs=50, kills=1)
    figures.note("R2", control="key outside the transaction", differing=found.differing, stuck=found.stuck)
    assert found.differing and found.stuck == 1
