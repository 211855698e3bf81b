"""Owners and predecessors from what is on record: duties, leads of earlier years, and what was decided already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from accounts.models import Department
from kpi.models import Indicator, Report
from kpi.selectors import proposals
from kpi.selectors.proposals import Proposer
from kpi.services import succession
from kpi.services.years import open_year
from tests.conftest import NOW

FIELDS = "新建高标准农田7.5万亩"
NEW_YEAR = date(2026, 1, 20)

pytestmark = pytest.mark.django_db


@pytest.fixture
def report_2026(settings) -> Report:
    open_year(year=2026, text="", title="2026", folder=settings.BASE_DIR / "fixtures", now=NOW, actor=None)
    return Report.objects.get(year=2026)


def owners(quote: str, metric: str, *, on: date) -> Sequence[proposals.OwnerProposal]:
    return Proposer.at(on, on.year).owners(quote, metric)


def test_a_hundred_and_fifty_phrases_cost_three_queries(django_assert_num_queries):
    quotes = [FIELDS, "城镇新增就业1.8万人", "落实有奖举报制度"] * 50
    with django_assert_num_queries(3):
        proposer = Proposer.at(NEW_YEAR, 2026)
        found = [proposer.owners(quote) for quote in quotes]
        assert list(proposer.continued(quotes)) == [0, 2]
    assert [each.department.code for each in found[1]][:1] == ["human_resources"]


def test_an_owner_comes_with_what_speaks_for_it():
    best = owners(FIELDS, "高标准农田", on=NEW_YEAR)[0]
    assert (best.department.code, best.reason) == (
        "agriculture",
        "2025年的同类任务 A06 由市农业农村局牵头；职责含“高标准农田”",
    )
    # In the same year nothing of it is known yet.
    assert owners(FIELDS, "", on=NOW.date())[0].reason == "职责含“高标准农田”"


def test_a_lead_that_was_corrected_is_what_speaks_next_year():
    water = Department.objects.get(code="water")
    Indicator.objects.filter(code="A06").update(lead_department=water)
    first, second = owners(FIELDS, "", on=NEW_YEAR)[:2]
    assert (first.department, first.reason) == (water, "2025年的同类任务 A06 由市水利局牵头")
    assert second.department.code == "agriculture"


def test_units_that_are_switched_off_are_not_proposed():
    Department.objects.filter(code="agriculture").update(is_active=False)
    assert "agriculture" not in [each.department.code for each in owners(FIELDS, "", on=NEW_YEAR)]


def test_a_township_speaks_for_its_district_and_headings_where_the_phrase_does_not():
    proposer = Proposer.at(NOW.date(), 2025)
    named, under = proposer.owners("建成五道水镇游客中心"), proposer.owners("深耕韩国市场", section="提升旅游业")
    assert ("sangzhi", "文中写明“五道水镇”") in [(each.department.code, each.reason) for each in named]
    assert [(each.department.code, each.reason) for each in under] == [("tourism", "所在段落的标题与职责“旅游”相合")]


def test_a_phrase_goes_on_with_last_years_task():
    found = proposals.continued(["落实耕地保护", FIELDS, "做响“张家界礼物”品牌"], year=2026)
    assert {place: each.indicator.code for place, each in found.items()} == {1: "A06", 2: "I04"}
    assert found[1].reason == "与2025年的 A06 同为“高标准农田”，数字有变"
    assert found[2].reason == "与2025年的 I04 同为“张家界礼物、品牌”"
    assert found[1].indicator.target_value is not None
    assert proposals.continued([FIELDS], year=2027) == {}


def test_what_somebody_decided_is_not_proposed_again(report_2026, actor):
    office = actor("dcs_1")
    ended = Indicator.objects.get(code="I04")
    succession.end(indicator=ended, reason="品牌已移交企业运营，不再列入", actor=office, now=NOW)
    succession.continue_all(report=report_2026, codes=["A06"], actor=office, now=NOW)
    assert proposals.continued([FIELDS, "做响“张家界礼物”品牌"], year=2026) == {}
