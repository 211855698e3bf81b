"""Steps of an indicator that are more than a field: another lead from a day on, switching off and on."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import clock
from kpi.domain.errors import DomainError, NotPermitted
from kpi.models import Handover, Indicator
from kpi.selectors import configuration
from kpi.services import handovers, indicators, permissions
from kpi.services.content import ContentInvalid, FieldError
from kpi.services.indicator_content import Directory
from kpi.web.errors import status_of
from kpi.web.views.configuring import indicator_or_404

FIELDS = ("to", "effective_on", "reason", "keeps_supporting")
LABELS = {"to": gettext_lazy("新牵头单位"), "effective_on": gettext_lazy("起始日"), "reason": gettext_lazy("事由")}


@login_required
def hand_over(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """Another unit leads from a day on; what passes to it and what stays is said beforehand."""
    permissions.require_supervisor(request.actor)
    indicator = indicator_or_404(year, code)
    if request.method != "POST":
        return _owner_page(request, indicator, {"effective_on": clock.today().isoformat(), "keeps_supporting": "on"})
    raw = {name: request.POST.get(name, "") for name in FIELDS}
    try:
        said = _act(request, indicator, raw)
    except NotPermitted:
        raise
    except ContentInvalid as problem:
        return _owner_page(request, indicator, raw, errors=problem.errors, status=422)
    except DomainError as problem:
        return _owner_page(request, indicator, raw, problem=problem, status=status_of(problem))
    messages.success(request, said)
    return redirect("indicator-owner", year, code)


def _act(request: HttpRequest, indicator: Indicator, raw: dict[str, Any]) -> str:
    actor, now = request.actor, clock.now()
    withdrawn = request.POST.get("withdraw", "")
    if withdrawn:
        found = Handover.objects.filter(indicator=indicator, pk=withdrawn) if withdrawn.isdecimal() else None
        handover = found.first() if found is not None else None
        if handover is None:
            raise Http404
        handovers.withdraw(handover=handover, actor=actor, now=now)
        return _("牵头单位变更已撤回")
    made = handovers.decide(indicator=indicator, raw=raw, actor=actor, now=now)
    words = _("已改由%(unit)s牵头") if made.done_at else _("%(day)s 起由%(unit)s牵头")
    return words % {"unit": made.to_department.short_name, "day": made.effective_on.isoformat()}


def _owner_page(
    request: HttpRequest,
    indicator: Indicator,
    raw: dict[str, Any],
    *,
    errors: tuple[FieldError, ...] = (),
    problem: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    units = Directory.load(indicator.report.year).departments.values()
    context = {
        "indicator": indicator,
        "raw": raw,
        "errors": errors,
        "labelled": [(LABELS[error.field], error) for error in errors],
        "by_field": {error.field: error for error in reversed(errors)},
        "problem": problem,
        "effect": configuration.effect_on(indicator),
        "handovers": configuration.handovers(indicator),
        "units": [
            unit
            for unit in units
            if unit.is_active
            and unit.kind not in ("township", "subdistrict")
            and unit.pk != indicator.lead_department_id
        ],
    }
    return render(request, "kpi/indicator_owner.html", context, status=status)


@login_required
def switch(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """Switch an indicator off, or on again; the effect is spelled out, and its code must be typed."""
    permissions.require_supervisor(request.actor)
    indicator = indicator_or_404(year, code)
    problem, status = None, 200
    if request.method == "POST":
        try:
            indicators.set_active(
                indicator=indicator,
                is_active=not indicator.is_active,
                typed_code=request.POST.get("confirm", ""),
                reason=request.POST.get("reason", ""),
                actor=request.actor,
                now=clock.now(),
            )
        except NotPermitted:
            raise
        except ContentInvalid as refused:
            problem, status = DomainError(refused.errors[0].code, field="reason", **refused.errors[0].params), 422
        except DomainError as refused:
            problem, status = refused, status_of(refused)
        else:
            words = _("%(code)s 已停用，可随时恢复") if indicator.is_active else _("%(code)s 已恢复")
            messages.success(request, words % {"code": code})
            return redirect("configuration", year)
    context = {
        "indicator": indicator,
        "effect": configuration.effect_on(indicator),
        "problem": problem,
        "place": problem.params.get("field", "reason") if problem else "",
        "typed": request.POST,
    }
    return render(request, "kpi/indicator_switch.html", context, status=status)
