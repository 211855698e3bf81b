"""The month on one or two sheets, for a leader to read and to take along."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts import clock
from kpi import labels
from kpi.domain.values import Rag
from kpi.selectors import directives
from kpi.selectors import periods as period_selector
from kpi.selectors.brief import brief, indicators_of
from kpi.selectors.scoreboard import Scoreboard
from kpi.web.look import look
from kpi.web.rendering import render


@login_required
@require_safe
def latest_brief(request: HttpRequest, year: int) -> HttpResponse:
    """The latest month's."""
    periods = period_selector.of_year(year)
    if not periods:
        raise Http404
    return redirect("brief", year, period_selector.current(periods, clock.now()).code)


@login_required
@require_safe
def show_brief(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """One month's; of a locked month what was published, with the directives of that time."""
    seen = look(request, year, keeps=(), period_code=period, indicators=indicators_of(year, period))
    board = seen.board
    late = directives.overdue_by_indicator(year=year, now=seen.cut_off, actor=request.actor)
    is_locked = board.period.locked_at is not None
    context = {
        "board": board,
        "now": seen.now,
        "brief": brief(board, late, seen.day),
        "tiles": [(rag, board.counts[rag], _change(board, rag)) for rag in labels.RAG],
        "is_locked": is_locked,
        "data_at": seen.cut_off,
    }
    return render(request, "kpi/brief.html", context)


def _change(board: Scoreboard, rag: Rag) -> int | None:
    """Against the month before; ``None`` in the first one."""
    return board.counts[rag] - board.previous_counts[rag] if board.previous_counts else None
