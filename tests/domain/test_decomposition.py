"""Taking a report apart: decisions and coverage against their tables; cuts and joins for any text."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi.domain import readings
from kpi.domain.decomposition import (
    LONGEST,
    SHORTEST,
    Origin,
    SpanState,
    SpanVerb,
    Standing,
    Sureness,
    apart,
    coverage,
    cut,
    do_cross,
    joined,
    neighbour,
    next_state,
    places_to_cut,
    sureness,
    trimmed,
    verbs_for,
)
from kpi.domain.errors import DomainError, IllegalTransition
from kpi.domain.readings import Reading, brought_together, own_reading, proposed_task, read_report, shared_out
from kpi.domain.values import Kind
from tests.domain.tables import rows

REPORTS = Path(__file__).parents[1] / "reports"
OTHER = (REPORTS / "invented-city.txt").read_text(encoding="utf-8")
HEAD = "二、2026年工作安排\n"


@pytest.mark.parametrize("row", rows("decomposition"))
def test_every_state_and_decision_has_one_answer(row):
    state, verb = SpanState(row["state"]), SpanVerb(row["verb"])
    for origin, column in ((Origin.OWN, "自己选的"), (Origin.MACHINE, "自动读出")):
        assert (verb in verbs_for(state, origin)) is bool(row[column])
        if row[column]:
            assert next_state(state, verb, origin) == row[column]
        else:
            with pytest.raises(IllegalTransition, match="span_moved"):
                next_state(state, verb, origin)


@pytest.mark.parametrize("row", rows("decomposition_coverage"))
def test_a_sentence_is_owned_as_the_table_says(row):
    states = [((place, place + 1), SpanState(state)) for place, state in enumerate(row["句中各处的决定"].split())]
    found = coverage([(0, 9)], [*states, ((9, 12), SpanState.ACCEPTED)])
    assert [standing for _span, standing in found.sentences] == [row["句子"]]
    assert found.count(Standing(row["句子"])) == 1 and bool(found.open_ones) is (row["句子"] == "open")


@pytest.mark.parametrize("row", rows("decomposition_tasks"))
def test_a_phrase_proposes_the_task_of_the_table(row):
    text = HEAD + row["计划部分的一句"]
    piece = read_report(text, 2026)[-1]
    task = proposed_task(
        piece.reading, text[slice(*piece.span)], 2026, is_shared=False, units={"township": 63, "district": 4}
    )
    told = [
        task.get(name, "") for name in ("kind", "unit", "comparator", "target", "decimals", "final_due_on", "preset")
    ]
    assert told == [row[name] for name in ("类型", "单位", "比较符", "目标", "小数位", "时限", "形状")]


def test_how_sure_a_proposal_is():
    assert [sureness(each, is_range=False) for each in (0.85, 0.84, 0.6, 0.59)] == ["sure", "fair", "fair", "check"]
    assert sureness(0.98, is_range=True) is Sureness.CHECK


def test_of_a_report_only_the_plan_is_read_and_nothing_crosses():
    pieces = read_report(OTHER, 2026)
    plan = OTHER.index("2026年工作安排")
    assert all(piece.span[0] > plan for piece in pieces)
    ranged = [piece.reading for piece in pieces if piece.reading.is_range]
    assert [(each.value, each.high) for each in ranged] == [(Decimal(6), Decimal("6.5"))]
    assert {piece.reading.sureness for piece in pieces} == set(Sureness)
    assert all(Reading.of_json(piece.reading.as_json()) == piece.reading for piece in pieces)
    spans = [piece.span for piece in pieces]
    assert not any(do_cross(one, other) for one in spans for other in spans)
    # What is held already is left alone, and a sentence without a promise is there all the same.
    held = pieces[3].span
    assert held not in [piece.span for piece in read_report(OTHER, 2026, [held])]
    assert any(piece.reading.why == readings.NOTHING_READ for piece in pieces)


def test_numbers_that_share_a_place_have_names_of_their_own():
    reading = Reading(Kind.CUMULATIVE, "专精特新企业", value=Decimal(25), unit="家", comparator="=")
    task = proposed_task(reading, "企业60家和专精特新企业25家", 2026, is_shared=True, units={})
    assert task["name"] == "专精特新企业25家"
    district = Reading(Kind.COVERAGE, "每个区县", value=Decimal(1), unit="个/区县", comparator=">=")
    assert proposed_task(district, "每个区县1个", 2026, is_shared=False, units={"district": 4})["target"] == "4"


def test_an_own_phrase_says_what_it_says_by_itself():
    assert own_reading("建设高标准农田6.95万亩", "（一）").value == Decimal("6.95")
    dated = own_reading("2026年9月底前通车", "")
    assert (dated.kind, dated.deadline, dated.value) == ("milestone", "2026-09", None)
    assert own_reading("2026年9月前通车", "").deadline == "2026-08"


def test_a_cut_shares_the_numbers_out_and_a_join_keeps_them():
    text = HEAD + "力争新增企业60家、专精特新企业25家。"
    first, second = (piece for piece in read_report(text, 2026))
    whole = joined(first.span, second.span)
    both = brought_together([first.reading, second.reading], text[slice(*whole)])
    assert [each.value for each in both] == [60, 25]
    at = text.rindex("、") + 1
    assert at in places_to_cut(text, whole)
    parts = shared_out(both, cut(text, whole, at), text)
    assert [(text[slice(*part)], each.value) for part, each in parts] == [
        ("力争新增企业60家", 60),
        ("专精特新企业25家", 25),
    ]
    bare = brought_together([own_reading("完善机制", ""), own_reading("强化管理", "")], "完善机制，强化管理")
    assert [each.metric for each in bare] == ["完善机制，强化管理"]
    late = shared_out([Reading(Kind.STAGE, "x")], [(0, 2), (3, 5)], "甲乙，丙丁")
    assert [each.metric for _part, each in late] == ["甲乙", "丙丁"]


@pytest.mark.parametrize("at", [0, 1, 5, 6])
def test_no_cut_leaves_less_than_two_characters(at):
    with pytest.raises(DomainError, match="split_place"):
        cut("甲，乙丙丁", (0, 5), at)


def test_what_is_too_long_is_not_joined():
    with pytest.raises(DomainError, match="merge_too_long"):
        joined((0, 10), (LONGEST, LONGEST + 1))
    assert neighbour([(0, 2), (3, 5)], (0, 2), step=1) == (3, 5)
    assert neighbour([(0, 2), (3, 5)], (0, 2), step=-1) is None


WORDS = st.text(alphabet="甲乙丙3家，、。\n 和及", min_size=1, max_size=60)


@given(text=WORDS, data=st.data())
def test_cuts_are_apart_word_for_word_and_join_again(text: str, data: st.DataObject):
    start = data.draw(st.integers(0, len(text) - 1))
    span = start, data.draw(st.integers(start + 1, len(text)))
    for at in places_to_cut(text, span):
        first, second = cut(text, span, at)
        assert span[0] <= first[0] < first[1] <= second[0] < second[1] <= span[1]
        assert min(len(text[slice(*part)]) for part in (first, second)) >= SHORTEST
        assert joined(first, second) == trimmed(text, *span)
        assert not do_cross(first, second)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), max_size=12), st.booleans())
def test_what_is_kept_of_any_spans_never_crosses(drawn: list[tuple[int, int]], is_first_taken: bool):
    spans = [(start, start + length) for start, length in drawn]
    taken = spans[:1] if is_first_taken else []
    kept = [spans[index] for index in apart(spans, taken)]
    assert not any(do_cross(one, other) for one in [*kept, *taken] for other in [*kept, *taken])
    assert not set(kept) & set(taken)


@given(st.text(alphabet="二、206年工作安排\n力争增长%—家，。万个", max_size=80))
def test_any_text_gives_places_in_it_that_never_cross(words: str):
    text = HEAD + words
    pieces = read_report(text, 2026)
    spans = sorted({piece.span for piece in pieces})
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    for piece in pieces:
        proposed_task(piece.reading, text[slice(*piece.span)], 2026, is_shared=False, units={})


def test_one_end_of_a_range_alone_is_a_number_like_others():
    pieces = [
        readings.Piece((0, 9), 0, (0, 9), Reading(Kind.RATIO, "增长", value=Decimal(6), comparator="range")),
        readings.Piece((10, 19), 0, (10, 19), Reading(Kind.RATIO, "增长", value=Decimal(7), comparator="range")),
        readings.Piece((20, 29), 0, (20, 29), Reading(Kind.RATIO, "增长", value=Decimal(8), comparator=">=")),
    ]
    assert list(readings._with_ranges_joined(pieces)) == pieces
    assert list(readings._with_ranges_joined(pieces[:1])) == pieces[:1]
