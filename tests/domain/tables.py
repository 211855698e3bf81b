"""Reads the decision tables: our own, and those in the folder that ``KPI_CASES`` names."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

CASES = Path(__file__).parent / "cases"


def folders() -> list[Path]:
    extra = os.environ.get("KPI_CASES")
    return [CASES, *([Path(extra)] if extra else [])]


def rows(table: str) -> list[object]:
    """Every row of ``<table>.csv`` and ``<table>-*.csv`` as a pytest parameter named by file and line."""
    return list(_read(table))


def _read(table: str) -> Iterator[object]:
    for folder in folders():
        for path in sorted([*folder.glob(f"{table}.csv"), *folder.glob(f"{table}-*.csv")]):
            with open(path, encoding="utf-8", newline="") as file:
                for line, row in enumerate(csv.DictReader(file), start=2):
                    yield pytest.param(row, id=f"{path.stem}:{line}")
