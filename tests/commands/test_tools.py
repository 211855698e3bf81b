"""The tools around the product: the trial's clock and ports, translations, probes, the environment's readers."""

from __future__ import annotations

import os
import socket
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from config import env, messages, run
from config.celery import app
from config.env import ConfigError
from config.schedule import SCHEDULE
from kpi.tasks import sweep_evidence
from tests.conftest import NOW


@pytest.fixture
def database_url(django_db_setup, database_name: str) -> str:
    database = settings.DATABASES["default"]
    return f"postgresql://{database['USER']}@{database['HOST']}:{database['PORT']}/{database_name}"


def test_the_trial_starts_on_its_morning_or_the_day_asked_for(database_url):
    real = datetime(2026, 1, 1, tzinfo=UTC)
    assert run.clock_offset(database_url, "", real) + real == NOW
    later = run.clock_offset(database_url, "2025-12-20", real) + real
    assert later.astimezone(run.ZONE).isoformat() == "2025-12-20T09:00:00+08:00"


def test_a_trial_goes_on_where_it_stopped_and_never_back(committed_db, database_url, as_user):
    real = datetime(2026, 1, 1, tzinfo=UTC)
    reached = datetime(2025, 8, 1, 12, tzinfo=UTC)
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE accounts_auditentry DISABLE TRIGGER USER")
        connection.execute(
            "UPDATE accounts_auditentry SET occurred_at = %s, actor_id = (SELECT min(id) FROM accounts_user)", [reached]
        )
    assert run.clock_offset(database_url, "", real) + real == reached + timedelta(minutes=1)
    with pytest.raises(run.RunError, match="RESET=1"):
        run.clock_offset(database_url, "2025-07-02", real)


def test_a_day_that_is_none_is_named(database_url):
    with pytest.raises(run.RunError, match="2025-12-20"):
        run.clock_offset(database_url, "tomorrow", datetime.now(UTC))


def test_a_taken_port_is_left_alone():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run.free_port(port) > port


def test_every_string_has_its_english_and_a_missing_one_would_show(tmp_path, monkeypatch, capsys):
    assert messages.check() == 0
    broken = tmp_path / "django.po"
    broken.write_text(messages.PO.read_text().replace('msgstr "Behind"', 'msgstr ""', 1))
    monkeypatch.setattr(messages, "PO", broken)
    assert messages.check() == 1
    assert "no English: 滞后" in capsys.readouterr().err


def test_a_placeholder_that_differs_would_show(tmp_path, monkeypatch, capsys):
    broken = tmp_path / "django.po"
    broken.write_text(messages.PO.read_text().replace('msgstr "%(count)s behind"', 'msgstr "%(n)s behind"', 1))
    monkeypatch.setattr(messages, "PO", broken)
    assert messages.check() == 1
    assert "placeholders differ" in capsys.readouterr().err


def test_probes_need_no_sign_in(client, db):
    assert client.get("/livez").content == b"ok"
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("reader", "value", "says"),
    [
        (lambda: env.integer("X_TEST", 1), "many", "whole number"),
        (lambda: env.flag("X_TEST", False), "maybe", "1 or 0"),
        (lambda: env.database("X_TEST"), "mysql://x", "PostgreSQL only"),
    ],
)
def test_a_bad_setting_stops_the_start_with_its_name(monkeypatch, reader, value, says):
    monkeypatch.setenv("X_TEST", value)
    with pytest.raises(ConfigError, match=says):
        reader()


def test_a_secret_may_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("hush\n")
    monkeypatch.setenv("X_TEST_FILE", str(tmp_path / "secret"))
    assert env.text("X_TEST") == "hush"
    monkeypatch.delenv("X_TEST_FILE")
    with pytest.raises(ConfigError, match="X_TEST is not set"):
        env.text("X_TEST")


def test_a_folder_is_named_from_the_root(monkeypatch):
    monkeypatch.setenv("SOME_DIR", "/var/lib/kpi/evidence")
    assert str(env.folder("SOME_DIR")) == "/var/lib/kpi/evidence"
    monkeypatch.setenv("SOME_DIR", "evidence")
    with pytest.raises(ConfigError, match="absolute"):
        env.folder("SOME_DIR")


def test_every_scheduled_job_is_one_the_worker_knows():
    app.loader.import_default_modules()
    assert {job["task"] for job in SCHEDULE.values()} <= set(app.tasks)


def test_the_nightly_sweep_goes_by_the_file_systems_clock(db, settings, tmp_path):
    """The trial's clock may be years away: by it, a file that is being uploaded would be a day old."""
    store = settings.STORAGES["evidence"]
    options = store["OPTIONS"] | {"location": tmp_path}
    settings.STORAGES = settings.STORAGES | {"evidence": store | {"OPTIONS": options}}
    settings.CLOCK_OFFSET = timedelta(days=400)
    fresh, old = tmp_path / "fresh", tmp_path / "old"
    for file in (fresh, old):
        file.write_bytes(b"x")
    day_ago = fresh.stat().st_mtime - 25 * 3600
    os.utime(old, (day_ago, day_ago))
    assert sweep_evidence() == 1
    assert fresh.exists() and not old.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs PostgreSQL as itself")
def test_root_keeps_the_trial_where_postgresql_may_enter(tmp_path, monkeypatch):
    """A checkout below ``/root``, which nobody else may enter, is the first thing root makes."""
    monkeypatch.delenv("KPI_RUN_DIR", raising=False)
    private = tmp_path / "root"
    (private / "checkout").mkdir(parents=True)
    open_to_all = Path(tempfile.mkdtemp(dir="/var/tmp"))
    open_to_all.chmod(0o755)
    private.chmod(0o700)
    assert run.run_dir(private / "checkout").parent == Path("/var/lib/kpi-trial")
    assert run.run_dir(open_to_all) == open_to_all / ".run"
    open_to_all.rmdir()
    monkeypatch.setenv("KPI_RUN_DIR", "/srv/trial")
    assert run.run_dir(private / "checkout") == Path("/srv/trial")
