"""The leader's brief: the cockpit's numbers on one or two sheets, each line with where it comes from."""

from __future__ import annotations

import re

import pytest

from accounts.models import Department
from kpi.domain.values import Rag
from kpi.models import AssessmentSnapshot, Extension, Period, Submission
from kpi.selectors import cockpit, scoreboard
from kpi.selectors.brief import MOST, brief, indicators_of
from tests.conftest import NOW

PAGE = "/2025/brief/2025-06/"


def page_of(client, path: str = PAGE) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def board_of(period: str) -> scoreboard.Scoreboard:
    return scoreboard.build(year=2025, now=NOW, period_code=period, indicators=indicators_of(2025, period))


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def without_clock(page: str) -> str:
    """The brief itself, without the moment the page was made and what the forms around it carry."""
    return re.sub(r"页面生成于 [\d :-]+", "", page.split("<article")[1].split("</article>")[0])


@pytest.mark.parametrize("period", ["2025-02", "2025-05", "2025-06"])
def test_every_number_is_the_cockpit_s(as_user, period):
    client = as_user("mayor")
    sheet, wall = page_of(client, f"/2025/brief/{period}/"), page_of(client, f"/2025/cockpit/?period={period}")
    verdict = r"<h1[^>]*>(.*?)</h1>"
    assert plain(re.search(verdict, sheet, re.S).group(1)) == plain(re.search(verdict, wall, re.S).group(1))
    tiles = re.findall(r'<span class="tn">(\d+)<', wall)
    assert [int(count) for count in tiles] == [int(count) for count in re.findall(r"<b>(\d+)</b>", sheet)]
    board = scoreboard.build(year=2025, now=NOW, period_code=period)
    filed = cockpit.reporting(board)
    said = f"应报 {filed.asked} 项，按时 {filed.on_time} 项，迟报 {filed.late} 项，缺报 {filed.missing} 项"
    assert said in sheet
    assert f"应报 {filed.asked} 项，已报 {filed.filed} 项" in wall


@pytest.mark.parametrize("period", ["2025-03", "2025-04", "2025-05", "2025-06"])
def test_every_red_and_every_change_is_said_once(db, period):
    board = board_of(period)
    found = brief(board, {}, NOW.date())
    assert found.new_reds.count + found.near.count + found.old_reds.count == board.counts[Rag.RED]
    changed = found.worse.count + found.better.count + found.done.count + found.first_due
    assert changed == len(cockpit.changes(board)) and changed
    assert all(len(listed.shown) <= MOST for listed in (found.worse, found.better, found.new_reds, found.short))


def test_every_line_leads_to_its_evidence(as_user):
    client = as_user("mayor")
    page = page_of(client)
    links = set(re.findall(r'href="(/2025/(?:kpis|directives)/[^"]+)"', page))
    assert len(links) > 20
    for line in re.findall(r"<li>(.*?)</li>", page.split('class="brief')[1].split("</ul></header>")[1], re.S):
        assert "/2025/kpis/" in line or "/2025/directives/" in line, plain(line)
    target = next(link for link in links if link.endswith("#e"))
    assert 'id="e"' in page_of(client, target.split("#")[0])
    assert all(client.get(link.split("#")[0]).status_code == 200 for link in sorted(links)[:5])


def test_what_will_miss_comes_with_its_range_and_odds(as_user):
    page = plain(page_of(as_user("mayor"))).split("二、可能完不成")[1].split("三、")[0]
    board = board_of("2025-06")
    short = brief(board, {}, NOW.date()).short
    assert short.count and f"年底不足 {short.count} 项" in page
    assert re.search(r"预计 [\d.,]+ .*?（.*? 至 .*?），目标 .*?，达到的可能 \d+\.\d%", page)


def test_a_locked_month_stays_as_it_was_published(as_user):
    client = as_user("mayor")
    before = page_of(client, "/2025/brief/2025-05/")
    assert "已锁定，以当时公布为准" in before and 'rel="next"' in before
    locked_at = Period.objects.get(code="2025-05").locked_at
    assert f"数据截至 {locked_at.astimezone(NOW.tzinfo):%Y-%m-%d %H:%M}" in before
    Submission.objects.filter(period__code="2025-06").update(narrative="后来的话", value=999)
    assert without_clock(page_of(client, "/2025/brief/2025-05/")) == without_clock(before)
    assert AssessmentSnapshot.objects.filter(period__code="2025-05").exists()


def test_requests_that_wait_are_named_until_the_month_is_locked(as_user, june):
    for period in (june, Period.objects.get(code="2025-05")):
        Extension.objects.bulk_create(
            [
                Extension(
                    period=period, department=Department.objects.get(code="agriculture"), reason="等省厅批复文件",
                    asked_by_id=1, asked_at=NOW,
                )
            ]
        )  # fmt: skip
    assert "等省厅批复文件" in page_of(as_user("mayor"))
    assert "等省厅批复文件" not in page_of(as_user("mayor"), "/2025/brief/2025-05/")


def test_a_report_under_correction_is_quoted_as_it_was_approved(db):
    board = board_of("2025-06")
    row = next(row for row in board.rows if row.rag is Rag.RED and row.current.source_period == "2025-06")
    said = brief(board, {}, NOW.date()).said[row.indicator.code]
    assert said and said == cockpit.explanations([row], NOW)[row.indicator.code].narrative[:80]


def test_overdue_directives_need_a_decision(as_user):
    page = page_of(as_user("mayor")).split('id="b1"')[1].split('id="b2"')[0]
    assert re.search(r'href="/2025/directives/\d+/".*?超期 \d+ 天', page, re.S)


def test_nobody_is_ranked(as_user):
    page = plain(page_of(as_user("mayor")))
    assert "不排名" in page and not re.search(r"第 ?\d+ ?名|排名第|倒数", page)


def test_the_latest_month_is_found_and_the_cockpit_leads_to_its_own(as_user):
    client = as_user("mayor")
    assert client.get("/2025/brief/")["Location"] == PAGE
    assert "/2025/brief/2025-03/" in page_of(client, "/2025/cockpit/?period=2025-03")
    assert client.get("/2025/brief/2025-08/").status_code == 404, "a month that has not opened"
    assert client.get("/2031/brief/").status_code == 404
