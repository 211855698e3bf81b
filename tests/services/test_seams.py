"""Where corrections, adjusted lamps, evidence, extensions and reopened months meet."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile

from accounts.models import Department, User
from accounts.permissions import actor_for
from kpi.domain.errors import DomainError
from kpi.domain.values import Rag
from kpi.models import Evidence, Period, Submission
from kpi.selectors import history, scoreboard
from kpi.services import evidence, overrides, periods, reminders, submissions, windows
from notifications.models import Notice
from tests.conftest import NOW
from tests.content import FARMLAND, attach, indicator, read
from tests.evidence.files import pdf
from tests.races import in_parallel
from tests.services.test_corrections import approve, correct

HOUR = timedelta(hours=1)


def lamp_of(code: str = "A06"):
    board = scoreboard.build(year=2025, now=NOW)
    return next(row for row in board.rows if row.indicator.code == code)


def adjusted(actor, june) -> Submission:
    report = approve(actor, june)
    overrides.override_lamp(
        submission=report, version=report.version, replaces=None, rag=Rag.GREEN,
        reason="验收单已到，月底前可补齐", actor=actor("dcs_1"), now=NOW,
    )  # fmt: skip
    return report


def test_the_offices_lamp_stays_while_the_figure_it_judged_counts(actor, june):
    report = adjusted(actor, june)
    assert lamp_of().rag is Rag.GREEN
    opened = correct(actor, report)
    assert lamp_of().rag is Rag.GREEN, "a correction under way takes nothing back"
    back = submissions.abandon_correction(submission=opened, version=opened.version, actor=actor("nyj_staff"), now=NOW)
    assert lamp_of().rag is Rag.GREEN and history.override_of(back) is not None
    again = correct(actor, back)
    attach("A06", "2025-06", actor("nyj_staff"), NOW)
    approve(actor, june, value="2.87")
    assert lamp_of().rag is Rag.AMBER, "another figure is judged anew"
    assert again.pk == report.pk


def test_a_lamp_set_for_a_correction_waits_for_its_approval(actor, june):
    correct(actor, approve(actor, june))
    attach("A06", "2025-06", actor("nyj_staff"), NOW)
    stored = Submission.objects.get(indicator__code="A06", period=june)
    filed = submissions.submit(
        indicator=indicator("A06"), period=june, content=read("A06", FARMLAND | {"value": "2.88"}),
        version=stored.version, actor=actor("nyj_staff"), now=NOW,
    )  # fmt: skip
    signed = submissions.sign_off(submission=filed, version=filed.version, actor=actor("nyj_head"), now=NOW)
    overrides.override_lamp(
        submission=signed, version=signed.version, replaces=None, rag=Rag.RED,
        reason="更正缺少区县验收意见", actor=actor("dcs_1"), now=NOW,
    )  # fmt: skip
    assert lamp_of().rag is Rag.AMBER, "the approved version counts, and its lamp"
    submissions.approve(submission=signed, version=signed.version, actor=actor("dcs_1"), now=NOW)
    assert lamp_of().rag is Rag.RED


def test_a_correction_given_up_gives_back_the_proof_that_was_approved(actor, june):
    staff = actor("nyj_staff")
    attach("A06", "2025-06", staff, NOW)
    proof = Evidence.objects.get(submission__indicator__code="A06", submission__period=june)
    opened = correct(actor, approve(actor, june))
    evidence.remove(indicator=indicator("A06"), period=june, pk=proof.pk, actor=staff, now=NOW)
    other = ContentFile(pdf("另一份"))
    evidence.attach(indicator=indicator("A06"), period=june, name="另一份.pdf", content=other, actor=staff, now=NOW)
    back = submissions.abandon_correction(submission=opened, version=opened.version, actor=staff, now=NOW)
    assert [file.pk for file in back.evidence.attached()] == [proof.pk]
    assert not Evidence.objects.filter(name="另一份.pdf").exists(), "nobody has looked at it"


def test_a_lock_keeps_the_time_that_was_granted(actor, june):
    over = june.grace_ends_at + HOUR
    farming = Department.objects.get(code="agriculture")
    windows.extend(
        period=june, department=farming, until=over + HOUR, reason="验收单后到", actor=actor("dcs_1"), now=over
    )
    with pytest.raises(DomainError, match="extension_running"):
        periods.lock_period(period=june, typed_code="2025-06", actor=actor("dcs_1"), now=over + HOUR)
    periods.lock_period(period=june, typed_code="2025-06", actor=actor("dcs_1"), now=over + 2 * HOUR)


def test_a_reopened_month_calls_for_nothing_that_was_missing_then(actor, june):
    over = june.grace_ends_at + timedelta(days=20)
    periods.lock_period(period=june, typed_code="2025-06", actor=actor("dcs_1"), now=over)
    reminders.tick(now=over)
    before = Notice.objects.filter(period="2025-06").count()
    asked = windows.ask_unlock(period=june, reason="六月面积统计有误", actor=actor("dcs_1"), now=over)
    windows.confirm_unlock(unlock=asked, typed_code="2025-06", actor=actor("dcs_2"), now=over)
    reminders.tick(now=over)
    assert Notice.objects.filter(period="2025-06").count() == before + 2, "the request and its answer"


def test_a_reminder_names_the_day_the_department_really_has(actor, june):
    farming = Department.objects.get(code="agriculture")
    until = june.due_at + timedelta(days=7)
    windows.extend(period=june, department=farming, until=until, reason="验收单后到", actor=actor("dcs_1"), now=NOW)
    reminders.tick(now=until - timedelta(hours=8))
    said = Notice.objects.filter(kind="report.due", subject_code="A06", period="2025-06").latest("created_at")
    assert "7月14日 18:00" in said.body


def test_more_time_ends_after_the_due_moment(actor, june):
    farming = Department.objects.get(code="agriculture")
    with pytest.raises(DomainError):
        windows.extend(
            period=june, department=farming, until=june.due_at, reason="验收单后到", actor=actor("dcs_1"), now=NOW
        )


def test_a_month_is_not_reopened_while_the_next_one_locks(committed_db):
    """Each looks at its neighbour: without one lock for the year both would go through."""
    june = Period.objects.select_related("report").get(code="2025-06")
    may = Period.objects.select_related("report").get(code="2025-05")
    one, two = (actor_for(User.objects.get(username=name), NOW.date()) for name in ("dcs_1", "dcs_2"))
    after = june.grace_ends_at + HOUR
    asked = windows.ask_unlock(period=may, reason="五月面积统计有误", actor=one, now=after)
    outcomes = in_parallel(
        lambda: periods.lock_period(period=june, typed_code="2025-06", actor=one, now=after),
        lambda: windows.confirm_unlock(unlock=asked, typed_code="2025-05", actor=two, now=after),
    )
    assert sorted(isinstance(outcome, DomainError) for outcome in outcomes) == [False, True], outcomes
    locked = dict(Period.objects.filter(code__in=["2025-05", "2025-06"]).values_list("code", "locked_at"))
    assert (locked["2025-05"] is None) is (locked["2025-06"] is None)
