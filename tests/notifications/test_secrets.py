"""Requests stay inside the fence, and keys and telephone numbers stay out of every record (S9)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import httpx
import pytest
from django.apps import apps
from django.core import serializers
from django.db import connection
from django.test import Client

from accounts.models import AuditEntry, User
from notifications import outbox, robots, sending
from notifications.channels.redaction import redacted
from notifications.models import Attempt, Dispatch, Notice, Robot
from tests.conftest import NOW
from tests.logs import Memory, everything_logged
from tests.notifications.remote import Clock, queue
from tests.stubs import Answer, code, robot_server

KEYS = {
    "wecom": "693a91f6-7c1b-4bc4-97a0-0ec2f1fa5aaa",
    "dingtalk": "f00dcafe5da7a1b2c3d4e5f60718293a4b5c6d7e8f9012345678abcdef012345",
    "feishu": "77aa77aa-1111-2222-3333-444455556666",
}
NEW_KEY = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
SIGNERS = {"wecom": "", "dingtalk": "SECf8e7d6c5b4a39281706f5e4d3c2b1a09", "feishu": "Zq9XwVu8TsRp7OnM"}
TOKEN = "gateway-token-5b2f7c9d1e3a"
PASSWORD = "Mail-Passw0rd"
PHONES = ("13800001111", "15912345678", "18888886666")
PLANTED = (*KEYS.values(), NEW_KEY, *filter(None, SIGNERS.values()), TOKEN, PASSWORD, *PHONES, "159-1234-5678")


@pytest.fixture
def log() -> Iterator[Memory]:
    """Every statement to the database included."""
    with everything_logged() as memory:
        yield memory


@pytest.fixture
def planted(hooks, mail, new_robot, settings) -> dict[str, Robot]:
    """A robot of each channel, a gateway and people with telephones, all with the secrets above."""
    settings.NOTIFICATION_RULES = "tests.notifications.remote.AlwaysOpen"
    settings.SMS_GATEWAY_URL, settings.SMS_GATEWAY_TOKEN = f"{hooks.origin}/sms", TOKEN
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "office", PASSWORD
    mail.auth = f"535 5.7.8 refused {PASSWORD} {' '.join(PHONES)}"
    for username, phone in zip(("nyj_staff", "nyj_head", "dcs_1"), PHONES, strict=True):
        User.objects.filter(username=username).update(phone=phone)
    return {channel: new_robot(channel, key=key, secret=SIGNERS[channel]) for channel, key in KEYS.items()}


def spill(hooks, *known: str) -> list[Answer]:
    """Answers of a far end that quotes all it knows, one of each kind of failure."""
    every = " ".join((*known, *PHONES, "159-1234-5678"))
    return [
        code(-1, every), code(777777, every), code(9499, every), code(45009, every), Answer(status=500),
        Answer(how="reset"), Answer(every.encode()), Answer({"accepted": False, "reason": "new", "message": every}),
        Answer(status=302, headers=(("Location", f"{hooks.origin}/?{KEYS['wecom']}"),)), code(93000, every),
    ]  # fmt: skip


def go_through_everything(planted, hooks, client: Client) -> list[str]:
    """Send, fail, try out, mend and switch; returns every page on the way."""
    connection.force_debug_cursor = True
    pages = []
    queue([*planted.values()], 9)
    for channel, robot in planted.items():
        answers = spill(hooks, KEYS[channel], SIGNERS[channel])
        for answer in answers:
            hooks.tell(KEYS[channel], answer)
            pages.append(client.post(f"/notices/robots/{robot.pk}/", {"action": "test"}, follow=True).content.decode())
            Robot.objects.update(paused_until=None)
        hooks.tell(KEYS[channel], Answer(), *answers)
    outbox.enqueue(
        kind="submission.returned", recipient=User.objects.get(username="nyj_staff"), key="sms", title="退回", now=NOW
    )
    hooks.tell("sms", *spill(hooks, TOKEN))
    clock = Clock()
    for _round in range(14):
        sending.send_due(clock=clock)
        Robot.objects.update(paused_until=None)
        Dispatch.objects.filter(state="queued").update(next_attempt_at=NOW)
    typed = {"action": "replace", "address": hooks.address("wecom", NEW_KEY), "secret": ""}
    one = f"/notices/robots/{planted['wecom'].pk}/"
    pages.append(client.post(one, typed, follow=True).content.decode())
    pages.append(client.post(one, typed | {"address": f"{typed['address']} {PHONES[0]}"}).content.decode())
    pages += [client.get(path).content.decode() for path in ("/notices/robots/", "/inbox/", "/account/", one)]
    connection.force_debug_cursor = False
    return pages


def rows() -> str:
    """All that was recorded, the robots' history included; keys may stand there encrypted only."""
    models = [Attempt, AuditEntry, Notice, Dispatch, Robot, apps.get_model("notifications", "RobotEvent")]
    return "\n".join(
        json.dumps(serializers.serialize("python", model.objects.all()), default=str, ensure_ascii=False)
        for model in models
    )


