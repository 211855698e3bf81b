"""What the probes, the metrics and the alarm say about reminders."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from kombu import Connection

from accounts import clock
from accounts.models import User
from config.listening import seems_deaf
from config.schedule import SCHEDULE
from notifications import health, outbox, running, sending, tasks
from notifications.models import Attempt, Brake, Delivery, Dispatch, Heartbeat
from notifications.rules import rules
from tests.conftest import NOW

TOKEN = "scraper"


@pytest.fixture
def running_well(db) -> None:
    for name in health.MARKS:
        running.beat(name)


@pytest.fixture
def alarm(settings, tmp_path):
    """Runs the command; what it says and whether a mail went out."""
    settings.ALARM_EMAIL = ["zhiban@example.invalid"]
    settings.ALARM_STATE_FILE = tmp_path / "mailed"

    def run() -> str:
        with pytest.raises(CommandError) as told:
            call_command("alarm")
        return str(told.value)

    return run


def enqueue(key: str = "k1", minutes_ago: int = 0) -> None:
    person = User.objects.get(username="nyj_staff")
    moment = clock.now() - timedelta(minutes=minutes_ago)
    outbox.enqueue(kind="submission.returned", recipient=person, key=key, title="退回修改：A06", now=moment)
    Delivery.objects.filter(state="queued").update(not_before=moment)


def silence(name: str, minutes: int) -> None:
    Heartbeat.objects.filter(name=name).update(at=Now() - timedelta(minutes=minutes))


def test_a_look_finds_what_waits_and_whose_sender_died(running_well):
    enqueue(minutes_ago=40)
    enqueue("k2")
    now = clock.now()
    sending.claim_next(rules(now), now=now)
    Dispatch.objects.update(lease_until=Now() - timedelta(seconds=1))
    enqueue("k3")
    found = health.look(now=clock.now())
    assert found.queued == 3 and found.expired_leases == 1 and found.silent == ()
    assert found.is_late or found.oldest_due < timedelta(minutes=1), "all three were moved to the last moment"


def test_what_has_waited_for_more_than_half_an_hour_is_late(running_well):
    enqueue(minutes_ago=29)
    assert not health.look(now=clock.now()).is_late
    Delivery.objects.update(not_before=clock.now() - timedelta(minutes=31))
    assert health.look(now=clock.now()).is_late


def test_a_call_that_reaches_a_worker_leaves_its_mark(db):
    assert health.ages()["worker"] is None
    tasks.canary.apply()
    assert health.ages()["worker"] < timedelta(seconds=10)
    call_command("healthy", "worker", stdout=io.StringIO())
    silence("worker", 6)
    with pytest.raises(SystemExit) as left:
        call_command("healthy", "worker", stdout=io.StringIO())
    assert left.value.code == 1


def test_a_worker_whose_hands_are_full_of_nothing_is_deaf():
    """What a lost acknowledgement leaves behind; tests/faults/test_broker_away.py brings it about."""
    with Connection("memory://") as line:
        channel = line.channel()
        channel.basic_qos(0, 1, False)
        channel.qos.append("a call", "its tag")
        assert seems_deaf(channel.qos, in_hand=0)
        assert not seems_deaf(channel.qos, in_hand=1), "it is at work"
        channel.qos.ack("its tag")
        assert not seems_deaf(channel.qos, in_hand=0)


def test_calls_that_nobody_took_do_not_pile_up():
    for name, entry in SCHEDULE.items():
        every = entry["schedule"] if isinstance(entry["schedule"], float) else 24 * 3600
        assert 0 < entry["options"]["expires"] < every, name


def test_the_alarm_is_quiet_while_reminders_run(running_well, alarm):
    call_command("alarm", stdout=io.StringIO())
    assert mail.outbox == []


def test_the_alarm_writes_past_the_outbox_and_at_most_once_an_hour(running_well, alarm):
    silence("send", 11)
    assert "消息发送已停 11 分钟" in alarm()
    assert [letter.to for letter in mail.outbox] == [["zhiban@example.invalid"]]
    assert not Dispatch.objects.exists()
    assert "一小时内已发过邮件" in alarm()
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("what", ["tick", "late", "dead", "brake"])
def test_each_fault_sounds_the_alarm(running_well, alarm, what):
    if what == "tick":
        silence("tick", 11)
    elif what == "late":
        enqueue(minutes_ago=31)
    elif what == "dead":
        person = User.objects.get(username="nyj_staff")
        given_up = Dispatch.objects.create(
            channel="email", recipient=person, state="dead", next_attempt_at=NOW, created_at=NOW
        )
        Attempt.objects.create(dispatch=given_up, started_at=clock.now(), finished_at=clock.now())
    else:
        Brake.objects.create(pulled_at=NOW, count=501)
    said = {"tick": "催报规划已停", "late": "到时未发", "dead": "1 条消息无法送达", "brake": "发送已暂停"}
    assert said[what] in alarm()


def test_the_alarm_tells_of_a_database_that_is_gone(alarm, django_db_blocker, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    connection.close()
    with django_db_blocker.unblock():
        assert "数据库无法访问" in alarm()
    assert len(mail.outbox) == 1


def test_metrics_are_shown_to_who_knows_the_token_only(running_well, settings):
    client = Client()
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404, "no token is set"
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer other"}).status_code == 404
    enqueue(minutes_ago=40)
    Heartbeat.objects.filter(name="worker").delete()
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    figures = dict(line.split(" ") for line in text.splitlines() if not line.startswith("#"))
    assert float(figures["outbox_oldest_due_seconds"]) == pytest.approx(2400, abs=30)
    assert figures["worker_age_seconds"] == "+Inf" and float(figures["tick_age_seconds"]) < 30
    assert float(figures["outbox_queued"]) == 1.0 and "clock_skew_seconds" in figures


def test_a_silent_part_is_told_and_takes_nobody_out_of_service(committed_db):
    for name in health.MARKS:
        running.beat(name)
    assert Client().get("/readyz").content == b"ok"
    silence("send", 11)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"degraded: send silent")
