"""Attaching, removing, requiring, reading and sweeping up through the services, and races on real connections."""

from __future__ import annotations

import os
import stat
import threading
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from accounts.models import AuditEntry, User
from accounts.permissions import Actor, actor_for
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, PeriodClosed, StaleVersion
from kpi.domain.values import SubmissionState
from kpi.models import Evidence, Indicator, Period, Review, Submission
from kpi.services import evidence, examining, periods, submissions, vault
from kpi.services.content import ContentInvalid
from tests.conftest import NOW
from tests.content import FARMLAND, indicator, read
from tests.evidence.files import pdf, png
from tests.races import in_parallel, somebody_waits

FORM_ONE, FORM_TWO = UUID(int=1), UUID(int=2)
DONE = FARMLAND | {"value": "6.95"}


def folder() -> Path:
    return Path(settings.EVIDENCE_DIR)


def names() -> set[str]:
    return set(os.listdir(folder())) if folder().exists() else set()


def attach(actor: Actor, period: Period, data: bytes = b"", name: str = "验收单.pdf", code: str = "A06", **given):
    return evidence.attach(
        indicator=indicator(code), period=period, name=name, content=ContentFile(data or pdf()), actor=actor,
        now=given.pop("now", NOW), **given,
    )  # fmt: skip


def remove(actor: Actor, period: Period, pk: UUID, code: str = "A06") -> Evidence:
    return evidence.remove(indicator=indicator(code), period=period, pk=pk, actor=actor, now=NOW)


def submit(actor: Actor, period: Period, raw=FARMLAND, version: int = 0, **given) -> Submission:
    return submissions.submit(
        indicator=indicator("A06"), period=period, content=read("A06", raw), version=version, actor=actor, now=NOW,
        **given,
    )  # fmt: skip


def report() -> Submission:
    return Submission.objects.get(indicator__code="A06", period__code="2025-06")


def test_the_first_file_begins_the_draft_and_leaves_its_traces(actor, june):
    attached = attach(actor("nyj_staff"), june, editor=FORM_ONE)
    file, draft = attached.evidence, report()
    assert (draft.state, draft.version, draft.editor) == (SubmissionState.DRAFT, 1, FORM_ONE)
    assert (file.submission, file.name, file.size, file.content_type) == (
        draft, "验收单.pdf", len(pdf()), "application/pdf",
    )  # fmt: skip
    assert names() == {str(file.key)} and str(file.pk) not in names() and attached.elsewhere == []
    assert (folder() / str(file.key)).read_bytes() == pdf()
    said = list(AuditEntry.objects.order_by("-seq").values_list("action", flat=True)[:2])
    assert said == ["evidence.attached", "submission.saved"]


def test_folder_and_file_are_the_products_own(actor, june):
    file = attach(actor("nyj_staff"), june).evidence
    assert stat.S_IMODE(folder().stat().st_mode) == 0o700
    assert stat.S_IMODE((folder() / str(file.key)).stat().st_mode) == 0o600


def test_attaching_makes_nobodys_form_stale(actor, june):
    """Neither the form that attaches, nor a colleague's; and it is no way round the merge."""
    staff, head = actor("nyj_staff"), actor("nyj_head")

    def save(person, value, version, editor):
        return submissions.save_draft(
            indicator=indicator("A06"), period=june, content=read("A06", {"value": value}), version=version,
            actor=person, now=NOW, editor=editor,
        )  # fmt: skip

    attach(staff, june, editor=FORM_ONE)
    assert save(staff, "2.5", 0, FORM_ONE).version == 2, "the form that began the draft by attaching goes on"
    attach(staff, june, png(), "照片.png", editor=FORM_ONE)
    assert save(head, "2.6", 2, FORM_TWO).version == 3, "a colleague's form, open all the while, goes on"
    attach(staff, june, png(2), "照片二.png", editor=FORM_ONE)
    with pytest.raises(StaleVersion):
        save(staff, "9.9", 2, FORM_ONE)
    assert report().evidence.attached().count() == 3


