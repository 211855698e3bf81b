"""Who gets what at every address, against the tables that a person has read (S1)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import pytest
from django.http import HttpResponse
from django.urls import clear_url_caches, path

import config.urls
from accounts.permissions import Actor
from kpi.models.querysets import EvidenceQuerySet, SubmissionQuerySet
from tests.access import tables
from tests.access.asking import ask, everybody, seen
from tests.access.columns import COLUMNS, Callers
from tests.access.routes import METHODS, TABLES, UNDOCUMENTED, Route, all_routes, documented
from tests.access.samples import Samples

WRITES = "KPI_WRITE_MATRIX" in os.environ
HOW = "KPI_WRITE_MATRIX=1 .venv/bin/python -m pytest -n0 tests/access, then read what changed in tests/access/*.csv"


def routes_of(table: str) -> list[Route]:
    return [route for route in all_routes() if route.table == table]


def lines_at(routes: Sequence[Route], things: Samples, callers: Callers) -> dict[str, list[tables.Line]]:
    return {route.path: tables.lines_of(route, everybody(route, things, callers)) for route in routes}


def unreviewed(table: str) -> list[str]:
    """Addresses without a line, and lines without an address."""
    known, there = tables.reviewed(table).keys(), {route.path for route in routes_of(table)}
    return [f"{path}: nobody reviewed it. {HOW}" for path in sorted(there - known)] + [
        f"{path}: there is no such address any more. {HOW}" for path in sorted(known - there)
    ]


def differences(found: Mapping[str, Sequence[tables.Line]], agreed: Mapping[str, Sequence[tables.Line]]) -> list[str]:
    told = []
    for address, lines in found.items():
        told += [f"is       {','.join(line)}" for line in lines if line not in agreed.get(address, ())]
        told += [f"reviewed {','.join(line)}" for line in agreed.get(address, ()) if line not in lines]
    return told


@pytest.mark.skipif(WRITES, reason="the tables are being written")
@pytest.mark.parametrize("table", TABLES)
def test_every_address_has_been_reviewed(table):
    assert unreviewed(table) == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("table", TABLES)
def test_everybody_gets_what_was_reviewed_and_nothing_else(table, things, callers, is_hasty):
    found = lines_at(routes_of(table), things, callers)
    if WRITES:
        tables.write(table, (line for lines in found.values() for line in lines))
    faults = [line for lines in found.values() for line in lines if any(cell.startswith("5") for cell in line[3:])]
    assert faults == []
    assert differences(found, tables.reviewed(table)) == [], HOW


def test_the_document_tells_of_every_operation_and_of_no_other():
    stated = [route for route in routes_of("api") if route.operations]
    assert {route.path for route in routes_of("api")} - {route.path for route in stated} == set(UNDOCUMENTED)
    assert len(stated) == len(documented())


def test_the_document_tells_of_every_method(things, callers, is_hasty):
    """What is not in it is answered with 405, as the tables say by having no line."""
    office = next(column for column in COLUMNS["api"] if column.head == "office")
    stated = [route for route in routes_of("api") if route.operations]
    others = [(route, method) for route in stated for method in METHODS if method not in route.methods]
    got = {seen(ask(route, method, things.states(route)[0], office, things, callers)) for route, method in others}
    assert others and got == {"405"}


def test_a_new_address_is_noticed(monkeypatch):
    """Negative control: a door nobody told of."""
    door = path("back-door/", lambda _request: HttpResponse("x"))
    monkeypatch.setattr(config.urls, "urlpatterns", [*config.urls.urlpatterns, door])
    clear_url_caches()
    assert [told.partition(":")[0] for told in unreviewed("others")] == ["/back-door/"]
    monkeypatch.undo()
    clear_url_caches()


def test_a_line_without_an_address_is_noticed(monkeypatch):
    """Negative control: an address that is gone."""
    there = tables.reviewed("others")
    monkeypatch.setattr(tables, "reviewed", lambda _table: {**there, "/gone/": []})
    assert [told.partition(":")[0] for told in unreviewed("others")] == ["/gone/"]


UNSCOPED = {
    "/<year>/evidence/<pk>/": EvidenceQuerySet,
    "/<year>/signoff/<pk>/": SubmissionQuerySet,
    "/api/v1/<year>/submissions/<period>/<code>/": SubmissionQuerySet,
}


@pytest.mark.parametrize("address", UNSCOPED)
def test_without_its_scope_an_address_answers_otherwise(address, things, callers, is_hasty, monkeypatch):
    """Negative control: whoever takes the scope from a page or from the API is told."""
    route = next(route for route in all_routes() if route.path == address)
    agreed = {address: tables.reviewed(route.table)[address]}
    assert differences(lines_at([route], things, callers), agreed) == []

    def everything(self, _actor: Actor):
        return self

    monkeypatch.setattr(UNSCOPED[address], "visible_to", everything)
    assert differences(lines_at([route], things, callers), agreed) != []
