"""Sending over a real SMTP server that can be told how to behave."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from aiosmtpd.controller import Controller

from accounts.models import User
from kpi.models import ReminderPolicy
from notifications import outbox, running, sending, services
from notifications.models import Brake, Dispatch, Notice, Preference
from notifications.rules import rules
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


def enqueue(key: str = "k1", *, kind: str = "submission.returned", now: datetime = NOW, **options) -> Notice | None:
    person = User.objects.get(username="nyj_staff")
    return outbox.enqueue(kind=kind, recipient=person, key=key, title="退回修改：A06", now=now, **options)


def send(now: datetime = NOW) -> Counter[str]:
    return sending.send_due(clock=lambda: now)


def letter_of(notice: Notice) -> Dispatch:
    return notice.deliveries.get(channel="email").dispatch


def states(notice: Notice) -> tuple[str, str]:
    """Of the notice's e-mail delivery and of the message that carries it."""
    delivery = notice.deliveries.get(channel="email")
    return delivery.state, delivery.dispatch.state


def test_a_key_makes_a_notice_exist_once(db):
    assert enqueue() is not None
    assert enqueue() is None
    assert Notice.objects.filter(key="k1").count() == 1


def test_what_is_accepted_is_sent_once_and_in_app_at_once(db, server):
    notice = enqueue()
    assert notice.deliveries.get(channel="inbox").state == "sent"
    assert send() == {"sent": 1}
    assert send() == {}
    assert states(notice) == ("sent", "sent")
    assert len(server.accepted) == 1 and str(letter_of(notice).uuid).encode() in server.accepted[0]


def test_many_notices_to_one_person_are_one_letter(db, server):
    for number in range(5):
        enqueue(f"k{number}")
    assert send() == {"sent": 1}
    assert len(server.accepted) == 1


def test_a_slot_has_one_digest_and_what_comes_later_waits_for_the_next(db, server):
    enqueue(kind="report.due")
    assert send() == {"sent": 1}
    later = enqueue("k2", kind="report.due", now=NOW + timedelta(minutes=1), subject_code="A08")
    assert send(NOW + timedelta(minutes=2)) == {}
    assert send(NOW.replace(hour=16)) == {"sent": 1}
    assert "此前提醒过" in letter_of(later).text, "the digest lists everything that is open"


def test_a_notice_planned_while_the_digest_goes_out_is_moved_to_the_next_slot(db, server):
    first, second = enqueue(kind="report.due"), enqueue("k2", kind="report.due")
    second.deliveries.filter(channel="email").update(not_before=NOW + timedelta(minutes=1))
    assert send() == {"sent": 1}
    assert send(NOW + timedelta(minutes=2)) == {}
    assert second.deliveries.get(channel="email").not_before == NOW.replace(hour=16)
    assert letter_of(first).slot == NOW.replace(hour=9, minute=0)


def test_at_night_nobody_is_disturbed(db, server):
    night = NOW.replace(hour=22)
    enqueue(now=night)
    assert send(night) == {}
    assert send(night + timedelta(hours=11)) == {"sent": 1}
    enqueue("k2", now=night, passes_quiet_hours=True)
    assert send(night) == {"sent": 1}, "what passes quiet hours does"


def test_a_temporary_refusal_is_tried_again_under_the_same_id(db, server):
    notice = enqueue()
    server.reply = "451 try again later"
    assert send() == {"temporary": 1}
    assert send() == {}, "not before its time"
    server.reply = "250 OK"
    assert send(NOW + timedelta(minutes=1)) == {"sent": 1}
    letter = letter_of(notice)
    assert letter.attempts == 1
    assert [(each.outcome, each.code) for each in letter.tries.all()] == [("temporary", "451"), ("sent", "")]


def test_a_permanent_refusal_is_not_and_the_office_hears_of_it(db, server):
    notice = enqueue()
    server.reply = "550 no such user"
    assert send() == {"dead": 1}
    assert states(notice) == ("dead", "dead")
    told = Notice.objects.filter(kind="delivery.dead")
    assert {found.recipient.username for found in told} == {"dcs_1", "dcs_2"}
    assert "550" in told[0].body


def test_a_dead_message_can_be_tried_again(db, server):
    notice = enqueue()
    server.reply = "550 no such user"
    send()
    server.reply = "250 OK"
    assert (
        services.retry_dead(dispatches=Dispatch.objects.all(), actor=User.objects.get(username="dcs_1"), now=NOW) == 1
    )
    assert send() == {"sent": 1}
    assert states(notice) == ("sent", "sent")


