"""What units say about their scores, what the office puts in place of a line, and what makes scores final."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEntry
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, StaleVersion
from kpi.domain.score_runs import Answer, CorrectionReason, ScoreState, ScoreVerb
from kpi.domain.scoring import ScoreReason
from kpi.models import ScoreCorrection, ScoreLine, ScoreRun, ScoreSheet
from kpi.selectors import scores as selector
from kpi.services import score_answers, scores, windows
from kpi.services.content import ContentInvalid
from kpi.services.periods import close
from notifications.models import Notice
from tests.conftest import NOW
from tests.people import lend
from tests.scores import AFTER, APRIL, drafted, finalised, fresh, line_of, month, opened, sheet_of

S, V, R = ScoreState, ScoreVerb, ScoreReason
UNIT = "commerce"  # whose report of one task came late by April
DOCUMENT = "省政府办公厅〔2025〕3号通报（示例）"


@pytest.fixture(scope="module")
def april(django_db_setup, django_db_blocker) -> Iterator[ScoreRun]:
    """Opened once for all tests here, and rolled back after them."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield opened()
        transaction.set_rollback(True)


@pytest.fixture
def run(april, db) -> ScoreRun:
    """April, which the units are answering."""
    return fresh(april)


@pytest.fixture
def office(actor):
    return actor("dcs_1")


def answer(run, verb, actor, text="", unit=UNIT, now=NOW) -> None:
    score_answers.answer(sheet=sheet_of(run, unit), verb=verb, text=text, actor=actor, now=now)


def correct(line, actor, value="0", *, is_left_out=False, reason="not_attributable", words="经核实，有记录", now=NOW):
    return score_answers.correct(
        line=line, value=value, is_left_out=is_left_out, reason=reason, words=words, actor=actor, now=now
    )


def add(sheet, actor, reason="award", basis=DOCUMENT) -> ScoreLine:
    return score_answers.add_case(sheet=sheet, reason=reason, basis=basis, actor=actor, now=NOW)


def wrong(call) -> list[tuple[str, str]]:
    with pytest.raises(ContentInvalid) as problem:
        call()
    return [(error.field, error.code) for error in problem.value.errors]


def late(run) -> ScoreLine:
    found = sheet_of(run, UNIT).lines.filter(reason=R.LATE).first()
    return line_of(sheet_of(run, UNIT), found.indicator.code, R.LATE)


def told(kind: str) -> set[str]:
    return set(Notice.objects.filter(kind=kind).values_list("recipient__username", flat=True))


def test_once_it_is_out_each_unit_is_asked_about_its_own_and_nobody_about_another(run, actor):
    assert (run.state, str(run.answers_until.astimezone(NOW.tzinfo))) == (S.OPINION, "2025-07-09 18:00:00+08:00")
    asked = Notice.objects.filter(kind="score.opened").select_related("recipient", "department")
    for notice in asked:
        assert notice.expires_at == run.answers_until
        asks = actor(notice.recipient.username)
        if notice.department is None:
            assert notice.url.split("/")[5] in [held.post.code for held in asks.memberships]
        else:
            assert notice.department_id in asks.signs_for
            assert notice.url == f"/2025/scores/{APRIL}/units/{notice.department.code}/?edition=1"
    assert {"swj_head", "vm_commerce"} <= told("score.opened") and told("score.told") >= {"swj_staff"}
    assert not told("score.opened") & told("score.told") and "mayor" not in told("score.opened")


def test_the_head_answers_as_often_as_the_window_is_open_and_the_last_word_counts(run, actor):
    head = actor("swj_head")
    answer(run, V.OBJECT, head, "当天外网中断，\x00有记录")
    assert selector.answers(run)[sheet_of(run, UNIT).pk] is Answer.OBJECTED
    assert told("score.objected") == {"dcs_1", "dcs_2"}
    assert Notice.objects.get(kind="score.opened", recipient=head.user).state == "cancelled"
    answer(run, V.ACCEPT, head, now=run.answers_until)
    assert selector.answers(run)[sheet_of(run, UNIT).pk] is Answer.ACCEPTED
    assert set(Notice.objects.filter(kind="score.objected").values_list("state", flat=True)) == {"cancelled"}
    assert fresh(run).version == run.version + 2
    with pytest.raises(DomainError, match="score_answer_late"):
        answer(run, V.ACCEPT, head, now=run.answers_until + timedelta(seconds=1))


