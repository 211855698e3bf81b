"""The office corrects the report's text: hand it over, see what it does to the commitments, then store it."""

from __future__ import annotations

import base64
import binascii

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts import clock
from kpi.domain.errors import DomainError, NotPermitted, StaleVersion
from kpi.models import Report
from kpi.selectors import editions as edition_selector
from kpi.selectors.editions import Correction
from kpi.services import editions, permissions
from kpi.services.plaintext import with_line_ends_of
from kpi.web.report_text import text_of


@login_required
def correct(request: HttpRequest, year: int) -> HttpResponse:
    """The form; ``action=preview`` shows what would move, ``action=confirm`` stores what was shown."""
    permissions.require_supervisor(request.actor)
    report = get_object_or_404(Report, year=year)
    steps = {"preview": _preview, "confirm": _confirm}
    if request.method != "POST":
        return _page(request, report)
    step = steps.get(request.POST.get("action", ""))
    if step is None:
        raise Http404
    try:
        return step(request, report)
    except NotPermitted:
        raise
    except DomainError as problem:
        return _page(request, report, problem=problem, status=409 if isinstance(problem, StaleVersion) else 422)


def _preview(request: HttpRequest, report: Report) -> HttpResponse:
    text = with_line_ends_of(report.text, _handed_over(request))
    return _page(request, report, correction=editions.preview_correction(report=report, text=text))


def _handed_over(request: HttpRequest) -> str:
    text = text_of(request)
    if not text:
        raise DomainError("edition_missing")
    return text


def _confirm(request: HttpRequest, report: Report) -> HttpResponse:
    """Store exactly the text that was previewed: forms change line ends, so it travelled as base64."""
    try:
        text = base64.b64decode(request.POST.get("packed", ""), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as problem:
        raise Http404 from problem
    try:
        done = editions.correct_report(
            report=report,
            text=text,
            base_sha256=request.POST.get("base", ""),
            reason=request.POST.get("reason", ""),
            actor=request.actor,
            now=clock.now(),
        )
    except DomainError as problem:
        if problem.code != "reason_too_short":
            raise
        found = editions.preview_correction(report=report, text=text)
        return _page(request, report, correction=found, problem=problem, status=422)
    words = _("原文已更正：%(changed)s 项文字有变，%(moved)s 项移动，%(lost)s 项未锚定")
    counts = {"changed": len(done.changed), "moved": len(done.moved), "lost": len(done.lost)}
    messages.success(request, words % counts)
    return redirect("living-report", report.year)


def _page(
    request: HttpRequest,
    report: Report,
    *,
    correction: Correction | None = None,
    problem: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "report": report,
        "text": request.POST.get("text") or report.text,
        "reason": request.POST.get("reason", ""),
        "correction": correction,
        "packed": base64.b64encode(correction.text.encode()).decode() if correction else "",
        "editions": edition_selector.editions(report),
        "unanchored": edition_selector.unanchored(report.year),
        "problem": problem,
    }
    return render(request, "kpi/report_correction.html", context, status=status)
