"""Commitments proposed from a report's text: decision tables, the real report, and what must hold for any text."""

from __future__ import annotations

import csv
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.extraction.marked import load, sets
from benchmarks.extraction.scoring import counted, score
from kpi.domain.extraction import Extracted, Role, Side, extract, outline
from kpi.domain.extraction.deadlines import deadlines
from kpi.domain.extraction.folding import fold
from kpi.domain.extraction.numerals import chinese
from kpi.domain.extraction.obligations import obligations
from kpi.domain.extraction.sentences import blocks
from kpi.domain.extraction.strength import firmness
from kpi.domain.values import Kind
from tests.domain.tables import rows

ROOT = Path(__file__).resolve().parents[2]
REPORT = (ROOT / "fixtures" / "report-2025.txt").read_text(encoding="utf-8")
YEAR = 2025


def promised(sentence: str, year: int = YEAR) -> list[Extracted]:
    """What a sentence of the plan's part promises with a number."""
    found = extract(f"{year}年重点工作\n各项任务是：{sentence}。", year)
    return [each for each in found if each.value is not None]


def listed(parts: list[str]) -> str:
    return "；".join(parts)


def number(each: Extracted) -> str:
    assert each.value is not None
    return f"{each.value.normalize():f} {each.unit}"


@pytest.mark.parametrize("row", rows("extraction_numerals"))
def test_chinese_numerals(row):
    wanted = (Decimal(row["数字"]), row["量级"]) if row["数字"] else None
    assert chinese(row["写法"]) == wanted


@pytest.mark.parametrize("row", [*rows("extraction_quantities"), *rows("extraction_masks")])
def test_the_numbers_to_be_reached(row):
    assert listed([number(each) for each in promised(row["句子"])]) == row["应得"]


@pytest.mark.parametrize("row", rows("extraction_comparators"))
def test_comparators(row):
    assert listed([f"{number(each)} {each.comparator}" for each in promised(row["句子"])]) == row["应得"]


@pytest.mark.parametrize("row", rows("extraction_deadlines"))
def test_deadlines(row):
    found = deadlines(row["句子"], int(row["年度"]) if row["年度"] else None)
    assert listed([each.month for each in found]) == row["应得"]


@pytest.mark.parametrize("row", rows("extraction_carried"))
def test_how_far_a_deadline_holds(row):
    found = extract(f"2025年重点工作\n{row['句子']}。", YEAR)
    shown = [f"{number(each)} {each.deadline or ''}".strip() for each in found if each.value is not None]
    assert listed(shown) == row["应得（2025 年）"]


@pytest.mark.parametrize("row", rows("extraction_sides"))
def test_what_looks_ahead(row):
    report = outline(row["文字"].replace("\\n", "\n"), int(row["年度"]) if row["年度"] else None)
    plan = [each.text for each in report.sentences if each.side is Side.PLAN and each.role is not Role.HEADING]
    assert "|".join(plan) == row["计划部分"]


@pytest.mark.parametrize("row", rows("extraction_lines"))
def test_lines_to_paragraphs(row):
    found = blocks(fold(row["文字"].replace("\\n", "\n")))
    assert "|".join(("#" if each.is_heading else "") + each.text for each in found) == row["块（标题以 # 起）"]


@pytest.mark.parametrize("row", rows("extraction_strength"))
def test_strength(row):
    sentence = row["句子"]
    place = sentence.index(row["数字处"])
    start = max(sentence.rfind(mark, 0, place) for mark in "，；、") + 1
    found = firmness(sentence, start, place)
    assert (found.word if found else "", str(found.grade) if found else "") == (row["力度"], row["等级"])


@pytest.mark.parametrize("row", rows("extraction_kinds"))
def test_kinds_and_metrics(row):
    found = promised(row["句子"])[0]
    assert (str(found.kind), found.metric) == (row["类型"], row["指标"])


