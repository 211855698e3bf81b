"""Changes of target: each step with its audit entry and notices, every refusal, what the database keeps, and races."""

from __future__ import annotations

import threading
import time
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEntry
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, StaleVersion
from kpi.domain.target_changes import ChangeParty, ChangeState, ChangeVerb
from kpi.domain.values import Rag
from kpi.models import FormerPlan, Indicator, Milestone, Period, PlanPoint, Target, TargetChange, TargetChangeWindow
from kpi.selectors import scoreboard
from kpi.selectors import target_changes as selector
from kpi.selectors.terms import original_terms, yardstick
from kpi.services import evidence, periods, relevance, target_change_files, target_change_windows, target_changes, vault
from kpi.services.content import ContentInvalid
from notifications.models import Notice
from tests.conftest import NOW
from tests.domain.tables import rows
from tests.people import lend
from tests.races import in_parallel, somebody_waits
from tests.target_changes import CODE, LOWER, STEPS, ask, fields, indicator_of, person, stash, step, walk

S, V = ChangeState, ChangeVerb
DELAY = {"final_due_on": "2025-10-31", "node_2": "2025-09-10", "node_3": "2025-09-30", "node_4": "2025-10-20",
         "node_5": "2025-10-31", "reason": "procedure"}  # fmt: skip


def told(kind: str) -> set[str]:
    return set(Notice.objects.filter(kind=kind, state="open").values_list("recipient__username", flat=True))


def row_of(code: str, period: str = "2025-06", now: datetime = NOW):
    indicators = Indicator.objects.of_year(2025).filter(code=code)
    return scoreboard.build(year=2025, now=now, period_code=period, indicators=indicators).rows[0]


def test_from_request_to_the_new_plan_with_one_return(db):
    change = ask()
    assert (change.state, change.version, change.is_overdue) == ("asked", 1, False)
    assert told("target_change.asked") == {"nyj_head"} and change.files.get().version == 1
    change = step(change, V.SEND_BACK, "nyj_head")
    assert told("target_change.returned") == {"nyj_staff"} and not told("target_change.asked")
    change = step(change, V.REPAIR, "nyj_staff")
    assert (change.state, told("target_change.returned")) == ("asked", set())
    change = step(change, V.SIGN, "nyj_head")
    assert told("target_change.signed") == {"vm_agri"}
    change = step(change, V.AGREE, "vm_agri", text="同意，抓紧补播")
    assert told("target_change.agreed") == {"dcs_1", "dcs_2"}
    assert Target.objects.filter(indicator__code=CODE).count() == 1, "nothing is changed yet"
    change = step(change, V.APPLY, "dcs_1")
    assert told("target_change.applied") == {"nyj_staff", "nyj_head", "vm_agri"} and not told("target_change.agreed")
    assert [entry.verb for entry in change.entries.all()] == [
        "ask", "send_back", "repair", "sign", "agree", "apply",
    ]  # fmt: skip
    target = Target.objects.get(indicator__code=CODE, value="6.20")
    assert target.reason.startswith("自然灾害：六月以来持续干旱") and target.effective_on == date(2025, 7, 2)
    assert change.former.replaced_from == "2025-07" and change.former.target == Decimal("6.95")
    actions = AuditEntry.objects.filter(object_type="kpi.targetchange", object_id=change.pk).order_by("seq")
    assert [entry.action.removeprefix("target_change.") for entry in actions] == [
        "asked", "sent_back", "repaired", "signed", "agreed", "applied",
    ]  # fmt: skip
    assert actions.last().after["applies_from"] == "2025-07" and actions.last().department_code == "agriculture"


def test_dates_of_nodes_and_the_end_move_together_and_the_curve_follows(db):
    change = ask_for_delay()
    for verb, who in ((V.SIGN, "gzw_head"), (V.AGREE, "vm_exec"), (V.APPLY, "dcs_1")):
        change = step(change, verb, who)
    days = list(Milestone.objects.filter(indicator__code="T07").order_by("ordinal").values_list("due_on", flat=True))
    assert [f"{day:%m%d}" for day in days] == ["0430", "0910", "0930", "1020", "1031"]
    assert indicator_of("T07").final_due_on == date(2025, 10, 31)
    plan = dict(PlanPoint.objects.filter(indicator__code="T07").values_list("period", "value"))
    assert [int(plan[f"2025-{month:02d}"]) for month in range(5, 13)] == [1, 3, 1, 1, 3, 5, 5, 5]
    june, july = row_of("T07"), row_of("T07", "2025-07")
    assert (june.rag, june.current.original_rag, june.is_changed) == (Rag.RED, None, False)
    assert july.is_changed and original_terms(july.indicator).final_due_on == date(2025, 7, 31)