@pytest.mark.parametrize("person", ["swj_staff", "nyj_head", "mayor", "dcs_1", "sysadmin"])
def test_nobody_else_answers_for_a_unit(run, actor, person):
    with pytest.raises(NotPermitted, match="score_not_yours"):
        answer(run, V.ACCEPT, actor(person))


def test_a_leader_answers_for_the_own_post_and_a_lent_signature_for_the_head(run, actor):
    answer(run, V.ACCEPT, actor("vm_commerce"), unit="vice_mayor_commerce")
    with pytest.raises(NotPermitted, match="score_not_yours"):
        answer(run, V.ACCEPT, actor("vm_agri"), unit="vice_mayor_commerce")
    lend("swj_head", "swj_staff", UNIT, first=NOW.date())
    answer(run, V.ACCEPT, actor("swj_staff"))


def test_an_objection_says_why_and_a_draft_takes_none(run, actor):
    assert wrong(lambda: answer(run, V.OBJECT, actor("swj_head"), " 不对 ")) == [("text", "reason_too_short")]
    with pytest.raises(IllegalTransition, match="score_moved"):
        answer(drafted("2025-02"), V.ACCEPT, actor("swj_head"))


def test_the_office_replies_and_the_unit_hears_it(run, actor, office):
    answer(run, V.OBJECT, actor("swj_head"), "当天外网中断，有记录")
    sheet = sheet_of(run, UNIT)
    assert wrong(lambda: score_answers.reply(sheet=sheet, text="好", actor=office, now=NOW)) == [
        ("reply", "reason_too_short")
    ]
    score_answers.reply(sheet=sheet, text="经核对属实，不扣分", actor=office, now=NOW)
    assert selector.answers(run)[sheet.pk] is Answer.REPLIED
    assert told("score.replied") == {"swj_head", "swj_staff"}
    with pytest.raises(NotPermitted, match="supervisor_only"):
        score_answers.reply(sheet=sheet, text="经核对属实，不扣分", actor=actor("swj_head"), now=NOW)


def test_a_corrected_case_keeps_both_values_and_the_sum_follows(run, office):
    before, line = sheet_of(run, UNIT), late(run)
    correct(line, office, "0")
    after, again = sheet_of(run, UNIT), ScoreLine.objects.get(pk=line.pk)
    assert (after.total - before.total, after.deduction) == (Decimal("0.20"), Decimal("0.00"))
    assert again.points == Decimal("0.20") and again.corrections.get().points == 0
    assert told("score.corrected") == {"swj_head", "swj_staff"}
    entry = AuditEntry.objects.filter(action="score.correct").latest("seq")
    assert (entry.before["value"], entry.after["value"], entry.department_code) == ("0.20", "0.00", UNIT)
    correct(line, office, "0.1")
    assert sheet_of(run, UNIT).total == before.total + Decimal("0.10"), "the last one counts"


def test_a_corrected_task_has_another_share_or_is_left_out(run, office):
    sheet = sheet_of(run, UNIT)
    line = line_of(sheet, "I31")
    correct(line, office, "50", reason="circumstances")
    half = sheet_of(run, UNIT)
    assert half.base != sheet.base and line.corrections.get().share == "1/2"
    correct(line, office, "", is_left_out=True)
    out = sheet_of(run, UNIT)
    assert (out.left_out_weight, out.measured_weight) == (sheet.left_out_weight + 1, sheet.measured_weight - 1)


