"""Pages that only look: home, cockpit, the report in today's colours."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts import clock
from kpi import labels
from kpi.domain.values import Rag, Timeliness
from kpi.models import Period
from kpi.selectors import cockpit, living_report, scoreboard
from kpi.selectors import periods as period_selector
from kpi.selectors.scoreboard import Row, Scoreboard
from kpi.web.navigation import home_of

MONTHS = range(1, 13)


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Where this person's work is."""
    year = period_selector.latest_year()
    return redirect(home_of(request.actor, year) if year else "account")


def board_or_404(request: HttpRequest, year: int, **options: object) -> Scoreboard:
    """The scoreboard as the reader may see it, as of ``period_code``, ``?period=`` or now."""
    code = options.pop("period_code", None) or request.GET.get("period") or None
    try:
        return scoreboard.build(year=year, now=clock.now(), actor=request.actor, period_code=code, **options)
    except Period.DoesNotExist as problem:
        raise Http404 from problem


@login_required
def show_cockpit(request: HttpRequest, year: int) -> HttpResponse:
    """The year in one sentence, with what needs a leader's eye."""
    board = board_or_404(request, year)
    now = clock.now()
    lamp = _lamp_asked_for(request)
    reds, ambers = cockpit.reds(board), cockpit.long_ambers(board)
    changes = cockpit.changes(board)
    everything = request.GET.get("scope") == "all"
    context = {
        "board": board,
        "now": now,
        "lamp": lamp,
        "everything": everything,
        "tiles": [_tile(board, rag) for rag in labels.RAG],
        "reporting": cockpit.reporting(board),
        "reds": reds,
        "ambers": ambers,
        "changes": changes,
        "first_due": sum(change.direction == "due" for change in changes),
        "coming": cockpit.coming(board, now.date()),
        "units": cockpit.units(board),
        "sections": cockpit.in_scope(board, lamp=lamp, everything=everything),
        "explanations": cockpit.explanations([*reds, *ambers]),
        "excerpt": _excerpt(board, [*reds, *ambers]),
        "quiet": sum(not row.is_quantified and row.rag not in cockpit.BAD for row in board.rows),
        "unreviewed": sum(row.current.mark == "unreviewed" for row in board.rows),
        "future": [month for month in MONTHS if month > int(board.period.code[5:])],
        "is_locked": board.period.locked_at is not None,
        "missing": Timeliness.MISSING,
    }
    return render(request, "kpi/cockpit.html", context)


def _lamp_asked_for(request: HttpRequest) -> Rag | None:
    code = request.GET.get("lamp", "")
    if not code:
        return None
    try:
        return Rag(code)
    except ValueError as problem:
        raise Http404 from problem


def _tile(board: Scoreboard, rag: Rag) -> dict[str, object]:
    change = board.counts[rag] - board.previous_counts[rag] if board.previous_counts else None
    return {"rag": rag, "count": board.counts[rag], "change": change, "history": board.history_of(rag)}


def _excerpt(board: Scoreboard, troubled: list[Row]) -> list[living_report.Segment]:
    around = troubled[0] if troubled else (board.rows[0] if board.rows else None)
    return living_report.excerpt(board.period.report, board, around) if around else []


@login_required
def show_report(request: HttpRequest, year: int) -> HttpResponse:
    """The report, word for word, in the colours of its commitments."""
    board = board_or_404(request, year)
    report = board.period.report
    segments = living_report.segments(report, board)
    shown = {row.indicator.pk for segment in segments for row in segment.rows}
    context = {
        "board": board,
        "now": clock.now(),
        "report": report,
        "segments": segments,
        "first_code": next((segment.rows[0].indicator.code for segment in segments if segment.rows), ""),
        "lamp": _lamp_asked_for(request),
        "tiles": [_tile(board, rag) for rag in labels.RAG],
        "unanchored": [row for row in board.rows if row.indicator.pk not in shown],
    }
    return render(request, "kpi/living_report.html", context)