def found_in(text: str) -> list[str]:
    return [secret for secret in PLANTED if secret in text]


def test_no_key_and_no_telephone_number_is_on_any_record(planted, hooks, as_user, log):
    pages = go_through_everything(planted, hooks, as_user("dcs_1"))
    outcomes = set(Attempt.objects.values_list("outcome", flat=True))
    assert outcomes >= {"sent", "temporary", "rate", "permanent"}, "every way of failing was gone"
    assert {"sms", KEYS["wecom"], KEYS["feishu"]} <= {str(each["key"]) for each in hooks.journaled()}
    assert any("SELECT" in line for line in log.lines), "the log really is at DEBUG"
    assert found_in("\n".join(log.lines)) == []
    assert found_in(rows()) == []
    assert found_in("\n".join(pages)) == []


def test_without_the_silence_of_the_http_library_keys_are_logged(planted, hooks, log, monkeypatch):
    """Negative control of the scan."""
    monkeypatch.setattr(logging.getLogger("httpx"), "propagate", True)
    monkeypatch.setattr(logging.getLogger("httpx"), "level", logging.DEBUG)
    logging.getLogger("httpx").manager._clear_cache()
    queue([planted["wecom"]], 1)
    sending.send_due(clock=Clock())
    logging.getLogger("httpx").manager._clear_cache()
    assert found_in("\n".join(log.lines)) == [KEYS["wecom"]]


def test_a_fault_of_ours_shows_neither(planted, hooks, as_user, log, monkeypatch):
    """The worst moment: an exception nobody expected, with the address in its words and on the stack."""

    def broken(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError(0)

    monkeypatch.setattr(robots.hooks, "place_of", broken)
    client = as_user("dcs_1")
    client.raise_request_exception = False
    answer = client.post(
        f"/notices/robots/{planted['wecom'].pk}/", {"action": "replace", "address": hooks.address("wecom", NEW_KEY)}
    )
    assert answer.status_code == 500
    assert found_in(answer.content.decode() + "\n".join(log.lines)) == []
    assert any("ZeroDivisionError" in line for line in log.lines)


def test_redirects_are_not_followed(planted, hooks, tmp_path):
    with robot_server(tmp_path / "elsewhere.jsonl") as elsewhere:
        redirect = Answer(status=307, headers=(("Location", elsewhere.address("wecom", KEYS["wecom"])),))
        hooks.tell(KEYS["wecom"], redirect)
        queue([planted["wecom"]], 1)
        assert sending.send_due(clock=Clock()) == {"temporary": 1}
        assert elsewhere.journaled() == []
        assert Attempt.objects.get().code == "http_307"


def test_a_client_that_follows_redirects_lets_the_request_leave(planted, hooks, tmp_path, monkeypatch):
    """Negative control of the fence: the same run with one setting changed reaches a host that nobody listed."""

    class Following(httpx.Client):
        def __init__(self, **options: object):
            super().__init__(**options | {"follow_redirects": True})  # type: ignore[arg-type]

    monkeypatch.setattr(httpx, "Client", Following)
    with robot_server(tmp_path / "elsewhere.jsonl") as elsewhere:
        redirect = Answer(status=307, headers=(("Location", elsewhere.address("wecom", KEYS["wecom"])),))
        hooks.tell(KEYS["wecom"], redirect)
        queue([planted["wecom"]], 1)
        sending.send_due(clock=Clock())
        assert len(elsewhere.journaled()) == 1


def test_a_proxy_in_the_environment_is_not_asked(planted, hooks, monkeypatch):
    """It would see every key."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    queue([planted["wecom"]], 1)
    assert sending.send_due(clock=Clock()) == {"sent": 1}


def test_a_host_that_is_taken_off_the_list_is_not_called_any_more(planted, hooks, settings):
    settings.ROBOT_RELAYS = []
    queue([planted["wecom"]], 1)
    assert sending.send_due(clock=Clock()) == {"dead": 1}
    assert hooks.journaled() == []


@pytest.mark.parametrize(
    "said, kept",
    [
        ("号码 +86 138-0000-1111 无效", "号码 *** 无效"),
        ("13800001111@139.com refused", "***@139.com refused"),
        ("key 693a91f6-7c1b-4bc4-97a0-0ec2f1fa5aaa", "key ***"),
        ("550 5.1.1 no such user", "550 5.1.1 no such user"),
        ("2025-07-02 09:00:00 hook_wrong_channel", "2025-07-02 09:00:00 hook_wrong_channel"),
    ],
)
def test_words_of_the_far_end_are_kept_without_what_they_quote(said, kept):
    assert redacted(said) == kept
