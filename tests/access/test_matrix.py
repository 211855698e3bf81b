"""Who gets what at every address: the whole of it is ``matrix.csv`` and
``administration.csv``, which a person has read.

``KPI_WRITE_MATRIX=1 pytest tests/access`` writes the file anew; what changed in it is what a reviewer reads.
Cells: ``ok``; ``go`` sends on; ``in`` sends to the sign-in page; a number is the refusal's status, ``4xx`` one that is
about what was sent (409, 422, 400): the person may, the empty form may not. A dot: the case says
nothing about the address.
"""

from __future__ import annotations

import csv
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from django.conf import settings
from django.db import transaction
from django.template.backends import django
from django.test import Client

from accounts import middleware
from accounts.models import User
from tests.access.routes import Route, all_routes
from tests.access.samples import CASES, OWNERS, Samples, make

HERE = Path(__file__).parent
ADMINISTRATION = "/manage/admin/"
FILES = ("matrix.csv", "administration.csv")
BESIDE = "."


class Column(NamedTuple):
    """``person`` with ``{own}`` where it is one of the unit the object is of."""

    head: str
    person: str
    case: str = "open"


COLUMNS = [
    Column("stranger", ""),
    *(Column(f"staff own {case}", "{own}_staff", case) for case in CASES),
    Column("staff other", "gxj_staff"),
    *(Column(f"head own {case}", "{own}_head", case) for case in ("open", "locked")),
    Column("head other", "gxj_head"),
    Column("leader", "mayor"),
    *(Column(f"office {case}", "dcs_2", case) for case in CASES),
    Column("system", "sysadmin"),
    Column("security", "secadmin"),
    Column("auditor", "auditadmin"),
]


def cookies() -> dict[str, str]:
    """A session for each person, so that nobody has to sign in for a cell."""
    found = {}
    names = {column.person.format(own=own) for column in COLUMNS for own in ("nyj", *OWNERS.values())}
    for name in names - {""}:
        client = Client()
        client.force_login(User.objects.get(username=name))
        found[name] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return found


def cell(route: Route, method: str, column: Column, samples: Samples, keys: dict[str, str]) -> str:
    values = samples.values(route.name, route.parameters, column.case)
    if values is None or not says_something(route, column):
        return BESIDE
    client = Client(raise_request_exception=False)
    if column.person:
        person = column.person.format(own=OWNERS.get(route.name, "nyj"))
        client.cookies[settings.SESSION_COOKIE_NAME] = keys[person]
    with transaction.atomic():
        answer = client.generic(method, route.address(values))
        for close in answer._resource_closers:  # ``answer.close`` would end the connection, too
            close()
        transaction.set_rollback(True)
    return seen(answer.status_code, answer.get("Location", ""))


def says_something(route: Route, column: Column) -> bool:
    """An address without an object is nobody's own; administration goes by role alone."""
    if route.path.startswith(ADMINISTRATION) and column.head.startswith("head"):
        return False
    is_of_an_object = any(name != "year" for name in route.parameters) and not route.path.startswith(ADMINISTRATION)
    return is_of_an_object or (column.case == "open" and not column.head.endswith("other"))


@pytest.fixture
def unrendered(monkeypatch) -> None:
    """Who gets a page is settled before it is drawn; drawing all of them would take minutes (other tests do)."""
    monkeypatch.setattr(django.Template, "render", lambda *_args, **_more: "")
    # The same people at thousands of addresses: what they hold is read once for each.
    monkeypatch.setattr(middleware, "actor_for", cache(middleware.actor_for))


def seen(status: int, location: str) -> str:
    if status < 300:
        return "ok"
    if status < 400:
        return "in" if location.startswith("/login/") else "go"
    return "4xx" if status in (400, 409, 415, 422, 428, 429) else str(status)


def rows(routes: list[Route], samples: Samples) -> dict[str, list[str]]:
    keys = cookies()
    return {
        f"{method} {route.path}": [cell(route, method, column, samples, keys) for column in COLUMNS]
        for route in routes
        for method in route.methods
    }


def routes_of(file: str) -> list[Route]:
    return [route for route in all_routes() if route.path.startswith(ADMINISTRATION) == (file == FILES[1])]


def reviewed(file: str) -> dict[str, list[str]]:
    with open(HERE / file, encoding="utf-8", newline="") as stored:
        lines = csv.reader(stored)
        assert next(lines)[1:] == [column.head for column in COLUMNS]
        return {line[0]: line[1:] for line in lines}


def write(file: str, found: dict[str, list[str]]) -> None:
    with open(HERE / file, "w", encoding="utf-8", newline="") as stored:
        lines = csv.writer(stored, lineterminator="\n")
        lines.writerow(["address", *(column.head for column in COLUMNS)])
        lines.writerows([address, *cells] for address, cells in found.items())


@pytest.mark.timeout(300)
@pytest.mark.parametrize("file", FILES)
def test_everybody_gets_what_was_reviewed_and_nothing_else(db, unrendered, file):
    found = rows(routes_of(file), make())
    if "KPI_WRITE_MATRIX" in os.environ:
        write(file, found)
    agreed = reviewed(file)
    assert found.keys() - agreed.keys() == set(), "addresses nobody reviewed: KPI_WRITE_MATRIX=1 pytest tests/access"
    assert agreed.keys() - found.keys() == set(), "rows of addresses that are gone"
    wrong = [
        f"{address} · {column.head}: {now}, reviewed {then}"
        for address, cells in found.items()
        for column, now, then in zip(COLUMNS, cells, agreed[address], strict=True)
        if now != then
    ]
    assert wrong == []
    assert [address for address, cells in found.items() if any(each.startswith("5") for each in cells)] == []
