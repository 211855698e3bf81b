"""Each adapter against a real server: what its robot's answers mean, what is signed, how long texts are cut."""

from __future__ import annotations

import socket
from datetime import timedelta
from urllib.parse import unquote

import pytest

from notifications.channels import dingtalk, feishu, markup, posting
from notifications.channels import hooks as hook_rules
from notifications.channels.answers import Meaning
from notifications.channels.base import (
    Message,
    MessageRefused,
    OutOfOrder,
    PermanentFailure,
    RateLimited,
    TemporaryFailure,
)
from notifications.channels.registry import ADAPTERS
from tests.stubs import Answer, code

FAILURES = {
    Meaning.BUSY: TemporaryFailure,
    Meaning.RATE: RateLimited,
    Meaning.REFUSED: MessageRefused,
    Meaning.WRONG_ADDRESS: PermanentFailure,
    Meaning.OUT_OF_ORDER: OutOfOrder,
}
ROBOTS = ("wecom", "dingtalk", "feishu")
REFERENCE = "#K1234ABCD"
KEY = "key-of-the-group"


def message(address: str, text: str = f"市农业农村局：\n\n消息编号：{REFERENCE}", secret: str = "") -> Message:
    return Message(
        address=address,
        subject="3 项任务需要处理：高标准农田 等",
        text=text,
        message_id="<0b0c@example.invalid>",
        reference=REFERENCE,
        secret=secret,
    )


@pytest.mark.parametrize("channel", ROBOTS)
def test_every_code_of_the_table_means_what_the_table_says(hooks, channel):
    adapter = ADAPTERS[channel]
    for number, answer in adapter.answers.items():
        if not isinstance(number, int) or number == 0:
            continue
        hooks.tell(KEY, code(number, "as documented"))
        with pytest.raises(FAILURES[answer.meaning]) as raised:
            adapter.send(message(hooks.address(channel, KEY)))
        assert type(raised.value) is FAILURES[answer.meaning], number
        assert raised.value.code == str(number)
    assert hooks.accepted() == []
    adapter.send(message(hooks.address(channel, KEY)))
    assert len(hooks.accepted()) == 1


