"""Shares, sums and the life of a period's scores against their decision tables."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from pathlib import Path

import pytest

from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted
from kpi.domain.score_runs import (
    TRANSITIONS,
    Answer,
    ScoreState,
    ScoreVerb,
    Viewer,
    answer_of,
    check_answer,
    check_final,
    next_state,
)
from kpi.domain.scoring import (
    BONUSES,
    DEDUCTIONS,
    Extra,
    Figures,
    Item,
    Measured,
    OwnWeight,
    ReasonRule,
    Scheme,
    ScoreBasis,
    ScoreReason,
    ScoreRole,
    Unmeasured,
    measure,
    places,
    rounded,
    score,
)
from kpi.domain.values import Comparator, Kind, Polarity, Strength, Timeliness
from tests.domain.tables import rows

FIXTURE = Path(__file__).resolve().parents[2] / "fixtures" / "scoring.json"


def decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None


def scheme_of(record: dict) -> Scheme:
    return Scheme(
        basis=ScoreBasis(record["basis"]),
        lead_weight=Decimal(record["lead_weight"]),
        supporting_weight=Decimal(record["supporting_weight"]),
        weights={each: Decimal(record[f"weight_{each}"]) for each in Strength},
        rules={
            ScoreReason(line["reason"]): ReasonRule(
                Decimal(line["points"]), Decimal(line["cap"]), Decimal(line.get("key_points", 0))
            )
            for line in record["lines"]
        },
        most_deduction=decimal(record["most_deduction"]),
        most_bonus=decimal(record["most_bonus"]),
        bonus_breaks_ties_only=record["bonus_breaks_ties_only"],
    )


SCHEMES = {record["code"]: scheme_of(record) for record in json.loads(FIXTURE.read_text("utf-8"))}
SCHEMES["guiyang_half"] = replace(SCHEMES["guiyang"], supporting_weight=Decimal("0.5"))
GUIYANG = SCHEMES["guiyang"]
# Both totals capped, and a bonus that counts.
CAPPED_AT_FIVE = replace(
    GUIYANG,
    bonus_breaks_ties_only=False,
    rules={each: ReasonRule(Decimal(0), Decimal(100)) for each in ScoreReason},
)


def figures_of(row: dict) -> Figures:
    return Figures(
        kind=Kind(row["kind"]),
        polarity=Polarity(row["polarity"]),
        comparator=Comparator(row["comparator"]),
        is_final=row["已到期"] == "yes",
        actual=decimal(row["actual"]),
        expected=decimal(row["expected"]),
        target=decimal(row["target"]),
        last_asked=Timeliness(row["最近应报"]) if row["最近应报"] else None,
        is_unpublished=row.get("未公布") == "yes",
        peers_known=row["同类已知"] != "no",
    )


def in_words(found: Measured | Unmeasured) -> str:
    return str(found.share) if isinstance(found, Measured) else str(found)


@pytest.mark.parametrize("row", rows("score_shares"))
def test_the_share_of_each_kind_is_the_one_in_the_table(row):
    found = measure(figures_of(row), ScoreBasis(row["basis"]))
    is_beyond = isinstance(found, Measured) and found.exceeds
    against = str(found.against) if isinstance(found, Measured) else ""
    assert (in_words(found) + "+" * is_beyond, against) == (row["结果"], row["对照"])


DEPARTMENTS = defaultdict(list)
for each in rows("score_departments"):
    DEPARTMENTS[each.values[0]["单位"]].append(each.values[0])


def worked(lines: list[dict]) -> tuple[list[Item], list[Extra], Scheme]:
    """The table's lines as the rule takes them; each case of a reason is one line of its own."""
    scheme = SCHEMES[lines[0]["方案"]]
    items, extras, excess = [], [], []
    for line in lines:
        if line["行"] == "任务":
            found = measure(figures_of(line), scheme.basis)
            assert in_words(found) == line["份额"], line["说明"]
            role, own = ScoreRole(line["角色"]), OwnWeight(Decimal(line["权重"]), line["重点"] == "yes")
            weight = replace(scheme, own={"x": own}).weight_of("x", Strength.MUST, role)
            is_measured = isinstance(found, Measured)
            items.append(Item(weight, found.share if is_measured else None))
            if is_measured and found.exceeds and ScoreReason.EXCESS in scheme.rules:
                rule = scheme.rules[ScoreReason.EXCESS]
                excess.append(Extra(ScoreReason.EXCESS, rule.key_points if own.is_key else rule.points, weight))
        elif line["事由"] == ScoreReason.EXCESS:
            assert len(excess) == int(line["次数"])
            extras += excess
        elif line["事由"]:
            reason = ScoreReason(line["事由"])
            extras += [Extra(reason, scheme.rules[reason].points)] * int(line["次数"])
    return items, extras, scheme


