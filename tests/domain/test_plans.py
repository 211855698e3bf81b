"""Presets, doubts, shares, what may be changed when, and what a phrase says, against their decision tables."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi.domain.amending import RULES, Rule, Stage, locked_changes, refusals, rule_for
from kpi.domain.errors import DomainError
from kpi.domain.phrases import read, renamed, strength_of
from kpi.domain.plan_shapes import (
    MONTHS,
    Drawing,
    Preset,
    Wording,
    difference,
    doubts,
    draw,
    end_of,
    split,
)
from kpi.domain.values import Comparator, Kind, Polarity, Strength
from tests.domain.tables import rows


def points(text: str) -> dict[int, Decimal]:
    """``month:value`` pairs."""
    return {int(month): Decimal(value) for month, value in (pair.split(":") for pair in text.split())}


@pytest.mark.parametrize("row", rows("plan_presets"))
def test_a_preset_draws_what_is_in_the_table(row):
    drawing = Drawing(
        start=Decimal(row["start"]),
        end=Decimal(row["end"]),
        decimals=int(row["decimals"]),
        chosen=[int(month) for month in row["months"].split()],
        last_year=points(row["去年"]),
        last_start=Decimal(row["去年起点"]),
        open_months=[int(month) for month in row["未锁定"].split()] or MONTHS,
    )
    try:
        found = " ".join(f"{month}:{value}" for month, value in draw(Preset(row["形状"]), drawing).items())
    except DomainError as problem:
        found = problem.code
    assert found == row["结果"]


FIGURES = st.integers(min_value=0, max_value=10**8).map(lambda cents: Decimal(cents).scaleb(-2))


@given(FIGURES, FIGURES, st.integers(min_value=2, max_value=4), st.sets(st.sampled_from(MONTHS), min_size=1))
def test_every_shape_ends_at_its_target_to_the_last_digit_and_never_turns_back(start, end, decimals, chosen):
    last_year = {month: Decimal(month * month) for month in chosen}
    drawing = Drawing(start, end, decimals, chosen, last_year)
    for preset in Preset:
        curve = draw(preset, drawing)
        values = [start, *(curve[month] for month in sorted(curve))]
        steps = [after - before for before, after in pairwise(values)]
        assert sum(steps) == end - start and values[-1] == end
        assert all(step >= 0 for step in steps) if end >= start else all(step <= 0 for step in steps)
        assert all(-value.as_tuple().exponent <= decimals for value in curve.values())


@pytest.mark.parametrize("row", rows("plan_doubts"))
def test_what_looks_wrong_with_a_curve_is_in_the_table(row):
    wording = Wording(
        Kind(row["kind"]),
        Comparator(row["comparator"]),
        Polarity(row["polarity"]),
        Decimal(row["target"]) if row["target"] else None,
        int(row["时限月"]),
    )
    found = doubts(points(row["plan"]), wording)
    said = [f"{each.doubt}:{each.month}" if each.month else str(each.doubt) for each in found]
    assert " ".join(said) == row["提醒"]


@pytest.mark.parametrize(
    ("comparator", "end"), [(Comparator.MORE_THAN, "200.1"), (Comparator.LESS_THAN, "199.9"), (Comparator.EQUAL, "200")]
)
def test_a_plan_ends_where_the_words_are_met(comparator, end):
    assert end_of(Decimal(200), comparator, 1) == Decimal(end)


@pytest.mark.parametrize("row", rows("plan_shares"))
def test_a_target_is_shared_out_as_in_the_table(row):
    weights = [Decimal(weight) for weight in row["weights"].split()]
    found = split(Decimal(row["total"]), weights, decimals=int(row["decimals"]))
    assert " ".join(map(str, found)) == row["分解"]


@given(FIGURES, st.lists(FIGURES, min_size=1, max_size=30))
def test_shares_add_up_to_the_target_and_are_off_by_less_than_a_unit(total, weights):
    found = split(total, weights, decimals=2)
    assert difference(found, total) == 0
    whole = sum(weights) or Decimal(len(weights))
    fair = [total * (weight if sum(weights) else 1) / whole for weight in weights]
    assert all(abs(share - due) < Decimal("0.0101") for share, due in zip(found, fair, strict=True))


def test_a_difference_needs_shares_and_a_target():
    assert difference([], Decimal(1)) is None
    assert difference([Decimal(1)], None) is None
    assert difference([Decimal(3), Decimal(4)], Decimal(6)) == 1


@pytest.mark.parametrize("row", rows("plan_changes"))
def test_what_may_be_changed_when_is_in_the_table(row):
    found = [rule_for(row["field"], stage) for stage in Stage]
    assert found == [row["未报过"], row["报过"], row["已锁定"]]


def test_the_table_has_every_field():
    assert [parameter.values[0]["field"] for parameter in rows("plan_changes")] == list(RULES)


def test_the_stage_is_the_furthest_reached():
    assert Stage.of(is_filed=False, is_locked=False) is Stage.OPEN
    assert Stage.of(is_filed=True, is_locked=False) is Stage.FILED
    # Locked without a report: a month of 缺报 is published too.
    assert Stage.of(is_filed=False, is_locked=True) is Stage.LOCKED


def test_only_what_the_stage_forbids_is_refused():
    changed = {"name": ("甲", "乙"), "unit": ("家", "个"), "target": (1, 2)}
    assert refusals(changed, Stage.OPEN) == {}
    assert refusals(changed, Stage.FILED) == {"unit": Rule.FIXED}
    assert refusals(changed, Stage.LOCKED) == {"unit": Rule.FIXED, "target": Rule.CASE}


def test_precision_grows_and_never_shrinks_once_filed():
    assert refusals({"decimals": (1, 2)}, Stage.FILED) == {}
    assert refusals({"decimals": (2, 1)}, Stage.FILED) == {"decimals": Rule.GROW}


def test_months_that_are_locked_must_say_the_same():
    before, after = {"2025-01": 1, "2025-02": 2}, {"2025-01": 1, "2025-02": 3, "2025-03": 4}
    assert locked_changes(before, after, ["2025-02", "2025-01"]) == ["2025-02"]
    assert locked_changes(before, after, ["2025-03"]) == ["2025-03"]
    assert locked_changes(before, after, []) == []


@pytest.mark.parametrize("row", rows("phrases"))
def test_what_a_phrase_says_is_in_the_table(row):
    found = read(row["短语"], 2025)
    target = "" if found.target is None else str(found.target)
    due_on = "" if found.due_on is None else found.due_on.isoformat()
    said = (str(found.kind), found.unit, str(found.comparator), target, str(found.decimals), due_on)
    assert said == tuple(row[name] for name in ("kind", "unit", "comparator", "target", "decimals", "due_on"))


LETTERS = "每个村乡镇新增坚决遏制达到前第一名翻番零增长0123456789.%家万亩元年月日底，。、（）"


@given(st.text(alphabet=LETTERS, max_size=60))
def test_any_phrase_can_be_read(phrase):
    found = read(phrase, 2025)
    assert (found.kind is Kind.COVERAGE) == bool(found.coverage_scope)
    assert found.decimals >= 0 and found.unit


def test_the_verb_before_a_phrase_says_how_firm_it_is():
    assert strength_of("粮食产量64万吨以上", "确保粮食播种面积191万亩以上、") is Strength.MUST
    assert strength_of("推进耕地保护", "确保粮食播种面积191万亩以上，") is Strength.SUPPORT
    assert strength_of("粮食产量64万吨") is Strength.SUPPORT
    assert strength_of("力争新增规模以上工业企业10家") is Strength.AIM
    assert strength_of("推进大峡谷5A级景区创建") is Strength.SUPPORT


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("建设高标准农田6.95万亩", "建设高标准农田6.95万亩", "建设高标准农田7.5万亩", "建设高标准农田7.5万亩"),
        ("新增专精特新企业8家", "新增8家", "新增9家、培育20家", "新增专精特新企业8家"),
        ("5A级景区创建", "创建5A级景区1家", "创建5A级景区2家", "5A级景区创建"),
        ("没有数字的任务", "推进创建", "推进创建", "没有数字的任务"),
    ],
)
def test_a_name_takes_the_new_figures_with_its_phrase(name, old, new, expected):
    assert renamed(name, old, new) == expected


def test_a_day_is_a_day():
    assert read("2025年12月1日开工").due_on == date(2025, 12, 1)
    # Without the plan's year it is nobody's.
    assert read("9月底前建成投用").due_on is None