def ask_for_delay(now: datetime = NOW) -> TargetChange:
    """Of the old city's opening, in place of the trial's own request."""
    step(TargetChange.objects.get(indicator__code="T07"), V.WITHDRAW, "gzw_staff", now=now)
    return ask("T07", "gzw_staff", now=now, **DELAY)


AFTER_DUE = NOW + timedelta(days=30)


def test_asked_for_too_late_it_is_marked_and_scores_go_on_by_the_first_target(db):
    change = ask_for_delay(AFTER_DUE)
    assert (change.timing, change.is_overdue) == ("after_due", True)
    assert Notice.objects.get(kind="target_change.asked", state="open").title.endswith("（逾期申请）")
    for verb, who in ((V.SIGN, "gzw_head"), (V.AGREE, "vm_exec"), (V.APPLY, "dcs_1")):
        change = step(change, verb, who, now=AFTER_DUE)
    assert change.former.stays_yardstick and change.former.replaced_from == "2025-08"
    july, august = (row_of("T07", f"2025-0{month}", AFTER_DUE) for month in (7, 8))
    assert (july.rag, july.is_changed) == (Rag.RED, False), "what was due before stays as it is"
    month = "2025-08"
    found = yardstick(august.indicator, scoreboard.Month.parse(month))
    assert (found.final_due_on, august.terms.final_due_on) == (date(2025, 7, 31), date(2025, 10, 31))


def test_a_repair_keeps_the_day_it_was_asked_for_first(db):
    change = step(ask(), V.SEND_BACK, "nyj_head")
    late = NOW + timedelta(days=150)
    change = step(change, V.REPAIR, "nyj_staff", now=late)
    assert (change.asked_on, change.timing) == (NOW.date(), "in_time")


