"""A head's morning: one report in two clicks, four green ones in three."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.db import connections
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.permissions import actor_for
from kpi.domain.periods import Period as Month
from kpi.domain.values import Kind
from kpi.models import Indicator, Period, Submission
from kpi.selectors.terms import terms_at
from kpi.services import submissions
from kpi.services.content import parse
from tests.conftest import NOW
from tests.content import TODAY

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def four_green(product) -> Iterator[list[str]]:
    """Four reports of one department, exactly on plan, as their staff would file them; their codes."""
    june = Period.objects.select_related("report").get(code="2025-06")
    staff = actor_for(User.objects.get(username="nyj_staff"), NOW.date())
    led = Indicator.objects.filter(lead_department__code="agriculture").for_board(june)
    codes = []
    for indicator in led.filter(kind__in=(Kind.CUMULATIVE, Kind.POINT_IN_TIME, Kind.STAGE)):
        month = Month.parse("2025-06")
        planned = terms_at(indicator, month).expected_at(month)
        if not planned or planned >= indicator.target_value:
            continue
        stored = Submission.objects.filter(indicator=indicator, period=june).first()
        if stored is not None and stored.state not in ("draft", "returned"):
            continue
        raw = {"value": f"{planned:.{indicator.decimals}f}", "narrative": "按计划推进，六月底达到序时进度。"}
        content = parse(indicator=indicator, raw=raw | {"outlook": "confident"}, today=TODAY)
        submissions.submit(
            indicator=indicator,
            period=june,
            content=content,
            version=stored.version if stored else 0,
            actor=staff,
            now=NOW,
            sure_of=content.value,
        )
        codes.append(indicator.code)
    connections.close_all()
    yield codes[:4]


def open_home(page: Page) -> Page:
    page.goto("/")
    return page


def test_four_green_reports_are_signed_in_three_clicks(four_green, sign_in):
    assert len(four_green) == 4
    page = open_home(sign_in("nyj_head"))
    page.get_by_role("button", name=re.compile("全选正常项")).click()
    page.get_by_role("button", name="批量通过").click()
    expect(page.get_by_role("status")).to_contain_text(re.compile(r"已通过 \d+ 项"))
    for code in four_green:
        expect(page.locator("main .rowlink").filter(has_text=code)).to_have_count(0)


def test_one_report_is_signed_in_two_clicks(four_green, sign_in):
    page = open_home(sign_in("nyj_head"))
    page.locator(".rowlink").filter(has_text=four_green[0]).click()
    page.get_by_role("button", name="审签通过").click()
    expect(page.get_by_role("status")).to_contain_text("已审签")
