"""More time for a department, and a locked period reopened by two persons."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEntry, Department, User
from accounts.permissions import actor_for
from kpi.domain.errors import DomainError, NotPermitted, PeriodClosed
from kpi.domain.values import Rag
from kpi.models import AssessmentSnapshot, Extension, Period, Submission, Unlock
from kpi.selectors import periods as period_selector
from kpi.selectors import scoreboard
from kpi.services import periods, submissions, windows
from kpi.services.content import ContentInvalid
from notifications.models import Notice
from tests.conftest import NOW
from tests.content import FARMLAND, attach, indicator, read
from tests.races import in_parallel

REASON = "数据须等验收单，请求延期"
HOUR = timedelta(hours=1)


@pytest.fixture
def farming(db) -> Department:
    return Department.objects.get(code="agriculture")


def submit(who, june, now, **changes) -> Submission:
    content = read("A06", FARMLAND | changes)
    return submissions.submit(indicator=indicator("A06"), period=june, content=content, version=0, actor=who, now=now)


def timeliness_of(code: str, now: datetime) -> str:
    board = scoreboard.build(year=2025, now=now, period_code="2025-06")
    return next(row.current.timeliness for row in board.rows if row.indicator.code == code)


def extend(actor, june, farming, *, now, until):
    return windows.extend(period=june, department=farming, until=until, reason=REASON, actor=actor("dcs_1"), now=now)


def test_after_the_grace_a_report_nobody_filed_is_refused(actor, june):
    submit(actor("nyj_staff"), june, june.grace_ends_at)
    with pytest.raises(PeriodClosed) as refused:
        submissions.save_draft(
            indicator=indicator("A08"), period=june, content=read("A08", {}), version=0,
            actor=actor("nyj_staff"), now=june.grace_ends_at + timedelta(seconds=1),
        )  # fmt: skip
    assert refused.value.code == "period_over"


def test_what_was_filed_once_may_be_revised_until_the_lock(actor, june):
    filed = submit(actor("nyj_staff"), june, NOW)
    after = june.grace_ends_at + HOUR
    returned = submissions.return_for_revision(
        submission=filed, version=filed.version, actor=actor("nyj_head"), now=after, reason="请补充验收面积来源"
    )
    again = submissions.submit(
        indicator=indicator("A06"), period=june, content=read("A06", FARMLAND), version=returned.version,
        actor=actor("nyj_staff"), now=after,
    )  # fmt: skip
    assert again.state == "submitted" and timeliness_of("A06", after) == "on_time"


def test_time_granted_before_the_due_moment_keeps_the_report_on_time(actor, june, farming):
    until = june.grace_ends_at + timedelta(days=2)
    extend(actor, june, farming, now=june.due_at, until=until)
    assert timeliness_of("A06", until) == "pending"
    submit(actor("nyj_staff"), june, until)
    assert timeliness_of("A06", until) == "on_time"
    with pytest.raises(PeriodClosed):
        submissions.save_draft(
            indicator=indicator("A08"), period=june, content=read("A08", {}), version=0,
            actor=actor("nyj_staff"), now=until + timedelta(seconds=1),
        )  # fmt: skip


def test_time_granted_later_lets_a_missing_report_in_as_a_late_one(actor, june, farming):
    over = june.grace_ends_at + HOUR
    assert timeliness_of("A06", over) == "missing"
    extend(actor, june, farming, now=over, until=over + HOUR)
    assert timeliness_of("A06", over) == "missing", "nothing has come yet"
    submit(actor("nyj_staff"), june, over + HOUR)
    assert timeliness_of("A06", over + HOUR) == "late"


def test_time_is_given_to_one_department_only(actor, june, farming):
    over = june.grace_ends_at + HOUR
    extend(actor, june, farming, now=over, until=over + HOUR)
    with pytest.raises(PeriodClosed):
        submissions.save_draft(
            indicator=indicator("I17"), period=june, content=read("I17", {}), version=0,
            actor=actor("gxj_staff"), now=over,
        )  # fmt: skip


def test_a_department_asks_and_hears_the_answer(actor, june, farming):
    asked = windows.ask_extension(period=june, department=farming, reason=REASON, actor=actor("nyj_staff"), now=NOW)
    assert Notice.objects.filter(kind="extension.asked").count() == 2, "both people of the office"
    with pytest.raises(DomainError, match="extension_asked_already"):
        windows.ask_extension(period=june, department=farming, reason=REASON, actor=actor("nyj_head"), now=NOW)
    until = june.due_at + HOUR
    granted = windows.answer_extension(extension=asked, until=until, answer="", actor=actor("dcs_1"), now=NOW)
    told = Notice.objects.filter(kind="extension.granted").values_list("recipient__username", flat=True)
    assert sorted(told) == ["nyj_head", "nyj_staff"]
    assert period_selector.window_for(june, farming.pk).due_for_unit == until
    with pytest.raises(DomainError, match="extension_answered"):
        windows.answer_extension(extension=granted, until=until, answer="", actor=actor("dcs_2"), now=NOW)
    assert [entry.action for entry in AuditEntry.objects.filter(object_type="kpi.extension").order_by("seq")] == [
        "extension.asked", "extension.granted",
    ]  # fmt: skip


def test_a_refusal_says_why_and_gives_no_time(actor, june, farming):
    asked = windows.ask_extension(period=june, department=farming, reason=REASON, actor=actor("nyj_staff"), now=NOW)
    with pytest.raises(ContentInvalid):
        windows.answer_extension(extension=asked, until=None, answer="否", actor=actor("dcs_1"), now=NOW)
    windows.answer_extension(
        extension=asked, until=None, answer="月底数据已有，请按时报", actor=actor("dcs_1"), now=NOW
    )
    assert period_selector.window_for(june, farming.pk).due_for_unit == june.due_at
    assert Notice.objects.filter(kind="extension.refused", recipient__username="nyj_staff").exists()


@pytest.mark.parametrize("who", ["gxj_staff", "dcs_1", "mayor", "auditadmin"])
def test_only_the_department_asks_for_itself(actor, june, farming, who):
    with pytest.raises(NotPermitted):
        windows.ask_extension(period=june, department=farming, reason=REASON, actor=actor(who), now=NOW)


@pytest.mark.parametrize("who", ["nyj_staff", "nyj_head", "mayor", "sysadmin"])
def test_only_the_office_gives_time(actor, june, farming, who):
    asked = windows.ask_extension(period=june, department=farming, reason=REASON, actor=actor("nyj_staff"), now=NOW)
    until = june.due_at + HOUR
    with pytest.raises(NotPermitted):
        windows.answer_extension(extension=asked, until=until, answer="", actor=actor(who), now=NOW)
    with pytest.raises(NotPermitted):
        windows.extend(period=june, department=farming, until=until, reason=REASON, actor=actor(who), now=NOW)


@pytest.mark.parametrize(
    ("until", "reason", "field", "code"),
    [
        (None, REASON, "until", "until_required"),
        (NOW, REASON, "until", "until_in_past"),
        (NOW + HOUR, "延期", "reason", "reason_too_short"),
    ],
)
def test_each_gap_is_named_at_its_field(actor, june, farming, until, reason, field, code):
    with pytest.raises(ContentInvalid) as refused:
        windows.extend(period=june, department=farming, until=until, reason=reason, actor=actor("dcs_1"), now=NOW)
    assert [(error.field, error.code) for error in refused.value.errors] == [(field, code)]


@pytest.mark.parametrize("code", ["2025-05", "2025-07"])
def test_no_time_is_given_for_a_period_that_is_locked_or_not_open(actor, farming, code):
    period = Period.objects.select_related("report").get(code=code)
    with pytest.raises(PeriodClosed):
        extend(actor, period, farming, now=NOW, until=NOW + HOUR)


def test_of_two_requests_at_once_one_is_kept(committed_db):
    june = Period.objects.select_related("report").get(code="2025-06")
    farming = Department.objects.get(code="agriculture")
    people = [actor_for(User.objects.get(username=name), NOW.date()) for name in ("nyj_staff", "nyj_head")]
    outcomes = in_parallel(
        *[
            lambda person=person: windows.ask_extension(
                period=june, department=farming, reason=REASON, actor=person, now=NOW
            )
            for person in people
        ]
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["DomainError", "Extension"], outcomes
    assert Extension.objects.count() == 1


# Unlocking


@pytest.fixture
def may(db) -> Period:
    """The latest locked period of the trial."""
    return Period.objects.select_related("report").get(code="2025-05")


def ask(actor, period, who="dcs_1") -> Unlock:
    return windows.ask_unlock(period=period, reason="五月验收面积统计有误", actor=actor(who), now=NOW)


def unlock(actor, period) -> Period:
    return windows.confirm_unlock(unlock=ask(actor, period), typed_code=period.code, actor=actor("dcs_2"), now=NOW)


def test_two_persons_reopen_a_period_and_it_locks_again_as_a_further_edition(actor, as_user, may):
    before = AssessmentSnapshot.objects.get(period=may, indicator__code="A06")
    opened = unlock(actor, may)
    assert opened.locked_at is None
    report = Submission.objects.select_related("indicator__lead_department", "period__report").get(
        period=may, indicator__code="A06"
    )
    opened_report = submissions.begin_correction(
        submission=report, version=report.version, actor=actor("nyj_staff"), now=NOW, reason="漏报慈利县面积"
    )
    attach("A06", "2025-05", actor("nyj_staff"), NOW)
    content = read("A06", FARMLAND | {"value": "2.60"})
    filed = submissions.submit(
        indicator=indicator("A06", "2025-05"), period=opened, content=content, version=opened_report.version,
        actor=actor("nyj_staff"), now=NOW,
    )  # fmt: skip
    signed = submissions.sign_off(submission=filed, version=filed.version, actor=actor("nyj_head"), now=NOW)
    submissions.approve(submission=signed, version=signed.version, actor=actor("dcs_1"), now=NOW)
    periods.lock_period(period=opened, typed_code="2025-05", actor=actor("dcs_1"), now=NOW)
    editions = AssessmentSnapshot.objects.filter(period=may, indicator__code="A06").order_by("edition")
    assert [(found.edition, found.rag) for found in editions] == [(1, before.rag), (2, Rag.GREEN)]
    board = scoreboard.build(year=2025, now=NOW, period_code="2025-05")
    month = next(row.current for row in board.rows if row.indicator.code == "A06")
    assert (month.rag, month.republished_from) == (Rag.GREEN, Rag.AMBER)
    page = as_user("mayor").get("/2025/kpis/A06/").content.decode()
    assert "解锁前公布为预警" in page, "both stay to be seen"
    assert Unlock.objects.get().relocked_at == NOW
    actions = AuditEntry.objects.filter(action__startswith="period.").order_by("seq").values_list("action", flat=True)
    assert list(actions)[-3:] == ["period.unlock_asked", "period.unlocked", "period.locked"]


def test_whoever_asked_may_not_confirm_but_may_take_it_back(actor, may):
    asked = ask(actor, may)
    with pytest.raises(NotPermitted, match="unlock_takes_two"):
        windows.confirm_unlock(unlock=asked, typed_code="2025-05", actor=actor("dcs_1"), now=NOW)
    windows.refuse_unlock(unlock=asked, actor=actor("dcs_1"), now=NOW)
    with pytest.raises(DomainError, match="unlock_answered"):
        windows.confirm_unlock(unlock=asked, typed_code="2025-05", actor=actor("dcs_2"), now=NOW)
    assert ask(actor, may).pk != asked.pk, "asked anew"


def test_the_second_person_may_refuse(actor, may):
    windows.refuse_unlock(unlock=ask(actor, may), actor=actor("dcs_2"), now=NOW)
    may.refresh_from_db()
    assert may.locked_at is not None
    assert Notice.objects.filter(kind="period.unlock_answered", recipient__username="dcs_1").exists()


@pytest.mark.parametrize("who", ["nyj_head", "mayor", "sysadmin", "auditadmin"])
def test_only_the_office_unlocks(actor, may, who):
    with pytest.raises(NotPermitted):
        ask(actor, may, who)
    asked = ask(actor, may)
    with pytest.raises(NotPermitted):
        windows.confirm_unlock(unlock=asked, typed_code="2025-05", actor=actor(who), now=NOW)
    with pytest.raises(NotPermitted):
        windows.refuse_unlock(unlock=asked, actor=actor(who), now=NOW)


def test_a_slip_unlocks_nothing(actor, may):
    with pytest.raises(DomainError, match="confirmation_differs"):
        windows.confirm_unlock(unlock=ask(actor, may), typed_code="2025-5", actor=actor("dcs_2"), now=NOW)


@pytest.mark.parametrize(("code", "refusal"), [("2025-06", "unlock_not_locked"), ("2025-04", "unlock_latest_only")])
def test_only_the_latest_locked_period_is_reopened(actor, code, refusal):
    period = Period.objects.select_related("report").get(code=code)
    with pytest.raises(DomainError, match=refusal):
        ask(actor, period)


def test_a_second_request_waits_for_the_first(actor, may):
    ask(actor, may)
    with pytest.raises(DomainError, match="unlock_asked_already"):
        ask(actor, may, "dcs_2")


def test_the_database_itself_keeps_a_locked_period_locked(actor, may):
    asked = ask(actor, may)
    statements = [
        "UPDATE kpi_period SET locked_at = NULL WHERE code = '2025-05'",
        "UPDATE kpi_period SET due_at = due_at + interval '1 day' WHERE code = '2025-05'",
        "DELETE FROM kpi_period WHERE code = '2025-05'",
    ]
    for statement in statements:
        with pytest.raises(Exception, match="locked_period_stays_locked"), transaction.atomic():
            connection.cursor().execute(statement)
    with pytest.raises(IntegrityError, match="unlock_takes_two_persons"), transaction.atomic():
        Unlock.objects.filter(pk=asked.pk).update(decided_by=asked.asked_by, decided_at=NOW, is_confirmed=True)
    Unlock.objects.filter(pk=asked.pk).update(
        decided_by=User.objects.get(username="dcs_2"), decided_at=NOW, is_confirmed=True
    )
    with pytest.raises(Exception, match="locked_period_stays_locked"), transaction.atomic():
        connection.cursor().execute(statements[1])
    connection.cursor().execute(statements[0])


def test_of_two_confirmations_at_once_one_counts(committed_db):
    may = Period.objects.select_related("report").get(code="2025-05")
    office = [actor_for(User.objects.get(username=name), NOW.date()) for name in ("dcs_1", "dcs_2")]
    asked = windows.ask_unlock(period=may, reason="五月验收面积统计有误", actor=office[0], now=NOW)

    def confirm():
        return windows.confirm_unlock(unlock=asked, typed_code="2025-05", actor=office[1], now=NOW)

    outcomes = in_parallel(confirm, confirm)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["DomainError", "Period"], outcomes
    assert AuditEntry.objects.filter(action="period.unlocked").count() == 1
