"""A newcomer turns a report into the year's tasks, in a city that has departments and people but no year yet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Page, expect

from kpi.models import Indicator, Report
from tests.journeys.conftest import Product

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

REPORT = settings.BASE_DIR / "fixtures" / "report-2025.txt"
OTHER = Path(__file__).parents[1] / "reports" / "invented-city.txt"
SELECT = """(words) => {
    const walker = document.createTreeWalker(document.getElementById("text"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const at = walker.currentNode.data.indexOf(words);
        if (at < 0) continue;
        getSelection().setBaseAndExtent(walker.currentNode, at, walker.currentNode, at + words.length);
        walker.currentNode.parentElement.dispatchEvent(new MouseEvent("mouseup", { bubbles: true }));
        return;
    }
}"""


@pytest.fixture
def no_year(product: Product) -> None:
    """Departments, people, rules and calendar are there; no report, no month, no task."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE kpi_report CASCADE")


def fill_what_is_missing(office: Page) -> None:
    office.get_by_role("link", name="2 填任务").click()
    office.get_by_label("牵头单位", exact=True).last.fill("市政府办")
    office.get_by_label("分管领导", exact=True).last.select_option("mayor")
    office.get_by_role("button", name="填入并保存").click()
    expect(office.locator(".asof")).to_have_count(0)


def publish(office: Page) -> None:
    office.get_by_role("link", name="3 发布").click()
    asked = office.locator("label[for=confirm]")
    if asked.count():
        office.locator("#confirm").fill(re.search(r"\d+", asked.inner_text())[0])
    office.get_by_role("button", name="发布为全年任务").click()
    office.get_by_text("年度的任务已经发布").wait_for()


def test_the_2025_report_becomes_tasks_and_one_is_seen_in_it(no_year, sign_in):
    office = sign_in("dcs_1")
    expect(office).to_have_url(re.compile(r"/decompose/$"))
    office.locator("#year").fill("2025")
    office.locator("#file").set_input_files(REPORT)
    office.get_by_role("button", name="开始拆解").click()
    office.get_by_role("link", name="一起接受把握大的").click()
    office.get_by_role("button", name="接受勾选的").click()
    expect(office.locator(".flash")).to_contain_text("已接受")

    office.locator("a.ph", has_text="推动康养产业高质量发展").click()
    office.get_by_role("button", name="背景，不建任务").click()
    expect(office.locator(".flash")).to_contain_text("已列为背景")
    office.get_by_role("button", name="撤销上一步").click()
    office.locator("a.ph", has_text="力争2025年7月对外营业").click()
    office.get_by_role("button", name="接受，建任务").click()
    fill_what_is_missing(office)
    publish(office)

    report = Report.objects.get(year=2025)
    assert report.text == REPORT.read_text(encoding="utf-8") and report.periods.count() == 12
    farmland = Indicator.objects.get(report=report, name="建设高标准农田6.95万亩")
    assert (farmland.unit, str(farmland.targets.get().value.normalize())) == ("万亩", "6.95")
    assert farmland.lead_department.code == "agriculture" and farmland.plan_points.count() == 12
    office.get_by_role("link", name="看活报告").click()
    expect(office.locator(".mk", has_text="建设高标准农田6.95万亩")).to_be_visible()


def test_the_pasted_report_of_another_city_becomes_tasks_too(no_year, sign_in):
    office = sign_in("dcs_1")
    office.locator("#year").fill("2026")
    office.locator("#text").fill(OTHER.read_text(encoding="utf-8"))
    office.get_by_role("button", name="开始拆解").click()
    office.locator("a.ph", has_text="6%—6.5%").click()
    office.get_by_role("button", name="接受，建任务").click()
    expect(office.locator("#errors")).to_contain_text("请选择以哪一头为目标")
    office.get_by_text("上限 6.5 %").click()
    office.get_by_role("button", name="接受，建任务").click()
    expect(office.locator(".flash")).to_contain_text("已接受")

    # A phrase that the rules did not mark, chosen with the mouse.
    office.evaluate(SELECT, "蓝图已经绘就")
    expect(office.locator("#quote")).to_have_value("蓝图已经绘就")
    office.get_by_role("button", name="加入").click()
    expect(office.locator("#panel .dquote")).to_have_text("蓝图已经绘就")
    office.get_by_role("button", name="拿掉这一句").click()
    expect(office.locator(".flash")).to_contain_text("已拿掉")

    # Left and gone on with another day.
    office.goto("/decompose/")
    office.get_by_role("link", name="接着做").click()
    expect(office.locator(".meter")).to_contain_text("已建任务 1")
    office.get_by_role("link", name="一起接受把握大的").click()
    office.get_by_role("button", name="接受勾选的").click()
    fill_what_is_missing(office)
    publish(office)

    told = {each.name: each for each in Indicator.objects.filter(report__year=2026)}
    assert len(told) == 16 and not any("310" in name or "6.1%" in name for name in told)
    growth = told["地区生产总值增长6%—6.5%"]
    assert (growth.comparator, str(growth.targets.get().value)) == (">=", "6.5000")
    assert told["每个乡镇建成1所以上标准化养老服务中心"].coverage_scope == "township"
    assert told["城镇调查失业率低于5.5%"].polarity == "lower"
    assert {each.code[0] for each in told.values()} == {"A", "B", "D", "E", "F"}
    office.goto("/2026/living-report/")
    expect(office.locator(".mk", has_text="城镇新增就业4万人以上")).to_be_visible()
