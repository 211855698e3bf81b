"""Starts private servers once per run and prepares one database that every test process clones.

Named in ``addopts`` because pytest-django reads the settings before any conftest is loaded. Only the controlling
process starts servers; with xdist the workers inherit its environment.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from config import messages
from config.services import APP, OWNER, Services
from tests.databases import TEMPLATE

ROOT = Path(__file__).resolve().parents[1]

READY = "KPI_TEST_SERVICES"
# Every test starts on the trial's morning; what needs another moment passes it in.
TODAY = datetime(2025, 7, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def _start() -> None:
    services = Services.throw_away()
    print("tests: starting PostgreSQL and Valkey", file=sys.stderr, flush=True)
    environment = services.start()
    atexit.register(services.stop)
    # The tests own their database: what the application's role may not do is tested by taking that role.
    environment["EVIDENCE_DIR"] = str(services.home / "evidence")
    environment["AUDIT_CHECKPOINT_FILE"] = str(services.home / "audit-checkpoints")
    environment["EXPORTS_DIR"] = str(services.home / "exports")
    environment["DATABASE_URL"] = services.database_url(OWNER)
    environment["KPI_CLOCK_OFFSET_SECONDS"] = str(int((TODAY - datetime.now(UTC)).total_seconds()))
    os.environ.update(environment, **{READY: str(services.home)})


def prepare_template() -> None:
    """Migrate and load the year once, into a database that is then only copied."""
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    # The trial's settings, because demo people belong to a trial only.
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.trial_settings", "DATABASE_URL": f"{url}/{TEMPLATE}"}
    import psycopg

    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    for arguments in (["migrate", "-v0"], ["load_year", "2025"], ["load_demo", "2025"], ["apply_grants", APP]):
        print("tests: manage.py", *arguments, file=sys.stderr, flush=True)
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(f"tests: manage.py {' '.join(arguments)} failed\n{done.stdout}{done.stderr}")


if READY not in os.environ:
    # A fresh clone has no English yet: what is compiled is not kept.
    messages.compile_all()
    _start()
    prepare_template()
