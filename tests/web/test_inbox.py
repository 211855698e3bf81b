"""The inbox as a page: where one comes back to, what is said of settled notices, and what it costs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Department
from kpi.services import submissions
from notifications import outbox
from notifications.models import Notice
from tests.conftest import NOW
from tests.content import FARMLAND, indicator, read
from tests.messages import put, put_many

INBOX = "/inbox/"


def text(client: Client, path: str = INBOX) -> str:
    return client.get(path).content.decode()


@pytest.mark.parametrize("path", [INBOX, "/inbox/?tab=about", "/inbox/?tab=about&page=7", "/inbox/?tab=archived"])
def test_a_thousand_notices_cost_no_more_than_twelve_queries(as_user: Callable[[str], Client], path: str):
    put_many(1000)
    cancelled = Notice.objects.filter(key__startswith="many:", subject_code="A06")
    outbox.close(cancelled, "cancelled", NOW)
    Notice.objects.filter(key__in=["many:0", "many:1"]).update(snoozed_until=NOW.replace(hour=23))
    client = as_user("nyj_staff")
    with CaptureQueriesContext(connection) as captured:
        page = client.get(path)
    assert page.status_code == 200 and len(captured) <= 12
    assert sum(len(group.entries) for group in page.context["groups"]) in (0, 50)


def test_nothing_is_cut_off(as_user):
    put_many(230)
    client = as_user("nyj_staff")
    page = client.get(INBOX).context["page"]
    seen = [
        entry.notice.pk
        for number in page.paginator.page_range
        for group in client.get(f"{INBOX}?page={number}").context["groups"]
        for entry in group.entries
    ]
    assert len(seen) == len(set(seen)) == page.paginator.count > 100


def test_headings_name_the_task_or_the_unit(as_user):
    put()
    put("report.chased", subject_code="", department=Department.objects.get(code="agriculture"))
    page = text(as_user("nyj_staff"))
    assert indicator("A06").name in page and "市农业农村局</h2>" in page and "督查催办" in page


def test_what_was_done_is_said_with_who_did_it_and_when(as_user, actor, june):
    notice = put()
    submissions.submit(
        indicator=indicator("A06"),
        period=june,
        content=read("A06", FARMLAND | {"value": "2.86"}),
        version=0,
        actor=actor("nyj_staff"),
        now=NOW,
    )
    notice.refresh_from_db()
    assert notice.state == "cancelled"
    page = text(as_user("nyj_staff"), "/inbox/?tab=about")
    assert "7月2日 09:00 市农业农村局填报人（示例）已“提交部门审签”，不用再处理" in page


@pytest.mark.parametrize(
    ("state", "why"),
    [("superseded", "有了新的提醒，以新的为准"), ("expired", "过了时限，不再提醒"), ("cancelled", "已办理")],
)
def test_a_settled_notice_stays_and_says_why(as_user, state, why):
    outbox.close(Notice.objects.filter(pk=put(title="还剩 1 天：A06").pk), state, NOW)
    page = text(as_user("nyj_staff"), "/inbox/?tab=about")
    assert "还剩 1 天：A06" in page and why in page and 'class="over-with"' in page


def test_opening_a_notice_marks_it_read_and_leads_on(as_user):
    notice = put()
    answer = as_user("nyj_staff").get(f"/inbox/{notice.pk}/open/")
    assert answer["Location"] == notice.url
    notice.refresh_from_db()
    assert notice.read_at is not None


@pytest.mark.parametrize("url", ["https://example.invalid/", "//example.invalid/", "javascript:alert(1)", ""])
def test_a_notice_leads_to_our_own_pages_only(as_user, url):
    assert as_user("nyj_staff").get(f"/inbox/{put(url=url).pk}/open/").status_code == 404


def test_a_strangers_notice_can_be_neither_opened_nor_changed(as_user):
    notice, stranger = put(), as_user("gxj_staff")
    assert stranger.get(f"/inbox/{notice.pk}/open/").status_code == 404
    for action in ("read", "archive", "restore", "wake", "snooze-next_day"):
        assert stranger.post(f"/inbox/{notice.pk}/", {"action": action}).status_code == 404
    stranger.post("/inbox/all/", {"action": "archive", "tab": "action"})
    stranger.post("/inbox/undo/", {"at": NOW.isoformat()})
    notice.refresh_from_db()
    assert (notice.read_at, notice.archived_at, notice.snoozed_until) == (None, None, None)


def test_one_comes_back_to_the_tab_page_and_group(as_user):
    notice = put("directive.copied")
    posted = {"action": "read", "tab": "about", "page": "3", "group": "2025-A06"}
    answer = as_user("nyj_staff").post(f"/inbox/{notice.pk}/", posted)
    assert answer["Location"].startswith("/inbox/?tab=about&undo=") and answer["Location"].endswith(
        "&page=3#g-2025-A06"
    )


def test_a_group_is_archived_without_the_others_and_comes_back(as_user):
    mine = [put(), put()]
    other = put(subject_code="A07")
    client = as_user("nyj_staff")
    done = client.post("/inbox/all/", {"action": "archive", "tab": "action", "all_of": "2025-A06"})
    page = text(client, done["Location"])
    assert "已归档 2 条" in page and other.title in page and mine[0].title not in page
    moment = client.get(done["Location"]).context["undo"]["at"]
    back = client.post("/inbox/undo/", {"at": moment, "tab": "action"}, follow=True).content.decode()
    assert "2 条消息恢复原样" in back and all(notice.title in back for notice in mine)


def test_what_was_put_off_is_listed_with_its_time_and_called_back(as_user):
    notice = put()
    client = as_user("nyj_staff")
    page = client.post(f"/inbox/{notice.pk}/", {"action": "snooze-later_today"}, follow=True).content.decode()
    assert "7月2日 16:00再提醒" in page and "7月2日 16:00 回到列表" in page and "没有需要处理的消息" in page
    assert "未读</span>" not in page, "the bell does not count it"
    client.post(f"/inbox/{notice.pk}/", {"action": "wake"})
    assert notice.title in text(client) and "回到列表" not in text(client)


def test_a_time_that_is_not_offered_is_refused_in_words(as_user):
    page = as_user("nyj_staff").post(f"/inbox/{put().pk}/", {"action": "snooze-yesterday"}, follow=True)
    assert "这个时间已经过了" in page.content.decode()


@pytest.mark.parametrize(
    "posted",
    [
        {"action": "burn", "tab": "action"},
        {"action": "archive", "tab": "archived"},
        {"action": "archive", "tab": "x"},
        {"action": "archive", "tab": "action", "all_of": "a b\x00"},
    ],
)
def test_what_the_page_does_not_offer_does_not_exist(as_user, posted):
    assert as_user("nyj_staff").post("/inbox/all/", posted).status_code == 404


def test_nothing_to_do_is_said(as_user):
    assert "没有需要处理的消息" in text(as_user("mayor"))
