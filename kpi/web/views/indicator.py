"""One indicator's whole story, and who is covered by it."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import localtime

from accounts import clock
from kpi.domain.values import Kind
from kpi.models import Indicator
from kpi.selectors import cosigning, history
from kpi.selectors.scoreboard import Scoreboard
from kpi.selectors.story import with_story
from kpi.web.story import Story
from kpi.web.views.overview import board_or_404


@login_required
def show_indicator(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """Lamp, gap, curve, why this colour, every step taken; as of ``?period=`` where one is asked for."""
    story = story_or_404(request, year, code)
    row = story.row
    context = {
        "board": story.board,
        "row": row,
        "indicator": row.indicator,
        "story": story,
        "figure_rows": [month for month in reversed(row.months) if month.assessment and month.is_own],
        "progress": cosigning.of_row(row.current.submission) if row.current.submission else None,
        "now": clock.now(),
    }
    return render(request, "kpi/indicator.html", context)


@login_required
def show_coverage(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """Every district or township a target counts, month by month: covered or not yet."""
    story = story_or_404(request, year, code)
    if story.kind is not Kind.COVERAGE:
        raise Http404
    context = {"board": story.board, "row": story.row, "indicator": story.indicator, "story": story, "now": clock.now()}
    return render(request, "kpi/coverage.html", context)


def story_or_404(request: HttpRequest, year: int, code: str) -> Story:
    """The indicator with those of the same sentence, as the reader may see them."""
    indicators = Indicator.objects.of_year(year).filter(commitment__indicators__code=code)
    board = board_or_404(request, year, indicators=with_story(indicators.with_supporting()))
    row = next((row for row in board.rows if row.indicator.code == code), None)
    if row is None:
        raise Http404
    siblings = [other for other in board.rows if other is not row]
    steps = history.steps_of(row.indicator, request.actor)
    closed_at = _closed_at(board)
    return Story(row, board, siblings, steps, localtime(closed_at or clock.now()), is_past=closed_at is not None)


def _closed_at(board: Scoreboard) -> datetime | None:
    """The moment a past month was closed; ``None`` for the latest one and while it is still open."""
    now, shown = clock.now(), board.period
    is_latest = not any(period.code > shown.code and period.opens_at <= now for period in board.periods)
    closed_at = shown.locked_at or shown.grace_ends_at
    return None if is_latest or closed_at > now else closed_at