@pytest.mark.parametrize("who", ["gxj_staff", "gxj_head", "dcs_1", "mayor", "auditadmin", "sysadmin"])
def test_the_wrong_person_attaches_and_removes_nothing(actor, june, who):
    file = attach(actor("nyj_staff"), june).evidence
    kept = names()
    with pytest.raises(NotPermitted):
        attach(actor(who), june, png(), "照片.png")
    with pytest.raises(NotPermitted):
        remove(actor(who), june, file.pk)
    assert names() == kept


@pytest.mark.parametrize("state", ["submitted", "signed_off", "approved"])
def test_what_is_on_its_way_takes_no_file_and_loses_none(actor, june, state):
    file = attach(actor("nyj_staff"), june).evidence
    filed = submit(actor("nyj_staff"), june, version=1)
    if state != "submitted":
        filed = submissions.sign_off(submission=filed, version=filed.version, actor=actor("nyj_head"), now=NOW)
    if state == "approved":
        submissions.approve(submission=filed, version=filed.version, actor=actor("dcs_1"), now=NOW)
    with pytest.raises(IllegalTransition):
        attach(actor("nyj_staff"), june, png(), "照片.png")
    with pytest.raises(IllegalTransition):
        remove(actor("nyj_staff"), june, file.pk)
    assert names() == {str(file.key)}


@pytest.mark.parametrize("code", ["2025-05", "2025-07"])
def test_a_locked_month_and_one_not_open_yet_take_no_file(actor, code):
    with pytest.raises(PeriodClosed):
        attach(actor("nyj_staff"), Period.objects.select_related("report").get(code=code))
    assert names() == set()


def test_the_same_bytes_twice_on_one_report_are_refused_and_elsewhere_told(actor, june):
    staff = actor("nyj_staff")
    attach(staff, june)
    with pytest.raises(DomainError, match="evidence_duplicate"):
        attach(staff, june, name="换个名字.pdf")
    again = attach(staff, june, code="A08")
    assert [other.submission.indicator.code for other in again.elsewhere] == ["A06"]
    assert len(names()) == 2


def test_a_strangers_draft_is_not_told_of(actor, june):
    attach(actor("nyj_staff"), june)
    taken = Submission.objects.filter(period=june).exclude(state__in=("draft", "returned")).values("indicator")
    other = Indicator.objects.filter(lead_department__code="industry").exclude(pk__in=taken).first()
    assert attach(actor("gxj_staff"), june, code=other.code).elsewhere == []


def test_ten_files_are_enough(actor, june):
    staff = actor("nyj_staff")
    for number in range(10):
        last = attach(staff, june, png(number), f"照片{number}.png").evidence
    with pytest.raises(DomainError, match="evidence_too_many"):
        attach(staff, june)
    assert len(names()) == 10
    remove(staff, june, last.pk)
    attach(staff, june)


def test_a_file_over_the_limit_is_refused_before_it_is_read(actor, june):
    with pytest.raises(DomainError) as refused:
        attach(actor("nyj_staff"), june, b"%PDF-" + bytes(21 * 1024 * 1024))
    assert (refused.value.code, refused.value.params["limit"]) == ("evidence_too_large", 20)
    assert names() == set() and not Submission.objects.filter(indicator__code="A06", period=june).exists()


def test_what_was_never_submitted_is_gone_for_good_once_removed(actor, june, django_capture_on_commit_callbacks):
    file = attach(actor("nyj_staff"), june).evidence
    with django_capture_on_commit_callbacks() as after:
        remove(actor("nyj_head"), june, file.pk)
    assert names() == {str(file.key)}, "the file outlives the row until the row is gone for certain"
    for callback in after:
        callback()
    assert names() == set() and not Evidence.objects.filter(pk=file.pk).exists()
    assert AuditEntry.objects.order_by("-seq").first().action == "evidence.removed"
    with pytest.raises(DomainError, match="evidence_gone"):
        remove(actor("nyj_head"), june, file.pk)


