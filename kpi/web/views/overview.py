"""Where a person starts, and one indicator."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime

from accounts import clock
from kpi.domain.values import Kind
from kpi.models import Indicator
from kpi.selectors import cosigning, directives, history
from kpi.selectors import periods as period_selector
from kpi.selectors.scoreboard import Row
from kpi.web.look import board_or_404
from kpi.web.navigation import home_of

RECENT_STEPS = 60


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Where this person's work is."""
    year = period_selector.latest_year()
    return redirect(home_of(request.actor, year) if year else "account")


@login_required
def show_indicator(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """One commitment's whole story: the sentence, the curve, why this colour, every step taken."""
    now = clock.now()
    indicators = Indicator.objects.of_year(year).filter(code=code).with_supporting()
    indicators = indicators.with_directives(request.actor, now)
    board = board_or_404(request, year, indicators=indicators)
    if not board.rows:
        raise Http404
    row = board.rows[0]
    steps = history.steps_of(row.indicator, request.actor)
    explanation = history.explanation(steps, row.current.source_period)
    context = {
        "board": board,
        "row": row,
        "indicator": row.indicator,
        "figure_rows": [month for month in reversed(row.months) if month.assessment and month.is_own],
        "directives": directives.of_row(row.indicator, now),
        "entries": history.log_of(steps)[:RECENT_STEPS],
        "progress": cosigning.of_row(row.current.submission) if row.current.submission else None,
        "explanation": explanation,
        "nodes": _nodes(row, explanation.completed_nodes if explanation else {}, localtime(clock.now()).date()),
        "is_curve": row.indicator.kind not in (Kind.MILESTONE, Kind.STAGE, Kind.RANK, Kind.BOTTOM_LINE),
        "now": clock.now(),
        "is_proposed": row.indicator.is_lead_proposed,
    }
    return render(request, "kpi/indicator.html", context)


def _nodes(row: Row, done: dict[str, str], today) -> list[dict[str, object]]:
    return [
        {"node": node, "done": done.get(node.key), "is_late": node.due_on < today}
        for node in row.indicator.milestones.all()
    ]
