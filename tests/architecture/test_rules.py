"""What a reader would otherwise have to remember: migrations, deployment settings, one sentence per refusal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from django.core.management import call_command

from kpi import labels, wording
from notifications.messages import KINDS

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [path for app in ("accounts", "kpi", "notifications") for path in (ROOT / app).rglob("*.py")]
RAISED = re.compile(
    r"(?:DomainError|PeriodClosed|StaleVersion|IllegalTransition|NotPermitted|FieldError\([^\"]*|fail\([^\"]*|\.fail\()"
    r"\(?\s*(?:name, |\"[a-z_]+\", )?\"([a-z_]+)\""
)
# Faults of data or of ours, never shown to a person who files.
INTERNAL = {"target_not_positive", "version_missing"}


def test_every_migration_is_written(db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_production_settings_pass_djangos_own_check():
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.prod",
        "SECRET_KEY": "k" * 25 + "0123456789" * 3,
        "ALLOWED_HOSTS": "kpi.example.invalid",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_weak_key_stops_production():
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.prod", "SECRET_KEY": "short"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode != 0 and "SECRET_KEY" in done.stderr


def test_every_refusal_has_a_sentence():
    codes = {code for path in SOURCES for code in RAISED.findall(path.read_text(encoding="utf-8"))}
    assert len(codes) > 20, "the pattern no longer finds the codes"
    assert codes - INTERNAL - wording.refusal_codes() == set()


def test_every_lamp_has_a_word_a_shape_and_a_class():
    for label in labels.RAG.values():
        assert str(label.text) and label.css and label.icon


def test_every_kind_of_message_has_a_word():
    assert all(str(kind.label) for kind in KINDS.values())


def test_writes_live_in_services_and_models():
    """No page, command or task writes by itself."""
    writing = re.compile(r"\.(save|delete|bulk_create|bulk_update|create|update)\(")
    edges = [path for path in SOURCES if {"web", "api", "selectors"} & set(path.relative_to(ROOT).parts)]
    found = [path.name for path in edges if writing.search(path.read_text(encoding="utf-8"))]
    assert found == []
