"""The product as it runs: web server, worker and mail server as processes of their own, a real browser in front."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from config.run import open_mailbox, unused_port
from config.services import APP
from tests.people import session_of
from tests.servers import granian

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = [str(Path(sys.executable).with_name("playwright")), "--version"]
FLAGS = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
FLAGS += ["--disable-sync", "--disable-quic"] + (["--no-sandbox"] if os.geteuid() == 0 else [])
READY_TIMEOUT = 60


@dataclass(frozen=True)
class Product:
    """Where it answers, and the environment its processes run in."""

    address: str
    environment: dict[str, str]


@pytest.fixture(scope="session")
def web(django_db_setup, database_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The web server of this test process, under the application's role; the database beneath it comes and goes."""
    with serving(database_name, tmp_path_factory.mktemp("product")) as product:
        yield product


@contextmanager
def serving(database: str, folder: Path) -> Iterator[Product]:
    """The product on a database, with a mailbox of its own."""
    server = settings.DATABASES["default"]
    # Any free port of the system's choice: counting up from one, two test processes would meet on it.
    port = unused_port()
    mailbox = open_mailbox(folder / "mail")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.trial_settings",
        "DATABASE_URL": f"postgresql://{APP}@{server['HOST']}:{server['PORT']}/{database}",
        "EMAIL_PORT": str(mailbox.port),
        "TRIAL_MAIL_DIR": str(folder / "mail"),
        "SITE_URL": f"http://127.0.0.1:{port}",
    }
    with running(granian(port), environment, folder / "web.log"):
        wait_for(f"http://127.0.0.1:{port}/readyz", folder / "web.log")
        yield Product(f"http://127.0.0.1:{port}", environment)
    mailbox.stop()


@pytest.fixture
def product(web: Product, committed_db) -> Product:
    """A running product on this test's own database; the server makes a new connection when it finds its own gone."""
    for letter in Path(web.environment["TRIAL_MAIL_DIR"]).iterdir():
        letter.unlink()
    return web


@pytest.fixture
def worker(product: Product, tmp_path: Path) -> Iterator[None]:
    """The Celery worker. Test processes share one broker, so that only one test may have a worker at it."""
    command = ["celery", "-A", "config", "worker", "--pool", "solo", "--without-gossip", "--without-mingle"]
    with running(command, product.environment, tmp_path / "worker.log"):
        yield


@contextmanager
def running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_for(address: str, log: Path) -> None:
    deadline = time.monotonic() + READY_TIMEOUT
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(address, timeout=2)
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the product did not start:\n{log.read_text(errors='replace')[-3000:]}")


@cache
def can_drive_a_browser() -> bool:
    """Whether Chromium is here, and the driver finds the system libraries it needs."""
    return CHROMIUM is not None and subprocess.run(DRIVER, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module; tests have contexts of their own, which share nothing."""
    if not can_drive_a_browser():
        pytest.skip("NO CHROMIUM: the journey was not made (Debian: apt install chromium fonts-noto-cjk libatomic1)")
    # Where an event loop runs Django keeps connections apart from those of the plain thread. One that an earlier module
    # left open would be cut off by the next new database and found dead after this module.
    connections.close_all()
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        # Playwright's event loop lives in this thread meanwhile; nothing here awaits, so that queries may be made.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()
        connections.close_all()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """The module's browser, without any page that was open before."""
    yield chromium
    for context in chromium.contexts:
        context.close()


def enter(context: BrowserContext, product: Product, session: str) -> None:
    """Signed in from the first page on. The password is asked for where a journey is about signing in."""
    address = product.address
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address, "httpOnly": True}])


@pytest.fixture
def sign_in(product: Product, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """A page of its own for each person; errors in the console and requests to other hosts fail the test."""
    troubles: list[str] = []

    def open_as(username: str) -> Page:
        context = browser.new_context(base_url=product.address, locale="zh-CN")
        enter(context, product, session_of(username))
        page = context.new_page()
        page.on("console", lambda line: troubles.append(line.text) if is_trouble(line) else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "request", lambda request: None if request.url.startswith(product.address) else troubles.append(request.url)
        )
        page.goto("/")
        return page

    yield open_as
    assert troubles == []


# A refused form answers 4xx on purpose, and some tests pull the plug: the browser notes both as errors.
EXPECTED = ("status of 4", "ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")


def is_trouble(line) -> bool:
    return line.type == "error" and not any(sign in line.text for sign in EXPECTED)
