"""The office plans and configures while months are locked and colleagues do the same: real connections at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from decimal import Decimal

from django.db import IntegrityError, connection, transaction

from accounts.models import User
from accounts.permissions import actor_for
from kpi.models import Indicator, Period, PlanPoint, Report
from kpi.selectors import planning
from kpi.services import indicators, periods, plans
from kpi.services.content import ContentInvalid
from tests.conftest import NOW
from tests.races import in_parallel, somebody_waits
from tests.services.test_indicators import FILLED

JUNE = "2025-06"
PATIENCE = 10  # s, for another thread to come as far as the lock


def office():
    return actor_for(User.objects.get(username="dcs_1"), NOW.date())


def change_june() -> None:
    """As the form does that was opened while June was open."""
    plan = planning.plan_of(Indicator.objects.select_related("report", "lead_department").get(code="A06"))
    raw = {code: f"{plan.points[code]:.2f}" for code in plan.months if code not in plan.locked} | {JUNE: "3.00"}
    plans.change_points(indicator=plan.indicator, raw=raw, stamp=plan.stamp, actor=office(), now=NOW)


def write_june() -> None:
    """The same without holding the year."""
    indicator = Indicator.objects.get(code="A06")
    points = dict(PlanPoint.objects.filter(indicator=indicator).values_list("period", "value"))
    plans.write_points(indicator, points | {JUNE: Decimal(3)})


def while_june_is_being_locked(job: Callable[[], None], *, waits: bool) -> object:
    """What became of a job that began after the lock had begun and before it was committed."""
    outcomes: list[object] = []

    def work() -> None:
        try:
            outcomes.append(job())
        except Exception as problem:  # the outcome is what the test looks at
            outcomes.append(problem)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    with transaction.atomic():
        june = Period.objects.get(code=JUNE)
        periods.hold_year(june)
        Period.objects.filter(pk=june.pk).update(locked_at=NOW)
        thread.start()
        deadline = time.monotonic() + PATIENCE
        while not (somebody_waits() if waits else outcomes):
            assert time.monotonic() < deadline, "it never came that far"
            thread.join(0.01)
    thread.join()
    return outcomes[0]


def june_point() -> Decimal:
    return PlanPoint.objects.get(indicator__code="A06", period=JUNE).value


def test_a_month_that_is_being_locked_keeps_the_plan_it_is_judged_by(committed_db):
    before = june_point()
    refused = while_june_is_being_locked(change_june, waits=True)
    assert isinstance(refused, ContentInvalid)
    assert [(error.field, error.code) for error in refused.errors] == [(JUNE, "plan_month_locked")]
    assert june_point() == before


def test_without_holding_the_year_the_plan_slips_under_the_lock(committed_db):
    """Negative control: what keeps them apart is the year's row, which both hold."""
    before = june_point()
    assert while_june_is_being_locked(write_june, waits=False) is None
    assert june_point() == 3 != before


def test_two_who_take_the_same_code_get_one_task(committed_db):
    report, actor = Report.objects.get(year=2025), office()
    made = in_parallel(*[lambda: indicators.add(report=report, raw=FILLED, actor=actor, now=NOW)] * 2)
    assert sorted(type(each).__name__ for each in made) == ["ContentInvalid", "Indicator"]
    assert Indicator.objects.filter(code="A90").count() == 1


def test_without_holding_the_report_both_find_the_code_free(committed_db):
    """Negative control: looked up first and written later, the same code is taken twice, and only the key refuses."""
    model, barrier = Indicator.objects.get(code="A06"), threading.Barrier(2)

    def take() -> None:
        with transaction.atomic():
            assert indicators._free_code(model.report, FILLED) == "A90"
            barrier.wait()
            Indicator.objects.filter(pk=model.pk).update(code="A90")

    def copy() -> None:
        with transaction.atomic():
            assert indicators._free_code(model.report, FILLED) == "A90"
            barrier.wait()
            twin = Indicator.objects.get(code="A07")
            twin.code = "A90"
            twin.save()

    found = in_parallel(take, copy)
    assert [type(each) for each in found].count(IntegrityError) == 1, found
