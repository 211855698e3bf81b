"""The report, word for word, in the colours of its commitments."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts import clock
from kpi import labels
from kpi.models import Indicator
from kpi.selectors import cockpit, directives
from kpi.selectors.living_report import living_report
from kpi.web.look import board_or_404, lamp_asked_for, look
from kpi.web.rendering import render


@login_required
@require_safe
def show_report(request: HttpRequest, year: int) -> HttpResponse:
    """The whole text as of ``?period=``; ``?lamp=`` leaves the other commitments without colour."""
    board, now = board_or_404(request, year), clock.now()
    report = board.period.report
    context = {
        "board": board,
        "now": now,
        "report": report,
        "living": living_report(report, board),
        "lamp": lamp_asked_for(request),
        "tiles": [(rag, board.counts[rag]) for rag in labels.RAG],
        "periods": [period for period in board.periods if period.opens_at <= now or period == board.period],
        "is_locked": board.period.locked_at is not None,
    }
    return render(request, "kpi/living_report.html", context)


@login_required
@require_safe
def show_panel(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """What stands beside a sentence when it is tapped: a piece of a page, fetched by the page's script."""
    indicators = Indicator.objects.of_year(year).filter(code=code)
    seen = look(request, year, keeps=(), indicators=indicators)
    if not seen.board.rows:
        raise Http404
    row = seen.board.rows[0]
    context = {
        "board": seen.board,
        "row": row,
        "explanation": cockpit.explanations([row], seen.cut_off).get(code),
        "can_direct": directives.can_issue(request.actor),
    }
    return render(request, "kpi/parts/living_panel.html", context)
