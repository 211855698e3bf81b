"""Other systems at the API: a client that shows a token, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve

from accounts import tokens
from accounts.models import WHOLE_CITY, Department, Scope, TokenKind, User
from accounts.permissions import actor_for
from tests.access.routes import all_routes
from tests.conftest import NOW

CONVERTER = re.compile(r"<\w+:")


@cache
def statuses() -> dict[tuple[str, str], set[str]]:
    """What the document says each operation may be answered with, by address and method."""
    return {
        (route.path, method): set(told["responses"])
        for route in all_routes()
        for method, told in route.operations.items()
    }


def is_told(path: str, method: str, answer: HttpResponse) -> bool:
    """Whether the document tells of the answer; of methods it does not name it tells nothing."""
    try:
        route = resolve(path.partition("?")[0]).route
    except Resolver404:
        return True
    told = statuses().get((f"/{CONVERTER.sub('<', route)}", method))
    return told is None or str(answer.status_code) in told


class System:
    """A client with a token, which is never answered with anything that the document does not tell of."""

    def __init__(self, text: str):
        self.client, self.text = Client(), text

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        sent = {"authorization": f"Bearer {self.text}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        data = "" if body is None else body if isinstance(body, str | bytes) else json.dumps(body)
        answer = self.client.generic(method, f"/api/v1{path}", data, content_type="application/json", headers=sent)
        assert is_told(f"/api/v1{path}", method, answer), f"{method} {path}: {answer.status_code} is not documented"
        return answer

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        return self.call("POST", path, {} if body is None else body, **headers)

    def put(self, path: str, body: object = None, **headers: str) -> Any:
        return self.call("PUT", path, {} if body is None else body, **headers)


def make_token(
    username: str, *, scopes: list[str] | None = None, units: tuple[str, ...] = (), **wish: Any
) -> tokens.Issued:
    """A token as the page makes it; unless some are named, all scopes the person could use with it."""
    actor = actor_for(User.objects.get(username=username), NOW.date())
    able = [scope for scope in tokens.scopes_for(actor) if not (units and scope in WHOLE_CITY)]
    chosen = able if scopes is None else [Scope(scope) for scope in scopes]
    departments = list(Department.objects.filter(code__in=units))
    asked = {"kind": TokenKind.SERVICE, "name": "示例系统", "days": 30, **wish}
    return tokens.issue(wish=tokens.Wish(scopes=chosen, departments=departments, **asked), actor=actor, now=NOW)


@pytest.fixture
def system(db) -> Callable[..., System]:
    return lambda username, **wish: System(make_token(username, **wish).text)
