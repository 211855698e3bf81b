"""Telephone messages through a gateway of the city's: a small HTTP interface, described in docs/channels.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.channels.answers import Answer, Meaning, judge
from notifications.channels.base import Message, OutOfOrder, PermanentFailure
from notifications.channels.hooks import PORTS, Place
from notifications.channels.posting import post

ANSWERS = {
    "bad_number": Answer(Meaning.WRONG_ADDRESS, gettext_lazy("号码无效或已停用")),
    "blocked": Answer(Meaning.WRONG_ADDRESS, gettext_lazy("号码拒收或在黑名单内")),
    "bad_text": Answer(Meaning.REFUSED, gettext_lazy("短信内容不被接受")),
    "rate": Answer(Meaning.RATE, gettext_lazy("发送太频繁，被限流")),
    "busy": Answer(Meaning.BUSY, gettext_lazy("短信网关繁忙")),
    "unauthorized": Answer(Meaning.OUT_OF_ORDER, gettext_lazy("短信网关不接受本系统的令牌")),
    "no_credit": Answer(Meaning.OUT_OF_ORDER, gettext_lazy("短信额度已用完")),
}
UNAUTHORIZED = (401, 403)
OK = 200
PAUSE = timedelta(seconds=60)
# What one message holds; longer ones are sent and paid as several.
MOST_CHARACTERS = 70


class SmsChannel:
    """One short message: how many things wait, the first of them, and the reference. Success is ``accepted: true``."""

    def parts(self, message: Message) -> list[Message]:
        tail = _("，请登录系统办理 %(reference)s") % {"reference": message.reference}
        room = MOST_CHARACTERS - len(tail)
        words = " ".join(message.subject.split())
        words = words if len(words) <= room else f"{words[: room - 1]}…"
        return [replace(message, text=f"{words}{tail}")]

    def send(self, part: Message) -> None:
        if not part.address:
            raise PermanentFailure(_("没有可用的手机号"), "bad_number")
        # The same id when it is sent again, so that the gateway can drop the double.
        body = {"to": part.address, "text": part.text, "id": part.message_id.strip("<>").partition("@")[0]}
        reply = post(_gateway(), body, headers=_credentials())
        if reply.status in UNAUTHORIZED:
            raise OutOfOrder(_("短信网关不接受本系统的令牌"), f"http_{reply.status}")
        if reply.status == OK and reply.said.get("accepted") is True:
            return
        judge(ANSWERS, *_reason(reply.status, reply.said), PAUSE, settings.SMS_GATEWAY_TOKEN)


def _reason(status: int, said: Mapping[str, object]) -> tuple[object, str]:
    return said.get("reason") or f"http_{status}", str(said.get("message", ""))


def _credentials() -> dict[str, str]:
    token = settings.SMS_GATEWAY_TOKEN
    return {"Authorization": f"Bearer {token}"} if token else {}


def _gateway() -> Place:
    """The settings name it, so that it needs no list; http and private addresses are the installation's choice."""
    url = urlsplit(settings.SMS_GATEWAY_URL)
    try:
        port = url.port
    except ValueError:
        port = 0
    if url.scheme not in PORTS or not url.hostname or port == 0:
        raise OutOfOrder(_("短信网关的地址设置有误"), "gateway_url")
    return Place(url.scheme, url.hostname, port or PORTS[url.scheme], url.path or "/", url.query, is_internal=True)
