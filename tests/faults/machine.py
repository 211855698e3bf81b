"""The machine under test: mail sink and product processes, started, frozen and killed by the harness."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from config.run import unused_port
from config.services import APP, Services
from tests.journeys.conftest import ROOT

PATIENCE = 60.0


def environment(database: str, **more: str) -> dict[str, str]:
    """Of product processes on a database, as the application's role and with the trial's settings."""
    server = settings.DATABASES["default"]
    url = f"postgresql://{APP}@{server['HOST']}:{server['PORT']}/{database}"
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.dev", "DATABASE_URL": url, **more}


@contextmanager
def process(command: list[str], variables: dict[str, str], log: Path, **options) -> Iterator[subprocess.Popen[str]]:
    """A Python module in a session of its own, all of which dies at the end."""
    with open(log, "ab") as output:
        started = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, env=variables, text=True, start_new_session=True,
            **{"stdout": output, "stderr": output, **options},
        )  # fmt: skip
        try:
            yield started
        finally:
            kill_group(started)
            for pipe in (started.stdin, started.stdout):
                if pipe:
                    pipe.close()


def kill_group(started: subprocess.Popen[str]) -> None:
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()


@dataclass
class Sink:
    """What the mail server has accepted: recipients by Message-ID, as often as it came."""

    port: int
    journal: Path

    def accepted(self) -> list[tuple[str, str]]:
        lines = self.journal.read_text().splitlines() if self.journal.exists() else []
        return [(line.split("\t")[0], line.split("\t")[1]) for line in lines]


@contextmanager
def mail_sink(folder: Path, milliseconds: int = 15) -> Iterator[Sink]:
    journal = folder / "accepted"
    command = ["tests.faults.sink", str(journal), str(milliseconds)]
    with process(command, dict(os.environ), folder / "sink.log", stdout=subprocess.PIPE) as started:
        yield Sink(int(started.stdout.readline()), journal)


@dataclass
class Nursery:
    """Makes product processes quickly (tests/faults/nursery.py)."""

    process: subprocess.Popen[str]
    alive: list[int] = field(default_factory=list)

    def start(self, *arguments: str, ahead: float = 0) -> int:
        self.process.stdin.write(json.dumps([ahead, *arguments]) + "\n")
        self.process.stdin.flush()
        self.alive.append(int(self.process.stdout.readline()))
        return self.alive[-1]

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self.alive.remove(pid)

    def wait(self, seconds: float = PATIENCE) -> None:
        """Until all have ended by themselves."""
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in self.alive), "processes go on", seconds)
        self.alive.clear()


@contextmanager
def nursery(variables: dict[str, str], log: Path) -> Iterator[Nursery]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with process(["tests.faults.nursery"], variables, log, **pipes) as started:
        yield Nursery(started)


def until(met: Callable[[], object], otherwise: str, seconds: float = PATIENCE, pause: float = 0.03) -> None:
    """Wait for something that other processes bring about."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, otherwise
        time.sleep(pause)


def doubles(accepted: list[tuple[str, str]]) -> Counter[str]:
    """Message-IDs that came more than once, with how often beyond the first."""
    return Counter({name: count - 1 for name, count in Counter(name for name, _to in accepted).items() if count > 1})


@contextmanager
def broker() -> Iterator[Services]:
    """A Valkey of the test's own, without persistence: others must not be frozen with it."""
    services = Services.throw_away()
    services.valkey_port = unused_port()
    try:
        start_broker(services)
        yield services
    finally:
        services.stop()


def start_broker(services: Services) -> None:
    services._start_valkey()
    until(services._valkey_answers, "Valkey did not start")


def family(pid: int) -> list[int]:
    """A process and its children: those of PostgreSQL lead groups of their own."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Stopped by signal with its children: worse than gone, because connections hang."""
    stopped = family(pid)
    signal_all(stopped, signal.SIGSTOP)
    try:
        yield
    finally:
        signal_all(stopped, signal.SIGCONT)


def signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