def test_the_window_is_dated_data_and_judges_the_day_of_asking(db):
    office, form = person("dcs_1"), {"opens_on": "04-01", "closes_on": "06-30", "basis": "市政府办通知"}
    target_change_windows.add(raw=form | {"effective_from": "2025-07-02"}, actor=office, now=NOW)
    assert selector.window_on(date(2025, 7, 1)).closes == (10, 31)
    assert ask().timing == "after_window"
    target_change_windows.add(raw=form | {"effective_from": "2025-07-02", "closes_on": "09-30"}, actor=office, now=NOW)
    assert selector.window_on(NOW.date()).closes == (9, 30), "of one day the later written one holds"
    assert AuditEntry.objects.filter(action="target_change_window.added").count() == 2
    for change in (
        lambda: TargetChangeWindow.objects.update(basis="改"),
        lambda: TargetChangeWindow.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(Exception, match=r"Cannot (update|delete)"), transaction.atomic():
            change()


BAD_WINDOWS = [
    ({"effective_from": "2025-07-01"}, "effective_from", "window_begins_in_past"),
    ({"effective_from": ""}, "effective_from", "date_required"),
    ({"opens_on": "4月1日"}, "opens_on", "day_of_year_malformed"),
    ({"closes_on": "03-01"}, "closes_on", "window_ends_before_it_begins"),
    ({"basis": " "}, "basis", "window_basis_required"),
]


@pytest.mark.parametrize(("change", "field", "code"), BAD_WINDOWS, ids=[case[2] for case in BAD_WINDOWS])
def test_a_window_that_lacks_something_is_not_written(db, change, field, code):
    form = {"effective_from": "2025-08-01", "opens_on": "04-01", "closes_on": "06-30", "basis": "通知"}
    with pytest.raises(ContentInvalid) as refused:
        target_change_windows.add(raw=form | change, actor=person("dcs_1"), now=NOW)
    assert [(error.field, error.code) for error in refused.value.errors] == [(field, code)]
    with pytest.raises(NotPermitted):
        target_change_windows.add(raw=form, actor=person("mayor"), now=NOW)


BAD = [
    ({"reason": ""}, "reason", "change_reason_required"),
    ({"reason": "weather"}, "reason", "choice_unknown"),
    ({"text": "天旱"}, "text", "change_words_too_few"),
    ({"text": "六月以来持续干旱\x00按核定数调整"}, "text", "text_has_control_characters"),
    ({"target": "六万"}, "target", "number_malformed"),
    ({"target": "6.955"}, "target", "number_too_precise"),
    ({"target": "6.95", "plan_2025-12": "6.95"}, "form", "target_change_changes_nothing"),
    ({"target": "7.50"}, "plan", "change_plan_misses_target"),
    ({"final_due_on": "2026-01-31"}, "final_due_on", "change_date_not_in_year"),
    ({"final_due_on": "十月"}, "final_due_on", "date_malformed"),
]


@pytest.mark.parametrize(("change", "field", "code"), BAD, ids=[f"{case[1]}-{case[2]}" for case in BAD])
def test_a_request_that_lacks_something_opens_no_case_and_keeps_its_documents(db, change, field, code):
    key = uuid4()
    with pytest.raises(ContentInvalid) as refused:
        ask(key=key, **LOWER | change)
    assert (field, code) in [(error.field, error.code) for error in refused.value.errors]
    assert not TargetChange.objects.filter(indicator__code=CODE).exists()
    assert [file.name for file in target_change_files.waiting(key, person("nyj_staff"))] == ["核定表.pdf"]
    assert ask(key=key, has_file=False).files.count() == 1, "it need not be chosen again"


def test_a_request_without_a_document_is_refused(db):
    with pytest.raises(ContentInvalid) as refused:
        ask(has_file=False)
    assert [error.code for error in refused.value.errors] == ["change_file_required"]


def test_documents_are_judged_by_their_bytes_and_swept_when_the_form_is_given_up(
    db, django_capture_on_commit_callbacks
):
    key = uuid4()
    file = stash(key)
    with pytest.raises(DomainError, match="evidence_duplicate"):
        stash(key)
    with pytest.raises(DomainError, match="evidence_type_refused"):
        stash(key, name="核定表.exe")
    with pytest.raises(NotPermitted):
        stash(key, "gxj_staff")
    assert target_change_files.forget_stale(now=NOW + timedelta(hours=23)) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert target_change_files.forget_stale(now=NOW + timedelta(hours=25)) == 1
    assert vault.get(file.key) is None


def test_the_sweep_and_the_check_of_evidence_know_the_documents_too(db):
    file = ask().files.get()
    # Lifetimes of files are the file system's, which no clock of ours moves.
    evidence.remove_orphans(file_time=time.time() + 25 * 3600)
    assert file not in evidence.damaged()
    vault.drop(file.key)
    assert file in evidence.damaged()


@pytest.mark.parametrize("who", ["gxj_staff", "czj_head", "dcs_1", "vm_agri", "mayor", "sysadmin"])
def test_only_the_lead_department_asks(db, who):
    with pytest.raises(NotPermitted):
        ask(who=who)


def test_one_case_at_a_time_for_an_indicator(db):
    ask()
    with pytest.raises(DomainError, match="target_change_open_already"):
        ask()
    with pytest.raises(IntegrityError, match="target_change_one_open"), transaction.atomic():
        found = TargetChange.objects.get(indicator__code=CODE)
        found.pk, found.form_key = None, uuid4()
        found.save(force_insert=True)
    walk(S.WITHDRAWN, TargetChange.objects.get(indicator__code=CODE))
    assert ask().state == "asked"


def test_whoever_asked_signs_only_with_a_lent_signature_and_it_shows(db):
    own = ask(who="nyj_head")
    with pytest.raises(DomainError, match="signer_is_author"):
        step(own, V.SIGN, "nyj_head")
    assert V.SIGN not in selector.thread(actor=person("nyj_head"), year=2025, pk=own.pk).verbs
    change = step(own, V.WITHDRAW, "nyj_head")
    lend()
    change = step(ask(), V.SIGN, "nyj_staff")
    entry = change.entries.last()
    assert (entry.on_behalf_of.username, entry.is_own_submission) == ("nyj_head", True)


def test_a_step_from_an_old_page_is_told_the_version_in_force(db):
    change = walk(S.SIGNED)
    with pytest.raises(StaleVersion) as refused:
        step(change, V.AGREE, "vm_agri", version=1)
    assert refused.value.params == {"given": 1, "current": 2}


def test_a_refusal_and_a_return_say_why(db):
    change = walk(S.SIGNED)
    for verb in (V.SEND_BACK, V.REFUSE):
        with pytest.raises(ContentInvalid):
            step(change, verb, "vm_agri", text="不行")
    change = step(change, V.REFUSE, "vm_agri")
    assert told("target_change.refused") == {"nyj_staff", "nyj_head", "dcs_1", "dcs_2"}
    assert not FormerPlan.objects.filter(indicator__code=CODE).exists()


def test_a_withdrawal_is_told_to_whom_it_waited_for(db):
    step(walk(S.SIGNED), V.WITHDRAW, "nyj_staff")
    assert told("target_change.withdrawn") == {"vm_agri"} and not told("target_change.signed")


def test_months_that_were_locked_meanwhile_keep_their_plan(db):
    change = walk(S.AGREED, ask(**{"plan_2025-07": "3.30"}))
    for code in ("2025-06", "2025-07"):
        period = Period.objects.select_related("report").get(code=code)
        periods.close(period=period, user=None, now=period.grace_ends_at + timedelta(hours=1))
    with pytest.raises(DomainError, match="target_change_without_effect"):
        step(change, V.APPLY, "dcs_1")
    change = step(change, V.SEND_BACK, "dcs_1")
    change = step(change, V.REPAIR, "nyj_staff")
    change = walk(S.AGREED, change)
    change = step(change, V.APPLY, "dcs_1")
    assert change.former.replaced_from == "2025-08"
    assert row_of(CODE, "2025-07").target == Decimal("6.95")


def test_a_notice_stands_while_the_case_waits_for_its_person(db):
    change = ask()
    notice = Notice.objects.get(kind="target_change.asked")
    assert relevance.standing([notice], NOW) == {notice.pk}
    TargetChange.objects.filter(pk=change.pk).update(state="signed", version=2)
    assert relevance.standing([notice], NOW) == set()


def test_what_waits_for_whom_is_listed_once(db):
    change = ask()
    expected = {"nyj_head": 1, "nyj_staff": 0, "vm_agri": 0, "dcs_1": 0, "gxj_head": 0}
    assert {who: len(selector.waiting_for(person(who), 2025)) for who in expected} == expected
    change = step(step(change, V.SIGN, "nyj_head"), V.AGREE, "vm_agri")
    assert [len(selector.waiting_for(person(who), 2025)) for who in ("dcs_1", "vm_agri", "mayor")] == [1, 0, 0]
    step(change, V.SEND_BACK, "dcs_1")
    assert [len(selector.waiting_for(person(who), 2025)) for who in ("nyj_staff", "nyj_head", "dcs_1")] == [1, 1, 0]


# What the database keeps whatever writes
@pytest.mark.parametrize(
    ("state", "change"),
    [
        (S.ASKED, {"target": "1"}),
        (S.SIGNED, {"plan": {"2025-12": "1"}}),
        (S.AGREED, {"timing": "after_due"}),
        (S.RETURNED, {"text": "改了"}),
        (S.APPLIED, {"state": "refused"}),
        (S.REFUSED, {"state": "asked"}),
    ],
)
def test_what_was_asked_for_stands_in_the_database(db, state, change):
    found = walk(state)
    with pytest.raises(IntegrityError, match=r"target_change_(wish_stands|is_over)"), transaction.atomic():
        TargetChange.objects.filter(pk=found.pk).update(**change)


def test_threads_documents_and_cases_are_never_rewritten(db):
    found = walk(S.SIGNED)
    changes = (
        lambda: found.entries.update(text="改"),
        lambda: found.entries.all()._raw_delete("default"),
        lambda: found.files.all()._raw_delete("default"),
        lambda: TargetChange.objects.filter(pk=found.pk)._raw_delete("default"),
    )
    for change in changes:
        with pytest.raises(Exception, match=r"Cannot (update|delete)"), transaction.atomic():
            change()
    with pytest.raises(IntegrityError, match="target_change_file_stands"), transaction.atomic():
        found.files.update(name="另一份.pdf")
    with pytest.raises(IntegrityError, match="target_change_applied_keeps_former"), transaction.atomic():
        TargetChange.objects.filter(pk=found.pk).update(state="applied")


# Everybody tries everything
PARTIES = {
    "vm_agri": {ChangeParty.LEADER},
    "mayor": set(),
    "dcs_1": {ChangeParty.OFFICE},
    "nyj_staff": {ChangeParty.UNIT},
    "nyj_head": {ChangeParty.UNIT, ChangeParty.HEAD},
}
TABLE = {(row["state"], row["verb"]): row for row in (case.values[0] for case in rows("target_changes"))}


@pytest.mark.parametrize("state", list(S))
def test_everybody_tries_every_step_in_every_state(db, state):
    found = walk(state)
    for who, roles in PARTIES.items():
        for verb in STEPS:
            assert tried(found, verb, who) == foreseen(state, verb, roles), (who, verb)


def tried(found: TargetChange, verb: ChangeVerb, who: str) -> object:
    """The new state, or the kind of refusal; undone either way."""
    try:
        with transaction.atomic():
            outcome = step(found, verb, who).state
            transaction.set_rollback(True)
    except DomainError as problem:
        return type(problem)
    return str(outcome)


def foreseen(state: ChangeState, verb: ChangeVerb, roles: set[ChangeParty]) -> object:
    row = TABLE[state, verb]
    takers = {row["谁"]} if row["谁"] else {each["谁"] for (_state, name), each in TABLE.items() if name == verb}
    if not takers & roles:
        return NotPermitted
    return row["新状态"] or IllegalTransition


def test_the_exploration_notices_a_right_too_many(db, monkeypatch):
    """Negative control: were the unit's head allowed to agree, the same exploration says so."""
    steps = dict(target_changes.rules.TRANSITIONS)
    steps[S.SIGNED, V.AGREE] = target_changes.rules.Step(S.AGREED, ChangeParty.HEAD)
    monkeypatch.setattr(target_changes.rules, "TRANSITIONS", steps)
    found = walk(S.SIGNED)
    assert tried(found, V.AGREE, "nyj_head") != foreseen(S.SIGNED, V.AGREE, PARTIES["nyj_head"])


# Races, on two connections
def test_two_people_ask_at_once_and_one_case_is_opened(committed_db):
    outcomes = in_parallel(ask, lambda: ask(who="nyj_head"))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["DomainError", "TargetChange"]
    assert TargetChange.objects.filter(indicator__code=CODE).count() == 1
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX target_change_one_open")
    in_parallel(ask, lambda: ask(who="nyj_head"))
    assert TargetChange.objects.filter(indicator__code=CODE).count() == 3, (
        "negative control: what makes one of two is the constraint"
    )


def test_a_double_tap_of_the_office_applies_once(committed_db):
    change = walk(S.AGREED)
    outcomes = in_parallel(lambda: step(change, V.APPLY, "dcs_1"), lambda: step(change, V.APPLY, "dcs_2"))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["StaleVersion", "TargetChange"]
    assert FormerPlan.objects.filter(indicator__code=CODE).count() == 1


def lock_while_applying(monkeypatch) -> tuple[TargetChange, bool]:
    """June is locked, and just when its lamps are frozen and not yet committed the office applies a change; the case,
    and whether June was frozen by the plan that holds in it."""
    june = Period.objects.select_related("report").get(code="2025-06")
    asked, later = NOW.replace(month=6, day=20), june.grace_ends_at + timedelta(hours=1)
    change = walk(S.AGREED, ask(now=asked), now=asked)
    frozen, over, freeze = threading.Event(), threading.Event(), periods.snapshots.take

    def take(**given):
        edition = freeze(**given)
        frozen.set()
        while not over.wait(0.01) and not somebody_waits():
            continue
        return edition

    def apply() -> TargetChange:
        frozen.wait()
        try:
            return step(change, V.APPLY, "dcs_1", now=later)
        finally:
            over.set()

    monkeypatch.setattr(periods.snapshots, "take", take)
    applied, locked = in_parallel(apply, lambda: periods.close(period=june, user=None, now=later))
    assert isinstance(applied, TargetChange) and locked > 0
    month = row_of(CODE).current
    return applied, month.assessment.target == row_of(CODE).terms.target


def test_a_change_waits_for_a_month_that_is_being_locked_and_begins_after_it(committed_db, monkeypatch):
    change, agrees = lock_while_applying(monkeypatch)
    assert (change.former.replaced_from, agrees) == ("2025-07", True)


def test_without_the_hold_a_month_is_frozen_by_a_plan_that_does_not_hold_in_it(committed_db, monkeypatch):
    """Negative control: what keeps the two apart is that each holds the year."""
    monkeypatch.setattr(target_changes.periods, "hold_year", lambda part: None)
    change, agrees = lock_while_applying(monkeypatch)
    assert (change.former.replaced_from, agrees) == ("2025-06", False)


def test_the_form_opens_with_what_holds(db):
    raw = fields()
    assert (raw["target"], raw["final_due_on"], raw["plan_2025-12"]) == ("6.95", "2025-12-31", "6.95")
    assert "plan_2025-06" not in raw, "months before are not asked for"
