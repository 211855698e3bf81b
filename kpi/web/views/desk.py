"""The office's desk: the month at a glance, whom to chase, what waits for review, what to look at twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import localtime
from django.views.decorators.http import require_safe

from accounts import clock
from accounts.models import Department
from kpi.domain.cosigning import CoSigning
from kpi.domain.window import Phase
from kpi.models import Indicator, Period
from kpi.selectors import (
    burden,
    calendar,
    chasing,
    cosigning,
    directives,
    editions,
    history,
    scrutiny,
    target_changes,
    windows,
    worklist,
)
from kpi.selectors.chasing import Owing
from kpi.selectors.reporting import UnitReporting, counts_of, reporting
from kpi.selectors.scoreboard import Scoreboard
from kpi.selectors.window_effects import acts_in, phase_of
from kpi.selectors.worklist import Task
from kpi.services import permissions
from kpi.web.look import board_or_404
from notifications import logbook


@login_required
@require_safe
def show_desk(request: HttpRequest, year: int) -> HttpResponse:
    """The month at the office: who filed, what waits for review, what to look at twice."""
    permissions.require_supervisor(request.actor)
    return render_desk(request, year)


def render_desk(
    request: HttpRequest,
    year: int,
    period_code: str | None = None,
    *,
    problem: object = None,
    status: int = 200,
) -> HttpResponse:
    """The desk of a period; ``problem`` is why a chase was refused."""
    now = clock.now()
    board = desk_board(request, year, now, period_code)
    before = history.before([row.indicator for row in board.rows], board.period)
    days, waiting = calendar.work_calendar(), worklist.awaiting_review(board, now)
    found = reporting(board, before.filed)
    burdens, phase = burden.burden(board, before), phase_of(board.period, now)
    lines = _lines(request, board, found.units, now)
    context = {
        "board": board,
        "now": now,
        "phase": phase,
        "acts": acts_in(phase),
        "ahead": _to_open(board, now),
        "reporting": found,
        "is_chasing": any(line.owing for line in lines) and phase not in (Phase.NOT_OPEN, Phase.LOCKED),
        "lines": lines,
        "counts": counts_of(report for unit in found.units for report in unit.months[-1].reports),
        "findings": scrutiny.findings(board, before, editions.unanchored(year), now),
        "waiting": waiting,
        "progress": _progress(waiting),
        # December's report is due in January: both years must be known.
        "guessed_years": days.unknown_years([year, year + 1]),
        "directives": directives.counts_of((row.indicator for row in board.rows), now),
        "window": windows.state_of(board.period),
        "target_changes": target_changes.waiting_for(request.actor, year),
        "burdens": burdens,
        "burden_total": burden.total(burdens),
        "health": logbook.health(),
        "problem": problem,
    }
    return render(request, "kpi/desk.html", context, status=status)


def desk_board(request: HttpRequest, year: int, now: datetime, period_code: str | None = None) -> Scoreboard:
    """The board with what the desk asks of each indicator besides: its directives and who answers for it."""
    indicators = Indicator.objects.of_year(year).with_directives(request.actor, now)
    indicators = indicators.with_owners(localtime(now).date())
    return board_or_404(request, year, period_code=period_code, indicators=indicators)


def _to_open(board: Scoreboard, now: datetime) -> Period | None:
    """The next month, where it could be opened early: while the one looked at is the last that has opened."""
    later = [period for period in board.periods if period.code > board.period.code]
    return later[0] if later and board.period.opens_at <= now < later[0].opens_at else None


@dataclass(frozen=True)
class Line:
    """A unit in the matrix; ``owing`` where reports are missing. It is ticked where it would be chased."""

    unit: UnitReporting
    owing: Owing | None
    is_chased: bool
    is_ticked: bool


def _lines(request: HttpRequest, board: Scoreboard, found: tuple[UnitReporting, ...], now: datetime) -> list[Line]:
    """Units whose last chance is over are ticked, or as ``?pick=`` says; who was chased today is not."""
    today, pick = localtime(now).date(), request.GET.get("pick", "late")
    ticked: Mapping[str, Callable[[Owing], bool]] = {"all": lambda unit: True, "none": lambda unit: False}
    is_ticked = ticked.get(pick, lambda unit: unit.is_late(now))
    owing = {each.department: each for each in chasing.owing(board)}

    def line(unit: UnitReporting) -> Line:
        owes = owing.get(unit.department)
        is_chased = owes is not None and owes.was_chased_on(today)
        return Line(unit, owes, is_chased, owes is not None and not is_chased and is_ticked(owes))

    return [line(unit) for unit in found]


def _progress(tasks: list[Task]) -> dict[int, CoSigning[Department]]:
    """Co-signing of the reports that ask for it, by submission."""
    found = {task.month.submission.pk: cosigning.of_row(task.month.submission) for task in tasks}
    return {pk: progress for pk, progress in found.items() if progress.is_asked}
