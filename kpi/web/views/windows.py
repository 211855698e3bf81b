"""The office gives more time and, two of them together, reopens a locked period."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.models import Department
from kpi.domain.errors import DomainError, NotPermitted
from kpi.models import Extension, Period, Unlock
from kpi.services import permissions, windows
from kpi.services.content import ContentInvalid
from kpi.web.errors import status_of
from kpi.web.views.desk import render_desk


@login_required
@require_POST
def extend(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """More time for a department that is named, asked for or not."""
    found = _period(request, year, period)
    department = Department.objects.filter(code=request.POST.get("unit", "")).first()
    if department is None:
        problem = DomainError("unit_required")
        return render_desk(request, year, period, problem=problem, place="extensions", status=422)
    try:
        windows.extend(
            period=found,
            department=department,
            until=_moment(request),
            reason=request.POST.get("reason", ""),
            actor=request.actor,
            now=clock.now(),
        )
    except DomainError as problem:
        return _refused(request, year, period, problem, "extensions")
    messages.success(request, _("已延期，并通知%(unit)s") % {"unit": department.short_name})
    return redirect(f"/{year}/desk/?period={period}#extensions")


@login_required
@require_POST
def answer_extension(request: HttpRequest, year: int, period: str, pk: int) -> HttpResponse:
    """A request for more time, granted or refused."""
    _period(request, year, period)
    asked = Extension.objects.filter(pk=pk, period__report__year=year, period__code=period).first()
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
    except DomainError as problem:
        return _refused(request, year, period, problem, "extensions")
    messages.success(request, _("已批准，并通知申请单位") if is_granted else _("已答复，并通知申请单位"))
    return redirect(f"/{year}/desk/?period={period}#extensions")


@login_required
@require_POST
def ask_unlock(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """The first of the two."""
    found = _period(request, year, period)
    try:
        windows.ask_unlock(period=found, reason=request.POST.get("reason", ""), actor=request.actor, now=clock.now())
    except DomainError as problem:
        return _refused(request, year, period, problem, "lock")
    messages.success(request, _("已申请解锁，等督查室另一人确认"))
    return redirect(f"/{year}/desk/?period={period}#lock")


@login_required
@require_POST
def answer_unlock(request: HttpRequest, year: int, period: str, pk: int) -> HttpResponse:
    """The second of the two agrees or not; or the first takes it back."""
    _period(request, year, period)
    asked = Unlock.objects.filter(pk=pk, period__report__year=year, period__code=period).first()
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
    except DomainError as problem:
        return _refused(request, year, period, problem, "lock")
    return redirect(f"/{year}/desk/?period={period}#lock")


def _period(request: HttpRequest, year: int, code: str) -> Period:
    permissions.require_supervisor(request.actor)
    found = Period.objects.filter(report__year=year, code=code).select_related("report").first()
    if found is None:
        raise Http404
    return found


def _moment(request: HttpRequest) -> datetime:
    """The local moment typed into ``until``."""
    try:
        return datetime.fromisoformat(request.POST.get("until", "")).replace(tzinfo=clock.ZONE)
    except ValueError:
        raise DomainError("until_required") from None


def _refused(request: HttpRequest, year: int, period: str, problem: DomainError, place: str) -> HttpResponse:
    """The desk again with the sentence, and what was typed."""
    if isinstance(problem, NotPermitted) and problem.code != "unlock_takes_two":
        raise problem
    shown = problem.errors[0] if isinstance(problem, ContentInvalid) else problem
    return render_desk(request, year, period, problem=shown, place=place, status=status_of(problem))
