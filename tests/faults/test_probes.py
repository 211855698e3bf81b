"""Probes beside servers that freeze and die: they answer in time, and say what is so."""

from __future__ import annotations

import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from config.run import unused_port
from config.services import OWNER, Services
from tests.faults import figures
from tests.faults.machine import frozen, process, until
from tests.journeys.conftest import wait_for
from tests.servers import granian

TWO_SECONDS = 2.0


@pytest.fixture(scope="module")
def servers() -> Iterator[Services]:
    """PostgreSQL and Valkey of this module's own, to be frozen and killed."""
    services = Services.throw_away()
    services.start()
    yield services
    services.stop()


@pytest.fixture(scope="module")
def address(servers: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A web server on them. The database is empty: a probe must not need more."""
    port, log = unused_port(), tmp_path_factory.mktemp("probes") / "web.log"
    variables = {**os.environ, **servers.environment(), "DJANGO_SETTINGS_MODULE": "config.settings.dev"}
    with process(granian(port), variables, log):
        wait_for(f"http://127.0.0.1:{port}/livez", Path(log))
        yield f"http://127.0.0.1:{port}"


def ask(address: str) -> tuple[int, str]:
    """Status and words, which must come within two seconds."""
    began = time.monotonic()
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            status, words = answer.status, answer.read().decode()
    except urllib.error.HTTPError as problem:
        status, words = problem.code, problem.read().decode()
    assert time.monotonic() - began < TWO_SECONDS
    return status, words


def pid_of(servers: Services, place: int) -> int:
    return servers._running[place][0].pid


def test_a_frozen_database_makes_it_unready_in_time_and_nothing_else(servers, address):
    assert ask(f"{address}/readyz")[0] == 200
    with frozen(pid_of(servers, 0)):
        for _ in range(3):
            assert ask(f"{address}/readyz") == (503, "database unreachable")
        assert ask(f"{address}/livez") == (200, "ok"), "a restart would not mend the database"
        began = time.monotonic()
        ask(f"{address}/readyz")
        figures.note("O4", unready_after=f"{time.monotonic() - began:.1f} s", frozen="database")
    until(lambda: ask(f"{address}/readyz")[0] == 200, "it does not come back by itself", 15)


def test_without_redis_it_is_ready_and_says_so(servers, address):
    assert "redis" not in ask(f"{address}/readyz")[1]
    with frozen(pid_of(servers, 1)):
        status, words = ask(f"{address}/readyz")
        assert status == 200 and "redis unreachable" in words
        assert ask(f"{address}/livez") == (200, "ok")


def test_a_killed_database_makes_it_unready_until_it_is_back(servers, address):
    servers._running[0][0].kill()
    servers._running.pop(0)[0].wait()
    until(lambda: ask(f"{address}/readyz")[0] == 503, "it claims to be ready", 5)
    assert ask(f"{address}/livez") == (200, "ok")
    servers._start_postgres()
    servers._running.insert(0, servers._running.pop())
    until(lambda: ask(f"{address}/readyz")[0] == 200, "it does not come back by itself", 30)


def test_a_plain_question_to_a_frozen_database_would_hang(servers):
    """Negative control: what a probe without a limit of its own does."""
    with psycopg.connect(servers.database_url(OWNER)) as connection, ThreadPoolExecutor(1) as pool:
        with frozen(pid_of(servers, 0)):
            asked = pool.submit(connection.execute, "SELECT 1")
            with pytest.raises(TimeoutError):
                asked.result(timeout=TWO_SECONDS)
        asked.result(timeout=10)
