"""Evidence on the wire: a file sent by the form's script, a file read, and a draft thrown away with its files."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import clock
from kpi import refusals
from kpi.domain.errors import DomainError, StaleVersion
from kpi.models import Evidence
from kpi.services import evidence
from kpi.services.content import FieldError
from kpi.services.inspection import SHOWN_INLINE
from kpi.web import uploads
from kpi.web.errors import status_of
from kpi.web.filing import Filing, filing_or_404
from kpi.web.views.filing import version_of

# Whatever a file turns out to be, the browser neither runs nor loads anything for it, nor knows our origin.
LOCKED_IN = "default-src 'none'; sandbox"


@login_required
@require_POST
def change_files(request: HttpRequest, year: int, period: str, code: str) -> HttpResponse:
    """Attach or remove for the form's script: the list anew, or one sentence of plain text that says why not."""
    filing = filing_or_404(request, year, period, code)
    try:
        notes = _change(request, filing)
    except DomainError as problem:
        return _sentence(refusals.refusal(problem.code, problem.params), status_of(problem))
    fresh = filing_or_404(request, year, period, code)
    return render(request, "kpi/parts/evidence_list.html", {"filing": fresh, "notes": notes})


def _change(request: HttpRequest, filing: Filing) -> list[tuple[int, str]]:
    """What to say, by message level."""
    if request.POST.get("action", "").startswith(uploads.REMOVE):
        return [(messages.SUCCESS, uploads.remove(request, filing.indicator, filing.period))]
    taken = uploads.take(request, filing.indicator, filing.period, filing.editor)
    for refused in taken.refused:
        raise DomainError(refused.code, **refused.params)
    if not taken.said:
        raise DomainError("file_missing")
    return taken.said


def _sentence(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


@login_required
@require_GET
def show_file(request: HttpRequest, year: int, pk: UUID) -> HttpResponse:
    """One file, for whoever may read its report; another's does not exist. With ``?view`` a picture shows itself."""
    found = Evidence.objects.visible_to(request.actor).filter(pk=pk, submission__period__report__year=year)
    file = found.select_related("submission__indicator__lead_department", "submission__period").first()
    if file is None:
        raise Http404
    content = evidence.read(file=file, actor=request.actor, now=clock.now())
    is_shown = "view" in request.GET and file.content_type in SHOWN_INLINE
    response = FileResponse(content, as_attachment=not is_shown, filename=file.name, content_type=file.content_type)
    response["Content-Security-Policy"] = LOCKED_IN
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@login_required
def discard(request: HttpRequest, year: int, period: str, code: str) -> HttpResponse:
    """Throw away a draft that was never submitted: first what would be lost, then, by a POST, it is."""
    filing = filing_or_404(request, year, period, code)
    if filing.submission is None:
        messages.info(request, _("这一项没有草稿"))
        return redirect("todo", year)
    if not filing.can_be_discarded:
        raise DomainError("draft_was_filed")
    if request.method != "POST":
        return _ask(request, filing)
    try:
        evidence.discard_draft(
            submission=filing.submission, version=version_of(request), actor=request.actor, now=clock.now()
        )
    except StaleVersion as problem:
        return _ask(request, filing, FieldError("form", problem.code, problem.params), 409)
    messages.success(request, _("已放弃 %(code)s 的草稿") % {"code": code})
    return redirect("todo", year)


def _ask(request: HttpRequest, filing: Filing, problem: FieldError | None = None, status: int = 200) -> HttpResponse:
    context = {"filing": filing, "problem": problem, "now": clock.now()}
    return render(request, "kpi/discard.html", context, status=status)
