"""What a sheet is made of: columns, each with a heading, a width, the form of its cells and where they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise

from kpi.selectors.scoreboard import MonthLamp

Value = str | int | Decimal | datetime | MonthLamp | None
A3, A4 = 8, 9


@dataclass(frozen=True)
class Column:
    """``form`` is ``text``, ``number`` (the indicator's own decimals), ``points`` (two decimals), ``percent``,
    ``whole``, ``moment``, ``lamp`` (the line's) or ``month`` (a cell of the heat map, ``None`` for a month to come).
    Short words stand in the middle.
    """

    heading: Promise | str
    width: float
    form: str
    value: Callable[[Any], Value]
    is_centred: bool = False


@dataclass(frozen=True)
class Layout:
    """A sheet: its columns, how many of them stay in sight when it is scrolled, and its paper."""

    columns: tuple[Column, ...]
    frozen: int
    paper: int
