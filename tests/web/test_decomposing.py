"""The wizard's pages: from a text to the year's tasks, step by step; who may, what is kept, what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import AuditEntry
from kpi.models import Commitment, Decomposition, Indicator, ProposedSpan, Report

LIST = "/decompose/"
OTHER = (Path(__file__).parents[1] / "reports" / "invented-city.txt").read_text(encoding="utf-8")


@pytest.fixture
def office(as_user) -> Client:
    return as_user("dcs_1")


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def draft(office) -> Decomposition:
    assert office.post(LIST, {"year": "2026", "text": OTHER, "title": ""}).status_code == 302
    return Decomposition.objects.get(year=2026)


def span(draft: Decomposition, words: str) -> ProposedSpan:
    start = draft.text.rindex(words)
    return draft.spans.filter(start__lte=start, end__gte=start + len(words)).first()


def act(office: Client, draft: Decomposition, found: ProposedSpan, action: str, **more: object):
    raw = {"action": action, "span": found.pk, "version": found.version, "start": found.start}
    return office.post(f"{LIST}{draft.pk}/", raw | more)


def test_the_way_from_a_text_to_the_years_tasks(office, draft):
    page = f"{LIST}{draft.pk}/"
    assert "计划部分 9 句 已建任务 0 背景 0 未定 9" in text(office.get(page))
    jobs = span(draft, "城镇新增就业4万人以上")
    assert act(office, draft, jobs, "accept").status_code == 302
    jobs.refresh_from_db()
    assert (jobs.state, jobs.task["lead"], jobs.task["target"]) == ("accepted", "human_resources", "4")
    assert act(office, draft, span(draft, "让我们携手同心"), "set_aside").status_code == 302
    assert "已建任务 1 背景 1 未定 7" in text(office.get(page))

    rows = f"{jobs.pk}:{jobs.version}"
    kept = office.post(f"{page}details/", {"rows": rows, f"{jobs.pk}-post": "executive_vice_mayor", "action": "save"})
    assert kept.status_code == 302
    before = office.get(f"{page}publish/")
    assert "7 句还没有人认领" in text(before) and "市人社局 1" in text(before)
    draft.refresh_from_db()
    unconfirmed = office.post(f"{page}publish/", {"version": draft.version, "confirm": "6"})
    assert unconfirmed.status_code == 422 and not Report.objects.filter(year=2026).exists()
    done = office.post(f"{page}publish/", {"version": draft.version, "confirm": "7"})
    assert done.status_code == 302
    made = Indicator.objects.get(report__year=2026)
    assert (made.code, made.name, made.lead_department.code) == ("A01", "城镇新增就业4万人以上", "human_resources")
    assert [str(point.value.normalize()) for point in made.plan_points.order_by("period")][-1] == "4"
    assert Commitment.objects.get(report__year=2026, is_context=True).quote.startswith("让我们")
    assert "2026 年度的任务已经发布" in text(office.get(f"{page}publish/"))
    again = office.post(f"{page}publish/", {"version": draft.version, "confirm": "7"})
    assert again.status_code == 409 and Indicator.objects.filter(report__year=2026).count() == 1
    told = set(AuditEntry.objects.filter(object_type="kpi.decomposition").values_list("action", flat=True))
    assert {"decomposition.begun", "span.accept", "span.set_aside", "span.detailed", "decomposition.published"} <= told
