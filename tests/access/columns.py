"""Who asks: the columns of the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.conf import settings
from django.test import Client

from accounts.models import Scope, User
from tests.access.routes import Route
from tests.access.samples import owner_of, token
from tests.people import session_of

# A unit that has nothing to do with any sample.
ELSEWHERE = "jrb"


class Column(NamedTuple):
    """``person`` with ``{unit}`` where it is one of the unit the thing is of; empty for a stranger."""

    head: str
    person: str
    is_robot: bool = False
    scopes: tuple[Scope, ...] | None = None


PERSONS = (
    Column("stranger", ""),
    Column("nobody", "nobody"),
    Column("staff", "{unit}_staff"),
    Column("staff elsewhere", f"{ELSEWHERE}_staff"),
    Column("head", "{unit}_head"),
    Column("head elsewhere", f"{ELSEWHERE}_head"),
    Column("leader", "mayor"),
    Column("office", "dcs_2"),
    Column("system", "sysadmin"),
    Column("security", "secadmin"),
    Column("auditor", "auditadmin"),
)
# Administration goes by role alone and lets in whom it knows; the unit's staff stand for whom it does not.
BARRED = ("nobody", "staff elsewhere", "head", "head elsewhere", "leader")
ROBOTS = (
    Column("token", "{unit}_staff", is_robot=True),
    Column("token to read", "{unit}_staff", is_robot=True, scopes=(Scope.READ,)),
)
COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "api": (*PERSONS, *ROBOTS),
    "administration": tuple(column for column in PERSONS if column.head not in BARRED),
    "desk": PERSONS,
    "reports": PERSONS,
    "year": PERSONS,
    "others": PERSONS,
}


class Callers:
    """A client for each column, so that nobody has to sign in for a cell."""

    def __init__(self) -> None:
        User.objects.create(username="nobody", display_name="没有角色的人")
        self.clients: dict[tuple[str, Column], Client] = {}

    def of(self, column: Column, route: Route) -> Client:
        unit = owner_of(route)
        key = (column.person.format(unit=unit), column)
        if key not in self.clients:
            self.clients[key] = _client(key[0], column)
        return self.clients[key]


def _client(username: str, column: Column) -> Client:
    client = Client(raise_request_exception=False)
    if column.is_robot:
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token(username, scopes=column.scopes).text}"
    elif username:
        client.cookies[settings.SESSION_COOKIE_NAME] = session_of(username)
    return client
