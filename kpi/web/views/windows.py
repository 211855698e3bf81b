"""The office gives more time and, two of them together, reopens a locked period."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.models import Department
from kpi.domain.errors import DomainError, NotPermitted
from kpi.models import AssessmentSnapshot, Extension, Period, Unlock
from kpi.selectors import windows as window_selector
from kpi.selectors.calendar import work_calendar
from kpi.selectors.units import leading
from kpi.selectors.window_effects import phase_of
from kpi.services import permissions, windows
from kpi.services.content import ContentInvalid
from kpi.web.errors import status_of
from kpi.web.views.period_acts import local_moment, period_or_404


@login_required
def extend(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """The period's requests for more time (GET), and more time for a department that is named, asked for or not."""
    found = _period(request, year, period)
    if request.method != "POST":
        return _extensions(request, found)
    department = Department.objects.filter(code=request.POST.get("unit", "")).first()
    try:
        if department is None:
            raise DomainError("unit_required", field="unit")
        windows.extend(
            period=found,
            department=department,
            until=_moment(request),
            reason=request.POST.get("reason", ""),
            actor=request.actor,
            now=clock.now(),
        )
    except NotPermitted:
        raise
    except DomainError as problem:
        return _extensions(request, found, problem=problem)
    messages.success(request, _("已延期，并通知%(unit)s") % {"unit": department.short_name})
    return redirect("extend", year, period)


@login_required
@require_POST
def answer_extension(request: HttpRequest, year: int, period: str, pk: int) -> HttpResponse:
    """A request for more time, granted or refused."""
    found = _period(request, year, period)
    asked = Extension.objects.filter(pk=pk, period=found).first()
    if asked is None:
        raise Http404
    is_granted = request.POST.get("action") == "grant"
    try:
        windows.answer_extension(
            extension=asked,
            until=_moment(request) if is_granted else None,
            answer=request.POST.get("answer", ""),
            actor=request.actor,
            now=clock.now(),
        )
    except NotPermitted:
        raise
    except DomainError as problem:
        return _extensions(request, found, problem=problem, asked=asked)
    messages.success(request, _("已批准，并通知申请单位") if is_granted else _("已答复，并通知申请单位"))
    return redirect("extend", year, period)


def _extensions(
    request: HttpRequest, period: Period, *, problem: DomainError | None = None, asked: Extension | None = None
) -> HttpResponse:
    """The page; ``asked`` is the request whose answer was refused, without it the form for a unit was."""
    now, shown = clock.now(), _shown(problem)
    context = {
        "period": period,
        "now": now,
        "phase": phase_of(period, now),
        "requests": window_selector.requests_of(period),
        "units": leading(period.report.year),
        "until": window_selector.proposed_until(now, work_calendar()),
        "problem": shown,
        "field": _field_of(shown),
        "asked": asked,
        "typed": request.POST if problem is not None else None,
    }
    return render(request, "kpi/extensions.html", context, status=status_of(problem) if problem else 200)


@login_required
def ask_unlock(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """What unlocking would mean and how far a request has come (GET); the first of the two asks for it."""
    found = _period(request, year, period)
    if request.method != "POST":
        return _unlock(request, found)
    try:
        windows.ask_unlock(period=found, reason=request.POST.get("reason", ""), actor=request.actor, now=clock.now())
    except NotPermitted:
        raise
    except DomainError as problem:
        return _unlock(request, found, problem)
    messages.success(request, _("已申请解锁，等督查室另一人确认"))
    return redirect("unlock-ask", year, period)


@login_required
@require_POST
def answer_unlock(request: HttpRequest, year: int, period: str, pk: int) -> HttpResponse:
    """The second of the two agrees or not; or the first takes it back."""
    found = _period(request, year, period)
    asked = Unlock.objects.filter(pk=pk, period=found).first()
    if asked is None:
        raise Http404
    try:
        if request.POST.get("action") == "confirm":
            windows.confirm_unlock(
                unlock=asked, typed_code=request.POST.get("confirm", ""), actor=request.actor, now=clock.now()
            )
            messages.success(request, _("%(period)s 期已解锁；改好后请重新锁定") % {"period": period})
        else:
            windows.refuse_unlock(unlock=asked, actor=request.actor, now=clock.now())
            messages.success(request, _("解锁申请已办理，本期仍然锁定"))
    except NotPermitted as problem:
        if problem.code != "unlock_takes_two":
            raise
        return _unlock(request, found, problem)
    except DomainError as problem:
        return _unlock(request, found, problem)
    return redirect("unlock-ask", year, period)


def _unlock(request: HttpRequest, period: Period, problem: DomainError | None = None) -> HttpResponse:
    now, shown = clock.now(), _shown(problem)
    context = {
        "period": period,
        "now": now,
        "phase": phase_of(period, now),
        "unlock": window_selector.requests_of(period).unlock,
        "edition": AssessmentSnapshot.objects.filter(period=period).aggregate(last=Max("edition"))["last"] or 0,
        "problem": shown,
        "field": _field_of(shown),
        "typed": request.POST if problem is not None else None,
    }
    return render(request, "kpi/unlock.html", context, status=status_of(problem) if problem else 200)


def _period(request: HttpRequest, year: int, code: str) -> Period:
    permissions.require_supervisor(request.actor)
    return period_or_404(year, code)


def _moment(request: HttpRequest) -> datetime:
    """The local moment typed into ``until``."""
    found = local_moment(request.POST.get("until", ""))
    if found is None:
        raise DomainError("until_required", field="until")
    return found


def _shown(problem: DomainError | None) -> object:
    """The first thing that is wrong: a field's, else the period's own."""
    return problem.errors[0] if isinstance(problem, ContentInvalid) else problem


def _field_of(problem: object) -> str:
    params = getattr(problem, "params", {})
    return getattr(problem, "field", "") or str(params.get("field", ""))
