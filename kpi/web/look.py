"""How a reader looks at a year: the board as the address asks for it, as of which moment, and addresses that keep it.

Every page that only looks takes ``?period=2025-03`` and then shows what was known when that month was locked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.utils.timezone import localtime

from accounts import clock
from accounts.permissions import Actor
from kpi import labels
from kpi.domain.values import Rag
from kpi.models import Period
from kpi.selectors import directives, scoreboard
from kpi.selectors import periods as period_selector
from kpi.selectors.directives import Standing
from kpi.selectors.scoreboard import Row, Scoreboard


@dataclass(frozen=True)
class Tile:
    """One lamp's count, its change since last month, its months, and the address that shows only its rows."""

    rag: Rag
    count: int
    change: int | None
    history: list[tuple[str, int]]
    url: str = ""


@dataclass(frozen=True)
class Look:
    """A board with the moment it is looked at from.

    ``cut_off`` (local) is now for the current month, the lock for an earlier one; ``is_past`` says which. ``kept`` are
    the parameters of the address that narrow the page and stay while one of them changes.
    """

    board: Scoreboard
    now: datetime
    cut_off: datetime
    is_past: bool
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def day(self) -> date:
        return self.cut_off.date()

    @property
    def at(self) -> str:
        """What to append to a plain address so that it shows the same month; empty for the current one."""
        return f"?period={self.board.period.code}" if self.is_past else ""

    @property
    def months(self) -> list[Period]:
        """The months shown, oldest first."""
        return [period for period in self.board.periods if period.code <= self.board.period.code]

    @property
    def future(self) -> list[Period]:
        """The months of the year after the one shown."""
        return [period for period in self.board.periods if period.code > self.board.period.code]

    def address(self, **changes: str | None) -> str:
        """This page with other parameters; ``None`` takes one away. Never empty: an empty address keeps the old."""
        month = {"period": self.board.period.code} if self.is_past else {}
        wanted = {**month, **self.kept, **changes}
        return "?" + urlencode({name: value for name, value in wanted.items() if value})

    @property
    def unnarrowed(self) -> str:
        """This page with everything in it."""
        return self.address(**dict.fromkeys(self.kept))

    @property
    def present(self) -> str:
        """The same page as it is now."""
        return "?" + urlencode(self.kept)

    def of(self, rows: Iterable[Row]) -> Look:
        """The same look at some of the rows."""
        return replace(self, board=replace(self.board, rows=tuple(rows)))


def look(request: HttpRequest, year: int, *, keeps: Iterable[str] = ("lamp",), **options: object) -> Look:
    """The year as the address asks for it; 404 for a month that is unknown or has not opened yet."""
    board, now = board_or_404(request, year, **options), clock.now()
    current = period_selector.current(list(board.periods), now)
    if board.period.code > current.code:
        raise Http404
    is_past = board.period.code < current.code
    kept = {name: request.GET[name] for name in keeps if request.GET.get(name)}
    # A past month that is not locked yet still moves: it is looked at from now.
    cut_off = (board.period.locked_at or now) if is_past else now
    return Look(board, now, localtime(cut_off), is_past, kept)


def board_or_404(request: HttpRequest, year: int, **options: object) -> Scoreboard:
    """The scoreboard as the reader may see it, as of ``period_code``, ``?period=`` or now."""
    code = options.pop("period_code", None) or request.GET.get("period") or None
    reader = {"actor": request.actor} | options
    try:
        return scoreboard.build(year=year, now=clock.now(), period_code=code, **reader)
    except Period.DoesNotExist as problem:
        raise Http404 from problem


def open_directives(seen: Look, actor: Actor) -> dict[int, list[Standing]]:
    """Directives that were not over at the moment looked at, worst first, by indicator id.

    No query for the present, whose indicators are read ``with_directives``; 1 for a past month.
    """
    if seen.is_past:
        year = seen.board.period.report.year
        found = directives.open_by_indicator(year=year, now=seen.cut_off, actor=actor)
        shown = {row.indicator.pk for row in seen.board.rows}
        return {indicator: rows for indicator, rows in found.items() if indicator in shown}
    standing = {row.indicator.pk: directives.of_row(row.indicator, seen.now) for row in seen.board.rows}
    return {indicator: rows for indicator, said in standing.items() if (rows := directives.in_tab(said, "open"))}


def lamp_asked_for(request: HttpRequest) -> Rag | None:
    """The lamp in ``?lamp=``; 404 for one that does not exist."""
    code = request.GET.get("lamp", "")
    if not code:
        return None
    try:
        return Rag(code)
    except ValueError as problem:
        raise Http404 from problem


def tiles(board: Scoreboard, seen: Look | None = None, lamp: Rag | None = None) -> list[Tile]:
    """The five lamps of a board; with ``seen`` each tile narrows the page to its rows, and widens it when it did."""
    before = board.previous_counts

    def tile(rag: Rag) -> Tile:
        change = board.counts[rag] - before[rag] if before else None
        url = seen.address(lamp=None if lamp is rag else rag) if seen else ""
        return Tile(rag, board.counts[rag], change, board.history_of(rag), url)

    return [tile(rag) for rag in labels.RAG]


def later(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[[], Any]:
    """A value that is computed where a panel of the page first shows it, once, so that its fault stays in the panel."""
    return cache(lambda: function(*args, **kwargs))
