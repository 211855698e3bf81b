"""Years: opening the next one, what it lacks, last year's tasks carried over, and years side by side."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts import clock
from kpi.domain.errors import DomainError, NotPermitted
from kpi.models import Indicator, Report
from kpi.selectors import comparing, readiness, succession
from kpi.selectors import periods as period_selector
from kpi.selectors.succession import Standing
from kpi.services import permissions, years
from kpi.services import succession as succession_service
from kpi.services.content import ContentInvalid
from kpi.services.plaintext import with_line_ends_of
from kpi.web.errors import status_of
from kpi.web.navigation import home_of
from kpi.web.rendering import render as render_rows
from kpi.web.report_text import text_of

FOLDER = settings.BASE_DIR / "fixtures"


@login_required
def year_home(request: HttpRequest, year: int) -> HttpResponse:
    """Where this person's work of a year is."""
    get_object_or_404(Report, year=year)
    return redirect(home_of(request.actor, year))


@login_required
def show_years(request: HttpRequest, year: int) -> HttpResponse:
    """Every year with what it lacks, and the form of the next one; ``action=preview`` shows, ``confirm`` opens."""
    permissions.require_supervisor(request.actor)
    report = get_object_or_404(Report, year=year)
    if request.method != "POST":
        return _years_page(request, report)
    try:
        return _preview(request, report) if request.POST.get("action") == "preview" else _confirm(request)
    except NotPermitted:
        raise
    except DomainError as problem:
        return _years_page(request, report, problem=problem, status=status_of(problem))


def _given(request: HttpRequest, text: str) -> dict[str, Any]:
    asked = request.POST.get("year", "")
    if not asked.isdecimal() or len(asked) != 4:
        raise DomainError("year_malformed", field="year")
    return {
        "year": int(asked),
        "text": text,
        "title": request.POST.get("title", ""),
        "folder": FOLDER,
        "now": clock.now(),
    }


def _preview(request: HttpRequest, report: Report) -> HttpResponse:
    text = with_line_ends_of("", text_of(request))
    return _years_page(request, report, opening=years.preview(**_given(request, text)))


def _confirm(request: HttpRequest) -> HttpResponse:
    """Open exactly what was shown: the text travelled as base64, because forms change line ends."""
    try:
        text = base64.b64decode(request.POST.get("packed", ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as problem:
        raise Http404 from problem
    opening = years.open_year(**_given(request, text), actor=request.actor)
    words = _("%(year)s 年度已开启") if opening.is_needed else _("%(year)s 年度早已开启，没有需要补的")
    messages.success(request, words % {"year": opening.year})
    return redirect("years", opening.year)


def _years_page(
    request: HttpRequest,
    report: Report,
    *,
    opening: years.Opening | None = None,
    problem: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    known, now = period_selector.years(), clock.now()
    rules, heirs = readiness.inherited(report.year), succession.heirs(report)
    found = readiness.checks(report, rules, heirs)
    context = {
        "report": report,
        "known": known,
        "current": period_selector.current_year(known, now),
        "now": now,
        "next_year": request.POST.get("year") or known[0][0] + 1,
        "checks": found,
        "lacking": [check for check in found if check.is_must and not check.is_met],
        "rules": rules,
        "undecided": sum(heir.standing is Standing.OPEN for heir in heirs),
        "has_heirs": bool(heirs),
        "opening": opening,
        "packed": base64.b64encode(opening.text.encode()).decode() if opening else "",
        "problem": problem,
        "place": str(problem.params.get("field", "year")) if problem else "",
        "typed": request.POST,
    }
    return render(request, "kpi/years.html", context, status=status)


@login_required
def show_succession(request: HttpRequest, year: int) -> HttpResponse:
    """Last year's tasks: carried over several at once, ended one by one, and ends taken back."""
    permissions.require_supervisor(request.actor)
    report = get_object_or_404(Report, year=year)
    if request.method != "POST":
        return _succession_page(request, report)
    try:
        said = _decide(request, report)
    except NotPermitted:
        raise
    except ContentInvalid as problem:
        refused = DomainError(problem.errors[0].code, **problem.errors[0].params)
        return _succession_page(request, report, refused, 422)
    except DomainError as problem:
        return _succession_page(request, report, problem, status_of(problem))
    messages.success(request, said)
    return redirect(request.get_full_path())


def _decide(request: HttpRequest, report: Report) -> str:
    asked, given = request.POST, {"actor": request.actor, "now": clock.now()}
    if asked.get("action") == "continue":
        made = succession_service.continue_all(report=report, codes=asked.getlist("pick"), **given)
        return ngettext("已沿用 %(count)s 项", "已沿用 %(count)s 项", len(made)) % {"count": len(made)}
    code = asked.get("end") or asked.get("reopen", "")
    indicator = Indicator.objects.filter(report__year=report.year - 1, code=code).select_related("report").first()
    if indicator is None:
        raise Http404
    if asked.get("end"):
        succession_service.end(indicator=indicator, reason=asked.get(f"reason-{code}", ""), **given)
        return _("%(code)s 不再延续") % {"code": code}
    succession_service.reopen(indicator=indicator, **given)
    return _("%(code)s 恢复为未决定") % {"code": code}


def _succession_page(
    request: HttpRequest, report: Report, problem: DomainError | None = None, status: int = 200
) -> HttpResponse:
    heirs = succession.heirs(report)
    asked = request.GET.get("show", "")
    if asked and asked not in set(Standing):
        raise Http404
    failed = request.POST.get("end", "")
    context = {
        "report": report,
        "last": report.year - 1,
        "heirs": [heir for heir in heirs if not asked or heir.standing == asked],
        "counts": [(standing, sum(heir.standing is standing for heir in heirs)) for standing in Standing],
        "asked": asked,
        "total": len(heirs),
        "problem": problem,
        "failed": failed,
        "failed_reason": request.POST.get(f"reason-{failed}", ""),
        "picked": request.POST.getlist("pick"),
    }
    answer = render_rows(request, "kpi/succession.html", context)
    answer.status_code = status
    return answer


@login_required
@require_safe
def compare_years(request: HttpRequest, year: int) -> HttpResponse:
    """Tasks that go on from an earlier year, year beside year."""
    report = get_object_or_404(Report, year=year)
    return render_rows(request, "kpi/year_comparison.html", {"report": report, "found": comparing.compare(year)})
