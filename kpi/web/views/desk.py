"""The office's desk: the month at a glance, and closing it."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.models import Department
from kpi.domain.cosigning import CoSigning
from kpi.domain.errors import DomainError
from kpi.models import Indicator, Period
from kpi.selectors import (
    burden,
    calendar,
    chasing,
    cockpit,
    cosigning,
    directives,
    editions,
    target_changes,
    windows,
    worklist,
)
from kpi.selectors import periods as period_selector
from kpi.selectors.chasing import Owing
from kpi.selectors.scoreboard import Scoreboard
from kpi.selectors.worklist import Task
from kpi.services import periods, permissions
from kpi.web.look import board_or_404
from notifications import logbook


@login_required
def show_desk(request: HttpRequest, year: int) -> HttpResponse:
    """The month at the office: who filed, what waits for review, and closing it."""
    permissions.require_supervisor(request.actor)
    return render_desk(request, year)


def render_desk(
    request: HttpRequest,
    year: int,
    period_code: str | None = None,
    *,
    problem: object = None,
    place: str = "lock",
    status: int = 200,
) -> HttpResponse:
    """The desk of a period; ``problem`` is what was refused in the section called ``place``."""
    now = clock.now()
    indicators = Indicator.objects.of_year(year).with_directives(request.actor, now)
    board = board_or_404(request, year, period_code=period_code, indicators=indicators)
    burdens, days = burden.burden(board), calendar.work_calendar()
    waiting = worklist.awaiting_review(board, now)
    context = {
        "board": board,
        "now": now,
        "phase": period_selector.window(board.period).phase(now),
        "reporting": cockpit.reporting(board),
        "units": worklist.completeness(board),
        "owing": _owing(request, board, now),
        "waiting": waiting,
        "unanchored": editions.unanchored(year),
        "progress": _progress(waiting),
        "returned": sum(row.current.is_unfiled and row.current.cycle > 1 for row in board.rows),
        # December's report is due in January: both years must be known.
        "guessed_years": days.unknown_years([year, year + 1]),
        "unfiled": sum(row.current.is_unfiled for row in board.rows),
        "directives": directives.counts_of((row.indicator for row in board.rows), now),
        "requests": windows.requests_of(board.period),
        "target_changes": target_changes.waiting_for(request.actor, year),
        "until": windows.proposed_until(now, days),
        "burdens": burdens,
        "burden_total": burden.total(burdens),
        "health": logbook.health(),
        "problem": problem,
        "place": place,
        "typed": request.POST,
    }
    return render(request, "kpi/desk.html", context, status=status)


def _owing(request: HttpRequest, board: Scoreboard, now: datetime) -> list[tuple[Owing, bool, bool]]:
    """Units with reports missing: whether each was chased today, and is ticked (late ones, or as ``?pick=`` says)."""
    today, pick = localtime(now).date(), request.GET.get("pick", "late")
    found = [(unit, unit.was_chased_on(today)) for unit in chasing.owing(board)]
    ticked = {"all": lambda unit: True, "none": lambda unit: False}.get(pick, lambda unit: unit.is_late(now))
    return [(unit, is_chased, not is_chased and ticked(unit)) for unit, is_chased in found]


def _progress(tasks: list[Task]) -> dict[int, CoSigning[Department]]:
    """Co-signing of the reports that ask for it, by submission."""
    found = {task.month.submission.pk: cosigning.of_row(task.month.submission) for task in tasks}
    return {pk: progress for pk, progress in found.items() if progress.is_asked}


@login_required
@require_POST
def lock(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """Close a month for good; the period's name must be typed."""
    permissions.require_supervisor(request.actor)
    found = Period.objects.filter(report__year=year, code=period).select_related("report").first()
    if found is None:
        raise Http404
    try:
        count = periods.lock_period(
            period=found, typed_code=request.POST.get("confirm", ""), actor=request.actor, now=clock.now()
        )
    except DomainError as problem:
        return render_desk(request, year, period, problem=problem, status=409)
    messages.success(request, _("%(period)s 期已锁定，%(count)s 项亮灯已存档") % {"period": period, "count": count})
    return redirect(f"/{year}/desk/?period={period}")
