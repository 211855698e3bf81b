"""The leaders' cockpit, as of now or of any month, and its big screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts import clock
from kpi.domain.values import Rag
from kpi.models import Indicator
from kpi.selectors import attention, cockpit, forecasts, living_report, target_changes, units
from kpi.selectors.attention import Item
from kpi.selectors.directives import Standing
from kpi.selectors.scoreboard import Row, Scoreboard
from kpi.web.look import Look, lamp_asked_for, later, look, open_directives, tiles
from kpi.web.rendering import render


@login_required
@require_safe
def show_cockpit(request: HttpRequest, year: int) -> HttpResponse:
    """The year in one sentence, with what needs a leader's eye."""
    indicators = Indicator.objects.of_year(year).with_directives(request.actor, clock.now())
    seen = look(request, year, keeps=("lamp", "scope"), indicators=indicators)
    lamp = lamp_asked_for(request)
    everything = request.GET.get("scope") == "all"
    said = later(open_directives, seen, request.actor)
    found = later(lambda: _attention(seen, said()))
    context = {
        "look": seen,
        "board": seen.board,
        "now": seen.now,
        "lamp": lamp,
        "everything": everything,
        "tiles": tiles(seen.board, seen, lamp),
        "reporting": later(cockpit.reporting, seen.board),
        "cards": lambda: attention.cards(found()),
        "ambers": lambda: attention.long_ambers(found()),
        "directives": said,
        "target_changes": later(target_changes.waiting_for, request.actor, year) if not seen.is_past else (),
        "overdue": lambda: sum(each.is_overdue for rows in said().values() for each in rows),
        "explanations": later(lambda: cockpit.explanations((item.row for item in found()), seen.cut_off)),
        **_changes(seen.board),
        "coming": later(cockpit.coming, seen.board, seen.day),
        "units": later(cockpit.units, seen.board),
        "groups": later(_groups, seen.board, lamp, everything),
        "excerpt": later(_excerpt, seen.board, found),
        "all_url": seen.address(scope="all", lamp=None),
        "has_lamps": seen.board.counts[Rag.NOT_DUE] < len(seen.board.rows),
        "quiet": sum(not row.is_quantified and row.rag not in cockpit.BAD for row in seen.board.rows),
        "unreviewed": sum(row.current.mark == "unreviewed" for row in seen.board.rows),
        "is_locked": seen.board.period.locked_at is not None,
    }
    return render(request, "kpi/cockpit.html", context)


def _changes(board: Scoreboard) -> dict[str, Callable[[], object]]:
    changes = later(cockpit.changes, board)
    return {"changes": changes, "first_due": lambda: sum(change.direction == "due" for change in changes())}


def _attention(seen: Look, said: Mapping[int, list[Standing]]) -> list[Item]:
    late = {indicator: max(each.days_overdue for each in rows) for indicator, rows in said.items()}
    return attention.items(seen.board, day=seen.day, forecast_of=forecasts.forecast_of, overdue_days=late)


def _groups(board: Scoreboard, lamp: Rag | None, everything: bool) -> list[units.Group]:
    """The heat map by chapter: rows with figures or in trouble; all of them, or one lamp, on request."""

    def is_wanted(row: Row) -> bool:
        if lamp is not None:
            return row.rag is lamp
        return everything or row.is_quantified or row.rag in cockpit.BAD

    return units.chapters(row for row in board.rows if is_wanted(row))


def _excerpt(board: Scoreboard, found: Callable[[], list[Item]], most: int = 420) -> list[living_report.Segment]:
    rows = [item.row for item in found()] or board.rows
    return living_report.excerpt(board.period.report, board, rows[0], most) if rows else []


SCREEN = ("overview", "heat", "report")
# As many as fit on the wall without scrolling.
SCREEN_CARDS, SCREEN_TEXT = 6, 900


@login_required
@require_safe
def show_screen(request: HttpRequest, year: int) -> HttpResponse:
    """The wall: approved figures only, no directive, no person; three views, each with an address of its own."""
    view = request.GET.get("view", SCREEN[0])
    if view not in SCREEN:
        raise Http404
    seen = look(request, year, keeps=("view",), actor=None)
    found = later(_attention, seen, {})
    context = {
        "look": seen,
        "board": seen.board,
        "view": view,
        "views": [(name, seen.address(view=name)) for name in SCREEN],
        "next_url": seen.address(view=SCREEN[(SCREEN.index(view) + 1) % len(SCREEN)]),
        "tiles": tiles(seen.board),
        "cards": lambda: found()[:SCREEN_CARDS],
        **_changes(seen.board),
        "coming": later(cockpit.coming, seen.board, seen.day, 6),
        "groups": later(_groups, seen.board, None, False),
        "excerpt": later(_excerpt, seen.board, found, SCREEN_TEXT),
        "is_locked": seen.board.period.locked_at is not None,
    }
    return render(request, "kpi/screen.html", context)
