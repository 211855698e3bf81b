"""Other systems at the API: a client that shows a token, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import tokens
from accounts.models import WHOLE_CITY, Department, Scope, TokenKind, User
from accounts.permissions import actor_for
from tests.conftest import NOW


class System:
    """A client with a token; ``last`` is its latest answer."""

    def __init__(self, text: str):
        self.client, self.text = Client(), text

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        sent = {"authorization": f"Bearer {self.text}"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        data = "" if body is None else body if isinstance(body, str | bytes) else json.dumps(body)
        return self.client.generic(method, f"/api/v1{path}", data, content_type="application/json", headers=sent)

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