def answers() -> list[dict[str, str]]:
    with open(ROOT / "benchmarks" / "extraction" / "commitments-2025.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_quantified_or_dated_commitment_of_the_real_report_is_found():
    found = extract(REPORT, YEAR)
    for row in answers():
        start, quote = int(row["char_offset"]), row["quote"]
        here = [each for each in found if each.start < start + len(quote) and start < each.end]
        if row["measurability"] == "定量":
            comparator = "rank" if row["type"] == "rank" else row["comparator"]
            wanted = (Decimal(row["target_value"]), row["unit"], comparator)
            assert wanted in {(each.value, each.unit, str(each.comparator)) for each in here}, row["id"]
        if row["deadline"]:
            assert row["deadline"] in {each.deadline for each in here}, row["id"]


def test_no_number_of_the_real_report_is_invented_and_of_the_review_only_what_is_still_to_come():
    found = extract(REPORT, YEAR)
    plan = REPORT.index("2025年工作安排")
    assert sum(each.value is not None for each in found if each.start > plan) == 14
    (before,) = [each for each in found if each.start < plan]
    assert (before.quote, before.value, before.unit, before.deadline) == (
        "剩余292户有望在2025年春节前全部安置到位", 292, "户", "2025-01",
    )  # fmt: skip


@pytest.mark.parametrize("name", sets())
def test_composed_reports_are_read_as_well_as_promised(name):
    """The bar of the benchmark: F1 0.97 on numbers with their unit, comparators 0.99, nothing from a review."""
    total = counted([score(report) for report in load(name)])
    assert total.expected > 90 and total.f1 >= 0.97, total.misses
    assert total.comparators >= 0.99 * total.right and total.from_review == 0, total.misses


def test_a_report_of_another_year_than_said_is_read_by_its_own():
    text = "一、2018年工作回顾\n新增企业10家。\n二、2019年工作任务\n新增企业12家，6月底前新建学校2所。"
    found = extract(text, 2025)
    assert [(number(each), each.deadline) for each in found] == [("12 家", None), ("2 所", "2019-06")]
    assert outline(text, 2020).year == 2020


@pytest.mark.parametrize(
    ("heading", "year"),
    [
        ("2025年工作安排", 2025),
        ("2024年工作回顾", 2025),
        ("2026年政府工作报告", 2026),
        ("——2025年1月6日在人民代表大会上", 2025),
        ("——2024年12月28日在人民代表大会上", 2025),
        ("关于2020年上半年经济运行情况的汇报", 2020),
        ("政府工作报告", None),
    ],
)
def test_the_year_is_read_from_the_headings(heading, year):
    assert outline(f"{heading}\n新增企业10家。").year == year


def test_a_review_without_a_year_promises_nothing():
    text = "工作回顾\n剩余292户有望在年底前安置到位。剩余20户将于近期安置。"
    assert extract(text) == []
    assert extract(text, YEAR) == []


def test_quotation_sentence_and_number_keep_their_places_through_bad_line_ends():
    text = "\ufeff2025年重点工作\r\n建设高标准农田 6 .\n95 万亩。"
    (found,) = extract(text, YEAR)
    assert found.quote == text[found.start : found.end] == "建设高标准农田 6 .\n95 万亩"
    assert found.number is not None and text[slice(*found.number)] == "6 .\n95 万亩"
    assert text[slice(*found.sentence)].endswith("万亩。")


def test_why_and_confidence_say_what_was_not_read_at_the_number():
    plain, shared, idiom, dated = (
        promised(sentence)[0]
        for sentence in ("新增企业10家", "分别增长7%、8%以上", "独角兽企业破零", "到2027年，产值增长，达到十亿元")
    )
    assert plain.why == "数字取自“10家”；没有限定词，读作等于（=）；未写明时限"
    assert "由并列各数共用" in shared.why and "单位按“企业”取家" in idiom.why and "沿用前文“到2027年”" in dated.why
    assert plain.confidence > shared.confidence and plain.confidence > idiom.confidence > 0.7
    assert dated.confidence < plain.confidence


def test_results_and_ways_of_working_are_told_apart():
    found = extract("2025年重点工作\n9月底前，全部开工；建成产业园道路，大力发展康养产业，好。让我们共同奋斗。", YEAR)
    assert [(each.quote, each.kind, each.deadline) for each in found] == [
        ("9月底前，全部开工", Kind.MILESTONE, "2025-09"),
        ("建成产业园道路", Kind.MILESTONE, None),
        ("大力发展康养产业", Kind.STAGE, None),
    ]


def test_a_section_is_the_chapter_with_the_run_in_heading():
    text = "2025年重点工作\n（一）做强工业。培育龙头。新增企业10家。\n提升农业。建设农田5万亩。\n新建学校2所。"
    sections = [each.section for each in extract(text, YEAR) if each.value is not None]
    assert sections == ["（一）做强工业／培育龙头", "（一）做强工业／提升农业", "（一）做强工业"]


def test_a_sentence_with_very_many_numbers_is_cut_short():
    assert len(promised("、".join(["新建学校2所"] * 200))) < 200


PIECES = (
    "力争|确保|2025年|2024年|去年|今年|增长|5%|10家|以上|左右|不超过|突破|千亿元|三分之二|前三位|每个乡镇|破零|全覆盖|翻一番|6月底前|到2030年，|年底前"
    "|分别|、|，|。|；|：|“|”|（|）|《|》|由|提高到|至|-|1|23|4.5|.|,|十|百|万|亿|一|两|亿元|个|所|\n|\r\n|\u3000|\ufeff|一、|（一）|1.|●|工作回顾|工作安排"
)
pieces = st.sampled_from(PIECES.split("|"))


@given(st.lists(pieces, max_size=60).map("".join) | st.text(max_size=200), st.sampled_from([None, 2019, 2025]))
@settings(max_examples=250, deadline=None)
def test_any_text_is_read_and_every_place_is_its_own(text, year):
    for each in extract(text, year):
        assert text[each.start : each.end] == each.quote != ""
        assert 0 <= each.sentence[0] <= each.start < each.end <= each.sentence[1] <= len(text)
        assert (each.value is None) == (each.number is None) == (each.comparator is None)
        if each.number:
            assert each.start <= each.number[0] < each.number[1] <= each.end
        assert 0 < each.confidence < 1 and each.why


# Sentences without an end, made of what the expressions look for: each once took minutes for a megabyte, or could.
WORST = ["力争5个、", "由5", "一", "1", "“", "总投资5亿元", "到2030年底前", "百分之", "前3", "1.", "十十十级"]


@pytest.mark.parametrize("unit", WORST)
def test_the_work_grows_with_the_length_alone(unit):
    """Four times the text takes four times as long, not sixteen; and no text costs far more than others."""
    short, long = (processor_seconds(unit, length) for length in (3_000, 12_000))
    assert long < 10 * short + 0.05 and long < 0.6


def processor_seconds(unit: str, length: int) -> float:
    text = "2025年重点工作\n" + unit * (length // len(unit))
    started = time.process_time()
    extract(text, YEAR)
    return time.process_time() - started


def test_obligations_of_a_sentence_stand_in_its_order():
    found = obligations("6月底前，新建学校2所，完善制度机制，新增学位300个。", YEAR, is_headed=True)
    assert [each.start for each in found] == sorted(each.start for each in found)
