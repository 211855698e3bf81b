"""``make run``: the whole product on one machine — servers, data, web, worker, beat, mailbox — until Ctrl-C.

Everything it keeps lives in ``.run``, in ``KPI_RUN_DIR`` if that is set, or below ``/var/lib`` when root runs it in a
checkout that nobody else may enter, such as one below ``/root``. Environment: ``TODAY`` (day of the shifted clock),
``PORT``, ``RESET=1`` (throw the trial's data away first).
"""

from __future__ import annotations

import csv
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import AsyncMessage

from config import messages
from config.services import APP, OWNER, Services, ServicesError, is_open_to_servers

ROOT = Path(__file__).resolve().parents[1]
ZONE = ZoneInfo("Asia/Shanghai")
DEFAULT_DAY = "2025-07-02"
OPENS_AT_HOUR = 9
FIRST_PORT, PORTS_TRIED = 8000, 50
READY_TIMEOUT, STOP_TIMEOUT = 60, 25
YEAR = "2025"


def run_dir(root: Path = ROOT) -> Path:
    """Where the trial's data lies. PostgreSQL runs under another user in root's place and must get in there."""
    chosen = os.environ.get("KPI_RUN_DIR")
    if chosen:
        return Path(chosen)
    if is_open_to_servers(root):
        return root / ".run"
    return Path("/var/lib/kpi-trial") / sha256(str(root).encode()).hexdigest()[:12]


RUN = run_dir()


class RunError(Exception):
    """The trial cannot start; the message says what to do."""


def main() -> int:
    say(f"starting (data and log files are in {RUN})")
    try:
        with single_run(), Trial() as trial:
            trial.start()
            trial.wait()
    except (RunError, ServicesError) as problem:
        say(str(problem))
        return 1
    say("stopped; the data is kept, `make run` continues with it")
    return 0


def say(text: str) -> None:
    # A window that was closed takes no more words; what is still to do is done without them.
    with suppress(OSError):
        print(text, flush=True)


def single_run() -> IO[str]:
    """Hold ``.run`` for this process. With ``RESET=1`` it is emptied first, but only once nobody else holds it."""
    RUN.mkdir(parents=True, exist_ok=True)
    lock = open(RUN / "lock", "w")  # noqa: SIM115 — held until the process ends
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        raise RunError("the trial is running already in another terminal; stop it there with Ctrl-C") from problem
    if os.environ.get("RESET") == "1":
        say("RESET=1: removing the trial's data")
        for name in ("services", "mail", "logs", "evidence", "exports"):
            shutil.rmtree(RUN / name, ignore_errors=True)
        # It tells of the trail that is gone, and would call the new one cut off.
        (RUN / "audit-checkpoints").unlink(missing_ok=True)
    return lock


