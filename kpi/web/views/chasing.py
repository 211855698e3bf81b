"""Chasing units by hand: first what would be said to whom, then the chase, unit by unit."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import clock
from accounts.models import Department
from kpi import refusals
from kpi.domain.errors import DomainError, NotPermitted
from kpi.models import Period
from kpi.services import chasing, permissions
from kpi.services.chasing import Chased
from kpi.services.content import ContentInvalid
from kpi.web.errors import status_of
from kpi.web.views.desk import render_desk
from notifications.rules import rules


@login_required
def chase(request: HttpRequest, year: int) -> HttpResponse:
    """What would be said to whom (GET, with the units ticked at the desk), and saying it (POST)."""
    permissions.require_supervisor(request.actor)
    sent = request.POST if request.method == "POST" else request.GET
    period = Period.objects.filter(report__year=year, code=sent.get("period", "")).select_related("report").first()
    if period is None:
        raise Http404
    units = list(Department.objects.filter(code__in=sent.getlist("unit")))
    if not units:
        problem = DomainError("chase_nothing_chosen")
        return render_desk(request, year, period.code, problem=problem, status=422)
    if request.method != "POST":
        return _preview(request, period, units)
    try:
        done = chasing.chase(
            period=period, departments=units, note=request.POST.get("note", ""), actor=request.actor, now=clock.now()
        )
    except NotPermitted:
        raise
    except DomainError as problem:
        shown = problem.errors[0] if isinstance(problem, ContentInvalid) else problem
        return _preview(request, period, units, problem=shown, status=status_of(problem))
    if not any(each.told for each in done):
        # Who was first, and when, stands at each unit.
        return _preview(request, period, units, problem=done[0].refusal, status=409)
    _say(request, done)
    return redirect(f"/{year}/desk/?period={period.code}#matrix")


def _preview(
    request: HttpRequest,
    period: Period,
    units: Sequence[Department],
    *,
    problem: object = None,
    status: int = 200,
) -> HttpResponse:
    note, now = request.POST.get("note", ""), clock.now()
    found = rules(now)
    previews = chasing.preview(period=period, departments=units, note=note, found=found, now=now)
    going = [each for each in previews if each.refusal is None]
    context = {
        "period": period,
        "previews": previews,
        "going": going,
        "people": len({told.person.user.pk for each in going for told in each.told}),
        "note": note,
        "most_note": chasing.MOST_NOTE,
        "opens_at": chasing.opens_at(found, now),
        "problem": problem,
        "is_note_wrong": getattr(problem, "field", "") == "note",
    }
    return render(request, "kpi/chase.html", context, status=status)


def _say(request: HttpRequest, done: Sequence[Chased]) -> None:
    """One message: who was chased, and of each unit that was not, why."""
    chased = [each for each in done if each.refusal is None]
    told = sum(each.told for each in chased)
    said = ngettext("已催办 %(units)s，通知 %(people)s 人", "已催办 %(units)s，通知 %(people)s 人", told)
    text = said % {"units": "、".join(each.department.short_name for each in chased), "people": told}
    refused = [refusals.refusal(each.refusal.code, each.refusal.params) for each in done if each.refusal]
    if refused:
        messages.warning(request, _("%(done)s。没有催办：%(why)s") % {"done": text, "why": "；".join(refused)})
    else:
        messages.success(request, text)