def shown(points: Fraction | None) -> str:
    return "" if points is None else str(rounded(points))


@pytest.mark.parametrize("unit", DEPARTMENTS)
def test_departments_worked_by_hand_come_out_to_the_last_digit(unit):
    lines = DEPARTMENTS[unit]
    items, extras, scheme = worked(lines)
    found = score(items, extras, scheme)
    tasks = [line for line in lines if line["行"] == "任务"]
    assert [shown(found.points_of(item)) for item in items] == [line["得分"] for line in tasks]
    for line in lines:
        if line["事由"]:
            assert shown(found.sums[ScoreReason(line["事由"])].counted) == line["得分"], line["说明"]
    results = {"基础分": shown(found.base), "扣分合计": shown(found.deduction), "加分合计": shown(found.bonus)}
    results["得分"] = "" if found.total is None else str(found.total)
    assert results == {line["行"]: line["得分"] for line in lines if line["行"] in results}


def test_there_are_ten_departments_and_every_kind_and_reason_is_among_them():
    lines = [line for found in DEPARTMENTS.values() for line in found]
    assert len(DEPARTMENTS) >= 10
    assert {line["kind"] for line in lines if line["kind"]} == set(Kind)
    assert {line["事由"] for line in lines if line["事由"]} == set(ScoreReason)


def test_what_is_left_out_is_neither_nothing_nor_all(unit="丁局"):
    items, extras, scheme = worked(DEPARTMENTS[unit])
    found = score(items, extras, scheme)
    assert (found.measured, found.left_out) == (Decimal(3), Decimal(4))
    as_nothing = score([replace(item, share=item.share or Fraction(0)) for item in items], extras, scheme)
    as_all = score([replace(item, share=item.share or Fraction(1)) for item in items], extras, scheme)
    assert as_nothing.total < found.total < as_all.total


def test_the_order_of_lines_changes_nothing():
    items, extras, scheme = worked(DEPARTMENTS["丙局"])
    assert {score(each, extras[::-1], scheme).total for each in permutations(items)} == {Decimal("33.75")}


def test_only_named_reasons_exist_and_each_is_a_deduction_or_a_bonus():
    """The limits of 2024: nothing of what leaders say or how often somebody signs in can be a reason."""
    assert set(DEDUCTIONS) | set(BONUSES) == set(ScoreReason) and not set(DEDUCTIONS) & set(BONUSES)
    forbidden = ("directive", "remark", "praise", "login", "log_in", "photo", "evidence", "file", "meeting", "paper")
    assert not [each for each in ScoreReason if any(word in each for word in forbidden)]


