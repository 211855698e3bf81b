"""The test database: a clone of the template for each test process, cloned anew after tests that really commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from psycopg import sql

from accounts.models import User
from accounts.permissions import Actor, actor_for
from kpi.models import Period
from tests.databases import TEMPLATE
from tests.faults import figures

NOW = datetime(2025, 7, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if figures.TABLE:
        terminalreporter.section("figures")
        for row, measured in figures.TABLE:
            terminalreporter.write_line(f"{row:<4}{measured}")


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """The database is cloned, not created by Django: nothing to prepare here."""


@pytest.fixture(scope="session")
def database_name(worker_id: str) -> str:
    return f"kpi_test_{worker_id}"


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker, database_name: str) -> Iterator[None]:
    clone(database_name)
    settings.DATABASES["default"]["NAME"] = database_name
    connections["default"].settings_dict["NAME"] = database_name
    yield
    with django_db_blocker.unblock():
        connections.close_all()


@pytest.fixture
def committed_db(django_db_setup, django_db_blocker, database_name: str) -> Iterator[None]:
    """For tests with real commits and several connections: the database is thrown away afterwards."""
    with django_db_blocker.unblock():
        yield
        connections.close_all()
        clone(database_name)


@pytest.fixture
def as_user(db) -> Callable[[str], Client]:
    """A client signed in as one of the demo people."""

    def sign_in(username: str) -> Client:
        client = Client()
        client.force_login(User.objects.get(username=username))
        return client

    return sign_in


@pytest.fixture
def actor(db) -> Callable[[str], Actor]:
    """What one of the demo people may do on the trial's day."""
    return lambda username: actor_for(User.objects.get(username=username), NOW.date())


@pytest.fixture
def june(db) -> Period:
    return Period.objects.select_related("report").get(code="2025-06")


def clone(name: str) -> None:
    """(Re)create a database as a copy of the template."""
    config = settings.DATABASES["default"]
    address = f"postgresql://{config['USER']}@{config['HOST']}:{config['PORT']}/postgres"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(TEMPLATE))
        )
