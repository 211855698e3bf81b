"""Departments and chapters: their own rows and no others, official order, nobody ranked."""

from __future__ import annotations

import html
import re
from decimal import Decimal

import pytest

from accounts.models import Department
from kpi.models import Indicator
from kpi.selectors import scoreboard, units
from kpi.selectors.scoreboard import SEVERITY, worst_first
from tests.conftest import NOW


def page(client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def rows_of(text: str) -> list[str]:
    return re.findall(r'<span class="code">(\w+)</span>', text)


def codes_of(**wanted: object) -> set[str]:
    return set(Indicator.objects.of_year(2025).filter(**wanted).values_list("code", flat=True))


def test_a_department_shows_what_it_leads_and_by_the_toggle_what_it_supports(as_user):
    mayor, industry = as_user("mayor"), Department.objects.get(code="industry")
    led = set(Indicator.objects.of_year(2025).filter(lead_department=industry).values_list("code", flat=True))
    supported = set(
        Indicator.objects.of_year(2025).filter(supporting_departments=industry).values_list("code", flat=True)
    )
    assert led and supported - led
    assert set(rows_of(page(mayor, "/2025/departments/industry/"))) == led
    assert set(rows_of(page(mayor, "/2025/departments/industry/?role=supporting"))) == supported - led


@pytest.mark.parametrize(
    "path",
    [
        "/2025/departments/no-such-unit/",
        "/2025/departments/industry/?role=boss",
        "/2025/departments/industry/?lamp=blue",
        "/2025/sectors/C999/",
        "/2025/sectors/tourism/",
        "/2031/sectors/C004/",
        "/2031/departments/industry/",
    ],
)
def test_an_address_of_nothing_is_not_found(as_user, path):
    assert as_user("mayor").get(path).status_code == 404


def test_a_unit_without_tasks_says_so(as_user):
    idle = Department.objects.exclude(led_indicators__isnull=False).exclude(supported_indicators__isnull=False).first()
    text = page(as_user("mayor"), f"/2025/departments/{idle.code}/")
    assert "本单位今年没有牵头的任务" in text and "没有任务" in text


def test_one_click_sorts_by_severity_across_chapters(as_user):
    mayor = as_user("mayor")
    board = scoreboard.build(
        year=2025, now=NOW, indicators=Indicator.objects.of_year(2025).filter(lead_department__code="tourism")
    )
    text = page(mayor, "/2025/departments/tourism/")
    link = html.unescape(re.search(r'href="([^"]*)#heat">按轻重排', text).group(1))
    shown = rows_of(page(mayor, "/2025/departments/tourism/" + link))
    assert shown == [row.indicator.code for row in worst_first(board.rows)]
    severity = {row.indicator.code: SEVERITY[row.rag] for row in board.rows}
    assert [severity[code] for code in shown] == sorted(severity.values())


def test_the_tiles_of_a_unit_narrow_its_rows(as_user):
    text = page(as_user("mayor"), "/2025/departments/tourism/?lamp=red")
    assert set(re.findall(r'<tr class="row (r-\w)"', text)) == {"r-r"}
    assert "清除筛选" in text
    behind = page(as_user("mayor"), "/2025/departments/tourism/?scope=behind")
    assert set(re.findall(r'<tr class="row (r-\w)"', behind)) == {"r-r", "r-y"}


def test_departments_stand_in_official_order_without_a_rank(as_user):
    text = page(as_user("mayor"), "/2025/departments/")
    table = re.search(r'<table class="dt units">.*?</table>', text, re.S).group(0)
    codes = re.findall(r'<th scope="row"><a href="/2025/departments/([\w-]+)/"', table)
    official = list(
        Department.objects.filter(code__in=codes).order_by("ordinal", "code").values_list("code", flat=True)
    )
    assert codes == official and len(codes) > 15
    for path in ("/2025/departments/", "/2025/departments/tourism/", "/2025/cockpit/", "/2025/sectors/"):
        seen = page(as_user("mayor"), path)
        assert not re.search(r"第\s*\d+\s*名|排名第|<ol|名次", seen)
    assert "不排名" in text


def test_a_chapter_is_found_by_any_commitment_in_it(as_user):
    mayor = as_user("mayor")
    chapter = Indicator.objects.of_year(2025).filter(commitment__section="生态农业")
    expected = set(chapter.values_list("code", flat=True))
    for code in sorted(set(chapter.values_list("commitment__code", flat=True)))[::7]:
        text = page(mayor, f"/2025/sectors/{code}/")
        assert set(rows_of(text)) == expected and f"生态农业 {len(expected)} 项" in text


def test_the_share_in_time_is_the_scoreboards(db):
    rows = Indicator.objects.of_year(2025).filter(lead_department__code="tourism")
    board = scoreboard.build(year=2025, now=NOW, indicators=rows)
    months = {found.period.code: found for found in units.rates_by_month(board)}
    assert len(months) == 12
    april = months["2025-04"].rates
    assert (april.on_time, april.due, april.timeliness) == (10, 11, Decimal(10) / 11)
    assert months["2025-06"].rates.due == 0, "what is not due counts neither way, filed or not"
    assert months["2025-09"].rates.timeliness is None, "nothing asked is no share, not a bad one"


def test_the_months_can_be_read_without_seeing_the_bars(as_user):
    text = page(as_user("mayor"), "/2025/departments/tourism/")
    assert "10/11" in text and "90.9%" in text


def test_staff_have_their_own_unit_in_the_menu(as_user):
    text = page(as_user("nyj_staff"), "/2025/departments/agriculture/")
    assert re.search(r'href="/2025/departments/agriculture/" aria-current="page">本单位任务', text)
