"""The audit chain: complete, in order, and telling when somebody has touched it."""

from __future__ import annotations

import io
import stat
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts import audit, chain_checks, checkpoints, clock
from accounts.grants import APPEND_ONLY, apply_grants
from accounts.models import AuditEntry, Department, Membership, Post, Role, User
from accounts.permissions import actor_for
from accounts.services import Holding, create_user, hand_over_post
from config.services import APP
from tests.conftest import NOW
from tests.races import in_parallel


def entry(name: str = "1") -> AuditEntry:
    return audit.record(action=f"test.{name}", obj=Department.objects.first(), actor=None, now=NOW, after={"n": name})


def test_the_chain_of_a_loaded_year_is_whole(db):
    result = audit.verify()
    assert result.is_intact and result.count > 0


@pytest.mark.parametrize(
    ("tamper", "found_at"),
    [
        ('UPDATE accounts_auditentry SET after = \'{"n": "x"}\' WHERE seq = {second}', "second"),
        ("UPDATE accounts_auditentry SET actor_label = 'someone' WHERE seq = {second}", "second"),
        ("DELETE FROM accounts_auditentry WHERE seq = {second}", "third"),
        ("UPDATE accounts_auditentry SET previous_hash = repeat('0', 64) WHERE seq = {third}", "third"),
    ],
)
def test_a_changed_or_missing_entry_is_named(db, tamper, found_at):
    first, second, third = entry("1").seq, entry("2").seq, entry("3").seq
    places = {"first": first, "second": second, "third": third}
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE accounts_auditentry DISABLE TRIGGER USER")
        cursor.execute(tamper.replace("{second}", str(second)).replace("{third}", str(third)))
    assert audit.verify().first_bad_seq == places[found_at]


def test_even_the_owner_cannot_change_an_entry_by_a_slip(db):
    entry()
    for statement in ("UPDATE accounts_auditentry SET action = 'x'", "DELETE FROM accounts_auditentry"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_applications_role_may_append_and_nothing_else(db):
    entry()
    with connection.cursor() as cursor:
        apply_grants(cursor, APP)
        cursor.execute(f"SET LOCAL ROLE {APP}")
        cursor.execute("SELECT count(*) FROM accounts_auditentry")
        for table in APPEND_ONLY:
            for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table}"):
                with pytest.raises(DatabaseError, match=r"permission denied|column"), transaction.atomic():
                    cursor.execute(statement)
        cursor.execute("RESET ROLE")


def test_an_entry_outside_a_transaction_is_a_mistake(committed_db):
    with pytest.raises(RuntimeError):
        entry()


def test_parallel_writers_do_not_fork_the_chain(committed_db):
    def write() -> None:
        for _ in range(10):
            with transaction.atomic():
                entry()

    before = AuditEntry.objects.count()
    in_parallel(*[write] * 6)
    assert AuditEntry.objects.count() == before + 60
    assert audit.verify().is_intact


def test_without_the_lock_they_would(committed_db, monkeypatch):
    """Negative control: the advisory lock is what keeps the chain single."""
    monkeypatch.setattr(audit, "_lock_chain", lambda: None)

    def write() -> None:
        for _ in range(10):
            with transaction.atomic():
                entry()

    outcomes = in_parallel(*[write] * 6)
    assert any(isinstance(outcome, IntegrityError) for outcome in outcomes)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Role.SYSTEM_ADMIN, Role.AUDITOR),
        (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN),
        (Role.AUDITOR, Role.SUPERVISOR),
    ],
)
def test_the_three_administrators_stay_apart(db, first, second):
    holdings = [Holding(first, NOW.date()), Holding(second, NOW.date())]
    with pytest.raises(ValidationError):
        create_user(username="both", display_name="x", password="x" * 16, holdings=holdings, actor=None, now=NOW)
    user = User.objects.create(username="raw", display_name="x")
    Membership.objects.create(user=user, role=first, starts_on=NOW.date())
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(user=user, role=second, starts_on=NOW.date())


def test_a_successor_holds_the_post_and_the_predecessor_no_longer(db):
    post, old = Post.objects.get(code="vice_mayor_agriculture"), User.objects.get(username="vm_agri")
    new = create_user(
        username="vm_agri_2", display_name="继任（示例）", password="x" * 16, holdings=[], actor=None, now=NOW
    )
    hand_over_post(post=post, successor=new, on=NOW.date(), actor=None, now=NOW)
    assert post.pk in actor_for(new, NOW.date()).post_ids
    assert post.pk not in actor_for(old, NOW.date()).post_ids


