"""An approved report corrected: the old version counts until the new one is approved; and figures not published yet."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kpi.domain.errors import IllegalTransition, NotPermitted
from kpi.domain.values import Rag, SubmissionState
from kpi.models import Period, Review, Submission
from kpi.selectors import history, scoreboard
from kpi.services import examining, periods, submissions
from kpi.services.content import ContentInvalid
from tests.conftest import NOW
from tests.content import FARMLAND, attach, indicator, read

WHY = "漏报江垭片区已验收面积"


def approve(actor, june, **changes) -> Submission:
    staff, head, office = actor("nyj_staff"), actor("nyj_head"), actor("dcs_1")
    stored = Submission.objects.filter(indicator__code="A06", period=june).first()
    filed = submissions.submit(
        indicator=indicator("A06"), period=june, content=read("A06", FARMLAND | changes),
        version=stored.version if stored else 0, actor=staff, now=NOW,
    )  # fmt: skip
    signed = submissions.sign_off(submission=filed, version=filed.version, actor=head, now=NOW)
    return submissions.approve(submission=signed, version=signed.version, actor=office, now=NOW)


def correct(actor, report, who="nyj_staff") -> Submission:
    return submissions.begin_correction(
        submission=report, version=report.version, actor=actor(who), now=NOW, reason=WHY
    )


def row_seen_by(reader):
    board = scoreboard.build(year=2025, now=NOW, actor=reader)
    return next(row for row in board.rows if row.indicator.code == "A06")


def test_the_approved_version_counts_until_the_next_one_is_approved(actor, june):
    opened = correct(actor, approve(actor, june))
    assert (opened.state, opened.is_correction) == (SubmissionState.DRAFT, True)
    submissions.save_draft(
        indicator=indicator("A06"), period=june, content=read("A06", FARMLAND | {"value": "0.10"}),
        version=opened.version, actor=actor("nyj_staff"), now=NOW,
    )  # fmt: skip
    for reader in (None, actor("mayor"), actor("nyj_staff")):
        row = row_seen_by(reader)
        assert (row.actual, row.current.is_own, row.current.is_unfiled) == (Decimal("2.86"), True, False)
    with pytest.raises(ContentInvalid) as refused:
        approve(actor, june, value="3.30")
    assert [error.code for error in refused.value.errors] == ["evidence_required"], "ticked or not, it is a correction"
    attach("A06", "2025-06", actor("nyj_staff"), NOW)
    approve(actor, june, value="3.30")
    assert (row_seen_by(None).actual, row_seen_by(None).rag) == (Decimal("3.30"), Rag.GREEN)
    verbs = Review.objects.filter(submission=opened).order_by("version").values_list("verb", flat=True)
    assert list(verbs) == ["submit", "sign_off", "approve", "correct", "submit", "sign_off", "approve"]
    first = Review.objects.filter(submission=opened, verb="approve").order_by("version").first()
    assert first.content["value"] == "2.8600", "the old version stays"


def test_nobody_outside_reads_the_draft_of_a_correction_but_all_read_what_was_approved(actor, june):
    opened = correct(actor, approve(actor, june))
    submissions.save_draft(
        indicator=indicator("A06"), period=june, content=read("A06", FARMLAND | {"narrative": "机密草稿内容"}),
        version=opened.version, actor=actor("nyj_staff"), now=NOW,
    )  # fmt: skip
    steps = [step for step in history.steps_of(opened.indicator, actor("mayor")) if step.submission.period == june]
    assert [step.verb for step in steps] == ["approve", "sign_off", "submit"]
    assert not Submission.objects.visible_to(actor("mayor")).filter(pk=opened.pk).exists()


def test_a_correction_given_up_says_again_what_was_approved(actor, june):
    opened = correct(actor, approve(actor, june))
    draft = submissions.save_draft(
        indicator=indicator("A06"), period=june, content=read("A06", FARMLAND | {"value": "9.99"}),
        version=opened.version, actor=actor("nyj_staff"), now=NOW,
    )  # fmt: skip
    back = submissions.abandon_correction(submission=draft, version=draft.version, actor=actor("nyj_head"), now=NOW)
    assert (back.state, back.value, back.is_correction) == (SubmissionState.APPROVED, Decimal("2.8600"), False)


def test_what_was_never_approved_cannot_be_given_up(actor, june):
    draft = submissions.save_draft(
        indicator=indicator("A06"), period=june, content=read("A06", FARMLAND), version=0,
        actor=actor("nyj_staff"), now=NOW,
    )  # fmt: skip
    with pytest.raises(IllegalTransition, match="nothing_approved"):
        submissions.abandon_correction(submission=draft, version=draft.version, actor=actor("nyj_staff"), now=NOW)


@pytest.mark.parametrize("who", ["gxj_staff", "dcs_1", "mayor", "sysadmin"])
def test_only_the_lead_department_corrects(actor, june, who):
    report = approve(actor, june)
    with pytest.raises(NotPermitted):
        correct(actor, report, who)


def test_a_correction_says_why(actor, june):
    report = approve(actor, june)
    with pytest.raises(ContentInvalid):
        submissions.begin_correction(
            submission=report, version=report.version, actor=actor("nyj_staff"), now=NOW, reason="错了"
        )


def test_a_correction_that_is_not_finished_at_the_lock_leaves_the_approved_figure(actor, june):
    correct(actor, approve(actor, june))
    after = june.grace_ends_at.replace(hour=19)
    periods.lock_period(period=june, typed_code="2025-06", actor=actor("dcs_1"), now=after)
    board = scoreboard.build(year=2025, now=after, period_code="2025-06")
    row = next(row for row in board.rows if row.indicator.code == "A06")
    assert (row.actual, row.current.mark) == (Decimal("2.8600"), "own")
    last = examining.last_approved(indicator("A06"), Period.objects.select_related("report").get(code="2025-07"))
    assert last.value == Decimal("2.8600")


# Not published yet

AWAITED = {"value": "", "is_unpublished": "on", "narrative": "统计部门七月十五日公布六月数据。", "outlook": "confident"}


def file(actor, june, raw, version=0) -> Submission:
    return submissions.submit(
        indicator=indicator("A06"), period=june, content=read("A06", raw), version=version,
        actor=actor("nyj_staff"), now=NOW,
    )  # fmt: skip


def test_a_figure_that_does_not_exist_yet_is_reported_as_such_and_keeps_the_lamp(actor, june):
    filed = file(actor, june, AWAITED)
    assert (filed.value, filed.is_unpublished) == (None, True)
    signed = submissions.sign_off(submission=filed, version=filed.version, actor=actor("nyj_head"), now=NOW)
    submissions.approve(submission=signed, version=signed.version, actor=actor("dcs_1"), now=NOW)
    row = row_seen_by(None)
    assert (row.rag, row.current.mark, row.current.timeliness) == (Rag.AMBER, "unpublished", "on_time")
    assert row.current.source_period == "2025-05"
    after = june.grace_ends_at.replace(hour=19)
    periods.lock_period(period=june, typed_code="2025-06", actor=actor("dcs_1"), now=after)
    board = scoreboard.build(year=2025, now=after, period_code="2025-06")
    assert next(row for row in board.rows if row.indicator.code == "A06").current.mark == "unpublished"
    last = examining.last_approved(indicator("A06"), Period.objects.select_related("report").get(code="2025-07"))
    assert last.period.code == "2025-05", "the last figure there is"


def test_a_figure_typed_beside_it_does_not_count(actor, june):
    assert file(actor, june, AWAITED | {"value": "99"}).value is None


def test_it_is_not_the_same_as_no_progress(actor, june):
    with pytest.raises(ContentInvalid) as refused:
        file(actor, june, AWAITED | {"no_progress": "on"})
    assert [error.code for error in refused.value.errors] == ["unpublished_or_no_progress"]


def test_what_the_department_does_itself_is_not_awaited(actor):
    with pytest.raises(ContentInvalid) as refused:
        read("A05", {"value": "", "is_unpublished": "on"})
    assert [error.code for error in refused.value.errors] == ["unpublished_not_for_kind"]
