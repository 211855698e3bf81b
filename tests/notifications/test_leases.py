"""Several senders, and senders that come too late: who holds a message, and what is recorded of it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from accounts.models import User
from notifications import outbox, sending
from notifications.models import Dispatch
from notifications.rules import rules
from tests.conftest import NOW
from tests.notifications.test_sending import enqueue, letter_of, send, server, states  # noqa: F401 — a fixture
from tests.races import in_parallel


def test_senders_that_gather_for_one_person_do_not_lock_each_other_out(committed_db, server):  # noqa: F811
    """Each used to hold one delivery and to want the other's; the database then ended one of them."""
    people = list(User.objects.exclude(email="").filter(is_active=True))
    outbox.enqueue_many(
        [
            outbox.Draft(kind="submission.returned", recipient=person, key=f"k{person.pk}:{piece}", title="退回修改")
            for person in people
            for piece in range(5)
        ],
        now=NOW,
    )
    outcomes = in_parallel(send, send, send)
    assert all(isinstance(outcome, Counter) for outcome in outcomes), outcomes
    assert sum(outcomes, Counter()) == {"sent": len(people)}
    assert len(server.accepted) == len(people) > 20, "one letter each, whoever gathered it"


def test_what_was_taken_back_while_it_was_being_sent_is_recorded_as_sent(db, server):  # noqa: F811
    notice = enqueue(subject_code="A06", period="2025-06")
    held = sending.claim_next(rules(NOW), now=NOW)
    outbox.cancel(subject_code="A06", period="2025-06", kinds=("submission.returned",), now=NOW)
    assert sending._deliver(held, rules(NOW), NOW) == "sent"
    assert len(server.accepted) == 1 and states(notice) == ("sent", "sent"), "the reader has it: the record says so"


def test_of_two_notices_in_a_letter_the_one_that_no_longer_mattered_was_not_sent(db, server):  # noqa: F811
    kept, done = enqueue(), enqueue("k2", subject_code="A06", period="2025-06")
    server.reply = "451 try again later"
    send()
    done.deliveries.update(dispatch=letter_of(kept))
    type(done).objects.filter(pk=done.pk).update(state="superseded")
    server.reply = "250 OK"
    assert send(NOW + timedelta(minutes=1)) == {"sent": 1}
    assert done.deliveries.get(channel="email").state == "cancelled"


def test_a_sender_that_stood_still_sends_nothing_that_another_took_over(db, server):  # noqa: F811
    enqueue()
    held = sending.claim_next(rules(NOW), now=NOW)
    Dispatch.objects.update(lease_until=NOW - timedelta(days=1))
    assert send() == {"sent": 1}
    assert sending._deliver(held, rules(NOW), NOW) == "lost"
    assert len(server.accepted) == 1


def test_a_message_no_sender_survives_is_given_up_in_the_end(db, server):  # noqa: F811
    notice = enqueue()
    for _death in range(sending.MOST_ATTEMPTS + 1):
        assert sending.claim_next(rules(NOW), now=NOW), "held by a sender that dies here"
        Dispatch.objects.update(lease_until=NOW - timedelta(days=1))
    assert send() == {"dead": 1}
    assert states(notice) == ("dead", "dead") and server.accepted == []
    assert letter_of(notice).tries.last().code == "cut_off"
