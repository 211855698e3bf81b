"""What the office does to a whole period: first what it would do, then, with the period's name typed, doing it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import clock
from kpi.domain.errors import DomainError, NotPermitted
from kpi.domain.window_acts import WindowAct
from kpi.models import Period, WindowChange
from kpi.selectors import windows as window_selector
from kpi.selectors.calendar import work_calendar
from kpi.selectors.window_effects import DeskAct, effect_on, phase_of
from kpi.services import periods, permissions, window_changes
from kpi.services.content import ContentInvalid, FieldError
from kpi.web import effects
from kpi.web.errors import status_of

FIELDS = ("until", "reason", "confirm")


@login_required
def act_on_period(request: HttpRequest, year: int, period: str, act: str, pk: int | None = None) -> HttpResponse:
    """The page of one act (GET), and doing it (POST); ``pk`` is the change that is taken back."""
    permissions.require_supervisor(request.actor)
    found = period_or_404(year, period)
    change = _change_or_404(found, pk) if pk is not None else None
    if request.method != "POST":
        return _page(request, found, DeskAct(act), change)
    try:
        said = _do(request, found, DeskAct(act), change)
    except NotPermitted:
        raise
    except DomainError as problem:
        return _page(request, found, DeskAct(act), change, problem)
    messages.success(request, said)
    return redirect(f"/{year}/desk/?period={period}")


def period_or_404(year: int, code: str) -> Period:
    found = Period.objects.filter(report__year=year, code=code).select_related("report").first()
    if found is None:
        raise Http404
    return found


def _change_or_404(period: Period, pk: int) -> WindowChange:
    found = next((change for change in window_selector.changes_of(period) if change.pk == pk), None)
    if found is None:
        raise Http404
    return found


def _do(request: HttpRequest, period: Period, act: DeskAct, change: WindowChange | None) -> str:
    """Do it; what to say afterwards."""
    typed = {name: request.POST.get(name, "") for name in FIELDS}
    person = {"actor": request.actor, "now": clock.now()}
    named = {"period": period.code}
    if act is DeskAct.LOCK:
        count = periods.lock_period(period=period, typed_code=typed["confirm"], **person)
        return _("%(period)s 期已锁定，%(count)s 项亮灯已存档") % {**named, "count": count}
    if change is not None:
        window_changes.undo_change(
            period=period, change_id=change.pk, typed_code=typed["confirm"], reason=typed["reason"], **person
        )
        return _("已撤回，%(period)s 期恢复原来的时限，并已通知") % named
    window_changes.change_window(
        period=period,
        act=WindowAct(act),
        until=local_moment(typed["until"]),
        typed_code=typed["confirm"],
        reason=typed["reason"],
        **person,
    )
    return {
        DeskAct.OPEN: _("%(period)s 期已提前开放，并已通知"),
        DeskAct.EXTEND: _("%(period)s 期已延期，并已通知"),
        DeskAct.CLOSE: _("%(period)s 期已提前关闭，并已通知"),
    }[act] % named


def local_moment(text: str) -> datetime | None:
    """What a ``datetime-local`` field sends, in the city's time; ``None`` for anything else."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=clock.ZONE)
    except ValueError:
        return None


def _page(
    request: HttpRequest,
    period: Period,
    act: DeskAct,
    change: WindowChange | None,
    problem: DomainError | None = None,
) -> HttpResponse:
    now = clock.now()
    found, phase = effect_on(period, act, now), phase_of(period, now)
    errors = _errors(problem)
    context = {
        "period": period,
        "act": act,
        "phase": phase,
        "now": now,
        "found": found,
        "change": change,
        "hindrance": effects.hindrance(act, found, phase, change),
        "sentences": effects.sentences(act, found, now, change),
        "until": _proposed(period, now) if act is DeskAct.EXTEND else None,
        "problem": problem,
        "errors": errors,
        "wrong": {error.field: error for error in errors},
        "typed": request.POST if request.method == "POST" else None,
    }
    return render(request, "kpi/period_act.html", context, status=status_of(problem) if problem else 200)


def _proposed(period: Period, now: datetime) -> datetime:
    """Two workdays after what an extension would move."""
    end = period.due_at if now <= period.due_at else period.grace_ends_at
    return window_selector.proposed_until(max(now, end), work_calendar())


def _errors(problem: DomainError | None) -> Sequence[FieldError]:
    """The problem at its fields; empty where it is about the period itself."""
    if isinstance(problem, ContentInvalid):
        return problem.errors
    if problem is not None and "field" in problem.params:
        return [FieldError(str(problem.params["field"]), problem.code, problem.params)]
    return []