def test_every_mistake_of_a_correction_stands_at_its_field(run, office):
    task, case = line_of(sheet_of(run, UNIT), "I31"), late(run)
    nothing = wrong(lambda: correct(task, office, "", reason="", words="短"))
    assert nothing == [
        ("value", "number_required"),
        ("reason", "score_correction_reason"),
        ("words", "reason_too_short"),
    ]
    assert wrong(lambda: correct(task, office, "100.01")) == [("value", "score_out_of_bounds")]
    assert wrong(lambda: correct(case, office, "0.21")) == [("value", "score_out_of_bounds")], (
        "never more than the rule"
    )
    assert wrong(lambda: correct(case, office, "0.2")) == [("value", "score_correction_same")]
    assert wrong(lambda: correct(case, office, reason="carried_over")) == [("reason", "score_correction_reason")]
    assert wrong(lambda: correct(case, office, words="长" * 501)) == [("words", "text_too_long")]
    out = sheet_of(run, "agriculture").lines.exclude(left_out="").first()
    out = line_of(sheet_of(run, "agriculture"), out.indicator.code)
    assert wrong(lambda: correct(out, office, "", is_left_out=True)) == [("value", "score_correction_same")]
    assert not ScoreCorrection.objects.filter(line__sheet__run=run).exists()


def test_only_the_office_corrects_and_a_draft_is_corrected_quietly(run, actor, office):
    with pytest.raises(NotPermitted, match="supervisor_only"):
        correct(late(run), actor("swj_head"))
    draft = drafted("2025-02")
    line = sheet_of(draft, "tourism").lines.filter(share="1").first()
    correct(line_of(sheet_of(draft, "tourism"), line.indicator.code), office, "90")
    assert told("score.corrected") == set()


def test_a_case_by_hand_has_a_listed_reason_a_document_and_the_schemes_points(run, office, actor):
    sheet = sheet_of(run, UNIT)
    made = [add(sheet, office) for _ in range(3)]
    assert {each.points for each in made} == {Decimal("1.00")}
    assert (sheet_of(run, UNIT).bonus, sheet_of(run, UNIT).total) == (Decimal("2.00"), sheet.total), "capped; ties only"
    add(sheet, office, "false_data")
    assert sheet_of(run, UNIT).total == sheet.total - 2
    assert wrong(lambda: add(sheet, office, "late", "")) == [
        ("reason", "score_reason_unknown"),
        ("basis", "reason_too_short"),
    ]
    assert wrong(lambda: add(sheet, office, "directive")) == [("reason", "score_reason_unknown")]
    assert wrong(lambda: add(sheet_of(run, "vice_mayor_commerce"), office)) == [("reason", "score_reason_unknown")]
    with pytest.raises(NotPermitted, match="supervisor_only"):
        add(sheet, actor("mayor"))
    correct(made[0], office, "0")


def test_a_second_person_makes_it_final_when_nobody_may_answer_any_more(run, actor):
    for person in ("dcs_1", "mayor"):
        with pytest.raises(NotPermitted, match=r"score_takes_two|supervisor_only"):
            finalised(run, by=person)
    with pytest.raises(DomainError, match="score_window_open"):
        finalised(run, now=NOW)
    answer(run, V.OBJECT, actor("swj_head"), "当天外网中断，有记录")
    with pytest.raises(DomainError, match="score_objection_open"):
        finalised(run)
    score_answers.reply(sheet=sheet_of(run, UNIT), text="经核对，规则如此", actor=actor("dcs_1"), now=NOW)
    done = finalised(run)
    assert (done.state, done.approved_by.username) == (S.FINAL, "dcs_2")
    assert told("score.final") >= {"swj_head", "swj_staff", "vm_commerce"} and "mayor" not in told("score.final")
    assert not Notice.objects.filter(kind="score.opened", state="open").exists()


def test_it_is_final_early_once_everybody_has_said_something(run, actor):
    for sheet in run.sheets.select_related("department", "post"):
        verb = {"run": run, "verb": V.ACCEPT, "sheet": sheet, "to_state": run.state}
        run.steps.model.objects.create(**verb, actor=run.prepared_by, at=NOW)
    assert finalised(run, now=NOW).state == S.FINAL


