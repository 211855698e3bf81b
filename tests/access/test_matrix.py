"""Who gets what at every address, against the tables that a person has read (S1)."""

from __future__ import annotations

import os

import pytest

from tests.access import tables
from tests.access.asking import everybody
from tests.access.routes import TABLES, Route, all_routes

WRITES = "KPI_WRITE_MATRIX" in os.environ
HOW = "KPI_WRITE_MATRIX=1 python -m pytest -n0 tests/access, then read what changed in tests/access/*.csv"


def routes_of(table: str) -> list[Route]:
    return [route for route in all_routes() if route.table == table]


@pytest.mark.parametrize("table", TABLES)
def test_everybody_gets_what_was_reviewed_and_nothing_else(callers, things, unrendered, table):
    found = {route.path: tables.lines_of(route, everybody(route, things, callers)) for route in routes_of(table)}
    if WRITES:
        tables.write(table, (line for lines in found.values() for line in lines))
    agreed = tables.reviewed(table)
    assert found.keys() - agreed.keys() == set(), f"addresses nobody reviewed: {HOW}"
