"""A period's scores: from what they are made, what can never be among it, and what the database keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Department, Post, User
from kpi.domain.directives import DirectiveKind
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted
from kpi.domain.scoring import ScoreReason
from kpi.models import (
    Directive,
    Evidence,
    FormerPlan,
    Indicator,
    PlanPoint,
    Review,
    ScoreLine,
    ScoreRun,
    ScoringLine,
    ScoringScheme,
    Submission,
    Target,
)
from kpi.selectors import schemes, score_sources
from kpi.selectors import scores as selector
from kpi.selectors.score_sources import score_of
from kpi.services import directives, scores
from kpi.services.directives import Wish
from tests.bulletins import of_office
from tests.conftest import NOW
from tests.scores import (
    APRIL,
    drafted,
    figures_of,
    fresh,
    line_of,
    month,
    opened,
    past_every_trigger,
    sheet_of,
)

R = ScoreReason
# A unit whose report came late by April.
LATE = "commerce"
# A month that nothing was scored for.
FREE = "2025-02"


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


def test_departments_stand_in_official_order_and_leaders_after_them(run):
    sheets = selector.sheets_of(run, Q())
    units, posts = [[each.unit for each in sheets if bool(each.post_id) is kind] for kind in (False, True)]
    led = set(Indicator.objects.of_year(2025).values_list("lead_department", flat=True))
    assert units == list(Department.objects.filter(pk__in=led).order_by("ordinal"))
    charged = set(Indicator.objects.of_year(2025).values_list("accountable_post", flat=True))
    assert posts == list(Post.objects.filter(pk__in=charged).order_by("ordinal"))
    totals = [each.total for each in sheets if each.department_id]
    assert totals != sorted(totals, reverse=True), "never by score"


def test_every_result_is_the_sum_of_its_lines(run):
    scheme, by_sheet = schemes.stored(run.scheme), selector.lines_of(run.sheets.all())
    for sheet in run.sheets.all():
        found = score_of(by_sheet[sheet.pk], scheme)
        assert (sheet.total, sheet.measured_weight, sheet.left_out_weight) == (
            found.total,
            found.measured,
            found.left_out,
        )
    assert sum(len(each) for each in by_sheet.values()) > 200


def test_every_line_names_the_record_it_rests_on(run):
    lines = ScoreLine.objects.filter(sheet__run=run).select_related("snapshot__period")
    assert {line.reason for line in lines} >= {"", R.LATE, R.MISSING}
    for line in lines:
        assert line.snapshot.edition == 1 and line.snapshot.period.code == line.month
        assert line.month == APRIL or line.reason, "a task is judged by the period's own snapshot"
        assert line.snapshot.timeliness == line.reason or line.reason not in (R.LATE, R.MISSING)


def test_leaders_have_the_tasks_they_are_in_charge_of_and_no_reporting(run):
    post = sheet_of(run, "vice_mayor_commerce")
    assert not post.lines.exclude(reason="").exists() and post.deduction == 0
    codes = set(post.lines.values_list("indicator__code", flat=True))
    assert codes == set(Indicator.objects.filter(accountable_post=post.post).values_list("code", flat=True))
    assert sheet_of(run, LATE).deduction > 0


def test_what_cannot_be_measured_yet_is_left_out_and_says_why(run):
    sheet = sheet_of(run, "agriculture")
    out = sheet.lines.exclude(left_out="")
    assert sheet.left_out_weight == len(out) > 0
    assert sheet.measured_weight + sheet.left_out_weight == sheet.lines.filter(reason="").count()


def test_only_a_locked_month_is_scored_and_only_by_the_office(june, actor):
    for person in ("mayor", "nyj_head", "sysadmin"):
        with pytest.raises(NotPermitted, match="supervisor_only"):
            scores.draft(period=month(), actor=actor(person), now=NOW)
    with pytest.raises(IllegalTransition, match="score_period_open"):
        scores.draft(period=june, actor=actor("dcs_1"), now=NOW)


def test_without_a_scheme_nothing_is_scored(db):
    past_every_trigger(lambda: ScoringScheme.objects.update(effective_from="2025-05-01"))
    with pytest.raises(DomainError, match="score_no_scheme"):
        drafted()


def test_lists_and_sheets_agree_on_who_may_see_what(run, actor):
    """The rule of tests/domain/cases/score_rights.csv, once in SQL and once in Python."""
    draft = drafted(FREE)
    for person in ("dcs_2", "mayor", "vm_commerce", "swj_head", "swj_staff", "nyj_staff", "sysadmin"):
        reader = actor(person)
        for each in (run, draft):
            listed = set(each.sheets.filter(selector.visible_sheets(reader)))
            sheets = each.sheets.select_related("department", "post")
            opened_at = each.opened_at is not None
            assert listed == {
                sheet for sheet in sheets if selector.viewer_of(reader, sheet).may_see(was_opened=opened_at)
            }


def again(run: ScoreRun) -> ScoreRun:
    """Thrown away and computed anew."""
    run = fresh(run)
    scores.discard(run=run, version=run.version, actor=of_office("dcs_1"), now=NOW)
    return drafted(FREE)


def test_scores_are_made_from_snapshots_never_from_live_data(db):
    before = drafted(FREE)
    wanted = figures_of(before)

    def change() -> None:
        Target.objects.update(value=Decimal("99999"))
        PlanPoint.objects.update(value=Decimal("1"))
        Submission.objects.update(value=Decimal("7"), submitted_at=NOW, completed_nodes={})

    past_every_trigger(change)
    assert figures_of(again(before)) == wanted


@pytest.mark.parametrize(("is_overdue", "against"), [(False, "the snapshot's"), (True, "the former plan's")])
def test_a_change_that_was_asked_for_too_late_leaves_the_yardstick_as_it_was(db, is_overdue, against):
    """Farmland is planned at 0.48 by February; what held before asked for 1.20."""
    led = Indicator.objects.get(code="A06")
    before = line_of(sheet_of(drafted(FREE), "agriculture"), "A06")
    FormerPlan.objects.create(
        indicator=led,
        replaced_from=FREE,
        target=Decimal("8.00"),
        final_due_on=led.final_due_on,
        plan={FREE: "1.2000"},
        nodes=[],
        stays_yardstick=is_overdue,
        replaced_at=NOW,
    )
    after = line_of(sheet_of(again(before.sheet.run), "agriculture"), "A06")
    wanted = Decimal("1.2000") if is_overdue else before.yardstick
    assert (after.against, after.yardstick, after.actual) == ("plan", wanted, before.actual), against
    assert (Fraction(after.share) < Fraction(before.share)) is is_overdue


def test_a_directive_a_sign_in_or_a_file_never_changes_a_score(actor, settings):
    """The limits of 2024 (docs/rules/scoring.md): what leaders say, who signs in and what is attached score nothing."""
    before = drafted(FREE)
    wanted = figures_of(before)
    led = Indicator.objects.select_related("report", "lead_department").get(code="A06")
    for text in ("成绩突出，予以表扬", "进度滞后，请说明原因"):
        wish = Wish(kind=DirectiveKind.INSTRUCT, text=text, department=led.lead_department)
        directives.issue(indicator=led, wish=wish, form_key=uuid4(), actor=actor("vm_agri"), now=NOW)
    for _ in range(3):
        Client().force_login(User.objects.get(username="nyj_staff"))
    filed = Submission.objects.get(indicator=led, period__code=FREE)
    photo = {"submission": filed, "name": "现场照片.png", "size": 9, "sha256": "0" * 64, "content_type": "image/png"}
    past_every_trigger(lambda: Evidence.objects.create(**photo, uploaded_by=filed.author, uploaded_at=NOW))
    assert Directive.objects.filter(indicator=led).count() >= 2 and Evidence.objects.filter(submission=filed).exists()
    assert User.objects.get(username="nyj_staff").last_login is not None
    assert figures_of(again(before)) == wanted


ALLOWED = {
    "kpi_assessmentsnapshot",
    "kpi_formerplan",
    "kpi_period",
    "kpi_report",
    "kpi_review",
    "kpi_submission",
    "kpi_indicator",
    "kpi_commitment",
    "kpi_indicator_supporting_departments",
    "accounts_department",
    "accounts_post",
    "kpi_scoringscheme",
    "kpi_scoringline",
    "kpi_scoringweight",
}


def test_nothing_is_read_that_must_not_be_scored(db):
    """By the tables: neither directives nor files, sessions or the audit trail, whatever the code looks like."""
    with CaptureQueriesContext(connection) as captured:
        score_sources.judge(score_sources.gather(month()), schemes.stored(schemes.scheme_on(NOW.date())))
    read = {name for query in captured for name in re.findall(r'(?:FROM|JOIN) "(\w+)"', query["sql"])}
    assert read and read <= ALLOWED
    assert len(captured) <= 8


def refuses(match: str, statement) -> None:
    with pytest.raises(IntegrityError, match=match), transaction.atomic():
        statement()


def test_the_database_takes_no_reason_outside_the_closed_list(db):
    unused, line = scheme_of("sichuan"), {"points": 1, "cap": 5}
    sheet = sheet_of(drafted(FREE), LATE)
    case = {"sheet": sheet, "points": 1, "snapshot": sheet.lines.first().snapshot}
    for reason in ("directive", "praise", "login", "photo", "meeting"):
        new = {"scheme": unused, "reason": reason, **line}
        refuses("scoring_line_reason_is_listed", lambda new=new: ScoringLine.objects.create(**new))
        refuses("score_line_rests_on_record", lambda reason=reason: ScoreLine.objects.create(reason=reason, **case))


def test_only_what_the_office_sent_back_before_the_lock_is_held_against_a_unit(db):
    filed = Submission.objects.get(indicator__code="I31", period__code=FREE)
    locked_at, office = filed.period.locked_at, User.objects.get(username="dcs_1")
    steps = (("signed_off", -1), ("signed_off", 1), ("submitted", -1))
    for version, (state, hours) in enumerate(steps, start=50):
        Review.objects.create(
            submission=filed, verb="return", from_state=state, to_state="returned", version=version, actor=office,
            at=locked_at + timedelta(hours=hours), comment="请核对数字", content={},
        )  # fmt: skip
    returned = sheet_of(drafted(FREE), LATE).lines.filter(reason=R.RETURNED)
    assert [(each.review.version, each.month, each.points) for each in returned] == [(50, FREE, Decimal("0.10"))]


def test_a_supporting_unit_counts_where_the_scheme_says_so(db):
    scheme = ScoringScheme.objects.get(code="chengdu")
    ground = score_sources.gather(month())
    plain = {each.unit.code for each in score_sources.judge(ground, schemes.stored(scheme_of("guiyang")))}
    found = {each.unit.code: each for each in score_sources.judge(ground, schemes.stored(scheme))}
    helping = Department.objects.filter(supported_indicators__isnull=False, led_indicators__isnull=True).first()
    assert helping.code in found and helping.code not in plain
    only_helps = found[helping.code]
    assert only_helps.score.total is None, "a factor of 0 gives it no base"
    scheme.supporting_weight = Decimal("0.5")
    half = {each.unit.code: each for each in score_sources.judge(ground, schemes.stored(scheme))}[helping.code]
    assert half.score.total is not None and {line.role for line in half.lines} == {"supporting"}


def scheme_of(code: str) -> ScoringScheme:
    return ScoringScheme.objects.get(code=code)


def test_what_scores_rest_on_does_not_change_under_them(run):
    rows = ScoringScheme.objects.filter(pk=run.scheme_id)
    refuses("scoring_scheme_in_use", lambda: rows.update(most_deduction=99))
    refuses("scoring_scheme_in_use", lambda: run.scheme.lines.update(points=9))
    refuses("scoring_scheme_in_use", lambda: run.scheme.lines.all().delete())
    runs = ScoreRun.objects.filter(pk=run.pk)
    refuses("score_run_rests", lambda: runs.update(snapshot_edition=9))
    refuses("score_run_rests", lambda: runs.update(scheme=scheme_of("sichuan")))


def test_lines_and_steps_are_appended_and_nothing_else(run):
    line = line_of(sheet_of(run, "agriculture"), "A06")
    for statement in (
        f"UPDATE kpi_scoreline SET weight = 9 WHERE id = {line.pk}",
        f"DELETE FROM kpi_scoreline WHERE id = {line.pk}",
        "UPDATE kpi_scorestep SET text = 'x'",
        "DELETE FROM kpi_scoresheet",
        "DELETE FROM kpi_scorerun",
    ):
        with pytest.raises(Exception, match="pgtrigger"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    late = {"sheet": line.sheet, "indicator": line.indicator, "reason": R.LATE, "points": 1, "snapshot": line.snapshot}
    refuses("score_is_frozen", lambda: ScoreLine.objects.create(**late))


def test_a_month_that_is_open_reaches_no_unit_even_past_the_service(db):
    draft = drafted(FREE)
    past_every_trigger(lambda: type(draft.period).objects.filter(pk=draft.period_id).update(locked_at=None))
    shown = {"state": "opinion", "opened_by": draft.prepared_by, "opened_at": NOW, "answers_until": NOW + timedelta(1)}
    refuses("score_period_open", lambda: ScoreRun.objects.filter(pk=draft.pk).update(**shown))
