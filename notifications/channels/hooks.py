"""Where robots may be reached: listed hosts only, each channel's own path, and a key in the address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications.models import Channel

# Strict, so that no two readers of an address can find different hosts in it: no user, fragment, escape or backslash.
ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~-]+)+)(?:\?(?P<query>[A-Za-z0-9._~=&-]*))?",
    re.ASCII,
)
PORTS = {"https": 443, "http": 80}
LEAST_KEY = 8
# How much of a key a page shows.
SHOWN = 4

REFUSALS: Mapping[str, Promise | str] = {
    "hook_missing": _("请粘贴机器人的 Webhook 地址"),
    "hook_unreadable": _("地址无法识别；请从群机器人设置页整段复制，不要带空格或其他文字"),
    "hook_not_https": _("地址必须以 https:// 开头"),
    "hook_not_listed": _("这个地址的主机不在允许的名单内；内网中转需由系统管理员加入 ROBOT_RELAYS"),
    "hook_wrong_channel": _("地址与所选渠道不符，请核对是哪一种群机器人"),
    "hook_without_key": _("地址里没有密钥，请重新复制完整的 Webhook 地址"),
}


class HookRefused(Exception):
    """The address may not be called; ``code`` is one of ``REFUSALS``."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code

    @property
    def words(self) -> str:
        return str(REFUSALS[self.code])


@dataclass(frozen=True)
class Form:
    """How a channel's addresses look: ``path`` ends them, the key follows it or stands in ``parameter``."""

    path: str
    parameter: str = ""


FORMS: Mapping[str, Form] = {
    Channel.WECOM: Form("/cgi-bin/webhook/send", "key"),
    Channel.DINGTALK: Form("/robot/send", "access_token"),
    Channel.FEISHU: Form("/open-apis/bot/v2/hook/"),
}


@dataclass(frozen=True)
class Place:
    """An address that may be called. ``is_internal``: a relay named in the settings, private addresses included."""

    scheme: str
    host: str
    port: int
    path: str = field(repr=False)
    query: str = field(default="", repr=False)
    is_internal: bool = False
    key: str = field(default="", repr=False)

    @property
    def authority(self) -> str:
        return self.host if self.port == PORTS[self.scheme] else f"{self.host}:{self.port}"


def place_of(address: str, channel: str) -> Place:
    """The address, taken apart and judged; raises ``HookRefused``.

    Judged anew for each message, because the lists may have become shorter since it was entered.
    """
    place = parsed(address, settings.ROBOT_RELAYS, settings.ROBOT_HOSTS)
    form = FORMS[channel]
    at = place.path.find(form.path)
    if at < 0 or (at and not place.is_internal):
        raise HookRefused("hook_wrong_channel")
    key = _key(place, form)
    if len(key) < LEAST_KEY:
        raise HookRefused("hook_without_key")
    return replace(place, key=key)


def parsed(address: str, relays: list[str], hosts: list[str]) -> Place:
    """The parts of an address whose host is listed. A relay may have a port, a prefix, and http where it says so."""
    if not address:
        raise HookRefused("hook_missing")
    found = ADDRESS.fullmatch(address)
    if found is None:
        raise HookRefused("hook_unreadable")
    scheme, host = found["scheme"], found["host"]
    port = int(found["port"] or PORTS[scheme])
    place = Place(scheme, host, port, found["path"], found["query"] or "")
    if (scheme, host, port) in {origin_of(relay) for relay in relays}:
        return Place(scheme, host, port, place.path, place.query, is_internal=True)
    if scheme != "https":
        raise HookRefused("hook_not_https")
    if host not in hosts or port != PORTS["https"]:
        raise HookRefused("hook_not_listed")
    return place


def origin_of(relay: str) -> tuple[str, str, int]:
    """``http://host:8080``, ``host:8443`` or ``host`` (https) as scheme, host and port."""
    scheme, _separator, rest = relay.rpartition("://")
    scheme = scheme or "https"
    host, _separator, port = rest.rpartition(":")
    if not host or not port.isdecimal():
        host, port = rest, str(PORTS[scheme])
    return scheme, host.lower(), int(port)


def masked(address: str, channel: str) -> str:
    """The host and the end of the key: enough to tell two robots apart, too little to speak through them."""
    found = ADDRESS.fullmatch(address)
    if found is None:
        return "…"
    key = _key(Place("https", found["host"], 443, found["path"], found["query"] or ""), FORMS[channel])
    return f"{found['host']} …{key[-SHOWN:] if len(key) >= LEAST_KEY else ''}"


def _key(place: Place, form: Form) -> str:
    if form.parameter:
        # What follows the path would be another interface of the platform.
        is_whole = place.path.endswith(form.path)
        return parse_qs(place.query).get(form.parameter, [""])[-1] if is_whole else ""
    return place.path.partition(form.path)[2].strip("/")
