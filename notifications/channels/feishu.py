"""The robot of a Feishu group (飞书自定义机器人), signed where it asks for a signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from notifications.channels import markup
from notifications.channels.answers import SENT, Answer, Meaning
from notifications.channels.base import Message
from notifications.channels.robots import RobotChannel
from notifications.models import Channel

ANSWERS = {
    0: SENT,
    11232: Answer(Meaning.RATE, _("发送太频繁，或整点拥挤，被限流")),
    99991400: Answer(Meaning.RATE, _("发送太频繁，被限流")),
    9499: Answer(Meaning.REFUSED, _("消息格式不被接受或过长")),
    19001: Answer(Meaning.WRONG_ADDRESS, _("机器人不存在，请核对地址")),
    19021: Answer(Meaning.WRONG_ADDRESS, _("签名密钥不符，或服务器时间相差超过一小时")),
    19022: Answer(Meaning.WRONG_ADDRESS, _("本系统的来源地址不在机器人的白名单内")),
    19024: Answer(Meaning.WRONG_ADDRESS, _("机器人设了关键词，消息里没有")),
}


class FeishuChannel(RobotChannel):
    """Rich text (``post``), whose links and mentions are elements of their own: plain words stay plain.

    The whole request holds at most 20 KB; the platform allows 100 a minute, we keep to 20 as everywhere.
    """

    channel = Channel.FEISHU
    answers = ANSWERS
    limit = 20_000
    pause = timedelta(seconds=60)

    def size(self, part: Message) -> int:
        return len(json.dumps(self.body(part), ensure_ascii=False).encode())

    def body(self, part: Message) -> Mapping[str, object]:
        lines = [[_element(line)] for line in markup.lines_of(part.text)]
        content = {"post": {"zh_cn": {"title": markup.plain(part.subject), "content": lines}}}
        return {**_signed(part.secret), "msg_type": "post", "content": content}

    def code(self, said: Mapping[str, object]) -> object:
        return said.get("code", said.get("StatusCode"))

    def words(self, said: Mapping[str, object]) -> str:
        return str(said.get("msg", said.get("StatusMessage", "")))


def _signed(secret: str) -> dict[str, str]:
    """Real time, not the trial's: the platform compares it with its own clock (at most an hour apart)."""
    if not secret:
        return {}
    timestamp = str(int(time.time()))
    return {"timestamp": timestamp, "sign": signature(timestamp, secret)}


def _element(line: markup.Line) -> dict[str, str]:
    words = markup.plain(line.text)
    if line.url:
        return {"tag": "a", "text": words, "href": line.url}
    return {"tag": "text", "text": f"　{words}" if line.is_detail else words}


def signature(timestamp: str, secret: str) -> str:
    """HMAC-SHA256 of nothing under “timestamp, newline, secret”, in base64. ``timestamp`` in seconds."""
    return base64.b64encode(hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()
