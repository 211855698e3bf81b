"""One bounded POST: listed place, checked address, no redirects, no proxy, no word about the address in any error."""

from __future__ import annotations

import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import certifi
import httpx
from django.utils.translation import gettext as _

from notifications.channels.base import RateLimited, TemporaryFailure
from notifications.channels.hooks import PORTS, Place

TIMEOUT = httpx.Timeout(connect=3, read=5, write=5, pool=3)
# Answers are a line of JSON; whatever is longer or slower than this is none.
MOST_BYTES = 64 * 1024
MOST_SECONDS = 10
# Of a host's addresses, how many are tried while none takes the connection.
MOST_ADDRESSES = 2

TOO_MANY_REQUESTS = 429
FIRST_REDIRECT, FIRST_REFUSAL, FIRST_FAULT = 300, 400, 500
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
USUAL_PAUSE = timedelta(seconds=60)


@dataclass(frozen=True)
class Reply:
    """An HTTP status with the JSON object that came with it; ``said`` is empty where the body was none."""

    status: int
    said: Mapping[str, Any]


def post(
    place: Place, body: Mapping[str, Any], *, extra_query: str = "", headers: Mapping[str, str] | None = None
) -> Reply:
    """Send ``body`` as JSON; raises ``TemporaryFailure`` or ``RateLimited`` where the answer has no code of its own."""
    content = json.dumps(body, ensure_ascii=False).encode()
    query = "&".join(filter(None, (place.query, extra_query)))
    failure = TemporaryFailure(_("无法连接"), "connect")
    for address in _addresses(place)[:MOST_ADDRESSES]:
        try:
            return _understood(*_exchange(place, address, query, content, dict(headers or {})))
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue
        except httpx.TimeoutException:
            # It may have arrived: sent again under the same reference.
            raise TemporaryFailure(_("对方没有及时答复，不知是否送达"), "timeout") from None
        except (httpx.HTTPError, OSError):
            # Without its cause: what libraries say may hold the address.
            raise TemporaryFailure(_("连接中断，不知是否送达"), "reset") from None
    raise failure


def _addresses(place: Place) -> list[str]:
    """Where the host really is: looked up once and called by number, so that the answer cannot change meanwhile."""
    try:
        found = socket.getaddrinfo(place.host.strip("[]"), place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise TemporaryFailure(_("域名无法解析"), "dns") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not place.is_internal and not all(_is_public(address) for address in addresses):
        raise TemporaryFailure(_("域名解析到内部地址，没有发出"), "inside")
    return addresses


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(parsed, "ipv4_mapped", None) or getattr(parsed, "sixtofour", None) or parsed
    return inner.is_global and not inner.is_multicast


def _exchange(
    place: Place, address: str, query: str, content: bytes, headers: dict[str, str]
) -> tuple[httpx.Response, bytes]:
    netloc = f"[{address}]" if ":" in address else address
    if place.port != PORTS[place.scheme]:
        netloc = f"{netloc}:{place.port}"
    url = f"{place.scheme}://{netloc}{place.path}" + (f"?{query}" if query else "")
    headers |= {"Host": place.authority, "Content-Type": "application/json; charset=utf-8"}
    with (
        httpx.Client(verify=_tls(), timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
        client.stream(
            "POST", url, content=content, headers=headers | {"Accept-Encoding": "identity"},
            extensions={"sni_hostname": place.host.strip("[]")},
        ) as answer,
    ):  # fmt: skip
        return answer, _read(answer)


def _read(answer: httpx.Response) -> bytes:
    received, until = b"", time.monotonic() + MOST_SECONDS
    for chunk in answer.iter_raw():
        received += chunk
        if len(received) > MOST_BYTES or time.monotonic() > until:
            raise TemporaryFailure(_("对方的答复过长或过慢"), "answer_size")
    return received


def _understood(answer: httpx.Response, received: bytes) -> Reply:
    status = answer.status_code
    if status == TOO_MANY_REQUESTS:
        raise RateLimited(_("发送太频繁，被限流"), "http_429", _pause(answer.headers.get("Retry-After", "")))
    if FIRST_REDIRECT <= status < FIRST_REFUSAL:
        raise TemporaryFailure(_("对方要求转到别处，没有跟随"), f"http_{status}")
    if status >= FIRST_FAULT:
        raise TemporaryFailure(_("对方服务出错"), f"http_{status}")
    try:
        said = json.loads(received)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise TemporaryFailure(_("对方的答复无法识别"), f"http_{status}")
    return Reply(status, said)


def _pause(asked: str) -> timedelta:
    """What the far end asks for, within bounds; a minute where it says nothing readable."""
    if not asked.isdecimal() or len(asked) > len("86400"):
        return USUAL_PAUSE
    return min(max(timedelta(seconds=int(asked)), SHORTEST_PAUSE), LONGEST_PAUSE)


@cache
def _tls() -> ssl.SSLContext:
    """Public authorities and the machine's own, among which a city's may be."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
