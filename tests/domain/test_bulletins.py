"""The monthly bulletin: its states, its sentences, and what is done with what people write."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from kpi.domain.bulletin_record import AnnexRow, Change, Edit, compose, from_json, to_json
from kpi.domain.bulletin_text import (
    Counts,
    Directives,
    Facts,
    Item,
    Options,
    UnitMonth,
    UnitReports,
    checks,
    draft,
    share,
)
from kpi.domain.bulletins import BulletinState, BulletinVerb, check_second_person, next_state, title_of
from kpi.domain.errors import IllegalTransition, NotPermitted
from kpi.domain.official import document_number, numeral, official_date, one_line, plain_text, tight, width
from tests.domain.tables import rows

NOBODY = Counts(0, 0, 0, 0, 0, 0, 0)
JUNE = Facts(year=2025, month=6, as_of="7月10日", counts=NOBODY)


def item(code: str, **more: object) -> Item:
    return Item(code, f"任务{code}", "市商务局", "累计 3 家，序时计划 4 家，差 1 家", **more)


def texts(facts: Facts, section: str, **options: object) -> list[str]:
    found = {each.key: each for each in draft(facts, Options(**options))}
    return [f"{each.lead}{each.text}" for each in found[section].paragraphs] if section in found else []


def right(facts: Facts) -> dict[str, bool]:
    return {check.name: check.is_right for check in checks(facts)}


@pytest.mark.parametrize("row", rows("bulletins"))
def test_every_state_and_step_has_one_answer(row):
    state, verb = BulletinState(row["state"]), BulletinVerb(row["verb"])
    if row["新状态"]:
        assert next_state(state, verb) == row["新状态"]
    else:
        with pytest.raises(IllegalTransition, match="bulletin_moved"):
            next_state(state, verb)


@pytest.mark.parametrize(("drafter", "sender"), [(True, False), (False, True), (True, True)])
def test_whoever_made_or_sent_it_does_not_publish_it(drafter, sender):
    with pytest.raises(NotPermitted, match="bulletin_takes_two"):
        check_second_person(is_drafter=drafter, is_sender=sender)
    check_second_person(is_drafter=False, is_sender=False)


def number(text: str) -> int | None:
    return int(text) if text else None


@pytest.mark.parametrize("row", rows("bulletin_overall"))
def test_the_five_ways_are_counted_and_add_up(row):
    names = ("总数", "已完成", "超序时", "达序时", "红灯", "黄灯", "未到期", "复核调整")
    counts = Counts(*(int(row[name]) for name in names))
    facts = replace(JUNE, counts=counts, reds_before=number(row["上月红灯"]), ambers_before=number(row["上月黄灯"]))
    assert row["句子"] in "".join(texts(facts, "overall"))
    assert right(facts)["overall"] is (row["合计相符"] == "yes")
    assert len(texts(facts, "overall")) == (2 if row["上月红灯"] else 1)


def unit(text: str) -> UnitReports:
    name, _, figures = text.partition(":")
    return UnitReports(name, name, *(int(each) for each in figures.split("/")))


@pytest.mark.parametrize("row", rows("bulletin_reporting"))
def test_reporting_is_told_by_unit_in_the_order_given(row):
    units = tuple(unit(each) for each in row["单位（名称:应报/按时/迟报/缺报）"].split())
    facts = replace(JUNE, asked=int(row["应报"]), units=units)
    assert texts(facts, "reporting") == row["段落"].split("|")
    assert right(facts)["reporting"] is (row["合计相符"] == "yes")


@pytest.mark.parametrize("row", rows("bulletin_directives"))
def test_directives_are_counted_and_never_quoted(row):
    names = ("总数", "待签收", "办理中", "待复核", "已办结", "超期")
    facts = replace(JUNE, directives=Directives(*(int(row[name]) for name in names)))
    assert texts(facts, "directives") == [row["段落"]]
    assert right(facts)["directives"] is (row["合计相符"] == "yes")


@pytest.mark.parametrize("row", rows("bulletin_lists"))
def test_lists_of_units_follow_facts(row):
    names = ("到期", "红灯", "黄灯", "应报", "按时", "缺报")
    found = UnitMonth("市商务局", *(int(row[name]) for name in names))
    assert found.may_be_praised is (row["表扬"] == "yes")
    assert found.is_to_be_reminded is (row["提醒"] == "yes")


RED = item("T07", supporting=("永定区",), reasons=("用地", "资金"), measures="加快供地", catch_up="2025年9月")


@pytest.mark.parametrize(
    ("reds", "ambers", "first"),
    [
        ((), (), "本月没有欠序时进度的任务。"),
        ((), (RED,), "本月没有红灯任务；黄灯1项，见附件。"),
        ((RED,), (), "红灯1项，情况如下。"),
        ((RED,), (RED, RED), "红灯1项，情况如下；黄灯2项，见附件。"),
    ],
)
def test_what_is_behind_opens_with_its_counts(reds, ambers, first):
    assert texts(replace(JUNE, reds=reds, ambers=ambers), "behind")[0] == first


def test_each_red_task_has_gap_reason_units_measure_and_month():
    assert texts(replace(JUNE, reds=(RED,)), "behind")[1] == (
        "（一）任务T07。牵头单位：市商务局；配合单位：永定区。累计 3 家，序时计划 4 家，差 1 家。"
        "主要原因：用地、资金。下一步措施：加快供地。预计2025年9月追平。"
    )


def test_what_a_report_did_not_say_is_said_to_be_missing():
    adjusted = replace(item("T07"), is_adjusted=True)
    assert texts(replace(JUNE, reds=(adjusted,)), "behind")[1] == (
        "（一）任务T07。牵头单位：市商务局。累计 3 家，序时计划 4 家，差 1 家（亮灯经督查室复核调整）。"
        "主要原因：填报单位未说明。下一步措施：填报单位未说明。"
    )
    assert "已完成！" in texts(replace(JUNE, reds=(item("T08", measures="已完成！"),)), "behind")[1]


def test_the_good_news_can_be_switched_off():
    facts = replace(JUNE, newly_done=(item("A01"),), ahead=(item("A02"), item("A03")))
    assert [each.partition("：")[0] for each in texts(facts, "good")] == ["本月新完成1项", "超序时进度2项"]
    assert texts(facts, "good", has_good=False) == []
    assert texts(JUNE, "good") == [], "nothing to say is no section"


def test_praise_and_reminders_come_only_where_they_are_switched_on():
    facts = replace(JUNE, praised=(("commerce", "市商务局"), ("yongding", "永定区")), reminded=(("sasac", "市国资委"),))
    assert texts(facts, "praise") == [] and texts(facts, "reminder") == []
    assert texts(facts, "praise", has_praise=True)[0].endswith("市商务局、永定区。")
    assert texts(facts, "reminder", has_reminder=True)[0].endswith("市国资委。")
    assert texts(JUNE, "praise", has_praise=True) == ["本月没有符合条件的单位。"]


def test_demands_are_numbered_in_their_order():
    demands = (("a", "压实责任。"), ("b", "按时报送。"))
    assert texts(JUNE, "demands", demands=demands) == ["（一）压实责任。", "（二）按时报送。"]


ONE_RED = replace(JUNE, reds=(RED,))
SECTIONS = draft(ONE_RED, Options())
ROW = AnnexRow("T07", "任务T07", "市商务局", "差 1 家", "滞后", "用地", "加快供地", "2025年9月")


def test_the_annex_says_what_the_report_said_or_that_it_said_nothing():
    assert ROW.said == "原因：用地。措施：加快供地。预计2025年9月追平。"
    assert replace(ROW, reasons="", measures="", catch_up="").said == "填报单位未说明。"


def edit(text: str, **figures: str) -> Edit:
    return Edit(text, "领导要求写明", "督查室一科", "2025-07-10T09:00:00+08:00", figures)


def test_a_draft_is_proposed_with_the_year_and_month_in_its_title():
    assert title_of(2025, 6) == "关于2025年《政府工作报告》目标任务6月进展情况的通报"


def test_an_edit_stands_in_its_place_and_says_which_numbers_changed_since():
    key = "behind"
    content = compose(SECTIONS, {key: edit("红灯2项。", **{"red:": "2", "gone:x": "5"})}, [ROW], checks(JUNE))
    written = content.paragraph(key)
    assert written.text == "红灯2项。" and written.paragraph.text == "红灯1项，情况如下。"
    assert written.changes == (Change("red", "", "2", "1"), Change("gone", "x", "5", ""))
    assert content.outdated == (written,)
    fresh = compose(SECTIONS, {key: edit("红灯1项。", **{"red:": "1"})}, [], ())
    assert fresh.outdated == () and fresh.paragraph("nothing") is None


def test_an_empty_edit_leaves_the_paragraph_out_and_the_headings_close_up():
    content = compose(SECTIONS, {"overall": edit("")}, [], ())
    assert [heading for heading, _part in content.headed][:2] == ["一、滞后事项", "二、报送情况"]


def test_an_edit_of_a_paragraph_that_is_gone_is_kept_beside():
    content = compose(SECTIONS, {"item:T99": edit("原来写的话")}, [], ())
    assert content.orphans["item:T99"].text == "原来写的话"


def test_what_is_frozen_comes_back_the_same():
    content = compose(SECTIONS, {"behind": edit("红灯2项。", **{"red:": "2"})}, [ROW], checks(ONE_RED))
    assert from_json(to_json(content)) == content
    assert content.adds_up is False, "one red task is listed, none is counted"
    assert compose(SECTIONS, {}, [], ()).adds_up


@pytest.mark.parametrize(
    ("value", "words"),
    [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (99, "九十九"), (100, "100"), (0, "0")],
)
def test_headings_are_numbered_in_chinese(value, words):
    assert numeral(value) == words


def test_number_and_date_have_their_official_form():
    assert document_number("张政督", 2025, 6) == "张政督〔2025〕6号"
    assert official_date(date(2025, 7, 1)) == "2025年7月1日"
    assert (width("张政督〔2025〕6号"), width("")) == (3 + 2 + 2 + 0.5 + 1, 0)


def test_figures_stand_close_to_their_words():
    said = "累计 2.31 万亩，序时计划 3 个，差 5.0% 左右；节点 2/6；A b"
    assert tight(said) == "累计2.31万亩，序时计划3个，差5.0%左右；节点2/6；A b"


def test_shares_round_half_up():
    assert (share(1, 16), share(0, 0), share(1, 3)) == ("6.3%", "0.0%", "33.3%")


def test_text_stays_text_without_what_cannot_be_printed():
    assert plain_text("甲\x00\x0b\u202e乙\r\n丙\t丁\ufffe ") == "甲乙\n丙 丁"
    assert plain_text('{ INCLUDETEXT "c:/x" } =1+1 <w:t>') == '{ INCLUDETEXT "c:/x" } =1+1 <w:t>'
    assert one_line("甲\n\n 乙") == "甲 乙"