def test_own_weights_take_the_place_of_the_default():
    weights = {Strength.MUST: Decimal(3), Strength.AIM: Decimal(2), Strength.SUPPORT: Decimal(1)}
    own = {"A01": OwnWeight(Decimal("1.5"), is_key=True)}
    found = replace(GUIYANG, weights=weights, own=own, supporting_weight=Decimal("0.4"))
    assert found.weight_of("A02", Strength.MUST, ScoreRole.LEAD) == 3
    assert found.weight_of("A02", Strength.MUST, ScoreRole.SUPPORTING) == Decimal("1.2")
    assert found.weight_of("A01", Strength.MUST, ScoreRole.CHARGE) == Decimal("1.5")
    assert found.is_key("A01") and not found.is_key("A02")


def test_an_excess_is_a_part_of_the_items_own_points():
    scheme = SCHEMES["chengdu"]
    found = score([Item(Decimal(1), Fraction(1)), Item(Decimal(3), Fraction(1))], [], scheme)
    assert found.amount_of(Extra(ScoreReason.EXCESS, Decimal(8), Decimal(1))) == 2
    nothing = score([Item(Decimal(1), None)], [Extra(ScoreReason.EXCESS, Decimal(8), Decimal(1))], scheme)
    assert nothing.total is None and nothing.bonus == 0 and nothing.points_of(Item(Decimal(1), Fraction(1))) is None


def test_places_are_shared_and_a_bonus_breaks_ties():
    totals = [(Decimal(total), Decimal(bonus)) for total, bonus in ((90, 0), (95, 0), (90, 1), (90, 0))]
    assert places(totals) == [3, 1, 2, 3]
    assert places([]) == []


@pytest.mark.parametrize("row", rows("score_runs"))
def test_every_state_and_step_has_one_answer(row):
    state, verb = ScoreState(row["state"]), ScoreVerb(row["verb"])
    if row["新状态"]:
        assert next_state(state, verb) == row["新状态"]
    else:
        with pytest.raises(IllegalTransition, match="score_moved"):
            next_state(state, verb)


def test_every_step_that_is_allowed_stands_in_the_table():
    told = {
        (each.values[0]["state"], each.values[0]["verb"]) for each in rows("score_runs") if each.values[0]["新状态"]
    }
    assert told == set(TRANSITIONS)


@pytest.mark.parametrize(
    ("verbs", "wanted"),
    [
        ("", Answer.NONE),
        ("reply", Answer.NONE),
        ("accept", Answer.ACCEPTED),
        ("object", Answer.OBJECTED),
        ("object reply", Answer.REPLIED),
        ("object reply object", Answer.OBJECTED),
        ("object correct accept reply", Answer.ACCEPTED),
    ],
)
def test_the_last_word_of_the_unit_counts(verbs, wanted):
    assert answer_of(verbs.split()) is wanted


NOW = datetime.fromisoformat("2025-07-04T18:00:00+08:00")


@pytest.mark.parametrize("row", rows("score_rights"))
def test_who_may_see_and_answer_is_in_the_table(row):
    viewer = Viewer(*(row[name] == "yes" for name in ("督查室", "市领导", "本单位人员", "负责人或本人")))
    seen = viewer.may_see(was_opened=row["已征求意见"] == "yes")
    try:
        check_answer(viewer, now=NOW, until=NOW)
        answers = seen
    except NotPermitted:
        answers = False
    assert (seen, answers) == (row["可看"] == "yes", row["可答"] == "yes")


def test_the_window_closes_after_its_last_moment():
    head = Viewer(is_office=False, is_leader=False, is_of_unit=True, speaks=True)
    with pytest.raises(DomainError, match="score_answer_late"):
        check_answer(head, now=NOW + timedelta(microseconds=1), until=NOW)


@pytest.mark.parametrize("row", rows("score_final"))
def test_what_makes_scores_final_is_in_the_table(row):
    try:
        check_final(
            is_preparer=row["编制人"] == "yes",
            is_over=row["期限已过"] == "yes",
            waiting=int(row["未答复的单位"]),
            unanswered=int(row["未回复的异议"]),
        )
        outcome = "ok"
    except DomainError as refused:
        outcome = refused.code
    assert outcome == row["结果"]
