"""The office's monthly bulletin: the year's list, the document to read, its draft, its print, its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import clock
from kpi.documents.docx import DOCX
from kpi.documents.docx import render as render_docx
from kpi.documents.official import document_of, printed_on
from kpi.domain.bulletin_record import Content
from kpi.domain.bulletins import DEMANDS, UNDER_WAY, BulletinState
from kpi.domain.errors import DomainError, StaleVersion
from kpi.domain.official import document_number
from kpi.models import Bulletin, BulletinFile, Period
from kpi.selectors import bulletins as selector
from kpi.selectors import periods as period_selector
from kpi.services import bulletin_editing, bulletins, handouts, permissions
from kpi.services.content import ContentInvalid
from kpi.web.bulletins import form_of, links, shown, wish_of
from kpi.web.errors import status_of
from kpi.web.views.filing import version_of


@login_required
def list_bulletins(request: HttpRequest, year: int) -> HttpResponse:
    """What was published, for everybody; the office sees every month that has opened, and begins a draft there."""
    if request.method != "POST":
        return _list(request, year)
    permissions.require_supervisor(request.actor)
    period = Period.objects.filter(report__year=year, code=request.POST.get("period", "")).select_related("report")
    found = period.first()
    if found is None:
        raise Http404
    try:
        bulletins.draft(period=found, actor=request.actor, now=clock.now())
    except DomainError as problem:
        return _list(request, year, problem, status_of(problem))
    return redirect("bulletin-edit", year, found.code)


def _list(request: HttpRequest, year: int, problem: DomainError | None = None, status: int = 200) -> HttpResponse:
    periods = period_selector.of_year(year)
    if not periods:
        raise Http404
    found = selector.of_year(year=year, actor=request.actor)
    now = clock.now()
    context = {
        "published": [each for each in found if each.state not in UNDER_WAY],
        "lines": selector.lines(periods, found, now) if request.actor.is_supervisor else [],
        "problem": problem,
        "now": now,
    }
    return render(request, "kpi/bulletins.html", context, status=status)


@login_required
def show_bulletin(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """One edition to read, with the steps the reader may take."""
    bulletin, editions = _find(request, year, period)
    if request.method != "POST":
        return _show(request, bulletin, editions)
    permissions.require_supervisor(request.actor)
    step = STEPS.get(request.POST.get("action", ""))
    if step is None:
        raise Http404
    try:
        said = step(request, bulletin)
    except DomainError as problem:
        bulletin, editions = _find(request, year, period)
        return _show(request, bulletin, editions, problem)
    messages.success(request, said)
    return redirect(f"{request.path}?edition={bulletin.edition}")


def _find(request: HttpRequest, year: int, period: str) -> tuple[Bulletin, list[Bulletin]]:
    """The edition of ``?edition=``, else the latest the reader may see; 404 without any."""
    editions = selector.of_period(year=year, code=period, actor=request.actor)
    wanted = request.GET.get("edition", "")
    found = [each for each in editions if not wanted or str(each.edition) == wanted]
    if not found:
        raise Http404
    return found[0], editions


def _content(request: HttpRequest, bulletin: Bulletin) -> Content:
    """Frozen, or as it reads now."""
    content = selector.frozen(bulletin)
    return content or selector.live(bulletin, request.actor, clock.now())[0]


def _show(
    request: HttpRequest, bulletin: Bulletin, editions: list[Bulletin], problem: DomainError | None = None
) -> HttpResponse:
    content, user = _content(request, bulletin), request.actor.user.pk
    url = links(bulletin, request.actor)
    is_own = user in (bulletin.drafted_by_id, bulletin.sent_by_id)
    context = {
        "bulletin": bulletin,
        "editions": editions,
        "content": content,
        "chapters": [(heading, shown(part, url)) for heading, part in content.headed],
        "document": document_of(bulletin, content),
        "number": _number(bulletin),
        "is_office": request.actor.is_supervisor,
        "is_own": is_own,
        "is_overtaken": selector.is_overtaken(bulletin),
        "is_latest": bulletin == editions[0],
        "file": (bulletin.file_rows or [None])[0],
        "free": selector.next_number(bulletin.report_id) if _waits_for(request, bulletin, is_own) else None,
        "problem": problem,
        "errors": problem.errors if isinstance(problem, ContentInvalid) else [],
        "typed": request.POST,
        "now": clock.now(),
    }
    return render(request, "kpi/bulletin.html", context, status=status_of(problem) if problem else 200)


def _waits_for(request: HttpRequest, bulletin: Bulletin, is_own: bool) -> bool:
    return request.actor.is_supervisor and bulletin.state == BulletinState.FOR_APPROVAL and not is_own


def _number(bulletin: Bulletin) -> str:
    return document_number(bulletin.series, bulletin.report.year, bulletin.number) if bulletin.number else ""


def _base(request: HttpRequest, bulletin: Bulletin) -> dict[str, object]:
    return {"bulletin": bulletin, "version": version_of(request), "actor": request.actor, "now": clock.now()}


def _send(request: HttpRequest, bulletin: Bulletin) -> str:
    bulletins.send(**_base(request, bulletin))
    return _("已送审，等督查室另一人签发；数字和文字已定稿")


def _withdraw(request: HttpRequest, bulletin: Bulletin) -> str:
    bulletins.withdraw(**_base(request, bulletin))
    return _("已撤回，可以继续修改；数字重新取数")


def _return(request: HttpRequest, bulletin: Bulletin) -> str:
    bulletins.return_to_draft(**_base(request, bulletin), reason=request.POST.get("reason", ""))
    return _("已退回起草人")


def _publish(request: HttpRequest, bulletin: Bulletin) -> str:
    text = request.POST.get("number", "").strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else None
    done = bulletins.publish(**_base(request, bulletin), number=number, render=render_docx)
    return _("%(number)s 已发布，有关单位和领导会收到消息") % {"number": _number(done)}


STEPS: Mapping[str, Callable[[HttpRequest, Bulletin], str]] = {
    "send": _send,
    "withdraw": _withdraw,
    "return": _return,
    "publish": _publish,
}


@login_required
def edit_bulletin(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """The draft of a month: its head, its switches, its paragraphs. Only the office."""
    permissions.require_supervisor(request.actor)
    bulletin, _editions = _find(request, year, period)
    if bulletin.state != BulletinState.DRAFT and request.method != "POST":
        return redirect("bulletin", year, period)
    if request.method != "POST":
        return _edit(request, bulletin)
    try:
        wish = wish_of(request.POST)
        bulletin_editing.write_draft(
            bulletin=bulletin, version=version_of(request), wish=wish, actor=request.actor, now=clock.now()
        )
    except DomainError as problem:
        return _edit(request, _find(request, year, period)[0], problem)
    messages.success(request, _("已保存"))
    if request.POST.get("then") == "read":
        return redirect("bulletin", year, period)
    return redirect(f"{request.path}#p-{wish.reset or wish.keep}" if wish.reset or wish.keep else request.path)


def _edit(request: HttpRequest, bulletin: Bulletin, problem: DomainError | None = None) -> HttpResponse:
    content, _board = selector.live(bulletin, request.actor, clock.now())
    errors = problem.errors if isinstance(problem, ContentInvalid) else ()
    posted = request.POST if request.method == "POST" else None
    context = {
        "bulletin": bulletin,
        "content": content,
        "form": form_of(bulletin, content, links(bulletin, request.actor), posted, errors),
        "demands": DEMANDS,
        "errors": errors,
        "problem": problem,
        "is_stale": isinstance(problem, StaleVersion),
        "now": clock.now(),
    }
    return render(request, "kpi/bulletin_edit.html", context, status=status_of(problem) if problem else 200)


@login_required
@require_safe
def print_bulletin(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """The document alone, laid out for paper."""
    bulletin, _editions = _find(request, year, period)
    document = document_of(bulletin, _content(request, bulletin))
    context = {"bulletin": bulletin, "document": document, "printed": printed_on(document)}
    return render(request, "kpi/bulletin_print.html", context)


@login_required
@require_safe
def download_bulletin(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """The Word document: as it was published, byte for byte; before that made anew, and marked as a draft."""
    bulletin, _editions = _find(request, year, period)
    kept = BulletinFile.objects.filter(bulletin=bulletin).first()
    data = bytes(kept.content) if kept else render_docx(bulletin, _content(request, bulletin))
    name = kept.name if kept else bulletins.file_name(bulletin)
    handouts.note_file(
        action="bulletin.fetched", obj=bulletin, name=name, data=data, actor=request.actor, now=clock.now()
    )
    response = HttpResponse(data, content_type=DOCX)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response
