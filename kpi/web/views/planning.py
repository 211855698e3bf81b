"""The plan editor: twelve cells or milestones with their picture, presets, earlier versions; the split by district."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from kpi import labels
from kpi.domain.errors import DomainError, NotPermitted
from kpi.domain.plan_shapes import doubts
from kpi.domain.values import Kind
from kpi.selectors import planning as selector
from kpi.selectors.planning import Plan, by_month
from kpi.services import permissions, plans
from kpi.services.content import ContentInvalid, FieldError
from kpi.web import planning
from kpi.web.errors import status_of
from kpi.web.plan_picture import picture
from kpi.web.planning import PlanForm
from kpi.web.views.configuring import indicator_or_404

WIDTHS = {"wide": 1120, "slim": 350}


@login_required
def edit_plan(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """The editor. Buttons fill the form (``preset``, ``row``, ``version``, ``node``); only ``action=save`` writes."""
    permissions.require_supervisor(request.actor)
    plan = selector.plan_of(indicator_or_404(year, code))
    if request.method != "POST":
        return _page(request, PlanForm(plan, planning.raw_of(plan)))
    if request.POST.get("action") == "save":
        return _save(request, plan)
    # The stamp of the first look stays: filling in must not hide that somebody else has saved meanwhile.
    raw, stamp = planning.raw_of(plan) | planning.typed(request.POST, plan), request.POST.get("stamp", "")
    try:
        return _page(request, PlanForm(plan, _filled(request, plan, raw)), stamp=stamp, is_filled=True)
    except DomainError as problem:
        name = str(problem.params.get("field", "preset"))
        params = {key: value for key, value in problem.params.items() if key != "field"}
        return _page(request, PlanForm(plan, raw, [FieldError(name, problem.code, params)]), stamp=stamp, status=422)


def _filled(request: HttpRequest, plan: Plan, raw: dict[str, Any]) -> Mapping[str, Any]:
    action, asked = request.POST.get("action", ""), request.POST
    if action == "preset":
        return planning.shaped(plan, asked)
    if action == "row":
        return planning.pasted(plan, raw, asked.get("row", ""))
    if action.startswith("version-"):
        found = next((each for each in selector.versions(plan) if f"version-{each.number}" == action), None)
        if found is None:
            raise DomainError("version_gone", field="preset")
        return planning.restored(plan, found)
    return raw


def _save(request: HttpRequest, plan: Plan) -> HttpResponse:
    raw, stamp = planning.typed(request.POST, plan), request.POST.get("stamp", "")
    write = plans.change_nodes if plan.has_nodes else plans.change_points
    try:
        write(indicator=plan.indicator, raw=raw, stamp=stamp, actor=request.actor, now=clock.now())
    except NotPermitted:
        raise
    except ContentInvalid as problem:
        return _page(request, PlanForm(plan, raw, problem.errors), stamp=stamp, status=422)
    except DomainError as problem:
        # What the other wrote stands in the picture's place; saving again is saving over it.
        return _page(request, PlanForm(plan, raw), problem=problem, status=status_of(problem))
    messages.success(request, _("%(code)s 的计划已保存") % {"code": plan.indicator.code})
    return redirect("indicator-plan", plan.year, plan.indicator.code)


@login_required
@require_POST
def preview_plan(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """The picture and what looks wrong with what is being typed: a piece of the page."""
    permissions.require_supervisor(request.actor)
    plan = selector.plan_of(indicator_or_404(year, code))
    form = PlanForm(plan, planning.raw_of(plan) | planning.typed(request.POST, plan))
    return render(request, "kpi/parts/plan_preview.html", _shown(form))


def _page(
    request: HttpRequest,
    form: PlanForm,
    *,
    stamp: str = "",
    problem: DomainError | None = None,
    is_filled: bool = False,
    status: int = 200,
) -> HttpResponse:
    plan = form.plan
    versions = selector.versions(plan)
    context = _shown(form) | {
        "stamp": stamp or plan.stamp,
        "problem": problem,
        "is_filled": is_filled,
        "presets": labels.PRESET,
        "shape_fields": ("preset", "months", "from"),
        "posted": request.POST,
        "chosen_months": request.POST.getlist("months"),
        "versions": [version for version in versions if not version.says(plan)],
        "stages": labels.STAGE if plan.kind is Kind.STAGE else {},
        "theirs": planning.raw_of(plan) if problem else {},
    }
    return render(request, "kpi/indicator_plan.html", context, status=status)


def _shown(form: PlanForm) -> dict[str, Any]:
    plan, points = form.plan, form.points
    findings, before = doubts(by_month(points), plan.wording), selector.last_year_points(plan.indicator)
    return {
        "form": form,
        "plan": plan,
        "indicator": plan.indicator,
        "findings": findings,
        "has_before": bool(before),
        "pictures": [
            (css, picture(plan, points, findings, before=before, width=width)) for css, width in WIDTHS.items()
        ],
    }
