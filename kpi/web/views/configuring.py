"""Task configuration: the list, a new indicator from a phrase, and changing what may still be changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from kpi import labels
from kpi.domain.errors import DomainError, NotPermitted
from kpi.models import Indicator, Report
from kpi.selectors import configuration, planning
from kpi.selectors.configuration import Gap, Line, for_form
from kpi.services import anchoring, indicators, permissions
from kpi.services.content import ContentInvalid, FieldError
from kpi.services.indicator_content import Directory, raw_of
from kpi.web import configuring, picking
from kpi.web.configuring import IndicatorForm
from kpi.web.errors import status_of
from kpi.web.rendering import render as render_rows


@login_required
def show_configuration(request: HttpRequest, year: int) -> HttpResponse:
    """Every indicator with what is open about it, narrowed by the address; and sentences that nobody owns."""
    permissions.require_supervisor(request.actor)
    return _list(request, year)


def _list(request: HttpRequest, year: int, problem: DomainError | None = None, status: int = 200) -> HttpResponse:
    report = get_object_or_404(Report, year=year)
    lines = configuration.lines(year)
    asked = {name: request.GET.get(name, "") for name in ("gap", "unit", "kind")}
    query = request.GET.get("q", "").strip()[:60]
    _known(asked, lines)
    shown = [line for line in lines if _admits(line, asked, query)]
    context = {
        "report": report,
        "lines": shown,
        "total": len(lines),
        "gaps": [(gap, sum(gap in line.gaps for line in lines)) for gap in Gap],
        "units": sorted({line.indicator.lead_department for line in lines}, key=lambda unit: (unit.ordinal, unit.code)),
        "kinds": labels.KIND,
        "asked": asked,
        "query": query,
        "is_filtered": bool(query or any(asked.values())),
        "unowned": configuration.unowned(report),
        "problem": problem,
        "typed": request.POST,
    }
    answer = render_rows(request, "kpi/configuration.html", context)
    answer.status_code = status
    return answer


def _known(asked: Mapping[str, str], lines: list[Line]) -> None:
    """Raises 404 for a choice that does not exist: a mistyped address must not look like an empty answer."""
    choices = {
        "gap": set(Gap),
        "unit": {line.indicator.lead_department.code for line in lines},
        "kind": set(labels.KIND),
    }
    if any(code and code not in choices[name] for name, code in asked.items()):
        raise Http404


def _admits(line: Line, asked: Mapping[str, str], query: str) -> bool:
    indicator = line.indicator
    said = f"{indicator.code} {indicator.name} {indicator.lead_department.name} {indicator.commitment.quote}".casefold()
    return (
        (not asked["gap"] or asked["gap"] in line.gaps)
        and asked["unit"] in ("", indicator.lead_department.code)
        and asked["kind"] in ("", indicator.kind)
        and all(word in said for word in query.casefold().split())
    )


@login_required
@require_POST
def set_aside(request: HttpRequest, year: int) -> HttpResponse:
    """A sentence of the list will not become a task."""
    permissions.require_supervisor(request.actor)
    report = get_object_or_404(Report, year=year)
    try:
        found = anchoring.set_aside(report=report, raw=request.POST, actor=request.actor, now=clock.now())
    except NotPermitted:
        raise
    except ContentInvalid as problem:
        first = problem.errors[0]
        return _list(request, year, DomainError(first.code, **first.params), 422)
    except DomainError as problem:
        return _list(request, year, problem, status_of(problem))
    messages.success(request, _("%(code)s 已列为不立项") % {"code": found.code})
    return redirect("configuration", year)


@login_required
def new_indicator(request: HttpRequest, year: int) -> HttpResponse:
    """The report on the left, the form on the right; ``?quote=&start=`` chooses a phrase, ``?sentence=`` a sentence."""
    permissions.require_supervisor(request.actor)
    report = get_object_or_404(Report, year=year)
    if request.method == "POST":
        return _take_new(request, report)
    quote, start = _asked_for(request, report)
    raw: dict[str, Any] = {"quote": quote, "start": str(start)}
    if quote:
        raw |= configuring.prefilled(report, quote, start)
    return _new_page(request, report, raw)


def _asked_for(request: HttpRequest, report: Report) -> tuple[str, int]:
    """The phrase in the address, word for word as the text has it; empty where it names none."""
    sentence = request.GET.get("sentence", "")
    if sentence:
        found = next((each for each in configuration.sentences(report) if str(each.start) == sentence), None)
        return (found.text.strip(" 。！？\n"), found.start) if found else ("", 0)
    return request.GET.get("quote", "")[: anchoring.LONGEST], _place(request.GET)


def _take_new(request: HttpRequest, report: Report) -> HttpResponse:
    raw = configuring.typed(request.POST)
    if request.POST.get("action") == "pick":
        return _pick(request, report, raw)
    try:
        made = indicators.add(report=report, raw=raw, actor=request.actor, now=clock.now())
    except ContentInvalid as problem:
        return _new_page(request, report, raw, problem.errors, 422)
    messages.success(request, _("%(code)s 已建立，请排序时计划") % {"code": made.code})
    return redirect("indicator-plan", report.year, made.code)


def _pick(request: HttpRequest, report: Report, raw: dict[str, Any]) -> HttpResponse:
    """Another phrase was chosen: it fills in what nobody has typed over."""
    try:
        place = anchoring.place(report, raw)
    except ContentInvalid as problem:
        return _new_page(request, report, raw, problem.errors, 422)
    quote = report.text[place.start : place.end]
    before = request.POST.get("prefilled_quote", "")
    old = (
        configuring.prefilled(report, before, _place({"start": request.POST.get("prefilled_start")})) if before else {}
    )
    fresh = configuring.prefilled(report, quote, place.start)
    raw = configuring.refilled(raw, old, fresh) | {"quote": quote, "start": str(place.start)}
    return _new_page(request, report, raw)


def _new_page(
    request: HttpRequest, report: Report, raw: Mapping[str, Any], errors: tuple[FieldError, ...] = (), status: int = 200
) -> HttpResponse:
    commitments = list(report.commitments.order_by("start").prefetch_related("indicators"))
    start, quote = _place(raw), str(raw.get("quote") or "")
    sentences = configuration.sentences(report)
    context = {
        "report": report,
        "form": IndicatorForm(raw, Directory.load(report.year), summary=errors),
        "clauses": picking.clauses(report, commitments, range(start, start + len(quote))),
        "sentences": sentences,
        # Without a script the sentence is chosen from a list: the one that holds the phrase, and so the last before it.
        "chosen_sentence": max((each.start for each in sentences if each.start <= start), default=0),
        "quote": quote,
        "start": start,
        "sections": list(dict.fromkeys(found.section for found in commitments if found.section)),
    }
    return render(request, "kpi/indicator_new.html", context, status=status)


def _place(raw: Mapping[str, Any]) -> int:
    text = str(raw.get("start") or "")
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def indicator_or_404(year: int, code: str) -> Indicator:
    """An indicator of the year, switched off or not, as its form shows it."""
    found = for_form(year).filter(code=code).first()
    if found is None:
        raise Http404
    return found


@login_required
def edit_indicator(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """The form; what is fixed by now stands there and says why."""
    permissions.require_supervisor(request.actor)
    indicator = indicator_or_404(year, code)
    raw = raw_of(indicator)
    if request.method != "POST":
        return _edit_page(request, indicator, raw, planning.stamp(raw))
    typed, stamp = configuring.typed(request.POST), request.POST.get("stamp", "")
    try:
        indicators.change(indicator=indicator, raw=typed, stamp=stamp, actor=request.actor, now=clock.now())
    except NotPermitted:
        raise
    except ContentInvalid as problem:
        return _edit_page(request, indicator, raw | typed, stamp, errors=problem.errors, status=422)
    except DomainError as problem:
        # Saving again is saving over what the other wrote, which is shown beside the fields.
        again = planning.stamp(raw)
        return _edit_page(request, indicator, raw | typed, again, problem=problem, status=status_of(problem))
    messages.success(request, _("%(code)s 已保存") % {"code": code})
    return redirect("indicator-edit", year, code)


def _edit_page(
    request: HttpRequest,
    indicator: Indicator,
    raw: Mapping[str, Any],
    stamp: str,
    *,
    errors: tuple[FieldError, ...] = (),
    problem: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    stage = planning.stage_of(indicator)
    form = IndicatorForm(raw, Directory.load(indicator.report.year), stage, errors)
    context = {
        "indicator": indicator,
        "form": form,
        "stage": stage,
        "stamp": stamp,
        "problem": problem,
        "theirs": configuring.differing(form, raw_of(indicator)) if problem else (),
        "handovers": configuration.handovers(indicator),
    }
    return render(request, "kpi/indicator_edit.html", context, status=status)
