"""The next year: opening it, what it lacks, and last year's tasks carried over; year beside year."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.models import AuditEntry
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted
from kpi.models import (
    AssessmentSnapshot,
    Commitment,
    Indicator,
    Period,
    Report,
    Submission,
    UnitTarget,
    WorkdayOverride,
)
from kpi.selectors import comparing, readiness, succession
from kpi.selectors import periods as period_selector
from kpi.selectors.readiness import Need
from kpi.selectors.succession import Standing
from kpi.services import indicators, periods, years
from kpi.services import succession as succession_service
from tests.conftest import NOW

FOLDER = settings.BASE_DIR / "fixtures"
ZONE = ZoneInfo("Asia/Shanghai")
NEW_YEAR = datetime(2026, 1, 8, 9, 0, tzinfo=ZONE)
TEXT = """2026年政府工作报告（示例）

2026年工作安排

发展现代农业。建设高标准农田7.5万亩，确保粮食播种面积191万亩以上、粮食产量64万吨以上。坚持科技强农，健全服务体系。
"""


def open_year(actor, text: str = "", year: int = 2026, now: datetime = NEW_YEAR) -> years.Opening:
    return years.open_year(year=year, text=text, title="", folder=FOLDER, actor=actor("dcs_1"), now=now)


def report(year: int = 2026) -> Report:
    return Report.objects.get(year=year)


def carry_over(actor, *codes: str) -> list[Indicator]:
    return succession_service.continue_all(report=report(), codes=codes, actor=actor("dcs_1"), now=NEW_YEAR)


def test_an_empty_year_has_its_months_and_is_opened_once(actor):
    done = open_year(actor)
    assert [period.code for period in done.added] == [f"2026-{month:02d}" for month in range(1, 13)]
    opened = report()
    assert (opened.title, opened.text, opened.periods.count()) == ("2026年政府工作报告", "", 12)
    january = opened.periods.get(code="2026-01")
    # The 5th of February is a workday; the Spring Festival of 2026 is later.
    assert january.due_at == datetime(2026, 2, 5, 18, 0, tzinfo=ZONE)
    assert AuditEntry.objects.filter(action="year.opened").count() == 1
    again = open_year(actor)
    assert not again.is_needed and AuditEntry.objects.filter(action="year.opened").count() == 1


def test_what_is_shown_before_is_what_is_done(actor):
    shown = years.preview(year=2026, text=TEXT, title="", folder=FOLDER, now=NEW_YEAR)
    assert not Report.objects.filter(year=2026).exists()
    done = open_year(actor, TEXT)
    for name in ("year", "title", "sets_text", "new_days", "guessed"):
        assert getattr(shown, name) == getattr(done, name)
    assert [(p.code, p.due_at) for p in shown.added] == [(p.code, p.due_at) for p in done.added]
    assert (report().title, report().text) == ("2026年政府工作报告（示例）", TEXT)


def test_a_calendar_that_comes_later_moves_the_months_that_have_not_opened(actor, tmp_path):
    WorkdayOverride.objects.filter(day__year__gte=2026).delete()
    done = years.open_year(year=2026, text="", title="", folder=tmp_path, actor=actor("dcs_1"), now=NEW_YEAR)
    assert done.guessed == (2026,)
    guessed = {period.code: period.due_at for period in report().periods.all()}
    now = datetime(2026, 3, 1, tzinfo=ZONE)
    shown = years.preview(year=2026, text="", title="", folder=FOLDER, now=now)
    assert shown.new_days > 20 and shown.guessed == () and not shown.added
    moved = open_year(actor, now=now).moved
    changed = {period.code for period in report().periods.all() if period.due_at != guessed[period.code]}
    assert changed and {period.code for period in moved} >= changed
    # January and February had opened: what people were told stands.
    assert all(code > "2026-02" for code in changed)
    assert not open_year(actor, now=now).is_needed


def test_a_text_that_comes_later_finds_the_phrases_that_were_carried_over(actor):
    open_year(actor)
    [made] = carry_over(actor, "A06")
    assert not made.commitment.is_anchored
    open_year(actor, TEXT)
    made.commitment.refresh_from_db()
    assert made.commitment.is_anchored and made.commitment.quote == "建设高标准农田7.5万亩"
    with pytest.raises(DomainError, match="year_has_text"):
        open_year(actor, TEXT + "又一句。")
    assert not open_year(actor, TEXT).is_needed


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"year": 2028}, "year_too_far"),
        ({"year": 1999}, "year_too_early"),
        ({"year": 2027}, "year_out_of_order"),
        ({"title": "长" * 201}, "text_too_long"),
        ({"text": "坏\x00字"}, "text_has_control_characters"),
    ],
)
def test_what_cannot_be_opened(db, given, code):
    with pytest.raises(DomainError, match=code):
        years.preview(**{"year": 2026, "text": "", "title": "", "folder": FOLDER, "now": NEW_YEAR} | given)


def test_only_the_office_opens_a_year(actor):
    for person in ("nyj_head", "mayor", "sysadmin"):
        with pytest.raises(NotPermitted):
            years.open_year(year=2026, text="", title="", folder=FOLDER, actor=actor(person), now=NEW_YEAR)


def test_a_year_that_is_being_prepared_is_not_where_people_start(actor):
    open_year(actor)
    known = period_selector.years()
    assert [year for year, _begins in known] == [2026, 2025]
    assert period_selector.current_year(known, NEW_YEAR) == 2025
    assert period_selector.current_year(known, datetime(2026, 1, 25, tzinfo=ZONE)) == 2026
    assert period_selector.current_year(known, datetime(2024, 1, 1, tzinfo=ZONE)) == 2025
    assert period_selector.current_year([], NEW_YEAR) is None


def test_the_command_shows_first_and_opens_then(db, tmp_path):
    said = io.StringIO()
    call_command("open_year", "2026", "--dry-run", stdout=said)
    assert "12 months" in said.getvalue() and "nothing stored" in said.getvalue()
    assert not Report.objects.filter(year=2026).exists()
    text = tmp_path / "report.txt"
    text.write_text(TEXT, encoding="gb18030")
    call_command("open_year", "2026", "--text", str(text), stdout=said)
    assert report().text == TEXT
    with pytest.raises(CommandError, match="2028"):
        call_command("open_year", "2028", stdout=said)
    with pytest.raises(CommandError, match="No such file"):
        call_command("open_year", "2026", "--text", "/nowhere", stdout=said)


def test_a_task_goes_on_with_target_plan_shares_and_last_years_result_as_its_baseline(actor):
    old = Indicator.objects.get(code="A06", report__year=2025)
    UnitTarget.objects.create(indicator=old, department=old.lead_department.__class__.objects.get(code="cili"), value=2)
    open_year(actor, TEXT)
    [new] = carry_over(actor, "A06")
    assert (new.code, new.predecessor, new.final_due_on) == ("A06", old, date(2026, 12, 31))
    assert new.commitment.quote == "建设高标准农田7.5万亩" and new.commitment.is_anchored
    # The new phrase says another figure: the target is that one, and the curve goes there in last year's shape.
    assert (new.name, new.targets.get().value) == ("建设高标准农田7.5万亩", Decimal("7.5"))
    assert new.targets.get().effective_on == date(2026, 1, 1)
    points = dict(new.plan_points.values_list("period", "value"))
    shape = dict(old.plan_points.values_list("period", "value"))
    for code, value in shape.items():
        fair = (value * Decimal("7.5") / Decimal("6.95")).quantize(Decimal("0.01"))
        assert abs(points[f"2026{code[4:]}"] - fair) <= Decimal("0.01")
    assert points["2026-12"] == Decimal("7.5") and len(points) == len(shape)
    last = AssessmentSnapshot.objects.filter(indicator=old).order_by("-period__code").first()
    assert (new.baseline_value, new.baseline_unit) == (last.actual, "万亩")
    assert new.unit_targets.get().value == 2
    assert {unit.code for unit in new.supporting_departments.all()} == {
        unit.code for unit in old.supporting_departments.all()
    }


def test_tasks_of_one_phrase_share_it_again_and_only_open_nodes_go_on(actor):
    open_year(actor)
    first, second = carry_over(actor, "T01", "T02")
    assert first.commitment == second.commitment and not first.commitment.is_anchored
    old = first.predecessor
    done = Submission.objects.ever_approved().filter(indicator=old).order_by("-period__code").first().completed_nodes
    names = [node.name for node in old.milestones.all() if node.key not in done]
    assert 0 < len(names) < old.milestones.count()
    assert [node.name for node in first.milestones.all()] == names
    assert [node.due_on.year for node in first.milestones.all()] == [2026] * len(names)
    assert first.targets.get().value == len(names)


def test_a_code_that_is_taken_gives_way(actor):
    open_year(actor)
    [first] = carry_over(actor, "A06")
    Indicator.objects.filter(pk=first.pk).update(predecessor=None)
    [second] = carry_over(actor, "A06")
    assert (first.code, second.code) == ("A06", "A07")


def test_what_was_decided_is_told_apart_and_done_once(actor):
    open_year(actor, TEXT)
    [made] = carry_over(actor, "A06")
    old = Indicator.objects.get(code="A07", report__year=2025)
    given = {"actor": actor("dcs_1"), "now": NEW_YEAR}
    succession_service.end(indicator=old, reason="任务已全部完成", **given)
    found = {heir.indicator.code: heir for heir in succession.heirs(report())}
    assert len(found) == 103
    assert (found["A06"].standing, found["A06"].changes) == (Standing.CHANGED, ["target_value"])
    assert found["A07"].standing is Standing.ENDS
    assert found["A03"].standing is Standing.OPEN and found["A03"].is_proposed
    assert found["A03"].quote and found["A06"].quote == ""
    made.targets.update(value=Decimal("6.95"))
    assert {heir.indicator.code: heir for heir in succession.heirs(report())}["A06"].standing is Standing.CONTINUES
    with pytest.raises(DomainError, match="succession_nothing_chosen"):
        carry_over(actor, "A06", "A07", "X99")
    with pytest.raises(IllegalTransition, match="succession_has_heir"):
        succession_service.end(indicator=made.predecessor, reason="任务已全部完成", **given)
    succession_service.reopen(indicator=old, **given)
    with pytest.raises(IllegalTransition, match="succession_not_ended"):
        succession_service.reopen(indicator=old, **given)
    carry_over(actor, "A07")


def test_a_phrase_that_is_taken_in_part_leaves_the_task_without_a_place(actor):
    open_year(actor, TEXT)
    start = TEXT.index("高标准农田7.5万亩，确保")
    quote = "高标准农田7.5万亩，确保"
    Commitment.objects.create(
        report=report(),
        code="C001",
        quote=quote,
        start=start,
        end=start + len(quote),
        quote_sha256="0" * 64,
        strength="must",
    )
    [made] = carry_over(actor, "A06")
    assert not made.commitment.is_anchored and made.commitment.quote == made.predecessor.commitment.quote


def test_a_leap_day_becomes_the_28th():
    assert succession_service.a_year_later(date(2028, 2, 29)) == date(2029, 2, 28)
    assert succession_service.a_year_later(date(2025, 7, 31)) == date(2026, 7, 31)


def test_a_predecessor_is_of_an_earlier_year(actor):
    open_year(actor)
    [made] = carry_over(actor, "A06")
    with pytest.raises(IntegrityError, match="predecessor_is_earlier"), transaction.atomic():
        Indicator.objects.filter(code="A07", report__year=2025).update(predecessor=made)


def checks(year: int = 2026) -> dict[Need, int]:
    found = report(year)
    return {
        check.need: check.missing
        for check in readiness.checks(found, readiness.inherited(year), succession.heirs(found))
        if check.missing
    }


def test_what_a_year_lacks_is_counted(actor):
    WorkdayOverride.objects.filter(day__year__gte=2026).delete()
    open_year(actor)
    assert checks() == {Need.TEXT: 1, Need.INDICATORS: 1, Need.DECIDED: 103}
    WorkdayOverride.objects.filter(day__year__gte=2026).delete()
    [made] = carry_over(actor, "A06")
    made.plan_points.all().delete()
    made.targets.all().delete()
    report().periods.filter(code="2026-12").delete()
    assert checks() == {
        Need.MONTHS: 1,
        Need.TEXT: 1,
        Need.PLANS: 1,
        Need.TARGETS: 1,
        Need.CALENDAR: 1,
        Need.DECIDED: 102,
        Need.LEADS: 1,
    }


def test_this_year_lacks_only_confirmed_leads(db):
    assert set(checks(2025)) == {Need.UNOWNED, Need.LEADS}


@pytest.fixture
def two_years(actor) -> Indicator:
    """2026 goes on from 2025, and its January is published."""
    open_year(actor)
    [made] = carry_over(actor, "A06")
    january = report().periods.get(code="2026-01")
    Submission.objects.create(
        indicator=made,
        period=january,
        state="approved",
        value=Decimal("0.50"),
        author=actor("nyj_staff").user,
        updated_at=january.due_at,
        first_submitted_at=january.due_at,
        approved_at=january.due_at,
    )
    periods.close(period=january, user=None, now=january.grace_ends_at + timedelta(hours=1))
    return made


def test_two_years_stand_side_by_side_on_what_was_published(two_years):
    found = comparing.compare(2026)
    assert (found.years, found.month) == ([2025], 1)
    [chain] = found.chains
    then = AssessmentSnapshot.objects.get(indicator=two_years.predecessor, period__code="2025-01").actual
    assert (chain.now, chain.then, chain.change) == (Decimal("0.50"), then, Decimal("0.50") - then)
    assert chain.last.result.month == "2025-05" and chain.last.target == Decimal("6.95")
    Indicator.objects.filter(pk=two_years.pk).update(unit="公顷")
    [chain] = comparing.compare(2026).chains
    assert chain.change is None and not chain.is_comparable
    assert comparing.compare(2025).chains == []


def test_the_page_of_an_indicator_has_last_years_months_with_it(two_years):
    told = comparing.with_last_year(Indicator.objects.filter(pk=two_years.pk)).get()
    last = comparing.last_year_of(told)
    assert (last.year, last.code, last.unit, last.target) == (2025, "A06", "万亩", Decimal("6.95"))
    assert [month.month for month in last.months] == [1, 2, 3, 4, 5] and last.result == last.months[-1]
    assert last.is_comparable_with(two_years)
    alone = comparing.with_last_year(Indicator.objects.filter(pk=two_years.predecessor_id)).get()
    assert comparing.last_year_of(alone) is None


def test_codes_of_two_years_do_not_meet(two_years, actor):
    assert indicators.next_code(report(), "A") == "A07"
    assert Period.objects.filter(code="2026-01").get().locked_at is not None and NOW < NEW_YEAR
