"""The robot of a DingTalk group (钉钉自定义机器人), signed where it asks for a signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from notifications.channels import markup
from notifications.channels.answers import SENT, Answer, Meaning
from notifications.channels.base import Message
from notifications.channels.robots import RobotChannel
from notifications.models import Channel

ANSWERS = {
    0: SENT,
    -1: Answer(Meaning.BUSY, _("钉钉系统繁忙")),
    130101: Answer(Meaning.RATE, _("每分钟超过 20 条，被限流 10 分钟")),
    410100: Answer(Meaning.RATE, _("发送太频繁，被限流")),
    90030: Answer(Meaning.RATE, _("调用次数达到上限")),
    # Without a code of its own: the gateway in front of the platform.
    "1111": Answer(Meaning.RATE, _("请求被平台拦截，暂停后再发")),
    40035: Answer(Meaning.REFUSED, _("消息缺少参数")),
    43004: Answer(Meaning.REFUSED, _("请求格式不被接受")),
    400105: Answer(Meaning.REFUSED, _("消息类型不被接受")),
    430101: Answer(Meaning.REFUSED, _("消息含有不安全的链接")),
    430102: Answer(Meaning.REFUSED, _("消息含有不合适的文字")),
    430103: Answer(Meaning.REFUSED, _("消息含有不合适的图片")),
    430104: Answer(Meaning.REFUSED, _("消息含有不合适的内容")),
    310000: Answer(Meaning.WRONG_ADDRESS, _("安全设置不符：签名密钥、关键词或来源地址")),
    300001: Answer(Meaning.WRONG_ADDRESS, _("机器人不存在，请核对地址")),
    300005: Answer(Meaning.WRONG_ADDRESS, _("机器人不存在，请核对地址")),
    400013: Answer(Meaning.WRONG_ADDRESS, _("群已解散")),
    400101: Answer(Meaning.WRONG_ADDRESS, _("机器人不存在，请核对地址")),
    400102: Answer(Meaning.WRONG_ADDRESS, _("机器人已被停用")),
    400106: Answer(Meaning.WRONG_ADDRESS, _("机器人不存在，请核对地址")),
}


class DingtalkChannel(RobotChannel):
    """Markdown, the whole request at most 20,000 bytes; above 20 a minute the platform blocks a robot for 10."""

    channel = Channel.DINGTALK
    answers = ANSWERS
    limit = 20_000
    pause = timedelta(minutes=10)

    def size(self, part: Message) -> int:
        return len(json.dumps(self.body(part), ensure_ascii=False).encode())

    def body(self, part: Message) -> Mapping[str, object]:
        # DingTalk joins lines unless a blank one stands between them.
        text = markup.markdown(part.text).replace("\n", "\n\n")
        return {
            "msgtype": "markdown",
            "markdown": {"title": markup.plain(part.subject)[:60], "text": text},
            "at": {"isAtAll": False},
        }

    def extra_query(self, part: Message) -> str:
        """Real time, not the trial's: the platform compares it with its own clock (at most an hour apart)."""
        if not part.secret:
            return ""
        timestamp = str(int(time.time() * 1000))
        return urlencode({"timestamp": timestamp, "sign": signature(timestamp, part.secret)})

    def code(self, said: Mapping[str, object]) -> object:
        return said.get("errcode", str(said.get("status", "")))


def signature(timestamp: str, secret: str) -> str:
    """HMAC-SHA256 of “timestamp, newline, secret” under the secret, in base64. ``timestamp`` in milliseconds."""
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
