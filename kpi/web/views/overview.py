"""Pages that only look: home, cockpit, one indicator."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime

from accounts import clock
from kpi import labels
from kpi.domain.values import Kind, Rag, Timeliness
from kpi.models import Indicator, Period
from kpi.selectors import cockpit, cosigning, directives, history, living_report, scoreboard
from kpi.selectors import periods as period_selector
from kpi.selectors.scoreboard import Row, Scoreboard
from kpi.web.navigation import home_of

MONTHS = range(1, 13)
RECENT_STEPS = 60


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
    lamp = lamp_asked_for(request)
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


def lamp_asked_for(request: HttpRequest) -> Rag | None:
    """``?lamp=``; an unknown one is no page of ours."""
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
