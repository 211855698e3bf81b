"""Whose fault a refused letter is, and the gateway for telephone messages."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections import Counter
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from accounts import phones
from accounts.models import User
from notifications import outbox, sending
from notifications.channels import email
from notifications.channels.base import MessageRefused, OutOfOrder, PermanentFailure, TemporaryFailure
from notifications.channels.registry import ADAPTERS
from notifications.models import Attempt, Dispatch, Notice
from tests.conftest import NOW
from tests.notifications.test_adapters import message
from tests.stubs import Answer


def enqueue(key: str = "k1", username: str = "nyj_staff") -> Notice:
    person = User.objects.get(username=username)
    return outbox.enqueue(kind="submission.returned", recipient=person, key=key, title="退回修改：A06", now=NOW)


def send(minutes: int = 0) -> Counter[str]:
    return sending.send_due(clock=lambda: NOW + timedelta(minutes=minutes))


STEPS = {
    "an unknown recipient": ("rcpt", "550 5.1.1 no such user", PermanentFailure),
    "a full mailbox, for now": ("rcpt", "452 4.2.2 mailbox full", TemporaryFailure),
    "a grey list": ("rcpt", "451 4.7.1 try again later", TemporaryFailure),
    "sign in first": ("rcpt", "530 5.7.0 authentication required", OutOfOrder),
    "a refused sender": ("mail", "553 5.7.1 sender not owned", OutOfOrder),
    "a sender, for now": ("mail", "451 later", TemporaryFailure),
    "too large": ("mail", "552 5.3.4 too big", MessageRefused),
    "taken for spam": ("data", "554 5.7.1 spam", MessageRefused),
    "a full disk": ("data", "452 4.3.1 no space", TemporaryFailure),
}


@pytest.mark.parametrize("name", STEPS)
def test_each_refusal_is_laid_at_the_right_door(mail, name):
    step, said, failure = STEPS[name]
    setattr(mail, step, said)
    with pytest.raises(failure) as raised:
        ADAPTERS["email"].send(message("staff@example.invalid"))
    assert type(raised.value) is failure and raised.value.code == said[:3]
    assert mail.accepted == []


@pytest.mark.parametrize(
    "problem, failure",
    [
        (smtplib.SMTPNotSupportedError("STARTTLS extension not supported by server."), OutOfOrder),
        (smtplib.SMTPConnectError(554, b"no service here"), OutOfOrder),
        (smtplib.SMTPConnectError(421, b"come back later"), TemporaryFailure),
        (ssl.SSLCertVerificationError("certificate has expired"), OutOfOrder),
        (socket.gaierror("name or service not known"), OutOfOrder),
        (TimeoutError("timed out"), TemporaryFailure),
        (ConnectionRefusedError("refused"), TemporaryFailure),
    ],
)
def test_before_anything_was_said_it_is_nobodys_address(problem, failure):
    assert type(email._failure(problem)) is failure


def test_wrong_credentials_give_up_no_letter_and_are_told_once_a_day(db, mail, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "office", "no longer right"
    for number, person in enumerate(("nyj_staff", "kjj_staff", "wlj_staff")):
        enqueue(f"k{number}", person)
    assert send() == {"held": 1}, "one attempt, not one for each letter: mail servers lock accounts"
    for turn in range(1, 14):  # more tries than kill a message
        assert send(6 * turn)["dead"] == 0
    assert not Dispatch.objects.filter(state="dead").exists() and not Dispatch.objects.exclude(attempts=0).exists()
    assert Notice.objects.filter(kind="channel.broken", recipient__username="sysadmin").count() == 1
    settings.EMAIL_HOST_USER = ""
    assert send(240) == {"sent": 3} and len(mail.accepted) == 3


def test_a_connection_lost_after_the_text_is_tried_again_under_the_same_id(db, mail):
    enqueue()
    mail.hangs_up_after_data = True
    assert send() == {"temporary": 1}
    assert Attempt.objects.get().code == "disconnected"
    mail.hangs_up_after_data = False
    assert send(2) == {"sent": 1}
    first, second = (message_from_bytes(each, policy=policy.default)["Message-ID"] for each in mail.accepted)
    assert first == second == f"<{Dispatch.objects.get().uuid}@example.invalid>"


def test_a_subject_cannot_begin_a_header_of_its_own(mail):
    letter = message("staff@example.invalid")
    for subject in ("一\r\nBcc: evil@example.invalid", "一\x00二\x0b三\u2028Bcc: evil@example.invalid"):
        ADAPTERS["email"].send(type(letter)(**{**vars(letter), "subject": subject}))
    for raw in mail.accepted:
        headers = message_from_bytes(raw, policy=policy.default)
        assert "Bcc" not in headers and headers["Subject"].startswith("一")


@pytest.mark.parametrize("address", ["a@example.invalid\nBcc: evil@example.invalid", ""])
def test_an_address_that_is_none_is_refused_and_never_counted_as_sent(mail, address):
    with pytest.raises(PermanentFailure):
        ADAPTERS["email"].send(message(address))
    assert mail.accepted == []


@pytest.fixture
def gateway(hooks, settings):
    settings.SMS_GATEWAY_URL, settings.SMS_GATEWAY_TOKEN = f"{hooks.origin}/sms", "token-of-the-gateway"
    hooks.usual = Answer({"accepted": True})
    return hooks


def test_a_telephone_message_is_one_short_line_with_its_reference(db, mail, gateway):
    User.objects.filter(username="nyj_staff").update(phone="138 0000 1111")
    notice = enqueue()
    assert send() == {"sent": 2}
    [sent] = gateway.accepted()
    dispatch = notice.deliveries.get(channel="sms").dispatch
    assert sent["body"] == {
        "to": "+8613800001111",
        "text": f"退回修改：A06，请登录系统办理 #K{dispatch.uuid.hex[:8].upper()}",
        "id": str(dispatch.uuid),
    }
    assert sent["headers"]["Authorization"] == "Bearer token-of-the-gateway"


def test_many_things_are_still_one_message_of_seventy_characters(gateway):
    whole = message("+8613800001111")
    [part] = ADAPTERS["sms"].parts(type(whole)(**{**vars(whole), "subject": "12 项任务需要处理：" + "高标准农田" * 30}))
    assert len(part.text) == 70 and part.text.startswith("12 项任务需要处理") and part.text.endswith(whole.reference)


ANSWERS = {
    "accepted as a word": (Answer({"accepted": "true"}), TemporaryFailure),
    "200 without a word": (Answer({}), TemporaryFailure),
    "accepted by an error page": (Answer({"accepted": True}, status=404), TemporaryFailure),
    "a bad number": (Answer({"accepted": False, "reason": "bad_number"}), PermanentFailure),
    "a refused text": (Answer({"accepted": False, "reason": "bad_text"}), MessageRefused),
    "a wrong token": (Answer({"accepted": False, "reason": "unauthorized"}), OutOfOrder),
    "a wrong token by status": (Answer({}, status=401), OutOfOrder),
    "no money": (Answer({"accepted": False, "reason": "no_credit"}), OutOfOrder),
    "an unknown reason": (Answer({"accepted": False, "reason": "moon"}), TemporaryFailure),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_only_the_gateways_own_yes_is_one(gateway, name):
    answer, failure = ANSWERS[name]
    gateway.tell("sms", answer)
    with pytest.raises(failure) as raised:
        ADAPTERS["sms"].send(message("+8613800001111"))
    assert type(raised.value) is failure


@pytest.mark.parametrize("url", ["ftp://gateway/", "http://", "http://gateway:port/", "gateway"])
def test_a_gateway_that_cannot_be_called_gives_up_no_message(settings, url):
    settings.SMS_GATEWAY_URL = url
    with pytest.raises(OutOfOrder):
        ADAPTERS["sms"].send(message("+8613800001111"))


@pytest.mark.parametrize(
    "typed, number, shown",
    [
        ("13800001111", "+8613800001111", "138****1111"),
        ("+86 138-0000-1111", "+8613800001111", "138****1111"),
        ("0086(138)00001111", "+8613800001111", "138****1111"),
        ("0744-8222222", "", "****"),
        ("23800001111", "", "****"),
        ("138000011112", "", "****"),
        ("１３８００００１１１１", "", "****"),
        ("", "", ""),
    ],
)
def test_mobile_numbers_have_one_form_to_call_and_one_to_show(typed, number, shown):
    assert (phones.normalised(typed), phones.masked(typed)) == (number, shown)


def test_an_account_takes_a_number_that_can_be_called_and_the_trail_keeps_it_masked(as_user):
    client, person = as_user("sysadmin"), User.objects.get(username="nyj_staff")
    page = f"/manage/admin/accounts/user/{person.pk}/change/"
    form = {"username": person.username, "display_name": person.display_name, "email": "", "is_active": "on"}
    assert "11 位手机号" in client.post(page, form | {"phone": "12345"}).content.decode()
    assert client.post(page, form | {"phone": "138 0000 1111"}).status_code == 302
    person.refresh_from_db()
    assert person.phone == "+8613800001111"
    from accounts.models import AuditEntry

    entry = AuditEntry.objects.filter(object_type="accounts.user").latest("seq")
    assert entry.after["phone"] == "138****1111" and "13800001111" not in str(entry.before)