ODD = {
    "no json": (Answer(b"<html>ok</html>"), TemporaryFailure),
    "no code": (Answer({"ok": True}), TemporaryFailure),
    "an unknown code": (code(123456, "new"), TemporaryFailure),
    "zero as a word": (Answer({"errcode": "0", "code": "0"}), TemporaryFailure),
    "false for zero": (Answer({"errcode": False, "code": False}), TemporaryFailure),
    "success on a page not found": (Answer(status=404), TemporaryFailure),
    "a fault with the code of success": (Answer(status=500), TemporaryFailure),
    "too many, by status": (Answer(status=429, headers=(("Retry-After", "90"),)), RateLimited),
    "too many, by words": (code(777, "request too fast"), RateLimited),
    "a redirect": (Answer(status=302, headers=(("Location", "http://127.0.0.1:9/"),)), TemporaryFailure),
    "a reset before it was taken": (Answer(how="reset"), TemporaryFailure),
    "a reset after it was taken": (Answer(how="reset_after"), TemporaryFailure),
    "an endless answer": (Answer(b"{" + b" " * 100_000), TemporaryFailure),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_not_plainly_accepted_is_never_taken_for_it(hooks, name):
    answer, failure = ODD[name]
    hooks.tell(KEY, answer)
    with pytest.raises(failure) as raised:
        ADAPTERS["wecom"].send(message(hooks.address("wecom", KEY)))
    assert type(raised.value) is failure


def test_silence_is_cut_short(hooks, monkeypatch):
    monkeypatch.setattr(posting, "TIMEOUT", 0.2)
    hooks.tell(KEY, Answer(how="stall"))
    with pytest.raises(TemporaryFailure) as raised:
        ADAPTERS["feishu"].send(message(hooks.address("feishu", KEY)))
    assert raised.value.code == "timeout"


@pytest.mark.parametrize("asked, pause", [("90", 90), ("1", 10), ("999999", 60), ("86400", 3600), ("soon", 60)])
def test_the_pause_that_is_asked_for_is_kept_within_bounds(hooks, asked, pause):
    hooks.tell(KEY, Answer(status=429, headers=(("Retry-After", asked),)))
    with pytest.raises(RateLimited) as raised:
        ADAPTERS["wecom"].send(message(hooks.address("wecom", KEY)))
    assert raised.value.pause == timedelta(seconds=pause)


def test_dingtalk_rests_ten_minutes_and_the_others_one(hooks):
    for channel, number, minutes in (("dingtalk", 130101, 10), ("wecom", 45009, 1), ("feishu", 11232, 1)):
        hooks.tell(KEY, code(number))
        with pytest.raises(RateLimited) as raised:
            ADAPTERS[channel].send(message(hooks.address(channel, KEY)))
        assert raised.value.pause == timedelta(minutes=minutes), channel


def test_signatures_are_what_the_platforms_compute(hooks):
    """Worked out once by hand (openssl dgst -sha256 -hmac …), so that the order of key and text is fixed."""
    assert dingtalk.signature("1700000000000", "SECsecret") == DINGTALK_SIGNED
    assert feishu.signature("1700000000", "secret") == FEISHU_SIGNED
    ADAPTERS["dingtalk"].send(message(hooks.address("dingtalk", KEY), secret="SECsecret"))
    ADAPTERS["feishu"].send(message(hooks.address("feishu", KEY), secret="secret"))
    first, second = hooks.accepted()
    timestamp, sign = first["query"]["timestamp"][0], unquote(first["query"]["sign"][0])
    assert len(timestamp) == 13 and sign == dingtalk.signature(timestamp, "SECsecret")
    assert first["query"]["access_token"] == [KEY]
    assert len(second["body"]["timestamp"]) == 10
    assert second["body"]["sign"] == feishu.signature(second["body"]["timestamp"], "secret")


DINGTALK_SIGNED = "0QWYb8Ux63Sm4BhHaJNL3lv5mqW1sLFoks7vu+HFFi4="
FEISHU_SIGNED = "fiWS2+gh28DOydAv7hzONH/mDn9+b1Y4Y5ivXWXy8vA="
NASTY = '<@all> [请点](http://evil.invalid) <at user_id="all"></at> **大** `x` @13800001111 # 标题'


def letter(items: int, body: str = "请在 7 月 5 日 18:00 前报送。") -> str:
    lines = ["市农业农村局：", ""]
    for number in range(1, items + 1):
        lines += [f"{number}. 报送提醒：A{number:02} 高标准农田建设", f"   {body}"]
        lines += [f"   http://127.0.0.1:8000/2025/kpis/A{number:02}/", ""]
    return "\n".join([*lines, f"消息编号：{REFERENCE}"])


@pytest.mark.parametrize("channel", ROBOTS)
def test_what_people_typed_is_no_markup(hooks, channel):
    text = letter(1, NASTY).replace("高标准农田建设", NASTY)
    ADAPTERS[channel].send(message(hooks.address(channel, KEY), text))
    [sent] = hooks.accepted()
    shown = str(sent["body"])
    for forbidden in ("<@all>", "](http://evil", "<at user_id", "@1380", "**大**"):
        assert forbidden not in shown, forbidden
    assert "/2025/kpis/A01/" in shown, "our own link stays"


def test_titles_are_links_and_details_are_quoted():
    shown = markup.markdown(letter(1))
    assert "1. [报送提醒：A01 高标准农田建设](http://127.0.0.1:8000/2025/kpis/A01/)" in shown
    assert "> 请在 7 月 5 日 18:00 前报送。" in shown
    assert shown.count("http://") == 1 and shown.endswith(REFERENCE)


def test_a_typed_address_does_not_become_the_titles_link():
    text = f"1. 标题\n   http://evil.invalid/2025/\n\n{REFERENCE}"
    assert "](http" not in markup.markdown(text)


@pytest.mark.parametrize("channel", ROBOTS)
def test_long_messages_are_cut_between_items_and_every_part_tells_which_it_is(hooks, channel):
    adapter = ADAPTERS[channel]
    parts = adapter.parts(message(hooks.address(channel, KEY), letter(300)))
    assert len(parts) > 1
    for place, part in enumerate(parts, 1):
        assert adapter.size(part) <= adapter.limit
        assert part.text.endswith(f"（{place}/{len(parts)}）消息编号：{REFERENCE}")
        # Whole items: as many titles as pages.
        assert part.text.count("报送提醒") == part.text.count("/2025/kpis/")
    numbers = [line.partition(".")[0] for part in parts for line in part.text.splitlines() if "报送提醒" in line]
    assert numbers == [str(number) for number in range(1, 301)], "nothing lost, nothing twice"


def test_one_line_longer_than_a_message_is_cut_between_characters(hooks):
    adapter = ADAPTERS["wecom"]
    words = "督查𠮷事项" * 2000
    parts = adapter.parts(message(hooks.address("wecom", KEY), f"您好：\n\n1. 标题\n   {words}\n\n{REFERENCE}"))
    assert all(adapter.size(part) <= adapter.limit for part in parts)
    rejoined = "".join(
        line.strip() for part in parts for line in part.text.splitlines() if "督" in line or "𠮷" in line
    )
    assert words in rejoined.replace("\n", "")


def test_a_short_message_is_one_part_as_it_was_written(hooks):
    whole = message(hooks.address("wecom", KEY), letter(2))
    assert ADAPTERS["wecom"].parts(whole) == [whole]


ADDRESSES = {
    "another host": ("https://evil.invalid/cgi-bin/webhook/send?key=aaaabbbb", "hook_not_listed"),
    "a host that ends alike": ("https://xqyapi.weixin.qq.com/cgi-bin/webhook/send?key=aaaabbbb", "hook_not_listed"),
    "a host that begins alike": (
        "https://qyapi.weixin.qq.com.evil.invalid/cgi-bin/webhook/send?key=aaaabbbb", "hook_not_listed",
    ),
    "a dot at the end": ("https://qyapi.weixin.qq.com./cgi-bin/webhook/send?key=aaaabbbb", "hook_not_listed"),
    "another port": ("https://qyapi.weixin.qq.com:8443/cgi-bin/webhook/send?key=aaaabbbb", "hook_not_listed"),
    "an address by number": ("https://127.0.0.1/cgi-bin/webhook/send?key=aaaabbbb", "hook_not_listed"),
    "by another number": ("https://[::1]/cgi-bin/webhook/send?key=aaaabbbb", "hook_not_listed"),
    "a user before the host": (
        "https://qyapi.weixin.qq.com@evil.invalid/cgi-bin/webhook/send?key=aaaabbbb", "hook_unreadable",
    ),
    "a backslash": ("https://qyapi.weixin.qq.com\\@evil.invalid/send?key=aaaabbbb", "hook_unreadable"),
    "a line break": ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=aaaabbbb\n", "hook_unreadable"),
    "another scheme": ("file:///etc/passwd", "hook_unreadable"),
    "plain http": ("http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=aaaabbbb", "hook_not_https"),
    "another robot's": ("https://oapi.dingtalk.com/robot/send?access_token=aaaabbbb", "hook_wrong_channel"),
    "another interface": ("https://qyapi.weixin.qq.com/cgi-bin/gettoken?key=aaaabbbb", "hook_wrong_channel"),
    "without a key": ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send", "hook_without_key"),
    "nothing": ("", "hook_missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", ADDRESSES)
def test_only_listed_addresses_are_called(name, settings):
    settings.ROBOT_RELAYS = []
    address, refused = ADDRESSES[name]
    with pytest.raises(PermanentFailure) as raised:
        ADAPTERS["wecom"].send(message(address))
    assert raised.value.code == refused


def test_platforms_and_relays_are_let_through(settings):
    settings.ROBOT_RELAYS = ["http://10.1.2.3:8080", "relay.city.invalid", "relay2.city.invalid:8443"]
    good = {
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=aaaabbbb": False,
        "http://10.1.2.3:8080/wx/cgi-bin/webhook/send?key=aaaabbbb": True,
        "https://relay.city.invalid/cgi-bin/webhook/send?key=aaaabbbb": True,
        "https://relay2.city.invalid:8443/cgi-bin/webhook/send?key=aaaabbbb": True,
    }
    for address, is_internal in good.items():
        place = hook_rules.place_of(address, "wecom")
        assert (place.key, place.is_internal) == ("aaaabbbb", is_internal)
    with pytest.raises(hook_rules.HookRefused):
        hook_rules.place_of("http://relay.city.invalid/cgi-bin/webhook/send?key=aaaabbbb", "wecom")
    assert hook_rules.masked(next(iter(good)), "wecom") == "qyapi.weixin.qq.com …bbbb"


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "::ffff:127.0.0.1", "100.64.0.1"]
)
def test_a_platform_that_resolves_to_the_inside_is_not_called(hooks, monkeypatch, inside):
    """Whatever a name server says; of several addresses one bad one is enough."""
    family = socket.AF_INET6 if ":" in inside else socket.AF_INET

    def lie(*_arguments: object, **_options: object) -> list[tuple[object, ...]]:
        public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("101.91.40.24", hooks.port))
        return [public, (family, socket.SOCK_STREAM, 6, "", (inside, hooks.port))]

    monkeypatch.setattr(socket, "getaddrinfo", lie)
    with pytest.raises(TemporaryFailure) as raised:
        ADAPTERS["wecom"].send(message("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=aaaabbbb"))
    assert raised.value.code == "inside" and hooks.journaled() == []