def test_what_was_submitted_stays_whatever_is_done(actor, june, django_capture_on_commit_callbacks):
    staff = actor("nyj_staff")
    file = attach(staff, june).evidence
    filed = submit(staff, june, version=1)
    returned = submissions.return_for_revision(
        submission=filed, version=filed.version, actor=actor("nyj_head"), now=NOW, reason="附件不清晰，请补"
    )
    attach(staff, june, png(), "清晰的.png")
    with django_capture_on_commit_callbacks(execute=True):
        remove(staff, june, file.pk)
    file.refresh_from_db()
    assert file.removed_at == NOW and file.removed_by == staff.user and str(file.key) in names()
    submit(staff, june, version=returned.version)
    said = [
        [entry["name"] for entry in review.content["evidence"]]
        for review in Review.objects.filter(submission=filed).order_by("version")
    ]
    assert said == [["验收单.pdf"], ["验收单.pdf"], ["清晰的.png"]]
    assert Review.objects.filter(submission=filed).first().content["evidence"][0]["sha256"] == file.sha256
    attach_again = Evidence.objects.filter(pk=file.pk)
    for forbidden in (attach_again.delete, lambda: attach_again.update(filed_at=None)):
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            forbidden()


@pytest.mark.parametrize("field", ["name", "size", "sha256", "content_type", "key", "uploaded_at"])
def test_the_database_keeps_a_file_what_it_was(actor, june, field):
    file = attach(actor("nyj_staff"), june).evidence
    changed = {"size": 1, "key": uuid4(), "uploaded_at": NOW + timedelta(days=1), "sha256": "0" * 64}
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Evidence.objects.filter(pk=file.pk).update(**{field: changed.get(field, "x")})


@pytest.mark.parametrize(
    "changes",
    [{"size": 0}, {"sha256": "xyz"}, {"removed_at": NOW}, {"removed_at": NOW, "filed_at": NOW}],
    ids=["empty", "no digest", "removed by nobody", "removed by nobody though filed"],
)
def test_the_database_refuses_rows_that_cannot_be(actor, june, changes):
    draft = attach(actor("nyj_staff"), june).evidence.submission
    row = {"name": "x.pdf", "size": 1, "sha256": "0" * 64, "content_type": "application/pdf"}
    row |= {"uploaded_by": actor("nyj_staff").user, "uploaded_at": NOW, "submission": draft}
    with pytest.raises(DatabaseError, match="evidence_"), transaction.atomic():
        Evidence.objects.create(**(row | changes))


