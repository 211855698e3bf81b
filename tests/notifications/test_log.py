"""The log of everything sent, as the office and the system's administrator read it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, User
from notifications import logbook, running
from notifications.digest import reference_of
from notifications.masking import masked
from notifications.models import Attempt, Brake, Delivery, Dispatch, Heartbeat, Robot
from tests.conftest import NOW
from tests.notifications.logged import something_to_log

LOG = "/notices/log/"


@pytest.fixture
def logged(db) -> dict[str, Dispatch]:
    something_to_log()
    return {message.state: message for message in Dispatch.objects.all()}


def text(response) -> str:
    return response.content.decode()


def codes(page: str) -> set[str]:
    return {
        reference_of(message) for message in Dispatch.objects.all() if f"<code>{reference_of(message)}</code>" in page
    }


@pytest.mark.parametrize(("person", "status"), [("dcs_1", 200), ("sysadmin", 200), ("nyj_head", 403), ("mayor", 403)])
def test_the_office_and_the_system_administrator_read_it(as_user, logged, person, status):
    client = as_user(person)
    dead = logged["dead"].pk
    for path in (LOG, f"{LOG}retry/?id={dead}", "/notices/brake/"):
        assert client.get(path).status_code == status, path


def test_a_message_shows_its_attempts_its_notices_and_no_address(as_user, logged):
    page = text(as_user("dcs_1").get(LOG))
    assert "发送进程中断" in page and "永久失败" in page and "550" in page and "还剩 2 天" in page
    assert "nongye.wang@" not in page and "n***@zjj.example.cn" in page
    assert "13974412345" not in page
    assert codes(page) == {reference_of(message) for message in logged.values()}


def test_a_try_that_is_under_way_is_not_called_cut_off(as_user, logged):
    message = logged["dead"]
    message.tries.last().delete()
    leased = {"state": "sending", "lease_token": message.uuid}
    Dispatch.objects.filter(pk=message.pk).update(lease_until=Now() + timedelta(seconds=60), **leased)
    assert "正在发送" in text(as_user("dcs_1").get(f"{LOG}?state=sending"))
    Dispatch.objects.filter(pk=message.pk).update(lease_until=Now() - timedelta(seconds=1), **leased)
    page = text(as_user("dcs_1").get(f"{LOG}?state=sending"))
    assert "正在发送" not in page and "发送进程中断" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=dead", "dead"),
        ("channel=sms", ""),
        ("who=农业农村局", "dead sent"),
        ("who=nyj_staff", "dead sent"),
        ("who=文旅", ""),
        ("day=2025-07-02", "dead sent"),
        ("day=2025-07-01", ""),
        ("day=昨天", "dead sent"),
        ("code={dead}", "dead"),
        ("code=nonsense", ""),
    ],
)
def test_it_is_narrowed_and_searched(as_user, logged, query, found):
    code = reference_of(logged["dead"]).replace("#", "%23")
    page = text(as_user("dcs_1").get(f"{LOG}?{query.replace('{dead}', code)}"))
    assert codes(page) == {reference_of(logged[state]) for state in found.split()}


def test_what_was_not_sent_is_counted_and_shown(as_user, logged):
    assert "已被后续提醒取代 <b>1</b>" in text(as_user("dcs_1").get(LOG))
    assert "还剩 5 个工作日：A06" in text(as_user("dcs_1").get(f"{LOG}?closed=superseded"))
    assert "没有这样的消息" in text(as_user("dcs_1").get(f"{LOG}?closed=expired"))


def test_dead_messages_are_tried_again_after_a_second_look(as_user, logged):
    client, dead = as_user("dcs_1"), logged["dead"]
    page = text(client.get(f"{LOG}retry/?id={dead.pk}&id={logged['sent'].pk}"))
    assert codes(page) == {reference_of(dead)}, "what was sent is not sent again"
    assert client.post(f"{LOG}retry/", {"id": [dead.pk, logged["sent"].pk]}).status_code == 302
    dead.refresh_from_db()
    assert (dead.state, dead.attempts) == ("queued", 0)
    assert dead.deliveries.get().state == "queued"
    entry = AuditEntry.objects.get(action="dispatch.retried")
    assert entry.actor == User.objects.get(username="dcs_1") and entry.before == {"state": "dead", "attempts": 2}
    assert "已不在" in text(client.get(f"{LOG}retry/?id={dead.pk}", follow=True))


def test_a_group_whose_robot_is_off_is_warned_about(as_user, logged):
    robot = Robot.objects.create(channel="wecom", name="工作群", address="x", is_enabled=False)
    Dispatch.objects.filter(pk=logged["dead"].pk).update(channel="wecom", recipient=None, robot=robot)
    assert "已停用" in text(as_user("dcs_1").get(f"{LOG}retry/?id={logged['dead'].pk}"))


def test_the_brake_is_seen_and_released_by_a_person(as_user, logged):
    client = as_user("dcs_1")
    for path in ("/2025/desk/", LOG):
        page = text(client.get(path))
        assert "发送已暂停" in page and "512" in page
    assert "恢复发送" in text(client.get("/notices/brake/")) and Brake.objects.get().released_at is None
    client.post("/notices/brake/")
    assert Brake.objects.get().released_by.username == "dcs_1"
    assert AuditEntry.objects.filter(action="brake.released").exists()
    assert "发送已暂停" not in text(client.get(LOG))


def test_silence_is_said_and_a_new_installation_is_not_alarmed(as_user, db):
    desk = as_user("dcs_1")
    assert logbook.health().longest is None and "催报停了" not in text(desk.get("/2025/desk/"))
    running.beat("tick")
    running.beat("send")
    assert logbook.health().longest is None
    Heartbeat.objects.filter(name="send").update(at=Now() - timedelta(minutes=11))
    assert set(logbook.health().silent) == {"send"}
    page = text(desk.get("/2025/desk/"))
    assert "催报停了" in page and "发送已 11 分钟" in page and "排定提醒" not in page


def test_ten_thousand_messages_are_a_page_of_thirty(as_user, logged):
    person = User.objects.get(username="nyj_staff")
    row = {"channel": "email", "recipient": person, "state": "sent", "next_attempt_at": NOW, "created_at": NOW}
    Dispatch.objects.bulk_create((Dispatch(**row) for _ in range(10_000)), batch_size=2000)
    Attempt.objects.create(dispatch=Dispatch.objects.latest("pk"), started_at=NOW)
    Delivery.objects.filter(dispatch__isnull=False).update(dispatch=Dispatch.objects.latest("pk"))
    client = as_user("dcs_1")
    with CaptureQueriesContext(connection) as captured:
        page = text(client.get(f"{LOG}?page=1"))
    assert len(captured) <= 12
    assert page.count('class="msg"') == 30 and "1 / 334" in page


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("<zhang.san@gov.example.cn> unknown", "<z***@gov.example.cn> unknown"),
        ("to 13974412345 failed", "to 139****2345 failed"),
        ("POST https://h.example/send?key=abc&x=1 no", "POST https://h.example/send?… no"),
        ("errcode 93000, 2025-07-02", "errcode 93000, 2025-07-02"),
    ],
)
def test_addresses_are_made_unreadable(said, shown):
    assert masked(said) == shown
