"""What S3 names and a generator may miss: NUL bytes, numbers beyond 64 bits, halves of surrogate pairs — everywhere.

Each is sent raw, so that no client library mends it on the way, and must be refused as the client's mistake.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

IN_ADDRESS = ("%00", "a%00b", "%ED%A0%80", "9" * 25, str(2**63), "-1", "%EF%BC%99", "..%2f..")
IN_BODY = (r'"\u0000"', r'"a\u0000b"', r'"\ud800"')
# A number that no database holds may be a figure of a text; it must never be a fault.
HUGE = ("9" * 25, f"-{2**63}", "1e400")
PLAIN = {
    "year": "2025",
    "period": "2025-06",
    "code": "A06",
    "number": "1",
    "id": "00000000-0000-4000-8000-000000000001",
}


@dataclass
class Sent:
    sent: int = 0
    failures: list[str] = field(default_factory=list)


def send_odd_requests(site: str, token: str) -> Sent:
    """Every operation with each oddity in each place of its address, its query and its body."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "If-Match": '"v1"'}
    document = json.loads(_send(site, "GET", "/api/v1/schema/", None, headers)[1])
    found = Sent()
    for method, address, body, must_refuse in _requests(document):
        status, _answer = _send(site, method, address, body, headers)
        found.sent += 1
        if status >= 500 or (must_refuse and status < 400):
            found.failures.append(f"{status} {method} {address[:120]} {(body or b'')[:80]!r}")
    return found


def _send(site: str, method: str, address: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
    """Over a connection of its own: what a server makes of one oddity says nothing about the next."""
    connection = http.client.HTTPConnection(site.removeprefix("http://"), timeout=60)
    try:
        connection.request(method, address, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _requests(document: dict) -> Iterator[tuple[str, str, bytes | None, bool]]:
    for address, path in document["paths"].items():
        for name, stated in path.items():
            method, body = name.upper(), "requestBody" in stated
            names = [each["name"] for each in stated.get("parameters", ()) if each["in"] == "path"]
            for place in names:
                for odd in IN_ADDRESS:
                    yield method, address.format(**{**PLAIN, place: odd}), b"{}" if body else None, True
            yield method, f"{address.format(**PLAIN)}?x=%00", b"{}" if body else None, True
            for field_name in (_shape(document, stated) or ["x"]) if body else ():
                for odd in (*IN_BODY, *HUGE):
                    sent = f'{{"{field_name}": {odd}}}'.encode()
                    yield method, address.format(**PLAIN), sent, odd in IN_BODY


def _shape(document: dict, stated: dict) -> list[str]:
    """The fields of the body."""
    shape = stated["requestBody"]["content"].get("application/json", {}).get("schema", {})
    known = document["components"]["schemas"].get(shape.get("$ref", "").rpartition("/")[2], {})
    return list(known.get("properties", ()))
