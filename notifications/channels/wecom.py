"""The robot of a WeCom group (企业微信群机器人): the key in the address is all it asks for."""

from __future__ import annotations

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
    -1: Answer(Meaning.BUSY, _("企业微信系统繁忙")),
    45009: Answer(Meaning.RATE, _("发送太频繁，被限流")),
    45033: Answer(Meaning.RATE, _("同时发送太多，被限流")),
    40008: Answer(Meaning.REFUSED, _("消息类型不被接受")),
    40033: Answer(Meaning.REFUSED, _("消息含有不被接受的字符")),
    40058: Answer(Meaning.REFUSED, _("消息内容不合要求或过长")),
    44004: Answer(Meaning.REFUSED, _("消息内容为空")),
    45002: Answer(Meaning.REFUSED, _("消息过长")),
    93000: Answer(Meaning.WRONG_ADDRESS, _("地址无效，或机器人已被移出群")),
    93004: Answer(Meaning.WRONG_ADDRESS, _("机器人已被停用")),
    93008: Answer(Meaning.WRONG_ADDRESS, _("机器人已不在群里")),
}


class WecomChannel(RobotChannel):
    """Markdown of at most 4,096 bytes; 20 messages a minute, a minute's pause after that."""

    channel = Channel.WECOM
    answers = ANSWERS
    limit = 4096
    pause = timedelta(seconds=60)

    def size(self, part: Message) -> int:
        return len(markup.markdown(part.text).encode())

    def body(self, part: Message) -> Mapping[str, object]:
        return {"msgtype": "markdown", "markdown": {"content": markup.markdown(part.text)}}
