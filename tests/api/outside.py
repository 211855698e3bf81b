"""Another system, written from the OpenAPI document alone: it files, signs, approves and reads back a figure.

It runs by itself, far from the product's code: the one address it knows is the document's, everything else — addresses,
methods, headers, fields, shapes — comes out of what it finds there. Tokens come in the environment, one a person.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

DOCUMENT = "/api/v1/schema/"
WORDS = "本月示例工程按计划推进，累计完成示例数量。"
FIGURE = {
    "value": "4.10",
    "narrative": WORDS,
    "outlook": "confident",
    "deviation_reasons": ["other"],
    "measures": "示例措施：加快推进。",
    "catch_up_period": "2025-09",
}


def plain(schema: Any) -> Any:
    """OpenAPI 3.0 says ``nullable`` where JSON Schema says a type of two."""
    if isinstance(schema, list):
        return [plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: plain(each) for name, each in schema.items() if name != "nullable"}
    return {"anyOf": [inner, {"type": "null"}]} if schema.get("nullable") is True else inner


class FromTheDocument:
    """A client of one person."""

    def __init__(self, site: str, token: str):
        self.site, self.token = site, token
        self.document, _etag = self._send("GET", DOCUMENT)
        self.operations = {
            stated["operationId"]: (method.upper(), address, stated)
            for address, path in self.document["paths"].items()
            for method, stated in path.items()
        }

    def do(self, name: str, body: object = None, etag: str = "", **place: str) -> tuple[Any, str]:
        """One operation: what is sent and what is answered are both in the shape the document gives."""
        method, address, stated = self.operations[name]
        asked = {parameter["name"]: parameter for parameter in stated.get("parameters", ())}
        assert {each for each, parameter in asked.items() if parameter["in"] == "path"} == set(place)
        headers = {}
        if asked.get("If-Match", {}).get("required"):
            headers["If-Match"] = etag
        if "Idempotency-Key" in asked:
            headers["Idempotency-Key"] = f"{name}-{etag}"
        if body is not None:
            self._check(stated["requestBody"], body)
        answer, found = self._send(method, address.format(**place), body, headers)
        (status,) = [code for code in stated["responses"] if code.startswith("2")]
        self._check(stated["responses"][status], answer)
        return answer, found

    def everything(self, name: str, **place: str) -> Iterator[Any]:
        """A list to its end, by the address that each page gives of the next."""
        page, _etag = self.do(name, **place)
        while True:
            yield from page["items"]
            if page["next"] is None:
                return
            page, _etag = self._send("GET", page["next"])

    def _check(self, stated: dict, content: object) -> None:
        shape = {**stated["content"]["application/json"]["schema"], "components": self.document["components"]}
        Draft202012Validator(plain(shape)).validate(content)

    def _send(self, method: str, path: str, body: object = None, headers: dict | None = None) -> tuple[Any, str]:
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **(headers or {})}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.site}{path}", data, sent, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer), answer.headers.get("ETag", "")


def go_all_the_way(site: str, year: str) -> dict[str, Any]:
    staff, head, office = (FromTheDocument(site, os.environ[f"{who}_TOKEN"]) for who in ("STAFF", "HEAD", "OFFICE"))
    units = {held["department"] for held in staff.do("me")[0]["roles"]}
    months = [each["code"] for each in staff.everything("periods_list", year=year) if each["locked_at"] is None]
    place = {"year": year, "period": months[0]}
    mine = [each["code"] for each in staff.everything("indicators_list", year=year) if each["lead"] in units]
    code = next(code for code in mine if staff.do("submissions_read", code=code, **place)[0]["state"] == "not_started")
    place["code"] = code
    _nothing, etag = staff.do("submissions_read", **place)
    _saved, etag = staff.do("submissions_save", FIGURE, etag, **place)
    filed, etag = staff.do("submissions_submit", {}, etag, **place)
    signed, etag = head.do("submissions_sign_off", {"comment": "同意"}, etag, **place)
    approved, _etag = office.do("submissions_approve", {}, etag, **place)
    shown, _none = office.do("indicators_read", year=year, code=code)
    states = [each["state"] for each in (filed, signed, approved)]
    return {"code": code, "states": states, "value": shown["value"], "period": shown["period"], "month": months[0]}


if __name__ == "__main__":
    print(json.dumps(go_all_the_way(sys.argv[1], sys.argv[2])))
