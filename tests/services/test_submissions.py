"""One month of one indicator through the services: the happy path, each refusal, and races on real connections."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection, transaction

from accounts.models import AuditEntry, User
from accounts.permissions import Actor, actor_for
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, PeriodClosed, StaleVersion
from kpi.domain.values import Rag, SubmissionState
from kpi.models import AssessmentSnapshot, Period, Review, Submission
from kpi.selectors import scoreboard
from kpi.selectors.scoreboard import Row
from kpi.services import periods, submissions, writing
from kpi.services.content import ContentInvalid
from notifications.models import Notice
from tests.conftest import NOW
from tests.content import FARMLAND, indicator, read
from tests.races import in_parallel


def submit(actor, june, *, version=0, raw=FARMLAND):
    return submissions.submit(
        indicator=indicator("A06"), period=june, content=read("A06", raw), version=version, actor=actor, now=NOW
    )


def row_of(code: str, reader: Actor | None = None) -> Row:
    board = scoreboard.build(year=2025, now=NOW, actor=reader)
    return next(row for row in board.rows if row.indicator.code == code)


def lamp_of(code: str) -> Rag:
    return row_of(code).rag


def test_a_report_travels_from_draft_to_approved_and_colours_the_lamp(actor, june):
    draft = submissions.save_draft(
        indicator=indicator("A06"), period=june, content=read("A06", {"value": "2.5"}), version=0,
        actor=actor("nyj_staff"), now=NOW,
    )  # fmt: skip
    assert (draft.state, draft.version) == (SubmissionState.DRAFT, 1)
    filed = submit(actor("nyj_staff"), june, version=1)
    signed = submissions.sign_off(submission=filed, version=filed.version, actor=actor("nyj_head"), now=NOW)
    approved = submissions.approve(submission=signed, version=signed.version, actor=actor("dcs_1"), now=NOW)
    assert approved.state == SubmissionState.APPROVED
    assert [review.verb for review in approved.reviews.order_by("version")] == ["submit", "sign_off", "approve"]
    assert lamp_of("A06") is Rag.AMBER
    actions = AuditEntry.objects.filter(object_type="kpi.submission", object_id=str(approved.pk)).order_by("seq")
    assert [entry.action for entry in actions] == [
        "submission.saved",
        "submission.submitted",
        "submission.signed_off",
        "submission.approved",
    ]


def test_an_unapproved_figure_does_not_colour_the_lamp(actor, june):
    green = FARMLAND | {"value": "3.30"}
    filed = submit(actor("nyj_staff"), june, raw=green)
    assert lamp_of("A06") is Rag.AMBER, "May's figure still decides"
    signed = submissions.sign_off(submission=filed, version=filed.version, actor=actor("nyj_head"), now=NOW)
    seen = row_of("A06", actor("dcs_1"))
    assert (seen.rag, seen.current.mark, seen.current.unreviewed.rag) == (Rag.AMBER, "unreviewed", Rag.GREEN)
    submissions.approve(submission=signed, version=signed.version, actor=actor("dcs_1"), now=NOW)
    assert lamp_of("A06") is Rag.GREEN


def test_either_reviewer_returns_with_a_reason_and_a_new_cycle_begins(actor, june):
    filed = submit(actor("nyj_staff"), june)
    returned = submissions.return_for_revision(
        submission=filed, version=filed.version, actor=actor("nyj_head"), now=NOW, reason="请补充验收面积来源"
    )
    assert (returned.state, returned.cycle) == (SubmissionState.RETURNED, 2)
    again = submit(actor("nyj_staff"), june, version=returned.version)
    signed = submissions.sign_off(submission=again, version=again.version, actor=actor("nyj_head"), now=NOW)
    back = submissions.return_for_revision(
        submission=signed, version=signed.version, actor=actor("dcs_1"), now=NOW, reason="口径与上月不一致"
    )
    assert (back.state, back.cycle) == (SubmissionState.RETURNED, 3)
    told = Notice.objects.filter(kind="submission.returned", recipient__username="nyj_staff", subject_code="A06")
    assert told.count() == 2


@pytest.mark.parametrize(
    ("who", "step"),
    [
        ("gxj_staff", "submit"),  # another department
        ("dcs_1", "submit"),  # the office does not file
        ("nyj_staff", "sign_off"),  # staff do not sign
        ("gxj_head", "sign_off"),  # another head
        ("nyj_head", "approve"),  # only the office approves
        ("mayor", "approve"),  # leaders look
    ],
)
def test_the_wrong_person_is_refused_and_nothing_is_written(actor, june, who, step):
    filed = None if step == "submit" else submit(actor("nyj_staff"), june)
    if step == "approve":
        filed = submissions.sign_off(submission=filed, version=filed.version, actor=actor("nyj_head"), now=NOW)
    before = (Review.objects.count(), AuditEntry.objects.count())
    with pytest.raises(NotPermitted):
        if step == "submit":
            submit(actor(who), june)
        else:
            getattr(submissions, step)(submission=filed, version=filed.version, actor=actor(who), now=NOW)
    assert (Review.objects.count(), AuditEntry.objects.count()) == before


def test_a_wrong_state_is_not_a_wrong_person(actor, june):
    filed = submit(actor("nyj_staff"), june)
    with pytest.raises(IllegalTransition):
        submissions.approve(submission=filed, version=filed.version, actor=actor("dcs_1"), now=NOW)


def test_whoever_filed_it_may_not_sign_it(actor, june):
    filed = submit(actor("nyj_head"), june)
    with pytest.raises(DomainError, match="signer_is_author"):
        submissions.sign_off(submission=filed, version=filed.version, actor=actor("nyj_head"), now=NOW)


def test_a_stale_version_is_refused_and_the_row_keeps_the_first_writer(actor, june):
    submit(actor("nyj_staff"), june)
    with pytest.raises(StaleVersion):
        submit(actor("nyj_staff"), june, version=0, raw=FARMLAND | {"value": "3.1"})
    assert str(Submission.objects.get(indicator__code="A06", period=june).value) == "2.8600"


@pytest.mark.parametrize("code", ["2025-05", "2025-07"])
def test_a_locked_month_and_one_not_open_yet_take_nothing(actor, code):
    period = Period.objects.select_related("report").get(code=code)
    with pytest.raises(PeriodClosed):
        submit(actor("nyj_staff"), period)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"value": ""}, "value", "value_required"),
        ({"value": "2.13"}, "value", "value_lower_than_last"),
        ({"narrative": ""}, "narrative", "narrative_required"),
        ({"narrative": "正常推进"}, "narrative", "narrative_too_short"),
        ({"measures": ""}, "measures", "measures_required"),
        ({"deviation_reasons": []}, "deviation_reasons", "deviation_reasons_required"),
        ({"catch_up_period": ""}, "catch_up_period", "catch_up_period_required"),
        ({"outlook": ""}, "outlook", "outlook_required"),
    ],
)
def test_each_gap_is_named_at_its_field(actor, june, changes, field, code):
    with pytest.raises(ContentInvalid) as refused:
        submit(actor("nyj_staff"), june, raw=FARMLAND | changes)
    assert (field, code) in [(error.field, error.code) for error in refused.value.errors]


def test_blank_zero_and_no_progress_are_three_different_things(actor, june):
    with pytest.raises(ContentInvalid):
        submit(actor("nyj_staff"), june, raw=FARMLAND | {"value": ""})
    with pytest.raises(ContentInvalid):
        submit(actor("nyj_staff"), june, raw=FARMLAND | {"value": "0"})
    filed = submit(actor("nyj_staff"), june, raw=FARMLAND | {"value": "", "no_progress": "on", "narrative": ""})
    assert (str(filed.value), filed.no_progress) == ("2.3100", True)


def test_locking_freezes_every_lamp_and_the_database_keeps_it_closed(actor, june):
    after_grace = june.grace_ends_at + timedelta(hours=1)
    taken = periods.lock_period(period=june, typed_code="2025-06", actor=actor("dcs_1"), now=after_grace)
    frozen = AssessmentSnapshot.objects.filter(period=june)
    assert taken == frozen.count() == 103
    assert frozen.get(indicator__code="A06").timeliness == "missing"
    assert frozen.get(indicator__code="A06").rag == Rag.AMBER, "lateness never changes the lamp"
    row = Submission.objects.filter(period=june)
    with pytest.raises(Exception, match="period_closed"), transaction.atomic():
        row.update(narrative="改")
    with pytest.raises(Exception, match="period_closed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE kpi_submission SET value = 1 WHERE period_id = %s", [june.pk])
    with pytest.raises(Exception, match=r"Cannot (update|delete)"), transaction.atomic():
        Period.objects.filter(pk=june.pk).update(locked_at=None)


def test_a_report_not_approved_before_the_lock_is_neither_missing_nor_to_be_filled_in(actor, june):
    submit(actor("nyj_staff"), june)
    assert row_of("A06").current.mark == "unapproved", "who may not see the figure sees that it came"
    after_grace = june.grace_ends_at + timedelta(hours=1)
    periods.lock_period(period=june, typed_code="2025-06", actor=actor("dcs_1"), now=after_grace)
    board = scoreboard.build(year=2025, now=after_grace, period_code="2025-06")
    marks = {row.indicator.code: row.current.mark for row in board.rows}
    assert (marks["A06"], marks["A08"]) == ("unapproved", "missing")


@pytest.mark.parametrize(
    ("typed", "hours", "who", "refusal"),
    [
        ("2025-6", 1, "dcs_1", "confirmation_differs"),
        ("2025-06", 0, "dcs_1", "period_still_open"),
        ("2025-06", 1, "nyj_head", "supervisor_only"),
    ],
)
def test_a_month_is_not_locked_by_a_slip(actor, june, typed, hours, who, refusal):
    moment = june.grace_ends_at + timedelta(hours=hours)
    with pytest.raises(DomainError) as refused:
        periods.lock_period(period=june, typed_code=typed, actor=actor(who), now=moment)
    assert refused.value.code == refusal
    june.refresh_from_db()
    assert june.locked_at is None


def save_as(username: str, value: str):
    person = actor_for(User.objects.get(username=username), NOW.date())
    period = Period.objects.select_related("report").get(code="2025-06")
    content = read("A06", {"value": value})
    return lambda: submissions.save_draft(
        indicator=indicator("A06"), period=period, content=content, version=0, actor=person, now=NOW
    )


PAIRS = 200


def test_of_two_hundred_pairs_of_stale_editors_one_of_each_succeeds(committed_db):
    """The negative control is ``test_without_the_version_check_the_second_writer_would_win``."""
    people = [actor_for(User.objects.get(username=name), NOW.date()) for name in ("nyj_staff", "nyj_head")]
    saved = save_as("nyj_staff", "0")()
    for number in range(1, PAIRS + 1):
        writers = [saver(saved, person, f"{number}.{place}") for place, person in enumerate(people, 1)]
        outcomes = in_parallel(*writers)
        kinds = sorted(type(outcome).__name__ for outcome in outcomes)
        assert kinds == ["StaleVersion", "Submission"], (number, outcomes)
        saved.refresh_from_db()
        assert saved.version == number + 1


def saver(row: Submission, person: Actor, value: str) -> Callable[[], Submission]:
    content = read("A06", {"value": value})
    return lambda: submissions.save_draft(
        indicator=row.indicator, period=row.period, content=content, version=row.version, actor=person, now=NOW
    )


def test_of_two_first_savers_one_is_stale(committed_db):
    outcomes = in_parallel(save_as("nyj_staff", "2.5"), save_as("nyj_head", "2.6"))
    kinds = sorted(type(outcome).__name__ for outcome in outcomes)
    assert kinds == ["StaleVersion", "Submission"], outcomes
    assert Submission.objects.get(indicator__code="A06", period__code="2025-06").version == 1


def test_without_the_version_check_the_second_writer_would_win(committed_db, monkeypatch):
    """Negative control: the check is what the race test above rests on."""
    first = save_as("nyj_staff", "2.5")()

    def blind(submission, version, editor=None):
        return Submission.objects.select_related("indicator__lead_department", "period").get(pk=submission.pk)

    monkeypatch.setattr(writing, "lock", blind)
    person = actor_for(User.objects.get(username="nyj_head"), NOW.date())
    submissions.save_draft(
        indicator=indicator("A06"), period=first.period, content=read("A06", {"value": "9.9"}), version=77,
        actor=person, now=NOW,
    )  # fmt: skip
    assert str(Submission.objects.get(pk=first.pk).value) == "9.9000"


FORM_ONE, FORM_TWO = UUID(int=1), UUID(int=2)


def write(person: Actor, june: Period, verb: Callable[..., Submission], raw=FARMLAND, **given) -> Submission:
    return verb(indicator=indicator("A06"), period=june, content=read("A06", raw), actor=person, now=NOW, **given)


def test_a_form_whose_answers_got_lost_is_not_stale_to_itself(actor, june):
    staff = actor("nyj_staff")
    for value in ("2.5", "2.6", "2.7"):
        kept = write(staff, june, submissions.save_draft, {"value": value}, version=0, editor=FORM_ONE)
    assert (kept.version, kept.value) == (3, Decimal("2.7"))
    with pytest.raises(StaleVersion):
        write(staff, june, submissions.save_draft, {"value": "9"}, version=0, editor=FORM_TWO)
    write(staff, june, submissions.save_draft, {"value": "2.8"}, version=3, editor=FORM_TWO)
    with pytest.raises(StaleVersion):
        write(staff, june, submissions.save_draft, {"value": "9"}, version=3, editor=FORM_ONE)


def test_the_same_content_sent_twice_by_one_form_is_filed_once(actor, june):
    staff = actor("nyj_staff")
    first = write(staff, june, submissions.submit, version=0, editor=FORM_ONE)
    again = write(staff, june, submissions.submit, version=0, editor=FORM_ONE)
    assert (again.pk, again.version) == (first.pk, first.version)
    assert Review.objects.filter(submission=first).count() == 1
    other = FARMLAND | {"value": "2.90"}
    with pytest.raises(IllegalTransition):
        write(staff, june, submissions.submit, other, version=0, editor=FORM_ONE)


def test_two_retries_at_once_file_once(committed_db):
    june = Period.objects.select_related("report").get(code="2025-06")
    staff = actor_for(User.objects.get(username="nyj_staff"), NOW.date())
    outcomes = in_parallel(*[lambda: write(staff, june, submissions.submit, version=0, editor=FORM_ONE)] * 2)
    assert [type(outcome) for outcome in outcomes] == [Submission, Submission], outcomes
    assert Review.objects.filter(submission__indicator__code="A06", submission__period=june).count() == 1


def test_without_naming_the_form_a_retry_is_refused(actor, june):
    """Negative control of the three tests above."""
    write(actor("nyj_staff"), june, submissions.submit, version=0)
    with pytest.raises(StaleVersion):
        write(actor("nyj_staff"), june, submissions.submit, version=0)


def test_after_a_decision_no_form_is_exempt(actor, june):
    filed = write(actor("nyj_staff"), june, submissions.submit, version=0, editor=FORM_ONE)
    submissions.withdraw(submission=filed, version=filed.version, actor=actor("nyj_staff"), now=NOW)
    with pytest.raises(StaleVersion):
        write(actor("nyj_staff"), june, submissions.save_draft, version=1, editor=FORM_ONE)


def test_what_is_kept_already_is_not_written_again(actor, june):
    for __ in range(2):
        kept = write(actor("nyj_staff"), june, submissions.save_draft, version=0, editor=FORM_ONE)
    assert kept.version == 1
    assert AuditEntry.objects.filter(object_type="kpi.submission", object_id=str(kept.pk)).count() == 1
