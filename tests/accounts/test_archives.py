"""Old entries as a file that proves itself; nothing younger than the floor, nothing deleted."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts import archives, audit
from accounts.models import AuditEntry, Department
from config import env
from tests.conftest import NOW


@pytest.fixture
def path(db, settings, tmp_path) -> Path:
    """Three entries of the past year beside those of the loaded one; what is older than half a year may go out."""
    settings.AUDIT_KEPT_DAYS, settings.AUDIT_CHECKPOINT_FILE = 183, tmp_path / "checkpoints"
    for name, days in (("old", 0), ("newer", 400), ("newest", 500)):
        audit.record(
            action=f"test.{name}",
            obj=Department.objects.first(),
            actor=None,
            now=NOW + timedelta(days=days, microseconds=123),
            after={"名称": name, "day": str(days)},
        )
    return tmp_path / "trail.jsonl"


LATER = NOW + timedelta(days=500)


def test_an_archive_holds_what_is_old_and_proves_itself(path):
    before = AuditEntry.objects.count()
    made = archives.make(path, now=LATER)
    assert (made.first, made.last) == (1, AuditEntry.objects.get(action="test.old").seq)
    assert archives.check(path) == made and not archives.contradicts(made)
    told = AuditEntry.objects.latest("seq")
    assert told.action == "audit.archived" and told.after["sha256"] == made.sha256
    assert AuditEntry.objects.count() == before + 1 and audit.verify().is_intact, "nothing is deleted"
    call_command("verify_audit", archive=path)


def test_the_next_one_goes_on_where_the_last_ended(path, tmp_path):
    first = archives.make(path, now=LATER)
    second = archives.make(tmp_path / "second.jsonl", after=first.last, now=LATER + timedelta(days=200))
    assert second.first == first.last + 1 and archives.check(tmp_path / "second.jsonl") == second


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda lines: [lines[0].replace("system", "System", 1), *lines[1:]], "entry 1 does not fit"),
        (lambda lines: [*lines[:2], *lines[3:]], "entry 4 does not fit"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "entry 3 does not fit"),
        (lambda lines: lines[:-1], "no last line"),
        (lambda lines: [*lines[:-2], lines[-1]], "the last line does not fit"),
        (lambda lines: ["{", *lines[1:]], "line 1 cannot be read"),
    ],
)
def test_a_file_somebody_touched_is_named(path, spoil, says):
    archives.make(path, now=LATER)
    path.write_text("\n".join(spoil(path.read_text(encoding="utf-8").splitlines())) + "\n", encoding="utf-8")
    with pytest.raises(CommandError, match=says):
        call_command("verify_audit", archive=path)


def test_an_archive_of_another_trail_contradicts_the_database(path):
    made = archives.make(path, now=LATER)
    other = json.loads(path.read_text(encoding="utf-8").splitlines()[-1]) | {"last_hash": "0" * 64}
    assert archives.contradicts(archives.Archive(**other)) and not archives.contradicts(made)


def test_what_is_too_young_or_there_already_is_not_written(path):
    with pytest.raises(archives.ArchiveError, match="older than 183 days"):
        archives.make(path, after=AuditEntry.objects.get(action="test.old").seq, now=LATER)
    archives.make(path, now=LATER)
    content = path.read_bytes()
    with pytest.raises(archives.ArchiveError, match="never written over"):
        archives.make(path, now=LATER)
    assert path.read_bytes() == content


def test_a_shorter_time_than_the_law_allows_stops_the_start(monkeypatch):
    monkeypatch.setenv("AUDIT_KEPT_DAYS", "182")
    with pytest.raises(env.ConfigError, match="AUDIT_KEPT_DAYS must be at least 183, not 182"):
        env.integer("AUDIT_KEPT_DAYS", 1096, least=183, why="the law asks for six months")
    source = (settings.BASE_DIR / "config/settings/base.py").read_text(encoding="utf-8")
    assert 'env.integer("AUDIT_KEPT_DAYS", 1096, least=183' in source


def test_nothing_in_the_product_deletes_entries():
    """The one writer creates; whoever adds a deletion has to change this line, and the ADR."""
    for app in ("accounts", "kpi", "notifications", "config"):
        for path in (settings.BASE_DIR / app).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "AuditEntry" in text and "migrations" not in path.parts:
                assert ".delete()" not in text and "DELETE FROM accounts_auditentry" not in text, path
