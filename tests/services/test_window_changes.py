"""Acts on a whole period: what moves, who is told, what reminders do, and how far it can be taken back."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import connection, transaction

from accounts.models import AuditEntry, Department, User
from accounts.permissions import actor_for
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, PeriodClosed
from kpi.domain.window_acts import WindowAct
from kpi.models import Period, WindowChange
from kpi.selectors import scoreboard
from kpi.selectors import windows as window_selector
from kpi.services import periods, reminders, submissions, window_changes, windows
from kpi.services.content import ContentInvalid
from notifications.models import Notice
from tests.conftest import NOW
from tests.content import FARMLAND, indicator, read
from tests.races import in_parallel, somebody_waits

REASON = "汛情影响，统一调整时限"
HOUR = timedelta(hours=1)
WEEK_LATER = datetime(2025, 7, 14, 18, 0, tzinfo=NOW.tzinfo)


@pytest.fixture
def act(actor, june):
    """The office acts on June."""

    def do(what: WindowAct, *, now: datetime = NOW, who: str = "dcs_1", period: Period = june, **given: object):
        known = {"typed_code": period.code, "reason": REASON, "until": None} | given
        return window_changes.change_window(period=period, act=what, actor=actor(who), now=now, **known)

    return do


@pytest.fixture
def undo(actor, june):
    def do(change: WindowChange, *, now: datetime = NOW, who: str = "dcs_1"):
        return window_changes.undo_change(
            period=june, change_id=change.pk, typed_code="2025-06", reason=REASON, actor=actor(who), now=now
        )

    return do


def file(actor, june, now: datetime):
    return submissions.submit(
        indicator=indicator("A06"), period=Period.objects.select_related("report").get(pk=june.pk),
        content=read("A06", FARMLAND), version=0, actor=actor("nyj_staff"), now=now,
    )  # fmt: skip


def came(code: str, now: datetime) -> str:
    board = scoreboard.build(year=2025, now=now, period_code="2025-06")
    return next(row.current.timeliness for row in board.rows if row.indicator.code == code)


def told(kind: str) -> set[str]:
    return set(Notice.objects.filter(kind=kind).values_list("recipient__username", flat=True))


def test_closing_early_makes_what_was_not_filed_missing_at_once(actor, june, act):
    file(actor, june, NOW - HOUR)
    assert came("A08", NOW) == "pending"
    change = act(WindowAct.CLOSE)
    later = NOW + timedelta(seconds=1)
    assert (came("A06", later), came("A08", later)) == ("on_time", "missing")
    with pytest.raises(PeriodClosed, match="period_over"):
        submissions.save_draft(
            indicator=indicator("A08"), period=change.period, content=read("A08", {}), version=0,
            actor=actor("nyj_staff"), now=later,
        )  # fmt: skip
    assert periods.lock_period(period=june, typed_code="2025-06", actor=actor("dcs_1"), now=later) == 103


def test_taking_an_early_closing_back_restores_every_moment(actor, june, act, undo):
    before = (june.opens_at, june.due_at, june.grace_ends_at)
    change = act(WindowAct.CLOSE)
    undo(change, now=NOW + HOUR, who="dcs_2")
    june.refresh_from_db()
    assert (june.opens_at, june.due_at, june.grace_ends_at) == before
    file(actor, june, june.due_at)
    assert came("A06", june.due_at + HOUR) == "on_time"
    assert (
        window_selector.last_change(june) is None and window_selector.changes_of(june)[0].undone_by.username == "dcs_2"
    )


def test_more_time_for_all_moves_the_due_moment_and_the_grace_with_it(actor, june, act):
    was = june.due_at
    act(WindowAct.EXTEND, until=WEEK_LATER)
    june.refresh_from_db()
    assert (june.due_at, june.grace_ends_at) == (WEEK_LATER, WEEK_LATER + timedelta(days=2))
    file(actor, june, was + HOUR)
    assert came("A06", WEEK_LATER) == "on_time"


def test_more_time_after_the_due_moment_lets_reports_in_as_late_ones(actor, june, act):
    over = june.grace_ends_at + HOUR
    act(WindowAct.EXTEND, until=over + 2 * HOUR, now=over)
    assert came("A06", over + HOUR) == "pending"
    file(actor, june, over + HOUR)
    assert came("A06", over + HOUR) == "late"
    assert came("A08", over + 3 * HOUR) == "missing"


def test_a_month_opens_early_and_that_is_taken_back_while_nobody_filed(actor, june, act):
    july = Period.objects.select_related("report").get(code="2025-07")
    change = act(WindowAct.OPEN, period=july)
    assert Period.objects.get(pk=july.pk).opens_at == NOW
    assert "nyj_staff" in told("period.opened")
    given = {"change_id": change.pk, "typed_code": "2025-07", "reason": REASON, "actor": actor("dcs_1"), "now": NOW}
    draft = read("A06", {"narrative": "写到一半，先存着，明天再补。"})
    with transaction.atomic():
        submissions.save_draft(
            indicator=indicator("A06", "2025-07"), period=change.period, content=draft, version=0,
            actor=actor("nyj_staff"), now=NOW,
        )  # fmt: skip
        with pytest.raises(IllegalTransition, match="undo_has_reports"):
            window_changes.undo_change(period=july, **given)
        transaction.set_rollback(True)
    window_changes.undo_change(period=july, **given)
    assert Period.objects.get(pk=july.pk).opens_at == july.opens_at


def test_months_open_in_order(act):
    august = Period.objects.select_related("report").get(code="2025-08")
    with pytest.raises(DomainError, match="earlier_period_not_open"):
        act(WindowAct.OPEN, period=august)


def test_only_the_latest_change_is_taken_back_and_only_once(act, undo):
    first = act(WindowAct.CLOSE)
    second = act(WindowAct.EXTEND, until=WEEK_LATER, now=NOW + HOUR)
    with pytest.raises(IllegalTransition, match="undo_not_latest"):
        undo(first, now=NOW + 2 * HOUR)
    undo(second, now=NOW)
    with pytest.raises(IllegalTransition, match="undo_not_latest"):
        undo(second, now=NOW)
    undo(first, now=NOW + 2 * HOUR)


def test_an_extension_is_not_taken_back_once_somebody_could_rely_on_it(june, act, undo):
    change = act(WindowAct.EXTEND, until=WEEK_LATER)
    with pytest.raises(IllegalTransition, match="undo_too_late"):
        undo(change, now=june.due_at + timedelta(seconds=1))


def test_a_unit_with_time_of_its_own_keeps_it_when_the_period_is_closed(actor, june, act):
    farming = Department.objects.get(code="agriculture")
    windows.extend(
        period=june, department=farming, until=WEEK_LATER, reason=REASON, actor=actor("dcs_1"), now=NOW - HOUR
    )
    act(WindowAct.CLOSE)
    file(actor, june, NOW + HOUR)
    assert (came("A06", NOW + HOUR), came("I17", NOW + HOUR)) == ("on_time", "missing")


def test_only_the_office_acts(act, undo):
    change = act(WindowAct.CLOSE)
    for who in ("nyj_staff", "nyj_head", "mayor", "sysadmin", "auditadmin"):
        for what in WindowAct:
            with pytest.raises(NotPermitted):
                act(what, who=who, until=WEEK_LATER)
        with pytest.raises(NotPermitted):
            undo(change, who=who)


def test_everything_that_is_wrong_is_named_at_once(act):
    with pytest.raises(ContentInvalid) as refused:
        act(WindowAct.EXTEND, typed_code="6月", reason="急", until=NOW)
    assert [(error.field, error.code) for error in refused.value.errors] == [
        ("until", "until_in_past"),
        ("reason", "reason_too_short"),
        ("confirm", "confirmation_differs"),
    ]
    assert not WindowChange.objects.exists() and not Notice.objects.filter(kind__startswith="period.").exists()


def test_a_locked_period_takes_no_act(actor, act, undo, june):
    change = act(WindowAct.CLOSE)
    later = NOW + HOUR
    periods.lock_period(period=june, typed_code="2025-06", actor=actor("dcs_1"), now=later)
    with pytest.raises(PeriodClosed):
        act(WindowAct.EXTEND, until=WEEK_LATER, now=later)
    with pytest.raises(PeriodClosed):
        undo(change, now=later)


def test_each_act_is_on_record_and_told_to_those_who_still_owe(actor, june, act, undo):
    undo(act(WindowAct.CLOSE), now=NOW + HOUR)
    actions = AuditEntry.objects.filter(object_type="kpi.period", object_id=str(june.pk)).order_by("seq")
    closed, restored = list(actions)[-2:]
    assert (closed.action, restored.action) == ("period.closed_early", "period.change_undone")
    assert closed.before == restored.after and closed.reason == REASON
    board = scoreboard.build(year=2025, now=NOW, period_code="2025-06")
    owing = {row.indicator.lead_department.code for row in board.rows if row.current.is_unfiled}
    of_units = {
        user.username
        for user in User.objects.filter(
            memberships__department__code__in=owing, memberships__role__in=["staff", "head"]
        )
    }
    assert told("period.closed") == told("period.restored") == of_units
    assert "swj_staff" not in of_units, "who has filed everything is left alone"


def test_reminders_follow_the_due_moment_and_fall_back_with_it(june, act, undo):
    """The day after the old due moment nobody is told to be late; the day after the new one everybody who is."""

    def overdue(now: datetime) -> set[str]:
        with transaction.atomic():
            reminders.tick(now=now)
            found = set(
                Notice.objects.filter(kind="report.overdue", period="2025-06", state="open").values_list(
                    "subject_code", flat=True
                )
            )
            transaction.set_rollback(True)
        return found

    morning = timedelta(hours=15, minutes=1)  # 09:01 of the next day
    was = june.due_at
    assert "A06" in overdue(was + morning), "the control: without the act the ladder climbs"
    change = act(WindowAct.EXTEND, until=WEEK_LATER)
    assert overdue(was + morning) == set() and "A06" in overdue(WEEK_LATER + morning)
    undo(change)
    assert "A06" in overdue(was + morning)
    act(WindowAct.CLOSE)
    assert "A06" in overdue(NOW + timedelta(days=1))


def test_reminders_of_the_old_moment_end_with_the_act(act):
    reminders.tick(now=NOW)
    before = Notice.objects.filter(kind="report.due", period="2025-06", state="open")
    keys = set(before.values_list("key", flat=True))
    assert keys
    act(WindowAct.EXTEND, until=WEEK_LATER)
    reminders.tick(now=NOW + timedelta(minutes=1))
    assert not before.filter(key__in=keys).exists(), "they name a moment that is no longer the due one"


def test_a_change_stays_on_record(act):
    change = act(WindowAct.CLOSE)
    for statement in ("UPDATE kpi_windowchange SET reason = '改'", "DELETE FROM kpi_windowchange"):
        with pytest.raises(Exception, match="window_change_is_kept"), transaction.atomic():
            connection.cursor().execute(f"{statement} WHERE id = {change.pk}")


# Two at once


def office(username: str):
    return actor_for(User.objects.get(username=username), NOW.date())


def june_of_all() -> Period:
    return Period.objects.select_related("report").get(code="2025-06")


def test_of_two_closings_at_once_one_counts(committed_db):
    june = june_of_all()
    close = partial(
        window_changes.change_window, period=june, act=WindowAct.CLOSE, typed_code="2025-06", reason=REASON, now=NOW
    )
    outcomes = in_parallel(*[partial(close, actor=office(name)) for name in ("dcs_1", "dcs_2")])
    # The second finds the period closed a moment ago: at that very moment it may still be closed, and nothing moves.
    assert WindowChange.objects.count() == sum(isinstance(outcome, WindowChange) for outcome in outcomes)
    assert len(set(WindowChange.objects.values_list("grace_ends_at", flat=True))) == 1


def lock_while_extending(over: datetime) -> object:
    """The lock comes while another transaction has given more time and not committed yet; what became of the lock."""
    june, outcome = june_of_all(), []

    def lock() -> None:
        try:
            outcome.append(periods.lock_period(period=june, typed_code="2025-06", actor=office("dcs_2"), now=over))
        except DomainError as problem:
            outcome.append(problem)
        finally:
            connection.close()

    thread = threading.Thread(target=lock)
    with transaction.atomic():
        window_changes.change_window(
            period=june_of_all(), act=WindowAct.EXTEND, until=over + HOUR, typed_code="2025-06", reason=REASON,
            actor=office("dcs_1"), now=over,
        )  # fmt: skip
        thread.start()
        while not somebody_waits():
            pass
    thread.join()
    return outcome[0]


def test_a_lock_that_waited_sees_the_time_that_was_given(committed_db):
    over = june_of_all().grace_ends_at + HOUR
    assert lock_while_extending(over).code == "period_still_open"
    assert june_of_all().locked_at is None


def test_without_looking_again_the_lock_would_cut_the_time_short(committed_db, monkeypatch):
    """The control: what was read before waiting is what would be judged by."""
    over = june_of_all().grace_ends_at + HOUR
    monkeypatch.setattr(periods, "hold", lambda period: period)
    assert lock_while_extending(over) == 103
