"""Web servers killed while departments save: what was answered is stored, and a retry stores it once."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import AuditEntry
from config.run import unused_port
from config.services import APP
from tests.journeys.conftest import ROOT, wait_for
from tests.people import session_of
from tests.servers import granian

pytestmark = pytest.mark.timeout(300)

KILLS = 6
# Kills come when so many more answers were given, so that each finds the servers at work.
ANSWERS_BETWEEN_KILLS = 25
CODES = ("A06", "A08", "A13")
TOKEN = "t" * 32


@dataclass
class Clerk:
    """One open form: saves on and on, each time until it is answered; the tokens that were answered are its journal."""

    code: str
    cookie: str
    port: int
    stop: threading.Event
    answered: list[str] = field(default_factory=list)
    retries: int = 0

    def work(self) -> None:
        editor = str(uuid4())
        while not self.stop.is_set():
            token = uuid4().hex
            fields = {"action": "autosave", "version": "0", "editor": editor, "source_note": token}
            self._until_answered(urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": TOKEN}))
            self.answered.append(token)

    def _until_answered(self, body: str) -> None:
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        while True:
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            try:
                line.request("POST", f"/2025/reports/2025-06/{self.code}/", body, headers)
                answer = line.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                self.retries += 1
                self.stop.wait(0.05)
            else:
                assert answer.status == 200, answer.status
                return
            finally:
                line.close()


@contextmanager
def serving(application: str, port: int, environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Granian with two workers in a process group of its own, so that all of it dies at once."""
    with open(log, "ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *granian(port, "--workers", "2", application=application)],
            cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
        try:
            wait_for(f"http://127.0.0.1:{port}/readyz", log)
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def signed_in(username: str) -> str:
    """The cookies of a session that is stored already."""
    return f"{settings.SESSION_COOKIE_NAME}={session_of(username)}; {settings.CSRF_COOKIE_NAME}={TOKEN}"


def save_through_kills(application: str, database_name: str, folder: Path) -> list[Clerk]:
    """Clerks at work while the servers are killed with SIGKILL and started again; the clerks with their journals."""
    database, port, stop = settings.DATABASES["default"], unused_port(), threading.Event()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "DATABASE_URL": f"postgresql://{APP}@{database['HOST']}:{database['PORT']}/{database_name}",
    }
    cookie = signed_in("nyj_staff")
    clerks = [Clerk(code, cookie, port, stop) for code in CODES]
    threads = [threading.Thread(target=clerk.work) for clerk in clerks]
    for life in range(KILLS + 1):
        with serving(application, port, environment, folder / "web.log"):
            for thread in threads if life == 0 else ():
                thread.start()
            wait_for_answers(clerks, (life + 1) * ANSWERS_BETWEEN_KILLS)
            if life == KILLS:
                stop.set()
                for thread in threads:
                    thread.join()
    return clerks


def wait_for_answers(clerks: list[Clerk], count: int) -> None:
    deadline = time.monotonic() + 60
    while sum(len(clerk.answered) for clerk in clerks) < count:
        assert time.monotonic() < deadline, "the servers no longer answer"
        time.sleep(0.005)


def stored_tokens() -> list[str]:
    entries = AuditEntry.objects.filter(action="submission.saved").values_list("after", flat=True)
    return [after["source_note"] for after in entries if after["source_note"]]


def test_what_was_answered_is_stored_and_a_retry_stores_it_once(committed_db, database_name, tmp_path):
    """The negative control is ``test_an_answer_before_the_commit_loses_some``."""
    clerks = save_through_kills("config.wsgi:application", database_name, tmp_path)
    connection.close()
    answered = [token for clerk in clerks for token in clerk.answered]
    stored = stored_tokens()
    assert len(answered) > KILLS * ANSWERS_BETWEEN_KILLS
    assert sum(clerk.retries for clerk in clerks) >= KILLS, "each kill met somebody at work"
    assert set(answered) - set(stored) == set(), "answered and lost"
    assert len(stored) == len(set(stored)), "a retry was stored twice"


def test_an_answer_before_the_commit_loses_some(committed_db, database_name, tmp_path):
    """Negative control: the same kills on servers that answer first and save afterwards."""
    clerks = save_through_kills("tests.faults.hasty:application", database_name, tmp_path)
    connection.close()
    answered = {token for clerk in clerks for token in clerk.answered}
    assert answered - set(stored_tokens())