def test_no_server_at_all_loses_nothing(db, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    notice = enqueue()
    assert send() == {"temporary": 1}
    assert states(notice) == ("queued", "queued")


def test_twelve_failures_are_enough(db, server):
    notice = enqueue()
    server.reply = "451 try again later"
    for attempt in range(12):
        send(NOW + timedelta(hours=attempt))
    assert states(notice) == ("dead", "dead") and letter_of(notice).attempts == 12


def test_a_fault_of_ours_in_one_message_does_not_keep_the_others_from_going_out(db, server, monkeypatch):
    enqueue()
    other = outbox.enqueue(
        kind="submission.returned", recipient=User.objects.get(username="kjj_staff"), key="k2", title="另一件", now=NOW
    )
    compose = sending.digest.compose

    def broken(dispatch, new, others):
        if dispatch.recipient.username == "nyj_staff":
            raise ZeroDivisionError
        return compose(dispatch, new, others)

    monkeypatch.setattr(sending.digest, "compose", broken)
    assert send() == {"temporary": 1, "sent": 1}
    assert states(other) == ("sent", "sent")


def test_what_no_longer_matters_is_not_sent(db, server):
    done = enqueue(subject_code="A06", period="2025-06")
    outbox.cancel(subject_code="A06", period="2025-06", kinds=("submission.returned",), now=NOW)
    late = enqueue("k2", expires_at=NOW + timedelta(hours=1))
    assert send(NOW + timedelta(hours=2)) == {"cancelled": 1}
    assert server.accepted == []
    assert {found.deliveries.get(channel="email").state for found in (done, late)} == {"cancelled"}
    late.refresh_from_db()
    assert late.state == "expired", "it stays visible and counted"


def test_what_is_done_while_a_letter_waits_for_another_try_is_not_sent(db, server):
    notice = enqueue(subject_code="A06", period="2025-06")
    server.reply = "451 try again later"
    send()
    outbox.cancel(subject_code="A06", period="2025-06", kinds=("submission.returned",), now=NOW)
    assert send(NOW + timedelta(minutes=1)) == {"cancelled": 1}
    assert states(notice) == ("cancelled", "cancelled")


def test_somebody_who_may_no_longer_sign_in_is_not_written_to(db, server):
    enqueue()
    User.objects.filter(username="nyj_staff").update(is_active=False)
    assert send() == {"cancelled": 1}


def test_what_a_person_muted_stays_in_the_inbox(db, server):
    person = User.objects.get(username="nyj_staff")
    Preference.objects.create(user=person, kind="report.due", channel="email", is_enabled=False)
    muted = enqueue(kind="report.due")
    assert [delivery.channel for delivery in muted.deliveries.all()] == ["inbox"]
    Preference.objects.create(user=person, kind="submission.returned", channel="email", is_enabled=False)
    assert enqueue("k2").deliveries.filter(channel="email").exists(), "what must be heard cannot be muted"


def test_a_sender_that_died_is_taken_over_when_its_lease_runs_out(db, server):
    notice = enqueue()
    assert sending.claim_next(rules(NOW), now=NOW), "the first sender holds it and dies here"
    assert send() == {}
    Dispatch.objects.update(lease_until=NOW - timedelta(days=1))
    assert send() == {"sent": 1}
    assert len(server.accepted) == 1
    assert [each.outcome for each in letter_of(notice).tries.all()] == ["", "sent"], "the try that was cut off shows"


def test_a_sender_that_lost_its_lease_records_nothing(db, server):
    """Negative control of the lease: an outcome written with a stale token must not count."""
    enqueue()
    held = sending.claim_next(rules(NOW), now=NOW)
    Dispatch.objects.update(lease_until=NOW - timedelta(days=1))
    send()
    assert not sending._finish(held, NOW, state="queued")
    assert Dispatch.objects.get().state == "sent"


def test_a_storm_is_held_until_a_person_has_looked(db, server):
    ReminderPolicy.objects.update(brake_count=2)
    for number in range(4):
        enqueue(f"k{number}", now=NOW + timedelta(minutes=number))
        send(NOW + timedelta(minutes=number))
    assert len(server.accepted) == 3, "the third was over the limit; the fourth is held"
    assert Notice.objects.filter(kind="brake.pulled", recipient__username="dcs_1").count() == 1
    office = User.objects.get(username="dcs_1")
    running.release(brake=Brake.objects.get(), actor=office, now=NOW + timedelta(minutes=5))
    assert send(NOW + timedelta(minutes=6)) == {"sent": 1}