@dataclass
class Trial:
    """The processes of a trial. Leaving the context stops them, the servers last."""

    services: Services = field(default_factory=lambda: Services(RUN / "services", keep=True))
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    mailbox: Controller | None = None
    stopping: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Trial:
        # A hang-up is a window that was closed; the servers must not outlive it.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.stopping.set())
        (RUN / "logs").mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        say("\nstopping")
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self.mailbox is not None:
            self.mailbox.stop()
        self.services.stop()

    def start(self) -> None:
        say("1/4 PostgreSQL and Valkey")
        environment = {**os.environ, **self.services.start(), "DJANGO_SETTINGS_MODULE": "config.settings.dev"}
        environment |= {"TRIAL_MAIL_DIR": str(RUN / "mail"), "EVIDENCE_DIR": str(RUN.resolve() / "evidence")}
        environment["AUDIT_CHECKPOINT_FILE"] = str(RUN.resolve() / "audit-checkpoints")
        environment["EXPORTS_DIR"] = str(RUN.resolve() / "exports")
        say("2/4 tables and the 2025 report")
        self._prepare(environment)
        say("3/4 mailbox, web, worker, beat")
        port = free_port(int(os.environ.get("PORT") or FIRST_PORT))
        address = f"http://127.0.0.1:{port}"
        self.mailbox = open_mailbox(RUN / "mail")
        environment |= {"EMAIL_PORT": str(self.mailbox.port), "SITE_URL": address}
        web = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2"]
        # A thread keeps a database connection: as many as two cores can use.
        web += ["--blocking-threads", "8"]
        self._spawn("web", [*web, "config.wsgi:application"], environment)
        worker = ["celery", "-A", "config", "worker", "--concurrency", "2", "--without-gossip", "--without-mingle"]
        # Told to stop, it gives its tasks 20 s (settings) and ends before it would be killed.
        self._spawn("worker", worker, environment | {"REMAP_SIGTERM": "SIGQUIT"})
        self._spawn("beat", ["celery", "-A", "config", "beat", "-s", str(RUN / "beat-schedule")], environment)
        say("4/4 waiting for the first answer")
        self._wait_until_ready(f"{address}/readyz")
        welcome(address, environment)

    def wait(self) -> None:
        """Until Ctrl-C; a process that ends by itself ends the trial, with the tail of its log."""
        while not self.stopping.wait(0.5):
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise RunError(f"{name} stopped by itself:\n{tail(RUN / 'logs' / f'{name}.log')}")

    def _prepare(self, environment: dict[str, str]) -> None:
        owner = environment | {"DATABASE_URL": self.services.database_url(OWNER)}
        manage("migrate", "-v0", environment=owner)
        manage("apply_grants", APP, environment=owner)
        manage("load_year", YEAR, environment=environment)
        offset = clock_offset(self.services.database_url(OWNER), os.environ.get("TODAY", ""), datetime.now(UTC))
        environment["KPI_CLOCK_OFFSET_SECONDS"] = str(int(offset.total_seconds()))
        manage("load_demo", YEAR, environment=environment)
        messages.compile_all()

    def _spawn(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        # A session of its own: Ctrl-C reaches this process only, which then stops the others in order.
        with open(RUN / "logs" / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=dict(environment),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait_until_ready(self, address: str) -> None:
        deadline = time.monotonic() + READY_TIMEOUT
        while time.monotonic() < deadline and not self.stopping.is_set():
            if self.processes["web"].poll() is not None:
                break
            try:
                urllib.request.urlopen(address, timeout=2)  # noqa: S310 — our own address
                return
            except (urllib.error.URLError, TimeoutError):
                time.sleep(0.2)
        if not self.stopping.is_set():
            raise RunError(f"the web server did not answer:\n{tail(RUN / 'logs' / 'web.log')}")


def manage(*arguments: str, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=dict(environment), capture_output=True, text=True
    )
    if done.returncode:
        raise RunError(f"manage.py {' '.join(arguments)} failed:\n{(done.stdout + done.stderr)[-3000:]}")


def clock_offset(database_url: str, day: str, real: datetime) -> timedelta:
    """How far the trial's clock is from the real one: 09:00 of ``day``, or a minute after the last recorded event."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT max(occurred_at) FROM accounts_auditentry WHERE actor_id IS NOT NULL")
        (last,) = row.fetchone() or (None,)
    wanted = morning_of(day or DEFAULT_DAY)
    if last is None or last < wanted:
        return wanted - real
    if day:
        raise RunError(f"this trial has reached {last.astimezone(ZONE):%Y-%m-%d %H:%M}; to go back: make run RESET=1")
    return last + timedelta(minutes=1) - real


def morning_of(day: str) -> datetime:
    try:
        return datetime.fromisoformat(day).replace(hour=OPENS_AT_HOUR, tzinfo=ZONE)
    except ValueError as problem:
        raise RunError(f"TODAY must look like 2025-12-20, not {day!r}") from problem


def free_port(first: int) -> int:
    """The first free port from ``first`` on, so that a server already there is left alone."""
    for port in range(first, first + PORTS_TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RunError(f"no free port from {first} on; name one with PORT=")


def unused_port() -> int:
    """Some free port of the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class KeepLetter(AsyncMessage):
    """Writes each message to a file whose name sorts by time of arrival."""

    def __init__(self, folder: Path):
        super().__init__()
        self.folder = folder

    async def handle_message(self, message) -> None:
        (self.folder / f"{time.time_ns()}.eml").write_bytes(message.as_bytes())


def open_mailbox(folder: Path) -> Controller:
    """A real SMTP server on a free port: the trial's mail goes no further than ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    controller = Controller(KeepLetter(folder), hostname="127.0.0.1", port=unused_port())
    controller.start()
    return controller


def welcome(address: str, environment: Mapping[str, str]) -> None:
    offset = timedelta(seconds=int(environment["KPI_CLOCK_OFFSET_SECONDS"]))
    now = (datetime.now(UTC) + offset).astimezone(ZONE)
    say(f"\n  {address}/\n  trial clock: {now:%Y-%m-%d %H:%M} (another day: make run TODAY=2025-12-20)")
    say("  password of every demo account: trial-2025-zjj\n")
    with open(ROOT / "fixtures" / "demo" / "users.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            say(f"    {row['username']:<14}{row['role']:<16}{row['display_name']}")
    say(f"\n  mail the trial sent: {address}/trial/mailbox/\n  Ctrl-C stops everything")


def tail(log: Path, size: int = 2000) -> str:
    return log.read_text(errors="replace")[-size:] if log.exists() else "(no log)"


if __name__ == "__main__":
    sys.exit(main())