def test_a_locked_month_takes_no_change_of_evidence_by_any_path(actor, june):
    file = attach(actor("nyj_staff"), june).evidence
    after_grace = june.grace_ends_at + timedelta(hours=1)
    periods.lock_period(period=june, typed_code="2025-06", actor=actor("dcs_1"), now=after_grace)
    statements = (
        "DELETE FROM kpi_evidence WHERE id = %s",
        "UPDATE kpi_evidence SET filed_at = now() WHERE id = %s",
        "INSERT INTO kpi_evidence"
        " (id, submission_id, key, name, size, sha256, content_type, uploaded_by_id, uploaded_at)"
        " SELECT gen_random_uuid(), submission_id, gen_random_uuid(), 'x', 1, repeat('0', 64), 'x',"
        " uploaded_by_id, now() FROM kpi_evidence WHERE id = %s",
    )
    for statement in statements:
        with pytest.raises(DatabaseError, match="period_closed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [file.pk])
    with pytest.raises(DatabaseError, match="period_closed"), transaction.atomic():
        Evidence.objects.filter(pk=file.pk).delete()
    assert Evidence.objects.filter(pk=file.pk, filed_at=None).exists()


# When evidence is required.
@pytest.mark.parametrize(
    ("raw", "why"),
    [(DONE, "申报完成"), (FARMLAND | {"value": "2.00", "is_correction": "on"}, "数据更正")],
    ids=["completion", "correction"],
)
def test_a_completion_and_a_correction_need_a_file(actor, june, raw, why):
    staff = actor("nyj_staff")
    sure = {"sure_of": read("A06", raw).value}
    with pytest.raises(ContentInvalid) as refused:
        submit(staff, june, raw, **sure)
    assert [(error.field, error.code, error.params) for error in refused.value.errors] == [
        ("evidence", "evidence_required", {"why": why})
    ]
    attach(staff, june)
    assert submit(staff, june, raw, version=1, **sure).state == SubmissionState.SUBMITTED


def test_an_indicator_may_ask_for_a_file_but_not_for_a_month_without_progress(actor, june):
    staff, asked = actor("nyj_staff"), indicator("A06")
    type(asked).objects.filter(pk=asked.pk).update(evidence_required=True)
    with pytest.raises(ContentInvalid, match="content_invalid"):
        submit(staff, june)
    quiet = FARMLAND | {"value": "", "no_progress": "on", "narrative": ""}
    assert submit(staff, june, quiet).state == SubmissionState.SUBMITTED


def test_a_figure_that_looks_like_a_slip_is_asked_about_before_its_proof(actor, june):
    with pytest.raises(examining.FigureInDoubt):
        submit(actor("nyj_staff"), june, FARMLAND | {"value": "28600"})


# Drafts thrown away.
def test_a_draft_is_thrown_away_with_its_files_and_the_trail_stays(actor, june, django_capture_on_commit_callbacks):
    attach(actor("nyj_staff"), june)
    draft = report()
    with django_capture_on_commit_callbacks(execute=True):
        evidence.discard_draft(submission=draft, version=draft.version, actor=actor("nyj_head"), now=NOW)
    assert names() == set() and not Evidence.objects.filter(submission_id=draft.pk).exists()
    assert not Submission.objects.filter(pk=draft.pk).exists()
    entry = AuditEntry.objects.order_by("-seq").first()
    assert (entry.action, entry.before["evidence"]) == ("submission.discarded", ["验收单.pdf"])


def test_only_ones_own_unfiled_and_unchanged_draft_is_thrown_away(actor, june):
    staff = actor("nyj_staff")
    attach(staff, june)
    draft = report()

    def discard(person=staff, version=draft.version, now=NOW):
        evidence.discard_draft(submission=draft, version=version, actor=person, now=now)

    for person in ("gxj_staff", "dcs_1", "mayor"):
        with pytest.raises(NotPermitted):
            discard(actor(person))
    with pytest.raises(StaleVersion):
        discard(version=draft.version + 1)
    filed = submit(staff, june, version=1)
    withdrawn = submissions.withdraw(submission=filed, version=filed.version, actor=staff, now=NOW)
    assert withdrawn.state == SubmissionState.DRAFT
    with pytest.raises(DomainError, match="draft_was_filed"):
        discard(version=withdrawn.version)
    assert len(names()) == 1


# Crashes, and what they leave.
def test_nothing_is_left_when_the_transaction_is_rolled_back(actor, june, monkeypatch):
    def refuse(*_given, **_named):
        raise DomainError("evidence_gone")

    monkeypatch.setattr(evidence, "_record", refuse)
    with pytest.raises(DomainError):
        attach(actor("nyj_staff"), june)
    assert names() == set()
    assert not Submission.objects.filter(indicator__code="A06", period=june).exists()


def test_a_crash_leaves_a_file_without_a_row_which_is_swept_up_after_a_day(actor, june, monkeypatch):
    kept = attach(actor("nyj_staff"), june).evidence

    def crash(*_given):
        raise KeyboardInterrupt

    monkeypatch.setattr(evidence, "_attach", crash)
    with pytest.raises(KeyboardInterrupt):
        attach(actor("nyj_staff"), june, png(), "照片.png")
    (folder() / "broken.part").write_bytes(b"half")
    assert len(names()) == 3
    now = time.time()
    assert evidence.remove_orphans(file_time=now) == 0, "it may belong to an upload that is still going on"
    assert evidence.remove_orphans(file_time=now + 25 * 3600) == 2
    assert names() == {str(kept.key)}


def test_without_the_rows_being_asked_every_old_file_would_go(actor, june, monkeypatch):
    """Negative control of the sweep."""
    attach(actor("nyj_staff"), june)
    monkeypatch.setattr(evidence.Evidence.objects, "values_list", lambda *_, **__: Evidence.objects.none())
    assert evidence.remove_orphans(file_time=time.time() + 25 * 3600) == 1


def test_a_write_that_breaks_off_leaves_no_half_file(monkeypatch):
    class Breaking(ContentFile):
        def chunks(self, chunk_size=None):
            yield b"%PDF-half"
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        vault.put(uuid4(), Breaking(b"x"))
    assert names() == set()


def test_a_file_is_on_the_disk_before_its_row(actor, june, monkeypatch):
    order: list[str] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (order.append("fsync"), real(handle))[1])
    save = Evidence.save
    monkeypatch.setattr(Evidence, "save", lambda self, **given: (order.append("row"), save(self, **given))[1])
    attach(actor("nyj_staff"), june)
    assert order == ["fsync", "fsync", "row"]


