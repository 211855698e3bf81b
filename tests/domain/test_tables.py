"""The rules against their decision tables, row by row."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from kpi.domain.anchors import Anchor, Place, figures_changed, place_all
from kpi.domain.attention import Watched, concerns
from kpi.domain.calendar import Roll, WorkCalendar
from kpi.domain.cosigning import Stance, cosigning
from kpi.domain.errors import DomainError, IllegalTransition
from kpi.domain.evidence import need_of
from kpi.domain.forecast import Course, Forecast, project
from kpi.domain.guards import question
from kpi.domain.override import check_override
from kpi.domain.periods import DueRule, Period
from kpi.domain.rag import DEFAULT_RULE, SANYA, XUANCHENG, YINCHUAN, Node, Standing, assess
from kpi.domain.runs import hints
from kpi.domain.scoring import Extra, Figures, Item, ScoreBasis, ScoreReason, measure, score
from kpi.domain.signing import signing
from kpi.domain.values import (
    Comparator,
    Kind,
    Polarity,
    Rag,
    SubmissionState,
    Timeliness,
    Verb,
    parse_number,
    timeliness,
)
from kpi.domain.window import Extension, Window
from kpi.domain.workflow import allowed_verbs, next_state
from tests.domain.tables import rows
from tests.domain.test_scoring import CAPPED_AT_FIVE

RULES = {"default": DEFAULT_RULE, "yinchuan": YINCHUAN, "sanya": SANYA, "xuancheng": XUANCHENG}
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


def official_calendar() -> WorkCalendar:
    documents = [json.loads(path.read_text("utf-8")) for path in sorted(FIXTURES.glob("workdays-*.json"))]
    return WorkCalendar(
        holidays=frozenset(date.fromisoformat(day["day"]) for found in documents for day in found["holidays"]),
        makeup_workdays=frozenset(
            date.fromisoformat(day["day"]) for found in documents for day in found["makeup_workdays"]
        ),
        known_years=frozenset(found["year"] for found in documents),
    )


def figure(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def nodes(text: str) -> tuple[Node, ...]:
    pairs = [pair.split("=") for pair in text.split(";") if pair]
    return tuple(
        Node(number, f"节点{number}", date.fromisoformat(due), date.fromisoformat(done) if done else None)
        for number, (due, done) in enumerate(pairs, start=1)
    )


@pytest.mark.parametrize("row", rows("rag"))
def test_the_lamp_is_the_one_in_the_table(row):
    rule = RULES[row["rule"]]
    standing = Standing(
        kind=Kind(row["kind"]),
        comparator=Comparator(row["comparator"]),
        polarity=Polarity(row["polarity"]),
        as_of=date.fromisoformat(row["as_of"]),
        final_due_on=date.fromisoformat(row["final_due_on"]),
        target=figure(row["target"]),
        expected=figure(row["expected"]),
        actual=figure(row["actual"]),
        decimals=int(row["decimals"]),
        nodes=nodes(row["nodes"]),
        peers_known=row["peers_known"] != "no",
    )
    found = assess(standing, rule)
    wanted = (row["亮灯"], row["理由"], figure(row["to_green"]))
    assert (str(found.rag), found.reason, found.to_green) == wanted
    assert (found.rule_code, found.rule_version) == (rule.code, rule.version)


FIGURES = {"cumulative", "point_in_time", "ratio", "coverage"}
MOVABLE = [case for case in rows("rag") if case.values[0]["kind"] in FIGURES and case.values[0]["to_green"]]


@pytest.mark.parametrize("row", MOVABLE)
def test_the_step_to_green_turns_the_lamp_green_and_nothing_smaller_does(row):
    base = {
        "kind": Kind(row["kind"]),
        "comparator": Comparator(row["comparator"]),
        "polarity": Polarity(row["polarity"]),
        "as_of": date.fromisoformat(row["as_of"]),
        "final_due_on": date.fromisoformat(row["final_due_on"]),
        "target": figure(row["target"]),
        "expected": figure(row["expected"]),
    }
    goal = Decimal(row["actual"]) + Decimal(row["to_green"])
    unit = Decimal(1).scaleb(-int(row["decimals"]))
    back = unit if row["polarity"] == "lower" else -unit
    good = {"green", "done"}
    assert assess(Standing(**base, actual=goal), RULES[row["rule"]]).rag in good
    assert assess(Standing(**base, actual=goal + back), RULES[row["rule"]]).rag not in good


@pytest.mark.parametrize("row", rows("comparators"))
def test_comparators_mean_exactly_what_the_report_says(row):
    met = Comparator(row["comparator"]).is_met(
        Decimal(row["actual"]), Decimal(row["target"]), Polarity(row["polarity"])
    )
    assert met is (row["是否达到"] == "是")


@pytest.mark.parametrize("row", rows("guards"))
def test_an_odd_figure_is_asked_about_and_a_plain_one_is_not(row):
    value, plan, target = (Decimal(row[name]) if row[name] else None for name in ("value", "plan", "target"))
    earlier = [Decimal(text) for text in row["earlier"].split()]
    found = question(kind=Kind(row["kind"]), value=value, earlier=earlier, plan=plan, target=target)
    if not row["问"]:
        assert found is None
        return
    assert found is not None and found.doubt == row["问"]
    assert list(found.params.values()) == [Decimal(row["数"])]


@pytest.mark.parametrize("row", rows("evidence"))
def test_evidence_is_asked_for_where_the_table_says(row):
    found = need_of(
        is_demanded=row["须附佐证"] == "是",
        rag=Rag(row["本期亮灯"]),
        last_rag=Rag(row["上期亮灯"]) if row["上期亮灯"] else None,
        is_correction=row["数据更正"] == "是",
        no_progress=row["无新进展"] == "是",
    )
    assert (found or "") == row["理由"]


@pytest.mark.parametrize("row", rows("numbers"))
def test_a_figure_is_read_exactly_or_refused_with_a_code(row):
    decimals = int(row["decimals"])
    try:
        found = str(parse_number(row["输入"], decimals=decimals))
        suggestion = ""
    except DomainError as problem:
        found, suggestion = problem.code, str(problem.params.get("suggestion", ""))
        assert problem.params["field"] == "value"
    assert (found, suggestion) == (row["结果"], row["建议"])


@pytest.mark.parametrize("row", rows("due_dates"))
def test_the_due_day_rolls_over_official_holidays(row):
    rule = DueRule(day=int(row["day"]), month_offset=int(row["month_offset"]), roll=Roll(row["roll"]))
    assert rule.due_on(Period.parse(row["period"]), official_calendar()) == date.fromisoformat(row["截止日"])


@pytest.mark.parametrize("row", rows("workflow"))
def test_every_state_and_verb_has_one_answer(row):
    state, verb = SubmissionState(row["state"]), Verb(row["verb"])
    if row["新状态"]:
        assert next_state(state, verb) == SubmissionState(row["新状态"])
        assert verb in allowed_verbs(state)
    else:
        assert verb not in allowed_verbs(state)
        with pytest.raises(IllegalTransition) as refused:
            next_state(state, verb)
        assert refused.value.params == {"state": str(state), "verb": str(verb)}


@pytest.mark.parametrize("row", rows("timeliness"))
def test_timeliness_knows_the_very_second(row):
    due = datetime.fromisoformat("2025-07-07T18:00:00+08:00")
    found = timeliness(
        submitted_at=datetime.fromisoformat(row["submitted_at"] + "+08:00") if row["submitted_at"] else None,
        due_at=due,
        grace_ends_at=due + timedelta(days=2),
        now=datetime.fromisoformat(row["now"] + "+08:00"),
    )
    assert str(found) == row["结果"]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text + "+08:00")


@pytest.mark.parametrize("row", rows("window"))
def test_a_report_is_taken_exactly_while_its_window_is_open(row):
    window = Window(
        opens_at=local("2025-06-25T00:00:00"),
        due_at=local("2025-07-07T18:00:00"),
        grace_ends_at=local("2025-07-09T18:00:00"),
        locked_at=local(row["locked"]) if row["locked"] else None,
        extensions=[Extension(*map(local, pair.split("/"))) for pair in row["extensions"].split()],
    )
    now = local(row["now"])
    assert window.phase(now) == row["阶段"]
    assert (window.refusal(now, was_filed=row["was_filed"] == "yes") or "") == row["拒绝"]
    assert window.due_for_unit == local(row["该单位截止"])
    assert window.missing_after == max(window.grace_ends_at, window.due_for_unit)


@pytest.mark.parametrize("row", rows("scoring"))
def test_points_follow_the_published_formula(row):
    """One task among others that have earned nothing; the weights come to 100."""
    task = Figures(
        kind=Kind.CUMULATIVE,
        polarity=Polarity(row["polarity"]),
        comparator=Comparator.AT_LEAST if row["polarity"] == "higher" else Comparator.AT_MOST,
        is_final=True,
        actual=figure(row["actual"]),
        expected=None,
        target=Decimal(row["target"]),
        last_asked=Timeliness.ON_TIME if row["actual"] else Timeliness.MISSING,
    )
    weight = Decimal(row["weight"])
    items = [Item(weight, measure(task, ScoreBasis.CAPPED).share), Item(100 - weight, Fraction(0))]
    extras = [
        Extra(ScoreReason.FALSE_DATA, Decimal(row["deduction"])),
        Extra(ScoreReason.AWARD, Decimal(row["bonus"])),
    ]
    assert score(items, extras, CAPPED_AT_FIVE).total == Decimal(row["得分"])


# Situations of a delegation in which it is worth something; the others are made in tests/services/test_delegations.py.
IN_FORCE = ("in_force", "first_day", "last_day")


@pytest.mark.parametrize("row", rows("signing"))
def test_who_signs_is_in_the_table(row):
    is_delegate = row["委托"] in IN_FORCE and row["岗位"] != "left"
    try:
        found = signing(
            is_head=row["岗位"] == "head",
            is_delegate=is_delegate,
            is_submitter=row["本人提交"] == "yes",
            is_batch=row["批量"] == "yes",
        )
        outcome = f"{found.capacity}{'_own' if found.is_own_submission else ''}"
    except DomainError as refusal:
        outcome = refusal.code
    assert outcome == row["结果"]


@pytest.mark.parametrize("row", rows("override"))
def test_which_lamp_may_stand_in_for_which_is_in_the_table(row):
    try:
        check_override(Rag(row["计算"]), Rag(row["调整为"]))
        outcome = "ok"
    except DomainError as refusal:
        outcome = refusal.code
    assert outcome == row["结果"]


def test_every_pair_of_lamps_is_judged_alike_for_all_facts():
    """Facts are never judged, and nothing becomes one by being judged."""
    for computed in Rag:
        for reviewed in Rag:
            is_free = {computed, reviewed} <= {Rag.RED, Rag.AMBER, Rag.GREEN} and computed is not reviewed
            try:
                check_override(computed, reviewed)
                assert is_free, (computed, reviewed)
            except DomainError:
                assert not is_free, (computed, reviewed)


@pytest.mark.parametrize("row", rows("cosigning"))
def test_how_far_cosigning_has_come_is_in_the_table(row):
    stances = {unit: Stance(stance) for unit, stance in (pair.split("=") for pair in row["已表态"].split())}
    found = cosigning(row["应会签"].split(), stances)
    parts = (" ".join(found.confirmed), " ".join(found.objected), " ".join(found.missing))
    assert parts == (row["已确认"], row["有异议"], row["未会签"])
    assert (found.is_complete, found.is_asked) == (row["齐否"] == "yes", bool(row["应会签"]))


@pytest.mark.parametrize("row", rows("anchors"))
def test_where_a_quotation_stands_in_a_corrected_text_is_in_the_table(row):
    text, wanted = (row[name].replace("\\n", "\n") for name in ("新版文字", "找到"))
    anchors = {"this": Anchor(row["引文"], row["前文"], row["后文"])}
    if row["其他引文"]:
        anchors["other"] = Anchor(row["其他引文"])
    found = place_all(text, anchors)["this"]
    if isinstance(found, Place):
        words = text[found.start : found.end]
        said = ["yes" if is_so else "no" for is_so in (figures_changed(row["引文"], words), found.is_doubtful)]
        assert (found.how, words, said) == (row["结果"], wanted, [row["数字有变"], row["请核对"]])
    else:
        assert (found, "") == (row["结果"], wanted)


@pytest.mark.parametrize("row", rows("attention"))
def test_what_needs_a_leaders_eye_and_why(row):
    watched = Watched(
        rag=Rag(row["亮灯"]),
        run_length=int(row["连续月数"]),
        days_left=int(row["距时限天数"]),
        is_short=row["预计不足"] == "yes",
        directive_overdue_days=int(row["批示超期天数"] or 0),
    )
    assert " ".join(concerns(watched)) == row["关注理由"]


def course(row) -> Course:
    """A forecast's ground as the table writes it: ``month:figure`` pairs of 2025."""
    curves = {
        name: {
            Period(2025, int(month)): Decimal(value) for month, value in (pair.split(":") for pair in row[name].split())
        }
        for name in ("plan", "figures")
    }
    as_of, *notes = row["as_of"].split()
    return Course(
        kind=Kind(row["kind"]),
        comparator=Comparator(row["comparator"]),
        polarity=Polarity(row["polarity"]),
        decimals=int(row["decimals"]),
        target=figure(row["target"]),
        as_of=Period(2025, int(as_of)),
        final_due_on=date(2025, 12, 31),
        is_unpublished="unpublished" in notes,
        **curves,
    )


@pytest.mark.parametrize("row", rows("forecast"))
def test_the_forecast_is_the_one_in_the_table(row):
    found = project(course(row))
    if not isinstance(found, Forecast):
        assert str(found) == row["结果"]
        return
    texts = [str(value) for value in (found.low, found.likely, found.high, found.odds)]
    assert ["forecast", *texts] == [row[name] for name in ("结果", "low", "likely", "high", "odds")]
    assert found.is_short is (row["不足"] == "是")


@pytest.mark.parametrize("row", rows("runs"))
def test_hints_beside_the_lamp_are_those_in_the_table(row):
    found = hints(
        lamps=[Rag(code) for code in row["lamps"].split()],
        shares=[Decimal(text) for text in row["shares"].split()],
        paces=[Decimal(text) for text in row["paces"].split()],
        is_short=row["预测不足"] == "是",
    )
    assert " ".join(found) == row["提示"]
