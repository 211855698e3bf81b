"""The reviewed files: what was found at a route as lines, and lines on the disk."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.access.columns import COLUMNS
from tests.access.routes import Route

HERE = Path(__file__).parent
KEYS = ("address", "method", "state")
STRANGER = ("in", "401")
# What everybody got, by method and state.
Found = Mapping[tuple[str, str], Sequence[str]]
Line = tuple[str, ...]


def lines_of(route: Route, found: Found) -> list[Line]:
    """States and methods that are answered alike share a line; a method that is not taken has none."""
    by_method: dict[str, dict[Sequence[str], list[str]]] = {}
    for (method, state), cells in found.items():
        if not is_refused_to_all(cells):
            by_method.setdefault(method, {}).setdefault(tuple(cells), []).append(state)
    alike: dict[tuple[Line, ...], list[str]] = {}
    for method, states in by_method.items():
        alike.setdefault(tuple((" ".join(names), *cells) for cells, names in states.items()), []).append(method)
    return [(route.path, " ".join(methods), *line) for lines, methods in alike.items() for line in lines]


def is_refused_to_all(cells: Sequence[str]) -> bool:
    return set(cells) - set(STRANGER) == {"405"}


def reviewed(table: str) -> dict[str, list[Line]]:
    """Lines by address."""
    found: dict[str, list[Line]] = {}
    with open(HERE / f"{table}.csv", encoding="utf-8", newline="") as stored:
        rows = csv.reader(stored)
        assert next(rows) == _heads(table), f"the columns of {table}.csv are others: write it anew"
        for row in rows:
            found.setdefault(row[0], []).append(tuple(row))
    return found


def write(table: str, lines: Iterable[Line]) -> None:
    with open(HERE / f"{table}.csv", "w", encoding="utf-8", newline="") as stored:
        rows = csv.writer(stored, lineterminator="\n")
        rows.writerow(_heads(table))
        rows.writerows(lines)


def _heads(table: str) -> list[str]:
    return [*KEYS, *(column.head for column in COLUMNS[table])]
