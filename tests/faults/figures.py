"""Figures of full-size runs: ``make bar`` prints them as a table (tests/conftest.py)."""

from __future__ import annotations

TABLE: list[tuple[str, str]] = []


def note(row: str, **figures: object) -> None:
    """Keep what a run measured under the name of its row in the reliability table."""
    TABLE.append((row, ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items())))
