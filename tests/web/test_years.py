"""Years on the pages: opening one, carrying tasks over, and finding one's way between them."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from kpi.models import Indicator, Report
from tests.services.test_years import TEXT, two_years
from tests.web.test_configuring import office, text, value_of

__all__ = ["office", "two_years"]

YEARS = "/2025/desk/years/"
HEIRS = "/2026/desk/succession/"


@pytest.fixture
def next_year(office: Client) -> Client:
    """2026 opened on the page with a text."""
    file = SimpleUploadedFile("report.txt", TEXT.replace("\n", "\r\n").encode("gb18030"))
    shown = office.post(YEARS, {"action": "preview", "year": "2026", "title": "", "file": file})
    assert shown.status_code == 200 and "预览：开启 2026 年度，还没有写入" in text(shown)
    assert not Report.objects.filter(year=2026).exists()
    packed = re.search(r'name="packed" value="([^"]*)"', shown.content.decode())[1]
    done = office.post(YEARS, {"action": "confirm", "year": "2026", "title": "", "packed": packed})
    assert done.status_code == 302 and done.url == "/2026/desk/years/"
    return office


def test_what_was_previewed_is_what_is_opened(next_year):
    assert Report.objects.get(year=2026).text == TEXT
    page = text(next_year.get("/2026/desk/years/"))
    assert "2026 年度已开启" in page and "准备中，2026-01-25 开放第一期" in page
    assert "还缺 1 项才能开始" in page and "指标任务 缺 1" in page
    assert "还有 103 项" in page


def test_opening_again_finds_nothing_to_do(next_year):
    shown = next_year.post(YEARS, {"action": "preview", "year": "2026", "title": "", "text": ""})
    assert "2026 年度已经齐全" in text(shown)


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"year": "二〇二六"}, "年度应写成 2026 的样子"), ({"year": "2031"}, "现在还不能开启 2031 年度")],
)
def test_a_year_that_cannot_be_opened_says_why_and_keeps_what_was_typed(office, asked, said):
    refused = office.post(YEARS, {"action": "preview", "title": "我的报告", "text": "一句话。"} | asked)
    assert refused.status_code == 422 and said in text(refused)
    assert value_of(refused, "title") == "我的报告" and value_of(refused, "year") == asked["year"]


def test_a_file_that_cannot_be_read_says_so_at_its_field(office):
    scanned = SimpleUploadedFile("报告.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600)
    refused = office.post(YEARS, {"action": "preview", "year": "2026", "title": "我的报告", "file": scanned})
    assert refused.status_code == 422 and "旧版 Word" in text(refused) and value_of(refused, "title") == "我的报告"
    assert 'href="#file"' in refused.content.decode() and 'aria-describedby="e-file"' in refused.content.decode()


def test_what_was_tampered_with_on_the_way_is_no_page(office):
    assert office.post(YEARS, {"action": "confirm", "year": "2026", "packed": "???"}).status_code == 404


def test_tasks_whose_phrase_is_found_are_ticked_and_carried_over(next_year):
    page = next_year.get(HEIRS).content.decode()
    ticked = set(re.findall(r'value="(\w+)" checked', page))
    assert {"A02", "A03", "A06"} <= ticked and "T01" not in ticked
    assert next_year.post(HEIRS, {"action": "continue", "pick": ["A06", "T01"]}).status_code == 302
    assert set(Indicator.objects.filter(report__year=2026).values_list("code", flat=True)) == {"A06", "T01"}
    shown = text(next_year.get(f"{HEIRS}?show=changed"))
    assert "A06" in shown and "目标值" in shown
    assert next_year.get(f"{HEIRS}?show=nothing").status_code == 404
    none = next_year.post(HEIRS, {"action": "continue"})
    assert none.status_code == 422 and "请先勾选要沿用的任务" in text(none)
    assert "未锚定" in text(next_year.get("/2026/desk/report/"))


def test_a_task_ends_with_a_reason_and_the_end_is_taken_back(next_year):
    short = next_year.post(HEIRS, {"end": "T05", "reason-T05": "完"})
    assert short.status_code == 422 and value_of(short, "reason-T05") == "完"
    assert next_year.post(HEIRS, {"end": "T05", "reason-T05": "任务已经完成"}).status_code == 302
    assert "任务已经完成" in text(next_year.get(f"{HEIRS}?show=ends"))
    assert next_year.post(HEIRS, {"reopen": "T05"}).status_code == 302
    assert next_year.post(HEIRS, {"reopen": "T05"}).status_code == 409
    assert next_year.post(HEIRS, {"reopen": "X99"}).status_code == 404


def test_a_plan_takes_last_years_shape_and_shows_it(next_year):
    next_year.post(HEIRS, {"action": "continue", "pick": ["A06"]})
    page = next_year.get("/2026/desk/kpis/A06/plan/")
    assert 'class="before"' in page.content.decode()
    shaped = next_year.post("/2026/desk/kpis/A06/plan/", {"action": "preset", "preset": "last_year"})
    assert value_of(shaped, "2026-12") == "7.50" and value_of(shaped, "2026-01") == "0.22"


def test_years_lead_to_each_other_and_work_begins_in_the_current_one(next_year, as_user):
    assert next_year.get("/").url == "/2025/desk/"
    page = next_year.get("/2025/desk/kpis/").content.decode()
    assert 'href="/2026/desk/kpis/"' in page and "2026 年度" in page
    assert 'href="/2026/"' in next_year.get("/2025/kpis/A06/").content.decode(), "its code is another year's task"
    assert next_year.get("/2026/").url == "/2026/desk/"
    assert as_user("mayor").get("/2026/").url == "/2026/cockpit/"
    assert as_user("mayor").get("/2031/").status_code == 404
    assert "从去年沿用" in text(next_year.get("/2026/desk/kpis/"))


def test_one_year_alone_has_no_switch(office):
    assert "yearnav" not in office.get("/2025/desk/kpis/").content.decode()


def test_an_empty_year_says_what_to_do_first(office):
    office.post(YEARS, {"action": "confirm", "year": "2026", "title": "", "packed": ""})
    assert Report.objects.get(year=2026).text == ""
    assert "补录之后才能从句子建立任务" in text(office.get("/2026/desk/kpis/new/"))
    assert "还没有报告原文" in text(office.get("/2026/desk/kpis/"))
    assert "补录原文时会自动找到位置" in text(office.get(HEIRS))


def test_both_years_stand_on_the_page_of_a_task_and_in_the_comparison(two_years, as_user):
    page = as_user("mayor").get("/2026/kpis/A06/?period=2026-01")
    shown = text(page)
    assert "与去年比 2025 A06" in shown and "2025 年目标 6.95 万亩" in shown and "去年公布到 5 月" in shown
    assert "pairpic" in page.content.decode()
    assert "1月 0.50 0.21 +0.29" in shown or re.search(r"1月 0\.50 0\.\d\d [+−]0\.\d\d", shown)
    compared = text(as_user("mayor").get("/2026/kpis/years/"))
    assert "建设高标准农田6.95万亩 6.95 万亩" in compared and "2026 年截至 1 月" in compared
    assert "没有从往年延续下来的任务" in text(as_user("mayor").get("/2025/kpis/years/"))
    Indicator.objects.filter(pk=two_years.pk).update(unit="公顷")
    page = as_user("mayor").get("/2026/kpis/A06/?period=2026-01")
    assert "不画在一张图上" in text(page) and "pairpic" not in page.content.decode()
    assert "口径不同" in text(as_user("mayor").get("/2026/kpis/years/"))
