"""The adapter of each channel that leaves the house."""

from __future__ import annotations

from collections.abc import Mapping

from notifications.channels.base import ChannelAdapter
from notifications.channels.dingtalk import DingtalkChannel
from notifications.channels.email import EmailChannel
from notifications.channels.feishu import FeishuChannel
from notifications.channels.sms import SmsChannel
from notifications.channels.wecom import WecomChannel
from notifications.models import Channel

ADAPTERS: Mapping[str, ChannelAdapter] = {
    Channel.EMAIL: EmailChannel(),
    Channel.SMS: SmsChannel(),
    Channel.WECOM: WecomChannel(),
    Channel.DINGTALK: DingtalkChannel(),
    Channel.FEISHU: FeishuChannel(),
}
