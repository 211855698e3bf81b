"""The office sets a lamp: which, when, who, for how long, what is frozen, and races with locking and returning."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEntry, User
from accounts.permissions import Actor, actor_for
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, PeriodClosed, StaleVersion
from kpi.domain.values import Rag
from kpi.models import AssessmentSnapshot, Period, RagOverride, Submission
from kpi.selectors import attention, scoreboard
from kpi.selectors.history import log_of, override_of, steps_of
from kpi.selectors.records import as_record
from kpi.selectors.scoreboard import Row, Scoreboard
from kpi.services import overrides, periods, snapshots, submissions, writing
from kpi.services.content import ContentInvalid
from kpi.workbooks.ledger_layout import LEDGER, LedgerLine
from notifications.models import Notice
from tests.conftest import NOW
from tests.content import FARMLAND, indicator, read
from tests.races import in_parallel, somebody_waits

WHY = "验收手续在途，实际已达到计划进度"


def june() -> Period:
    return Period.objects.select_related("report").get(code="2025-06")


def person(username: str) -> Actor:
    return actor_for(User.objects.get(username=username), NOW.date())


def signed(value: str = "2.86") -> Submission:
    """A06 in June, amber at 2.86, signed by its head."""
    filed = submissions.submit(
        indicator=indicator("A06"),
        period=june(),
        content=read("A06", FARMLAND | {"value": value}),
        version=0,
        actor=person("nyj_staff"),
        now=NOW,
    )
    return submissions.sign_off(submission=filed, version=filed.version, actor=person("nyj_head"), now=NOW)


def approved(value: str = "2.86") -> Submission:
    found = signed(value)
    return submissions.approve(submission=found, version=found.version, actor=person("dcs_1"), now=NOW)


def set_lamp(found: Submission, rag: Rag = Rag.GREEN, *, who: str = "dcs_1", reason: str = WHY, **given) -> RagOverride:
    given = {"version": found.version, "replaces": None} | given
    return overrides.override_lamp(submission=found, rag=rag, reason=reason, actor=person(who), now=NOW, **given)


def board(period: str | None = None) -> Scoreboard:
    return scoreboard.build(year=2025, now=NOW, period_code=period)


def farmland(period: str | None = None) -> Row:
    return next(row for row in board(period).rows if row.indicator.code == "A06")


def test_a_reviewed_lamp_counts_and_the_computed_one_stays_beside_it(db):
    found = approved()
    before = board().counts
    row = set_lamp(found)
    assert (row.computed_rag, row.rule_code, row.rule_version) == ("amber", "default", "1.0")
    seen = farmland()
    assert (seen.rag, seen.current.computed_rag, seen.assessment.rag) == (Rag.GREEN, Rag.AMBER, Rag.AMBER)
    after = board()
    assert after.adjusted == 1
    assert (after.counts[Rag.AMBER], after.counts[Rag.GREEN]) == (before[Rag.AMBER] - 1, before[Rag.GREEN] + 1)
    record = as_record(seen)
    assert (record["lamp"], record["computed_lamp"], record["override_reason"]) == ("green", "amber", WHY)
    entry = AuditEntry.objects.get(action="lamp.overridden")
    assert (entry.before, entry.after["lamp"], entry.reason) == ({"lamp": "amber"}, "green", WHY)
    told = Notice.objects.filter(kind="lamp.overridden")
    assert {notice.recipient.username for notice in told} == {"nyj_staff", "nyj_head"}
    assert told[0].body == f"计算为预警，复核调整为正常：{WHY}"


def test_the_ledger_names_both_lamps_and_on_plan_stays_with_the_figure(db):
    set_lamp(approved())
    columns = {str(column.heading): column.value for column in LEDGER}
    line = LedgerLine(1, farmland(), None, "")
    assert (columns["亮灯"](line), columns["是否达序时"](line)) == ("正常", "否")
    assert f"计算为预警，复核调整为正常：{WHY}" in columns["备注"](line)


def test_before_approval_it_waits_with_the_figure(db):
    """A report that is not approved colours nothing, adjusted or not; approving it brings both into force."""
    found = signed()
    set_lamp(found)
    assert (farmland().rag, farmland().current.override) == (Rag.AMBER, None), "May's lamp still counts"
    submissions.approve(submission=found, version=found.version, actor=person("dcs_1"), now=NOW)
    assert farmland().rag is Rag.GREEN


def test_run_lengths_count_the_reviewed_lamp(db):
    found = approved()
    assert farmland().run_length > 1
    assert "A06" in needing_attention()
    set_lamp(found)
    assert farmland().run_length == 1
    assert "A06" not in needing_attention()


def needing_attention() -> set[str]:
    return {item.row.indicator.code for item in attention.items(board(), day=NOW.date())}


def test_a_newer_one_replaces_it_and_both_are_kept(db):
    found = approved()
    first = set_lamp(found)
    second = set_lamp(found, Rag.RED, replaces=first.pk, reason="现场核查发现两处未完工，情况更差")
    assert farmland().rag is Rag.RED
    assert list(RagOverride.objects.filter(submission=found)) == [first, second]
    assert AuditEntry.objects.filter(action="lamp.overridden").latest("seq").before == {"lamp": "green"}


def test_it_can_be_taken_back_with_a_reason(db):
    found = approved()
    row = set_lamp(found)
    common = {"submission": found, "version": found.version, "actor": person("dcs_1"), "now": NOW}
    with pytest.raises(ContentInvalid):
        overrides.restore_lamp(**common, replaces=row.pk, reason="不调了")
    back = overrides.restore_lamp(**common, replaces=row.pk, reason="验收资料未按期补齐，恢复计算亮灯")
    assert (back.is_restored, back.reviewed_rag, farmland().rag, board().adjusted) == (True, "amber", Rag.AMBER, 0)
    assert override_of(found) is None
    with pytest.raises(DomainError, match="override_missing"):
        overrides.restore_lamp(**common, replaces=None, reason="验收资料未按期补齐，恢复计算亮灯")
    assert Notice.objects.filter(kind="lamp.restored").count() == 2


@pytest.mark.parametrize("who", ["nyj_staff", "nyj_head", "gxj_head", "mayor", "auditadmin", "sysadmin"])
def test_only_the_office_sets_a_lamp(db, who):
    found = approved()
    with pytest.raises(NotPermitted):
        set_lamp(found, who=who)
    assert not RagOverride.objects.filter(submission=found).exists()


@pytest.mark.parametrize(
    ("given", "refusal", "code"),
    [
        ({"reason": "手续在途，已达到了"}, ContentInvalid, "content_invalid"),
        ({"reason": "长" * 501}, ContentInvalid, "content_invalid"),
        ({"rag": Rag.AMBER}, DomainError, "override_same"),
        ({"rag": Rag.DONE}, DomainError, "override_target"),
        ({"version": 77}, StaleVersion, "stale_version"),
        ({"replaces": 999_999}, StaleVersion, "stale_version"),
    ],
)
def test_each_refusal_writes_nothing(db, given, refusal, code):
    found = approved()
    with pytest.raises(refusal) as refused:
        set_lamp(found, **given)
    assert refused.value.code == code
    assert farmland().current.override is None


def test_what_the_department_has_not_signed_is_not_adjusted(db):
    filed = submissions.submit(
        indicator=indicator("A06"),
        period=june(),
        content=read("A06", FARMLAND),
        version=0,
        actor=person("nyj_staff"),
        now=NOW,
    )
    with pytest.raises(DomainError, match="override_not_reviewed"):
        set_lamp(filed)


def test_a_fact_is_not_adjusted(db):
    """I36 has reached its yearly target."""
    done = Submission.objects.get(indicator__code="I36", period__code="2025-06")
    with pytest.raises(DomainError, match="override_not_judged"):
        set_lamp(done, Rag.AMBER)


def test_a_return_voids_it(db):
    found = signed()
    set_lamp(found)
    back = submissions.return_for_revision(
        submission=found, version=found.version, actor=person("dcs_1"), now=NOW, reason="口径与上月不一致"
    )
    again = submissions.submit(
        indicator=indicator("A06"),
        period=june(),
        content=read("A06", FARMLAND),
        version=back.version,
        actor=person("nyj_staff"),
        now=NOW,
    )
    assert override_of(again) is None
    again = submissions.sign_off(submission=again, version=again.version, actor=person("nyj_head"), now=NOW)
    submissions.approve(submission=again, version=again.version, actor=person("dcs_1"), now=NOW)
    assert (farmland().rag, board().adjusted) == (Rag.AMBER, 0)


def close(period: Period) -> None:
    after = period.grace_ends_at + timedelta(hours=1)
    periods.lock_period(period=period, typed_code=period.code, actor=person("dcs_1"), now=after)


def test_the_snapshot_keeps_both_lamps_and_the_next_month_is_computed(db):
    row = set_lamp(approved())
    close(june())
    frozen = AssessmentSnapshot.objects.get(period__code="2025-06", indicator__code="A06")
    assert (frozen.rag, frozen.override, frozen.override.reviewed_rag) == ("amber", row, "green")
    seen = farmland("2025-06")
    assert (seen.rag, seen.current.computed_rag) == (Rag.GREEN, Rag.AMBER)
    july = farmland("2025-07").current
    assert (july.override, july.rag) == (None, Rag.AMBER), "what July carries on is the computed lamp"
    assert AssessmentSnapshot.objects.filter(period__code="2025-06", override__isnull=False).count() == 1


def test_a_locked_month_takes_no_override_by_any_path(db):
    row = set_lamp(approved())
    found = Submission.objects.select_related("period__report").get(pk=row.submission_id)
    close(june())
    locked = Submission.objects.select_related("period__report").get(pk=row.submission_id)
    with pytest.raises(PeriodClosed):
        set_lamp(locked, Rag.RED, replaces=row.pk)
    with pytest.raises(PeriodClosed):
        set_lamp(found, Rag.RED, replaces=row.pk)  # its period was read before the lock: the trigger refuses
    columns = "submission_id, version, computed_rag, rule_code, rule_version, reviewed_rag, is_restored, reason"
    insert = (
        f"INSERT INTO kpi_ragoverride ({columns}, actor_id, at) SELECT {columns}, actor_id, at FROM kpi_ragoverride"
    )
    with pytest.raises(IntegrityError, match="period_closed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(insert)


def test_an_override_is_never_rewritten(db):
    row = set_lamp(approved())
    for change in (lambda rows: rows.update(reason="改"), lambda rows: rows.delete()):
        with pytest.raises(Exception, match=r"Cannot (update|delete)"), transaction.atomic():
            change(RagOverride.objects.filter(pk=row.pk))


def test_the_judged_unit_reads_it_in_the_record(db):
    set_lamp(approved())
    lines = log_of(steps_of(indicator("A06"), person("nyj_staff")))
    assert (lines[0].what, lines[0].comment) == ("调整亮灯", f"计算为预警，复核调整为正常：{WHY}")
    assert [line.what for line in lines[1:4]] == ["审定", "审签通过", "提交部门审签"]


# Races
def test_an_override_never_slips_past_a_lock(committed_db):
    """Whoever comes first wins; what the snapshot says is what the record says."""
    found = approved()
    fresh = Submission.objects.select_related("period__report", "indicator").get(pk=found.pk)
    period = june()
    after = period.grace_ends_at + timedelta(minutes=1)
    office, other = person("dcs_1"), person("dcs_2")
    locked, row = in_parallel(
        lambda: periods.lock_period(period=period, typed_code="2025-06", actor=office, now=after),
        lambda: overrides.override_lamp(
            submission=fresh,
            version=fresh.version,
            replaces=None,
            rag=Rag.GREEN,
            reason=WHY,
            actor=other,
            now=after,
        ),
    )
    assert locked == 103, locked
    frozen = AssessmentSnapshot.objects.get(period=period, indicator__code="A06")
    if isinstance(row, RagOverride):
        assert frozen.override == row
    else:
        assert isinstance(row, PeriodClosed), row
        assert frozen.override is None


def test_without_the_trigger_it_would_slip_past(committed_db):
    """Negative control: the period read before the lock lets the service through; only the database knows."""
    found = Submission.objects.select_related("period__report", "indicator").get(pk=approved().pk)
    close(june())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kpi_ragoverride DISABLE TRIGGER USER")
    assert set_lamp(found).pk
    assert AssessmentSnapshot.objects.get(period=found.period, indicator__code="A06").override is None


def test_of_two_reviewers_at_once_one_is_told(committed_db):
    found = approved()
    outcomes = in_parallel(
        lambda: set_lamp(found, Rag.GREEN),
        lambda: set_lamp(found, Rag.RED, who="dcs_2", reason="现场核查发现两处未完工"),
    )
    kinds = sorted(type(outcome).__name__ for outcome in outcomes)
    assert kinds == ["RagOverride", "StaleVersion"], outcomes
    assert RagOverride.objects.filter(submission=found).count() == 1


def test_an_override_and_a_return_at_once_leave_no_lamp_on_an_unseen_report(committed_db):
    found = signed()
    office, other = person("dcs_1"), person("dcs_2")
    returned, row = in_parallel(
        lambda: submissions.return_for_revision(
            submission=found, version=found.version, actor=office, now=NOW, reason="口径与上月不一致"
        ),
        lambda: overrides.override_lamp(
            submission=found, version=found.version, replaces=None, rag=Rag.GREEN, reason=WHY, actor=other, now=NOW
        ),
    )
    assert isinstance(returned, Submission), returned
    assert isinstance(row, RagOverride | StaleVersion), row
    assert override_of(found) is None


def test_an_illegal_step_stays_illegal_with_an_override(db):
    found = approved()
    set_lamp(found)
    with pytest.raises(IllegalTransition):
        submissions.approve(submission=found, version=found.version, actor=person("dcs_1"), now=NOW)


def while_locking(monkeypatch, step):
    """Lock June, and take ``step`` once the period is held and before its lamps are frozen; both outcomes."""
    period = june()
    after = period.grace_ends_at + timedelta(minutes=1)
    office, held = person("dcs_1"), threading.Event()
    take = snapshots.take

    def take_once_the_other_waits(**given):
        held.set()
        wait_for_a_blocked_connection()
        return take(**given)

    def step_once_the_period_is_held():
        held.wait(timeout=30)
        return step(after)

    monkeypatch.setattr(snapshots, "take", take_once_the_other_waits)
    return in_parallel(
        lambda: periods.lock_period(period=period, typed_code="2025-06", actor=office, now=after),
        step_once_the_period_is_held,
    )


def wait_for_a_blocked_connection() -> None:
    """Until some other connection waits for a lock of ours: seen from outside the transaction."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if somebody_waits():
            return
    raise AssertionError("the other connection never waited: the race did not happen")


def test_an_override_that_waits_for_a_lock_is_refused_and_never_deadlocks(committed_db, monkeypatch):
    found = Submission.objects.select_related("period__report", "indicator").get(pk=approved().pk)
    locked, row = while_locking(monkeypatch, lambda now: set_lamp(found))
    assert (locked, type(row)) == (103, PeriodClosed), (locked, row)


def test_with_the_rows_key_locked_both_would_wait_for_each_other(committed_db, monkeypatch):
    """Negative control: the snapshots refer to the row, and its key is what they hold on to."""
    found = Submission.objects.select_related("period__report", "indicator").get(pk=approved().pk)
    rows = Submission.objects.select_related("indicator__lead_department", "period__report")

    def held_with_its_key(submission):
        return rows.select_for_update(of=("self",)).get(pk=submission.pk)

    monkeypatch.setattr(writing, "lock_row", held_with_its_key)
    outcomes = while_locking(monkeypatch, lambda now: set_lamp(found))
    assert any("deadlock detected" in str(outcome) for outcome in outcomes), outcomes