def test_nobody_makes_final_what_they_have_not_seen(run, actor, office):
    seen = fresh(run).version
    correct(late(run), office)
    with pytest.raises(StaleVersion, match="score_stale"):
        scores.finalise(run=run, version=seen, actor=actor("dcs_2"), now=AFTER)


def refuses(match: str, statement) -> None:
    with pytest.raises(IntegrityError, match=match), transaction.atomic():
        statement()


def test_the_database_keeps_what_is_final(run, office):
    line, sheet = late(run), sheet_of(run, UNIT)
    runs = ScoreRun.objects.filter(pk=run.pk)
    both = {"state": "final", "finalised_at": NOW, "approved_by": run.prepared_by}
    refuses("score_run_takes_two", lambda: runs.update(**both))
    finalised(run)
    refuses("score_run_is_final", lambda: runs.update(state="opinion", approved_by=None, finalised_at=None))
    refuses("score_run_is_final", lambda: runs.update(version=99))
    refuses("score_is_frozen", lambda: ScoreSheet.objects.filter(pk=sheet.pk).update(total=100))
    said = {"line": line, "points": 0, "reason": "circumstances", "words": "晚了", "actor": office.user, "at": NOW}
    refuses("score_is_frozen", lambda: ScoreCorrection.objects.create(**said))
    case = {"sheet": sheet, "reason": R.AWARD, "points": 1, "basis": DOCUMENT}
    refuses("score_is_frozen", lambda: ScoreLine.objects.create(**case))
    for attempt in (lambda: correct(line, office), lambda: add(sheet, office)):
        with pytest.raises(IllegalTransition, match="score_moved"):
            attempt()


def test_a_further_edition_takes_over_what_was_decided_and_the_first_one_stays(run, office):
    correct(late(run), office)
    add(sheet_of(run, UNIT), office)
    first = finalised(run)
    assert wrong(lambda: drafted(now=AFTER)) == [("reason", "reason_too_short")]
    second = opened(reason="配合单位登记有误，须重算", now=AFTER)
    assert (second.edition, fresh(first).state) == (2, S.FINAL), "in force until the next one is final"
    old, new = sheet_of(first, UNIT), sheet_of(second, UNIT)
    assert (new.total, new.bonus, new.deduction) == (old.total, old.bonus, old.deduction)
    carried = ScoreCorrection.objects.get(line__sheet=new)
    assert (carried.reason, carried.words) == (CorrectionReason.CARRIED_OVER, "经核实，有记录")
    done = finalised(second, now=AFTER + timedelta(days=30))
    assert (fresh(first).state, fresh(first).superseded_by) == (S.SUPERSEDED, done)
    assert old.total == sheet_of(first, UNIT).total


def relock(actor, *codes: str) -> None:
    """Reopened by two persons, the latest first, and locked again in order."""
    for code in codes:
        asked = windows.ask_unlock(period=month(code), reason="数据有误，须更正", actor=actor("dcs_1"), now=NOW)
        windows.confirm_unlock(unlock=asked, typed_code=code, actor=actor("dcs_2"), now=NOW)
    for code in reversed(codes):
        close(period=month(code), user=actor("dcs_1").user, now=NOW)


def test_a_month_that_was_reopened_is_scored_anew(run, actor):
    answer(run, V.OBJECT, actor("swj_head"), "当天外网中断，有记录")
    correct(late(run), actor("dcs_1"))
    relock(actor, "2025-05", APRIL)
    with pytest.raises(IllegalTransition, match="score_overtaken"):
        score_answers.reply(sheet=sheet_of(run, UNIT), text="经核对，规则如此", actor=actor("dcs_1"), now=NOW)
        finalised(run)
    second = drafted()
    assert (fresh(run).state, second.snapshot_edition, second.edition) == (S.SUPERSEDED, 2, 2)
    assert not Notice.objects.filter(kind__in=["score.opened", "score.objected"], state="open").exists()
    assert sheet_of(second, UNIT).deduction == 0, "the line is the same, and so is what was decided about it"
    with pytest.raises(IllegalTransition, match="score_under_way"):
        drafted()
