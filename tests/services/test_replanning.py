"""Another plan from a month on: what held before is kept, each month is judged by its own, locked months stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from kpi.domain.periods import Period as Month
from kpi.domain.values import Rag
from kpi.models import FormerPlan, Indicator, Period, PlanPoint
from kpi.selectors import scoreboard
from kpi.selectors.terms import original_terms, terms_at, yardstick
from kpi.services import periods
from kpi.services.replanning import present_terms, replace_plan
from tests.conftest import NOW

MAY, JUNE, JULY = (Month(2025, number) for number in (5, 6, 7))


def indicator(code: str) -> Indicator:
    return Indicator.objects.select_related("report").get(code=code)


def change(code: str, applies_from: Month = JUNE, *, too_late: bool = False, **wish) -> FormerPlan:
    found = indicator(code)
    held = present_terms(found).held
    plan, nodes = held.plan | wish.pop("plan", {}), held.nodes | wish.pop("nodes", {})
    new = replace(held, plan=plan, nodes=nodes, **wish)
    return replace_plan(
        indicator=found, new=new, applies_from=applies_from, reason="旱情", stays_yardstick=too_late, now=NOW
    )


def row_of(code: str, period: str | None = None):
    indicators = Indicator.objects.of_year(2025).filter(code=code)
    return scoreboard.build(year=2025, now=NOW, period_code=period, indicators=indicators).rows[0]


def board_of(code: str, month: Month) -> Indicator:
    return row_of(code, str(month)).indicator


def test_each_month_is_held_to_the_plan_that_held_in_it(db):
    change("A06", target=Decimal("6.20"), plan={JUNE: Decimal("2.30"), JULY: Decimal("3.00")})
    june = board_of("A06", JUNE)
    assert [terms_at(june, month).expected_at(month) for month in (MAY, JUNE)] == [Decimal("2.5"), Decimal("2.3")]
    assert [terms_at(june, month).target for month in (MAY, JUNE)] == [Decimal("6.95"), Decimal("6.20")]
    assert original_terms(june).expected_at(JUNE) == Decimal("3.2") and original_terms(june).target == Decimal("6.95")
    assert board_of("A06", MAY).target_value == Decimal("6.95"), "a past month keeps its target"
    change("A06", JULY, target=Decimal("6.00"))
    assert [terms_at(board_of("A06", JUNE), month).target for month in (MAY, JUNE)] == [
        Decimal("6.95"),
        Decimal("6.20"),
    ]
    assert present_terms(indicator("A06")).target == Decimal("6.00")
    assert original_terms(june).target == Decimal("6.95"), "the first one stays the original"


def test_scores_measure_by_the_new_plan_unless_it_was_asked_for_too_late(db):
    change("A06", target=Decimal("6.20"))
    assert yardstick(board_of("A06", JUNE), JUNE).target == Decimal("6.20")
    change("A06", JULY, target=Decimal("5.00"), too_late=True)
    found = board_of("A06", JULY)
    assert yardstick(found, JUNE).target == Decimal("6.20") == yardstick(found, JULY).target
    assert yardstick(found, MAY).target == Decimal("6.95")


def test_the_lamp_of_a_changed_month_stands_beside_the_one_by_the_first_plan(db):
    before = row_of("T07", "2025-06")
    assert (before.rag, before.current.original_rag, before.is_changed) == (Rag.RED, None, False)
    later = {node: date(2025, 9, 30) for node in (2, 3, 4, 5)}
    change("T07", nodes=later, final_due_on=date(2025, 10, 31))
    row = row_of("T07", "2025-06")
    assert (row.rag, row.current.original_rag, row.is_changed) == (Rag.GREEN, Rag.RED, True)
    assert [month.original_rag for month in row.months[:-1]] == [None] * 5
    assert row.terms.final_due_on == date(2025, 10, 31) and row_of("T07", "2025-05").terms.final_due_on.month == 7
    assert [month.rag for month in row.months[:-1]] == [month.rag for month in before.months[:-1]]


def test_a_locked_month_keeps_both_lamps_whatever_comes_later(db):
    change("T07", nodes={node: date(2025, 9, 30) for node in (2, 3, 4, 5)})
    june = Period.objects.select_related("report").get(code="2025-06")
    periods.close(period=june, user=None, now=june.grace_ends_at + timedelta(hours=1))
    change("T07", JULY, nodes={node: date(2025, 1, 31) for node in (2, 3, 4, 5)})
    month = row_of("T07", "2025-06").current
    assert (month.rag, month.original_rag) == (Rag.GREEN, Rag.RED)


def test_what_held_before_is_never_rewritten_and_one_change_begins_a_month(db):
    former = change("A06", target=Decimal("6.20"))
    with pytest.raises(IntegrityError, match="former_plan_once_per_month"), transaction.atomic():
        change("A06", target=Decimal("6.10"))
    for act in (
        lambda: FormerPlan.objects.filter(pk=former.pk).update(target=1),
        lambda: FormerPlan.objects.filter(pk=former.pk)._raw_delete("default"),
    ):
        with pytest.raises(Exception, match=r"Cannot (update|delete)"), transaction.atomic():
            act()


def test_a_month_that_is_not_due_any_more_owes_no_report(db):
    found = indicator("A06")
    held = present_terms(found).held
    new = replace(held, plan={month: value for month, value in held.plan.items() if month != JUNE})
    assert row_of("A06", "2025-06").current.is_asked
    replace_plan(indicator=found, new=new, applies_from=JUNE, reason="", stays_yardstick=False, now=NOW)
    assert not row_of("A06", "2025-06").current.is_asked and row_of("A06", "2025-05").current.is_asked
    assert not PlanPoint.objects.filter(indicator=found, period="2025-06").exists()