def test_reading_leaves_an_entry_and_a_lost_file_is_said(actor, june):
    file = attach(actor("nyj_staff"), june).evidence
    with evidence.read(file=file, actor=actor("nyj_head"), now=NOW) as content:
        assert content.read() == pdf()
    entry = AuditEntry.objects.order_by("-seq").first()
    assert (entry.action, entry.actor.username, entry.after["name"]) == ("evidence.read", "nyj_head", "验收单.pdf")
    vault.drop(file.key)
    with pytest.raises(DomainError, match="evidence_file_missing"):
        evidence.read(file=file, actor=actor("nyj_head"), now=NOW)


def test_after_a_restore_missing_and_changed_files_are_named(actor, june, capsys):
    whole, changed, lost = (
        attach(actor("nyj_staff"), june, png(number), f"照片{number}.png").evidence for number in (11, 12, 13)
    )
    (folder() / str(changed.key)).write_bytes(b"x")
    vault.drop(lost.key)
    damaged = {file.pk for file in evidence.damaged()}
    assert {changed.pk, lost.pk} <= damaged and whole.pk not in damaged
    with pytest.raises(CommandError, match="missing or differ"):
        call_command("verify_evidence")
    assert "照片12.png" in capsys.readouterr().out


# Races: two real connections.
def people(*usernames: str) -> list[Actor]:
    return [actor_for(User.objects.get(username=name), NOW.date()) for name in usernames]


def open_june() -> Period:
    return Period.objects.select_related("report").get(code="2025-06")


ROUNDS = 20


def test_a_file_never_slips_past_a_lock(committed_db):
    """Negative control: ``test_without_the_guard_a_file_slips_past_the_lock``."""
    assert race_against_the_lock() == 0


def race_against_the_lock() -> int:
    """Hold the period's row as a lock does, let an upload begin, lock, and count files that came after."""
    office, staff = people("dcs_1", "nyj_staff")
    june = open_june()
    after = june.grace_ends_at + timedelta(minutes=1)
    attach(staff, june)
    # Filed once and returned: such a report may be revised until the lock.
    Submission.objects.filter(indicator__code="A06", period=june).update(
        state="returned", first_submitted_at=NOW, submitted_at=NOW
    )
    outcomes = in_parallel(
        lambda: periods.lock_period(period=june, typed_code="2025-06", actor=office, now=after),
        *[
            lambda number=number: attach(staff, open_june(), png(number), f"照片{number}.png", now=after)
            for number in range(8)
        ],
    )
    locked_at = Period.objects.get(pk=june.pk).locked_at
    assert locked_at == after, outcomes
    refused = [outcome for outcome in outcomes[1:] if isinstance(outcome, PeriodClosed)]
    assert len(refused) + Evidence.objects.filter(submission__indicator__code="A06").count() - 1 == 8
    assert len(names()) == 1 + 8 - len(refused), "a refused file leaves no bytes"
    stale = Period.objects.select_related("report").get(pk=june.pk)
    stale.locked_at = None  # what a request holds that was read before the lock
    try:
        # Within the window as that request knows it, so that the service has no reason to look again.
        attach(staff, stale, png(99), "迟到.png", now=NOW)
    except PeriodClosed:
        return 0
    return 1