def test_the_audit_command_says_what_it_found(db, capsys):
    call_command("verify_audit")
    assert str(AuditEntry.objects.count()) in capsys.readouterr().out
    assert settings.USE_TZ


def tampered(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE accounts_auditentry DISABLE TRIGGER USER")
        cursor.execute(statement)


@pytest.fixture
def checkpoint(db, settings, tmp_path) -> checkpoints.Checkpoint:
    """The chain's end is written down, and two entries follow."""
    settings.AUDIT_CHECKPOINT_FILE = tmp_path / "kept" / "checkpoints"
    entry("1")
    made = checkpoints.append(now=NOW)
    assert made is not None
    return made


def test_a_tail_that_was_cut_off_is_named_by_the_checkpoint(checkpoint):
    entry("2")
    tampered(f"DELETE FROM accounts_auditentry WHERE seq >= {checkpoint.seq}")
    assert audit.verify().is_intact, "negative control: the chain alone does not know"
    with pytest.raises(CommandError, match=f"entries {checkpoint.seq} to {checkpoint.seq} are gone"):
        call_command("verify_audit")


def test_a_chain_forged_anew_contradicts_the_checkpoint(checkpoint):
    tampered(f"DELETE FROM accounts_auditentry WHERE seq = {checkpoint.seq}")
    assert entry("forged").seq == checkpoint.seq and audit.verify().is_intact
    with pytest.raises(CommandError, match=f"entry {checkpoint.seq} is not the one"):
        call_command("verify_audit")


def test_two_entries_in_each_others_place_are_named(db):
    first = entry("1").seq
    entry("2")
    tampered(f"UPDATE accounts_auditentry SET seq = 0 WHERE seq = {first}")
    tampered(f"UPDATE accounts_auditentry SET seq = {first} WHERE seq = {first + 1}")
    tampered(f"UPDATE accounts_auditentry SET seq = {first + 1} WHERE seq = 0")
    assert audit.verify().first_bad_seq == first


def test_checkpoints_are_added_and_kept_from_other_eyes(checkpoint, settings):
    entry("2")
    checkpoints.append(now=NOW + timedelta(hours=1))
    found = list(checkpoints.written())
    assert found[0] == checkpoint and found[1].seq == checkpoint.seq + 1
    assert checkpoints.latest() == found[1] and checkpoints.first_contradicted() is None
    assert stat.S_IMODE(settings.AUDIT_CHECKPOINT_FILE.stat().st_mode) & 0o137 == 0


def health_of_the_trail(*arguments: str) -> int:
    try:
        call_command("healthy", "audit", *arguments, stdout=io.StringIO())
    except SystemExit as left:
        return left.code
    return 0


def test_operators_hear_of_an_old_checkpoint_and_of_a_broken_chain(db, settings, tmp_path):
    settings.AUDIT_CHECKPOINT_FILE = tmp_path / "checkpoints"
    assert health_of_the_trail() == 1, "never written down"
    checkpoints.append(now=clock.real_now() - timedelta(hours=2))
    assert health_of_the_trail() == 0 and health_of_the_trail("--within", "3600") == 1
    tampered("UPDATE accounts_auditentry SET reason = 'x' WHERE seq = 2")
    chain_checks.begin_nightly(now=NOW)
    chain_checks.go_on(now=NOW, seconds=60)
    assert health_of_the_trail() == 1
    assert chain_checks.standing().trouble(clock.real_now(), timedelta(days=1)) == "entry 2 does not fit the chain"


def test_metrics_tell_whether_the_chain_is_whole(db, client, settings, tmp_path):
    settings.METRICS_TOKEN, settings.AUDIT_CHECKPOINT_FILE = "for-the-scraper", tmp_path / "checkpoints"

    def told() -> list[str]:
        text = client.get("/metrics", headers={"Authorization": "Bearer for-the-scraper"}).content.decode()
        return [line for line in text.splitlines() if line.startswith("audit_c")]

    assert told() == ["audit_checkpoint_age_seconds +Inf", "audit_chain_ok 0.0", "audit_check_age_seconds +Inf"]
    chain_checks.begin_nightly(now=clock.now())
    chain_checks.go_on(now=clock.now(), seconds=60)
    assert "audit_chain_ok 1.0" in told()
