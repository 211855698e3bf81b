"""What one request may cost: time in the database, bytes, fields and files; and how it is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection, transaction

from config.statements import LONGEST_MS, limit_statements
from kpi.web.views import desk
from tests.api.conftest import System, make_token

ROOT = Path(__file__).resolve().parents[2]


def sleep(*_args: object, **_kwargs: object) -> None:
    """Thirty seconds inside PostgreSQL, in a transaction as services have it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(30)")


@pytest.fixture
def hurried(db) -> None:
    """As a web server's connection is, only more so; undone with the test's transaction."""
    limit_statements(connection, milliseconds=100)


def test_a_page_that_takes_too_long_says_so(as_user, hurried, monkeypatch):
    office = as_user("dcs_1")
    monkeypatch.setattr(desk, "render", sleep)
    answer = office.get("/2025/desk/")
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "用时太久" in page and "database_too_slow" in page and "编号" in page and "pg_sleep" not in page


def test_the_api_says_it_in_its_own_form(hurried, monkeypatch):
    system = System(make_token("dcs_1").text)
    monkeypatch.setattr("accounts.tokens.find", sleep)
    answer = system.get("/me/")
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["code"] == "database_too_slow" and answer.json()["request_id"]


def test_without_the_limit_it_sleeps_on(db):
    """Negative control: nobody ends it, so that the test itself has to."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
        cursor.execute("SELECT pg_sleep(0.15)")


TOLD = """
import django
django.setup()
from django.db import connection
def told():
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        print(cursor.fetchone()[0])
told()
connection.close()
import config.wsgi
told()
"""


def test_web_servers_have_the_limit_and_workers_and_commands_do_not():
    done = subprocess.run([sys.executable, "-c", TOLD], cwd=ROOT, env=os.environ, capture_output=True, text=True)
    assert done.stdout.split() == ["0", f"{LONGEST_MS // 1000}s"], done.stderr


def test_too_many_fields_or_bytes_are_refused_before_they_are_read(as_user, settings):
    office = as_user("dcs_1")
    many = {f"field_{number}": "1" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    large = "a=" + "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert office.post("/2025/exports/", many).status_code == 400
    form = "application/x-www-form-urlencoded"
    assert office.post("/2025/exports/", large, content_type=form).status_code == 413
    told = System(make_token("nyj_staff").text).put("/2025/submissions/2025-06/A06/", large.encode(), If_Match='"v0"')
    assert (told.status_code, told.json()["code"]) == (413, "request_too_large")


def test_the_proxy_lets_no_more_through_than_the_product_asks_for(settings):
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for limit in (
        "client_max_body_size 64m",
        "client_header_timeout",
        "client_body_timeout",
        "large_client_header_buffers",
    ):
        assert limit in text
    assert settings.EVIDENCE_MAX_BYTES < 64 * 1024 * 1024
    assert "location = /login/" in text and "limit_req zone=door" in text