def test_without_the_guard_a_file_slips_past_the_lock(committed_db):
    """Negative control: the trigger, and not the check in the service, keeps the door."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kpi_evidence DISABLE TRIGGER USER")
    assert race_against_the_lock() == 1


def upload_while_locking() -> object:
    """What becomes of an upload that meets a lock which is taken and not yet committed."""
    (staff,) = people("nyj_staff")
    june = open_june()
    attach(staff, june)
    outcome: list[object] = []

    def work() -> None:
        try:
            outcome.append(attach(staff, open_june(), png(7), "照片.png"))
        except DomainError as problem:
            outcome.append(problem)
        finally:
            connection.close()

    sender = threading.Thread(target=work)
    with transaction.atomic():
        locked = Period.objects.select_for_update().get(pk=june.pk)
        locked.locked_at = NOW
        locked.save(update_fields=["locked_at"])
        sender.start()
        while sender.is_alive() and not somebody_waits():
            sender.join(0.02)
    sender.join()
    return outcome[0]


def test_an_upload_waits_for_a_lock_that_is_being_taken_and_then_sees_it(committed_db):
    assert isinstance(upload_while_locking(), PeriodClosed)
    assert Evidence.objects.filter(submission__indicator__code="A06").count() == len(names()) == 1


def test_without_waiting_a_file_would_come_after_the_lock(committed_db):
    """Negative control: the guard without FOR SHARE."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'pgtrigger_evidence_period_stays_closed%%'"
        )
        (definition,) = cursor.fetchone()
        assert "FOR SHARE" in definition
        cursor.execute(definition.replace("FOR SHARE", "").replace("%", "%%"))
    assert isinstance(upload_while_locking(), evidence.Attached)
    assert Period.objects.get(code="2025-06").locked_at == NOW
    assert Evidence.objects.filter(submission__indicator__code="A06").count() == 2


def test_two_forms_that_begin_a_report_by_attaching_meet_in_one_draft(committed_db):
    staff, head = people("nyj_staff", "nyj_head")

    def sender(person: Actor, number: int, form: UUID):
        return lambda: attach(person, open_june(), png(number), f"照片{number}.png", editor=form)

    for _round in range(ROUNDS):
        senders = (sender(staff, 1, FORM_ONE), sender(head, 2, FORM_TWO), sender(staff, 3, FORM_ONE))
        outcomes = in_parallel(*senders)
        assert [type(outcome).__name__ for outcome in outcomes] == ["Attached"] * 3, outcomes
        draft = report()
        assert draft.version == 1 and draft.evidence.count() == 3
        evidence.discard_draft(submission=draft, version=1, actor=staff, now=NOW)


def test_removing_the_only_proof_and_submitting_cannot_both_succeed(committed_db):
    (staff,) = people("nyj_staff")

    def remover(pk: UUID):
        return lambda: remove(staff, open_june(), pk)

    for _round in range(ROUNDS):
        file = attach(staff, open_june()).evidence
        removed, filed = in_parallel(
            remover(file.pk), lambda: submit(staff, open_june(), DONE, version=1, sure_of=read("A06", DONE).value)
        )
        if isinstance(filed, Submission):
            assert isinstance(removed, IllegalTransition) and report().evidence.attached().count() == 1
            break
        assert isinstance(filed, ContentInvalid) and isinstance(removed, Evidence), (removed, filed)
        evidence.discard_draft(submission=report(), version=1, actor=staff, now=NOW)
