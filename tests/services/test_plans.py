"""The plan editor's writes: what is written, what is locked, what is refused, and what can be had back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import AuditEntry
from kpi.domain.amending import Stage
from kpi.domain.errors import NotPermitted, StaleVersion
from kpi.models import Indicator, Milestone, PlanPoint, Target
from kpi.selectors import planning
from kpi.services import plans
from kpi.services.content import ContentInvalid
from tests.conftest import NOW

FARMLAND, NODES, STAGES = "A06", "T07", "T05"


def of(code: str) -> Indicator:
    return Indicator.objects.select_related("report", "lead_department").get(code=code)


def raw_of(plan: planning.Plan, **changed: str) -> dict[str, str]:
    """What the form posts: the open months."""
    typed = {code: str(plan.points.get(code, "")) for code in plan.months if code not in plan.locked}
    return typed | {code.replace("m", "2025-"): value for code, value in changed.items()}


def change(actor, code: str = FARMLAND, stamp: str = "", **changed: str) -> planning.Plan:
    before = planning.plan_of(of(code))
    raw = raw_of(before, **changed)
    plans.change_points(indicator=of(code), raw=raw, stamp=stamp or before.stamp, actor=actor("dcs_1"), now=NOW)
    return planning.plan_of(of(code))


def codes(problem: pytest.ExceptionInfo[ContentInvalid]) -> dict[str, str]:
    return {error.field: error.code for error in problem.value.errors}


def test_open_months_are_set_and_locked_ones_stay(actor):
    before = planning.plan_of(of(FARMLAND))
    assert before.locked == ("2025-01", "2025-02", "2025-03", "2025-04", "2025-05")
    after = change(actor, m07="4", m08="")
    assert after.points["2025-07"] == 4 and "2025-08" not in after.points
    assert {code: after.points[code] for code in before.locked} == {code: before.points[code] for code in before.locked}
    entry = AuditEntry.objects.get(action="plan.changed")
    assert (entry.before["points"]["2025-07"], entry.after["points"]["2025-07"]) == (
        str(before.points["2025-07"]),
        "4.0000",
    )
    assert "2025-08" not in entry.after["points"] and entry.department_code == "agriculture"


def test_what_says_the_same_writes_nothing(actor):
    change(actor)
    assert not AuditEntry.objects.filter(action="plan.changed").exists()


def test_a_locked_month_that_is_posted_with_another_figure_is_refused(actor):
    with pytest.raises(ContentInvalid) as problem:
        change(actor, m03="9.99")
    assert codes(problem) == {"2025-03": "plan_month_locked"}
    # The same figure is no change.
    change(actor, m03=str(planning.plan_of(of(FARMLAND)).points["2025-03"].quantize(Decimal("0.01"))))


def test_every_month_with_a_slip_is_named_at_once(actor):
    with pytest.raises(ContentInvalid) as problem:
        change(actor, m07="abc", m08="-1", m09="1.234")
    assert codes(problem) == {
        "2025-07": "number_malformed",
        "2025-08": "number_negative",
        "2025-09": "number_too_precise",
    }


def test_stages_and_ranks_have_bounds_of_their_own(actor):
    with pytest.raises(ContentInvalid) as problem:
        change(actor, STAGES, m09="5")
    assert codes(problem) == {"2025-09": "stage_out_of_range"}
    with pytest.raises(ContentInvalid) as problem:
        change(actor, "T24", m09="0")
    assert codes(problem) == {"2025-09": "rank_starts_at_one"}


def test_two_who_edit_one_plan_do_not_overwrite_each_other(actor):
    opened = planning.plan_of(of(FARMLAND)).stamp
    change(actor, m07="4")
    with pytest.raises(StaleVersion, match="plan_stale"):
        change(actor, stamp=opened, m09="5")
    # Whoever else writes it is seen too: the stamp is of what stands there.
    opened = planning.plan_of(of(FARMLAND)).stamp
    PlanPoint.objects.filter(indicator__code=FARMLAND, period="2025-11").update(value=6)
    with pytest.raises(StaleVersion):
        change(actor, stamp=opened, m09="5")


@pytest.mark.parametrize("person", ["nyj_head", "mayor", "sysadmin"])
def test_only_the_office_plans(actor, person):
    plan = planning.plan_of(of(FARMLAND))
    with pytest.raises(NotPermitted):
        plans.change_points(indicator=plan.indicator, raw=raw_of(plan), stamp=plan.stamp, actor=actor(person), now=NOW)


def test_earlier_versions_are_kept_with_who_and_when(actor):
    first = planning.plan_of(of(FARMLAND))
    second = change(actor, m07="4")
    third = change(actor, m07="", m08="4.1")
    found = planning.versions(third)
    assert [version.points for version in found] == [third.points, second.points, first.points]
    assert found[0].says(third) and not found[1].says(third)
    assert (found[0].who, found[0].at) == (str(actor("dcs_1").user), NOW)
    # The plan as it was loaded was nobody's form.
    assert found[-1].who == ""


def nodes_raw(nodes: list[tuple[str, str]]) -> dict[str, str]:
    raw = {"nodes-count": str(len(nodes))}
    for place, (name, due) in enumerate(nodes, start=1):
        raw |= {f"node-{place}-name": name, f"node-{place}-due": due}
    return raw


def set_nodes(actor, nodes: list[tuple[str, str]], code: str = NODES) -> planning.Plan:
    plan = planning.plan_of(of(code))
    plans.change_nodes(indicator=plan.indicator, raw=nodes_raw(nodes), stamp=plan.stamp, actor=actor("dcs_1"), now=NOW)
    return planning.plan_of(of(code))


def typed(plan: planning.Plan) -> list[tuple[str, str]]:
    return [(node.name, node.due_on.isoformat()) for node in plan.nodes]


def test_a_node_is_added_and_the_curve_follows(actor):
    before = planning.plan_of(of(NODES))
    after = set_nodes(actor, [*typed(before), ("开展满意度回访", "2025-11-15")])
    assert len(after.nodes) == len(before.nodes) + 1
    assert after.points["2025-11"] == before.points["2025-11"] + 1
    assert {code: after.points.get(code) for code in before.locked} == {
        code: before.points.get(code) for code in before.locked
    }
    # Published months were judged by the old number of nodes: that is changed by a target change alone.
    assert before.stage is Stage.LOCKED and after.target == before.target


def test_nodes_that_were_filed_keep_their_places_and_locked_ones_their_days(actor):
    before = planning.plan_of(of(NODES))
    rows = typed(before)
    with pytest.raises(ContentInvalid) as problem:
        set_nodes(actor, rows[:-1])
    assert codes(problem) == {"nodes": "nodes_fixed"}
    with pytest.raises(ContentInvalid) as problem:
        set_nodes(actor, [(rows[0][0], "2025-08-01"), *rows[1:]])
    assert codes(problem) == {"node-1-due": "node_day_locked"}
    with pytest.raises(ContentInvalid) as problem:
        set_nodes(actor, [*rows, ("补一个", "2025-02-01"), ("", ""), ("明年", "2026-01-01")])
    assert (
        codes(problem)
        == {
            "node-7-due": "node_month_locked",
            "node-8-name": "node_name_required",
            "node-8-due": "node_day_required",
            "node-9-due": "node_outside_year",
        }
        or len(rows) != 6
    )


def test_a_new_indicators_nodes_are_free_and_count_as_its_target(actor):
    indicator = of(NODES)
    fresh = Indicator.objects.get(pk=indicator.pk)
    fresh.pk, fresh.code = None, "T90"
    fresh.save()
    after = set_nodes(actor, [("甲", "2025-07-31"), ("乙", "2025-09-30"), ("丙", "2025-09-30")], "T90")
    assert (after.stage, after.target) == (Stage.OPEN, 3)
    assert after.points == {f"2025-{month:02d}": Decimal(1 if month < 9 else 3) for month in range(7, 13)}
    after = set_nodes(actor, [("丙", "2025-08-31"), ("甲", "2025-10-31")], "T90")
    assert typed(after) == [("丙", "2025-08-31"), ("甲", "2025-10-31")]
    assert Target.objects.get(indicator__code="T90").value == 2
    found = planning.versions(after)
    assert [len(version.nodes) for version in found] == [2, 3]
    with pytest.raises(ContentInvalid) as problem:
        set_nodes(actor, [], "T90")
    assert codes(problem) == {"nodes": "node_missing"}
    assert Milestone.objects.filter(indicator__code="T90").count() == 2


def test_a_curve_before_its_first_node_is_not_due():
    assert plans.points_of(2025, [date(2025, 11, 30)]) == {"2025-11": 1, "2025-12": 1}
    assert plans.points_of(2025, []) == {}
