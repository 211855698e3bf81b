"""Task configuration: a phrase becomes an indicator, fields are fixed in time, tasks are switched off, leads change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.models import AuditEntry, Department
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, StaleVersion
from kpi.models import Commitment, Handover, Indicator, Report, Submission, Target
from kpi.selectors import configuration, planning
from kpi.selectors.configuration import Gap, for_form
from kpi.selectors.splitting import split_of
from kpi.services import anchoring, handovers, indicators, splits
from kpi.services.content import ContentInvalid
from kpi.services.indicator_content import Directory, raw_of, read
from notifications.models import Notice
from tests.conftest import NOW

# Words of the plan part that no commitment holds.
FREE = "产业兴则百业兴，产业强则经济强"
FILLED = {
    "name": "产业兴旺行动",
    "code": "A90",
    "kind": "cumulative",
    "unit": "家",
    "decimals": "0",
    "comparator": ">=",
    "polarity": "higher",
    "accumulation": "year_to_date",
    "strength": "aim",
    "frequency": "monthly",
    "lead": "agriculture",
    "supporting": ["finance", "commerce"],
    "post": "vice_mayor_agriculture",
    "final_due_on": "2025-12-31",
    "target": "12",
    "quote": FREE,
}


@pytest.fixture
def report(db) -> Report:
    return Report.objects.get(year=2025)


@pytest.fixture
def create(report: Report, actor) -> Callable[..., Indicator]:
    def make(who: str = "dcs_1", **changed: object) -> Indicator:
        return indicators.add(report=report, raw={**FILLED, **changed}, actor=actor(who), now=NOW)

    return make


def codes(problem: pytest.ExceptionInfo[ContentInvalid]) -> dict[str, str]:
    return {error.field: error.code for error in problem.value.errors}


def test_a_phrase_becomes_a_commitment_word_for_word_and_an_indicator(create, report):
    made = create()
    commitment = made.commitment
    assert commitment.quote == FREE == report.text[commitment.start : commitment.end]
    assert report.text[: commitment.start].endswith(commitment.prefix) and len(commitment.prefix) == 20
    assert report.text[commitment.end :].startswith(commitment.suffix)
    assert (commitment.code, commitment.section, commitment.is_context) == ("C106", "生态农业", False)
    assert (made.code, made.kind, made.lead_department.code) == ("A90", "cumulative", "agriculture")
    assert sorted(unit.code for unit in made.supporting_departments.all()) == ["commerce", "finance"]
    target = Target.objects.get(indicator=made)
    assert (target.value, target.effective_on) == (12, date(2025, 1, 1))
    actions = list(AuditEntry.objects.order_by("seq").values_list("action", flat=True))[-2:]
    assert actions == ["commitment.created", "indicator.created"]


def test_a_phrase_inside_a_commitment_is_a_second_task_of_it(create):
    grain = Commitment.objects.get(quote__contains="粮食产量64万吨")
    assert create(quote=grain.quote).commitment == grain
    assert create(quote=grain.quote[2:6], code="A91", start=str(grain.start)).commitment == grain


def test_of_several_places_the_one_that_was_selected_counts(create, report):
    words = "旅游"
    places = [place for place in range(len(report.text)) if report.text.startswith(words, place)]
    free = [
        place
        for place in places
        if not Commitment.objects.filter(report=report, start__lt=place + 2, end__gt=place).exists()
    ]
    assert create(quote=words, start=str(free[-1])).commitment.start == free[-1]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"quote": ""}, {"quote": "quote_length"}),
        ({"quote": "原文里没有这句话"}, {"quote": "quote_not_in_text"}),
        ({"quote": "建设高标准农田6.95万亩。坚持科技强农"}, {"quote": "quote_overlaps"}),
        ({"code": "X1"}, {"code": "indicator_code_malformed"}),
        ({"code": "a06"}, {"code": "indicator_code_taken"}),
        ({"name": " "}, {"name": "field_required"}),
        ({"name": "长" * 61}, {"name": "text_too_long"}),
        ({"kind": "unheard"}, {"kind": "choice_unknown"}),
        ({"kind": ""}, {"kind": "field_required"}),
        ({"decimals": "5"}, {"decimals": "count_malformed"}),
        ({"target": ""}, {"target": "target_required"}),
        ({"target": "1.5"}, {"target": "number_too_precise"}),
        ({"target": "-1"}, {"target": "number_negative"}),
        ({"kind": "stage", "target": "5"}, {"target": "stage_out_of_range"}),
        ({"kind": "rank", "target": "0"}, {"target": "rank_starts_at_one"}),
        ({"comparator": "rank"}, {"comparator": "rank_for_ranks_only"}),
        ({"kind": "coverage"}, {"coverage_scope": "scope_required"}),
        ({"lead": ""}, {"lead": "lead_required"}),
        ({"lead": "nobody"}, {"lead": "choice_unknown"}),
        ({"supporting": ["agriculture"]}, {"supporting": "lead_supports_itself"}),
        ({"post": ""}, {"post": "post_of_indicator_required"}),
        ({"final_due_on": ""}, {"final_due_on": "field_required"}),
        ({"final_due_on": "31.12."}, {"final_due_on": "date_malformed"}),
        ({"predecessor": "T99"}, {"predecessor": "choice_unknown"}),
        (
            {"name": "", "code": "", "quote": "没有", "lead": ""},
            {
                "name": "field_required",
                "code": "indicator_code_malformed",
                "quote": "quote_not_in_text",
                "lead": "lead_required",
            },
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_written(create, changed, expected):
    count = Indicator.objects.count(), Commitment.objects.count()
    with pytest.raises(ContentInvalid) as problem:
        create(**changed)
    assert codes(problem) == expected
    assert (Indicator.objects.count(), Commitment.objects.count()) == count


def test_the_kind_settles_what_it_leaves_no_choice_in(create):
    made = create(kind="ratio", unit="家", target="60.5", decimals="1", accumulation="year_to_date")
    assert (made.unit, made.accumulation) == ("%", "ratio")
    ranked = create(kind="rank", code="A91", comparator=">=", target="1", unit="位")
    assert (ranked.comparator, ranked.decimals) == ("rank", 0)
    nodes = create(kind="milestone", code="A92", target="")
    assert not Target.objects.filter(indicator=nodes).exists()


def test_the_next_code_follows_the_last_and_is_said_where_one_is_taken(create, report):
    assert indicators.next_code(report, "A") == "A21"
    with pytest.raises(ContentInvalid) as problem:
        create(code="A06")
    assert problem.value.errors[0].params == {"code": "A06", "free": "A21"}
    Indicator.objects.filter(report=report, code__startswith="A").update(is_active=False)
    assert indicators.next_code(report, "A") == "A21", "codes are never used twice"


def test_only_the_office_configures(create):
    for person in ("nyj_head", "mayor", "sysadmin"):
        with pytest.raises(NotPermitted):
            create(person)


def test_a_sentence_is_set_aside_with_a_reason_and_taken_up_again(create, report, actor):
    raw = {"quote": FREE, "reason": "总结性表述"}
    with pytest.raises(ContentInvalid):
        anchoring.set_aside(report=report, raw=raw | {"reason": "无"}, actor=actor("dcs_1"), now=NOW)
    aside = anchoring.set_aside(report=report, raw=raw, actor=actor("dcs_1"), now=NOW)
    assert (aside.is_context, aside.context_reason) == (True, "总结性表述")
    assert FREE not in [sentence.text for sentence in configuration.unowned(report)]
    made = create()
    assert made.commitment.pk == aside.pk and not made.commitment.is_context
    assert AuditEntry.objects.get(action="commitment.taken_up").before["reason"] == "总结性表述"
    with pytest.raises(DomainError, match="commitment_owned"):
        anchoring.set_aside(report=report, raw=raw, actor=actor("dcs_1"), now=NOW)


def test_sentences_nobody_owns_are_those_without_an_active_indicator(report):
    assert [sentence.text[:6] for sentence in configuration.unowned(report)] == ["2025年工", "产业兴则百业"]
    farmland = Indicator.objects.get(code="A06")
    Indicator.objects.filter(pk=farmland.pk).update(is_active=False)
    found = configuration.unowned(report)
    assert [sentence.commitment for sentence in found if sentence.commitment] == [farmland.commitment]


def stored(code: str = "A06") -> Indicator:
    return for_form(2025).get(code=code)


def change(actor, code: str = "A06", stamp: str = "", **changed: object) -> Indicator:
    indicator = stored(code)
    stamp = stamp or planning.stamp(raw_of(indicator))
    return indicators.change(indicator=indicator, raw=changed, stamp=stamp, actor=actor("dcs_1"), now=NOW)


def test_words_and_people_may_change_at_any_time(actor):
    change(actor, name="建成高标准农田6.95万亩", strength="must", frequency="quarterly", supporting=["water"])
    found = stored()
    assert (found.name, found.strength, found.frequency) == ("建成高标准农田6.95万亩", "must", "quarterly")
    assert [unit.code for unit in found.supporting_departments.all()] == ["water"]
    entry = AuditEntry.objects.get(action="indicator.changed")
    assert (entry.before["strength"], entry.after["strength"]) == ("support", "must")


def test_what_was_filed_keeps_its_meaning_and_what_was_published_its_yardstick(actor):
    with pytest.raises(ContentInvalid) as problem:
        change(actor, unit="亩", target="7", decimals="1", lead="forestry", final_due_on="2025-11-30", name="改名")
    assert codes(problem) == {
        "unit": "change_fixed",
        "target": "change_by_case",
        "decimals": "change_only_grows",
        "lead": "change_act",
        "final_due_on": "change_by_case",
    }
    assert stored().name != "改名"
    change(actor, decimals="3")
    assert stored().decimals == 3


def test_before_anything_was_filed_everything_may_change(create, actor):
    create()
    change(actor, "A90", kind="ratio", unit="%", target="80.0", decimals="1", lead="water", comparator=">")
    found = stored("A90")
    assert (found.kind, found.lead_department.code, found.target_value) == ("ratio", "water", Decimal(80))
    assert Target.objects.filter(indicator=found).count() == 1


def test_every_task_there_is_can_be_opened_and_saved_as_it_is(db):
    """Also one whose lead was closed meanwhile."""
    Department.objects.filter(code="agriculture").update(is_active=False)
    directory = Directory.load(2025)
    for found in for_form(2025):
        raw = raw_of(found)
        assert indicators._raw(read(raw, directory)) == raw | {
            "target": "" if found.kind == "milestone" else raw["target"]
        }


def test_what_says_the_same_is_no_change(actor):
    change(actor)
    assert not AuditEntry.objects.filter(action="indicator.changed").exists()


def test_two_who_change_one_indicator_do_not_overwrite_each_other(actor):
    opened = planning.stamp(raw_of(stored()))
    change(actor, notes="甲改的")
    with pytest.raises(StaleVersion, match="indicator_stale"):
        change(actor, stamp=opened, notes="乙改的")


def test_switching_off_needs_the_code_and_a_reason_and_can_be_undone(actor):
    given = {"indicator": stored(), "actor": actor("dcs_1"), "now": NOW}
    with pytest.raises(DomainError, match="confirmation_differs"):
        indicators.set_active(**given, is_active=False, typed_code="A07", reason="任务已取消")
    indicators.set_active(**given, is_active=False, typed_code="a06", reason="任务已取消")
    assert not Indicator.objects.of_year(2025).filter(code="A06").exists()
    with pytest.raises(IllegalTransition):
        indicators.set_active(**given, is_active=False, typed_code="A06", reason="任务已取消")
    indicators.set_active(**given, is_active=True, typed_code="A06", reason="恢复执行这项任务")
    assert Indicator.objects.of_year(2025).filter(code="A06").exists()


def test_the_effect_counts_what_hangs_on_it(db):
    effect = configuration.effect_on(stored("A06"))
    june = Submission.objects.filter(indicator__code="A06", period__code="2025-06").first()
    assert effect.months == 5 and effect.drafts == int(june is not None and june.state in ("draft", "returned"))
    waiting = Submission.objects.filter(state="signed_off", period__code="2025-06").first().indicator
    effect = configuration.effect_on(waiting)
    assert (effect.unreviewed, effect.in_progress) == (1, 1)


def hand_over(actor, now=NOW, code: str = "A06", **changed: object) -> Handover:
    raw = {"to": "water", "effective_on": NOW.date().isoformat(), "reason": "机构职责调整", "keeps_supporting": "on"}
    return handovers.decide(indicator=stored(code), raw=raw | changed, actor=actor("dcs_1"), now=now)


def test_a_lead_that_changes_today_is_changed_at_once(actor):
    Submission.objects.filter(indicator__code="A06", period__code="2025-06").delete()
    before = list(Submission.objects.filter(indicator__code="A06").values_list("pk", "value", "state"))
    made = hand_over(actor)
    found = stored()
    assert made.done_at == NOW and found.lead_department.code == "water" and not found.is_lead_proposed
    assert "agriculture" in [unit.code for unit in found.supporting_departments.all()]
    assert list(Submission.objects.filter(indicator=found).values_list("pk", "value", "state")) == before
    told = set(Notice.objects.filter(kind="indicator.handed_over").values_list("recipient__username", flat=True))
    assert {"nyj_staff", "nyj_head"} <= told
    assert [entry.action for entry in AuditEntry.objects.filter(action__startswith="handover").order_by("seq")] == [
        "handover.decided",
        "handover.done",
    ]


def test_a_lead_that_changes_later_waits_for_its_day_and_happens_once(actor):
    day = NOW + timedelta(days=30)
    made = hand_over(actor, effective_on=day.date().isoformat(), keeps_supporting="")
    assert made.done_at is None and stored().lead_department.code == "agriculture"
    assert handovers.carry_out_due(now=day - timedelta(days=1)) == 0
    assert handovers.carry_out_due(now=day) == 1
    assert handovers.carry_out_due(now=day) == 0
    found = stored()
    assert found.lead_department.code == "water"
    assert "agriculture" not in [unit.code for unit in found.supporting_departments.all()]


def test_one_at_a_time_and_what_waits_can_be_withdrawn(actor):
    day = (NOW + timedelta(days=30)).date().isoformat()
    made = hand_over(actor, effective_on=day)
    with pytest.raises(DomainError, match="handover_waits"):
        hand_over(actor, effective_on=day, to="forestry")
    handovers.withdraw(handover=made, actor=actor("dcs_1"), now=NOW)
    with pytest.raises(IllegalTransition):
        handovers.withdraw(handover=made, actor=actor("dcs_1"), now=NOW)
    assert handovers.carry_out_due(now=NOW + timedelta(days=40)) == 0
    hand_over(actor, to="forestry")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"to": ""}, {"to": "lead_required"}),
        ({"to": "agriculture"}, {"to": "handover_to_itself"}),
        ({"effective_on": ""}, {"effective_on": "field_required"}),
        ({"effective_on": "2025-07-01"}, {"effective_on": "handover_day_outside"}),
        ({"effective_on": "2026-07-01"}, {"effective_on": "handover_day_outside"}),
        ({"reason": "无"}, {"reason": "reason_too_short"}),
        ({"reason": "因" * 201}, {"reason": "text_too_long"}),
    ],
)
def test_a_handover_says_what_is_wrong_with_it(actor, changed, expected):
    with pytest.raises(ContentInvalid) as problem:
        hand_over(actor, **changed)
    assert codes(problem) == expected


def test_a_handover_that_fails_keeps_no_other(actor, monkeypatch):
    day = (NOW + timedelta(days=1)).date().isoformat()
    first, second = hand_over(actor, effective_on=day), hand_over(actor, code="A07", effective_on=day)
    whole = handovers._carry_out

    def broken(handover, now):
        if handover.pk == first.pk:
            raise ZeroDivisionError
        whole(handover, now)

    monkeypatch.setattr(handovers, "_carry_out", broken)
    assert handovers.carry_out_due(now=NOW + timedelta(days=1)) == 1
    second.refresh_from_db()
    assert second.done_at and stored("A06").lead_department.code == "agriculture"


def split(actor, code: str = "A06", stamp: str = "", **shares: str) -> None:
    found = stored(code)
    stamp = stamp or split_of(found).stamp
    splits.change(indicator=found, raw=shares, stamp=stamp, actor=actor("dcs_1"), now=NOW)


def test_shares_are_set_and_their_difference_is_only_said(actor):
    split(actor, yongding="2.00", wulingyuan="0.50", cili="2.50", sangzhi="2.20")
    found = split_of(stored())
    assert (found.total, found.difference) == (Decimal("7.20"), Decimal("0.25"))
    line = next(line for line in configuration.lines(2025) if line.indicator.code == "A06")
    assert line.split_difference == Decimal("0.25") and Gap.SPLIT_DIFFERS in line.gaps
    split(actor, yongding="2.00", wulingyuan="0.50", cili="2.50", sangzhi="1.95")
    assert split_of(stored()).difference == 0
    split(actor)
    assert split_of(stored()).total is None
    assert AuditEntry.objects.filter(action="split.changed").count() == 3


def test_townships_add_up_under_their_district_and_count_alone_where_no_district_has_a_share(actor):
    town, *_ = Department.objects.filter(parent__code="yongding", kind="township")
    split(actor, **{"yongding": "2.00", town.code: "1.50"})
    found = split_of(stored())
    yongding = next(each for each in found.districts if each.district.unit.code == "yongding")
    assert (yongding.total, yongding.difference, found.total) == (Decimal("1.50"), Decimal("-0.50"), Decimal("2.00"))
    split(actor, **{town.code: "1.50"})
    assert split_of(stored()).total == Decimal("1.50")


def test_shares_have_the_indicators_precision_and_are_checked_together(actor):
    with pytest.raises(ContentInvalid) as problem:
        split(actor, yongding="abc", cili="-1", sangzhi="1.234")
    assert codes(problem) == {
        "yongding": "number_malformed",
        "cili": "number_negative",
        "sangzhi": "number_too_precise",
    }
    opened = split_of(stored()).stamp
    split(actor, cili="1")
    with pytest.raises(StaleVersion):
        split(actor, stamp=opened, cili="2")


def test_what_is_open_about_an_indicator_is_listed_worst_first(db):
    lines = {line.indicator.code: line for line in configuration.lines(2025)}
    assert all(Gap.LEAD_PROPOSED in line.gaps for line in lines.values())
    assert lines["A06"].gaps == [Gap.LEAD_PROPOSED]
    farmland = Indicator.objects.get(code="A06")
    farmland.plan_points.filter(period="2025-12").update(value=1)
    found = next(line for line in configuration.lines(2025) if line.indicator.code == "A06")
    assert found.gaps == [Gap.PLAN_FALLS, Gap.PLAN_END, Gap.LEAD_PROPOSED]
    farmland.plan_points.all().delete()
    found = next(line for line in configuration.lines(2025) if line.indicator.code == "A06")
    assert found.gaps[0] is Gap.NO_PLAN
