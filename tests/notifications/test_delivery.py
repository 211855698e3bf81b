"""Sending over a real SMTP server that can be told how to behave."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller

from accounts.models import User
from notifications import delivery, outbox
from notifications.models import Delivery, Notice
from tests.conftest import NOW


class Server:
    """Answers with ``reply`` and remembers what it accepted."""

    def __init__(self) -> None:
        self.reply = "250 OK"
        self.accepted: list[bytes] = []

    async def handle_DATA(self, server, session, envelope) -> str:
        if self.reply.startswith("250"):
            self.accepted.append(envelope.content)
        return self.reply


@pytest.fixture
def server(settings) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield handler
    controller.stop()


def enqueue(key: str = "k1", **options) -> Notice | None:
    person = User.objects.get(username="nyj_staff")
    return outbox.enqueue(kind="report.due", recipient=person, key=key, title="还剩 2 个工作日", now=NOW, **options)


def mail_of(notice: Notice) -> Delivery:
    return notice.deliveries.get(channel="email")


def test_a_key_makes_a_notice_exist_once(db):
    assert enqueue() is not None
    assert enqueue() is None
    assert Notice.objects.filter(key="k1").count() == 1


def test_what_is_accepted_is_sent_once_and_in_app_at_once(db, server):
    notice = enqueue()
    assert notice.deliveries.get(channel="inbox").state == "sent"
    assert delivery.send_due(now=NOW).sent == 1
    assert delivery.send_due(now=NOW).sent == 0
    assert len(server.accepted) == 1 and b"Message-ID: <" in server.accepted[0]


def test_many_notices_to_one_person_are_one_letter(db, server):
    for number in range(5):
        enqueue(f"k{number}")
    assert delivery.send_due(now=NOW).sent == 5
    assert len(server.accepted) == 1


def test_a_temporary_refusal_is_tried_again_under_the_same_id(db, server):
    notice = enqueue()
    server.reply = "451 try again later"
    assert delivery.send_due(now=NOW).retried == 1
    assert delivery.send_due(now=NOW).retried == 0, "not before its time"
    server.reply = "250 OK"
    assert delivery.send_due(now=NOW + timedelta(minutes=1)).sent == 1
    assert mail_of(notice).attempts == 1


def test_a_permanent_refusal_is_not(db, server):
    notice = enqueue()
    server.reply = "550 no such user"
    assert delivery.send_due(now=NOW).dead == 1
    assert mail_of(notice).state == "dead" and "550" in mail_of(notice).last_error


def test_no_server_at_all_loses_nothing(db, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    notice = enqueue()
    assert delivery.send_due(now=NOW).retried == 1
    assert mail_of(notice).state == "queued"


def test_twelve_failures_are_enough(db, server):
    notice = enqueue()
    server.reply = "451 try again later"
    for attempt in range(12):
        delivery.send_due(now=NOW + timedelta(hours=attempt))
    assert mail_of(notice).state == "dead" and mail_of(notice).attempts == 12


def test_what_no_longer_matters_is_not_sent(db, server):
    notice = enqueue(subject_code="A06", period="2025-06")
    outbox.cancel(subject_code="A06", period="2025-06", kinds=("report.due",), now=NOW)
    late = enqueue("k2", expires_at=NOW + timedelta(hours=1))
    assert delivery.send_due(now=NOW + timedelta(hours=2)).sent == 0
    assert server.accepted == []
    assert {mail_of(notice).state, mail_of(late).state} == {"cancelled"}


def test_a_sender_that_died_is_taken_over_when_its_lease_runs_out(db, server):
    notice = enqueue()
    assert delivery.claim(now=NOW), "the first sender holds it and dies here"
    assert delivery.send_due(now=NOW).sent == 0
    Delivery.objects.filter(notice=notice).update(lease_until=NOW - timedelta(days=1))
    assert delivery.send_due(now=NOW).sent == 1
    assert len(server.accepted) == 1


def test_a_sender_that_lost_its_lease_records_nothing(db, server):
    """Negative control of the lease: an outcome written with a stale token must not count."""
    enqueue()
    (held,) = delivery.claim(now=NOW)
    Delivery.objects.filter(pk=held.pk).update(lease_until=NOW - timedelta(days=1))
    delivery.send_due(now=NOW)
    assert delivery._finish([held], state="queued") == 0
    assert Delivery.objects.get(pk=held.pk).state == "sent"
