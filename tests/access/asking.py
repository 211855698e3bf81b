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

from kpi.api import examples
from kpi.services.samples import sample_pdf
from tests.access import forms
from tests.access.columns import COLUMNS, Callers, Column
from tests.access.routes import API, Route
from tests.access.samples import Samples

PROBES = ("staff", "office")


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
    """A page gets a form, an operation the example of its document, with a version that is not the present one."""
    if not route.path.startswith(API):
        return _form(forms.PAGES.get(route.path, {}), "application/x-www-form-urlencoded")
    operation = route.operations.get(method, {})
    headers = {each["name"]: each["schema"]["example"] for each in operation.get("parameters", ()) if is_version(each)}
    if "multipart/form-data" in operation.get("requestBody", {}).get("content", {}):
        return _form({"file": ContentFile(sample_pdf(["x"]), name="a.pdf")}, MULTIPART_CONTENT) | {"headers": headers}
    body = forms.API.get(route.path, examples.BODIES.get(operation.get("operationId", ""), {}))
    return {"data": json.dumps(body), "content_type": "application/json", "headers": headers}


def is_version(parameter: Mapping[str, Any]) -> bool:
    return parameter["name"] == "If-Match"


def _form(values: forms.Form, content_type: str) -> dict[str, Any]:
    data = urlencode(values) if content_type != MULTIPART_CONTENT else encode_multipart(BOUNDARY, values)
    return {"data": data, "content_type": content_type}
