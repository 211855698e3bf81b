"""One request of one person at one address, and nothing of it left behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.http import HttpResponse
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils.http import urlencode

from kpi.services.samples import sample_pdf
from tests.access import forms
from tests.access.columns import COLUMNS, Callers, Column
from tests.access.routes import API, Route, document
from tests.access.samples import Samples

HEADERS = {"If-Match": '"v1"'}
PROBES = ("staff", "office")
WORDS = {"date": "2025-07-20", "uuid": "00000000-0000-0000-0000-000000000001"}


def everybody(route: Route, samples: Samples, callers: Callers) -> dict[tuple[str, str], list[str]]:
    """What each column gets, by method and state, for the methods that are taken."""
    states = samples.states(route)
    return {
        (method, state): [seen(ask(route, method, state, column, samples, callers)) for column in COLUMNS[route.table]]
        for method in route.methods
        if is_taken(route, method, samples, callers)
        for state in states
    }


def is_taken(route: Route, method: str, samples: Samples, callers: Callers) -> bool:
    """Whether a page takes the method is settled before it looks at who asks: two of them say it for all."""
    if route.operations:
        return True
    state, two = samples.states(route)[0], [column for column in COLUMNS[route.table] if column.head in PROBES]
    return {seen(ask(route, method, state, column, samples, callers)) for column in two} != {"405"}


def ask(route: Route, method: str, state: str, column: Column, samples: Samples, callers: Callers) -> HttpResponse:
    client = callers.of(column, route)
    kept = client.cookies
    client.cookies = SimpleCookie(kept.output(header="", sep=";"))
    address = route.address(samples.values(route, state))
    with transaction.atomic():
        answer = client.generic(method, address, **sent(route, method))
        for close in answer._resource_closers:  # ``answer.close`` would end the connection, too
            close()
        transaction.set_rollback(True)
    client.cookies = kept
    return answer


def seen(answer: HttpResponse) -> str:
    if answer.status_code < 300:
        return "ok"
    if answer.status_code < 400:
        return "in" if answer["Location"].startswith("/login/") else "go"
    return str(answer.status_code)


def sent(route: Route, method: str) -> dict[str, Any]:
    """A page gets a form, an operation what its document asks for, with a version that is not the present one."""
    if not route.path.startswith(API):
        return _form(forms.PAGES.get(route.path, {}), "application/x-www-form-urlencoded")
    content = route.operations.get(method, {}).get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        return _form({"file": ContentFile(sample_pdf(["x"]), name="a.pdf")}, MULTIPART_CONTENT) | {"headers": HEADERS}
    body = next((value_of(each["schema"]) for each in content.values()), {})
    body = forms.API.get(route.path, body) if method != "GET" else body
    return {"data": json.dumps(body), "content_type": "application/json", "headers": HEADERS}


def _form(values: forms.Form, content_type: str) -> dict[str, Any]:
    data = urlencode(values) if content_type != MULTIPART_CONTENT else encode_multipart(BOUNDARY, values)
    return {"data": data, "content_type": content_type}


def value_of(schema: Mapping[str, Any]) -> Any:
    """The least the schema asks for."""
    if "$ref" in schema:
        return value_of(document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
    if "allOf" in schema or "oneOf" in schema:
        return value_of((schema.get("allOf") or schema["oneOf"])[0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        return {name: value_of(properties[name]) for name in schema.get("required", ())}
    if schema.get("type") == "array":
        return [value_of(schema["items"])]
    return {"integer": 1, "boolean": True}.get(
        schema.get("type", ""), WORDS.get(schema.get("format", ""), "示例说明，足够长的一段文字。")
    )
