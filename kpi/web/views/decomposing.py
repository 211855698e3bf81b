"""The wizard (拆解向导): drafts, and the text with its phrases to decide on. Its later steps: ``publishing``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import clock
from accounts.models import Department
from kpi import labels
from kpi.documents.reading import read_report
from kpi.domain.decomposition import SpanState, SpanVerb
from kpi.domain.errors import DomainError, NotPermitted
from kpi.models import Decomposition, Report
from kpi.selectors import decomposition as selector
from kpi.selectors.decomposition import Board
from kpi.services import decomposing as acts
from kpi.services import decompositions, permissions
from kpi.services.content import ContentInvalid, FieldError
from kpi.web import decomposing
from kpi.web.errors import status_of
from kpi.web.rendering import render as render_rows

FOLDER = settings.BASE_DIR / "fixtures"
VERBS = {
    str(verb): verb for verb in (SpanVerb.ACCEPT, SpanVerb.CORRECT, SpanVerb.SET_ASIDE, SpanVerb.REOPEN, SpanVerb.DROP)
}


@login_required
def list_drafts(request: HttpRequest) -> HttpResponse:
    """Drafts with how far they are, and the form that begins one."""
    permissions.require_supervisor(request.actor)
    if request.method != "POST":
        return _list_page(request)
    try:
        draft = _begin(request)
    except NotPermitted:
        raise
    except DomainError as problem:
        return _list_page(request, problem, status_of(problem))
    messages.success(request, _("已读完全文，请逐句决定"))
    return redirect("decomposition", draft.pk)


def _begin(request: HttpRequest) -> Decomposition:
    asked, file = request.POST.get("year", "").strip(), request.FILES.get("file")
    if not asked.isdecimal() or len(asked) != 4:
        raise DomainError("year_malformed", field="year")
    try:
        text = read_report(file.read(), file.name) if file else request.POST.get("text", "")
    except DomainError as problem:
        raise type(problem)(problem.code, **problem.params, field="file") from problem
    given = {"title": request.POST.get("title", ""), "text": text, "folder": FOLDER}
    return decompositions.begin(year=int(asked), **given, actor=request.actor, now=clock.now())


# Which field of the form a refusal of the services below is about; the year where it is none of these.
ABOUT_TEXT = ("edition_empty", "edition_too_long", "text_has_control_characters", "year_has_text")


def _list_page(request: HttpRequest, problem: DomainError | None = None, status: int = 200) -> HttpResponse:
    place = ""
    if problem:
        fallback = "text" if problem.code in ABOUT_TEXT else "title" if problem.code == "text_too_long" else "year"
        place = str(problem.params.get("field", fallback))
    latest = Report.objects.order_by("-year").values_list("year", flat=True).first()
    context = {
        "drafts": selector.drafts(),
        "typed": request.POST,
        "year": request.POST.get("year") or request.GET.get("year") or (latest + 1 if latest else clock.now().year),
        "problem": problem,
        "place": place,
    }
    return render(request, "kpi/decompositions.html", context, status=status)


def draft_or_404(request: HttpRequest, pk: int) -> Decomposition:
    permissions.require_supervisor(request.actor)
    return get_object_or_404(Decomposition.objects.select_related("report", "created_by"), pk=pk)


@login_required
def show_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """The text with its phrases, and the one that ``?at=`` names beside it; POST takes a step."""
    draft = draft_or_404(request, pk)
    if draft.state != "working":
        return redirect("decomposition-publish", pk)
    if request.method != "POST":
        return _board_page(request, draft)
    try:
        said, at = _act(request, draft)
    except NotPermitted:
        raise
    except ContentInvalid as problem:
        return _board_page(request, draft, errors=problem.errors, status=422)
    except DomainError as problem:
        return _board_page(request, draft, problem=problem, status=status_of(problem))
    messages.success(request, said)
    return redirect(f"{reverse('decomposition', args=[pk])}{f'?at={at}#s{at}' if at else ''}")


def number_of(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _act(request: HttpRequest, draft: Decomposition) -> tuple[str, int]:
    """What was done, in words, and the phrase to look at next."""
    asked, action = request.POST, request.POST.get("action", "")
    given: dict[str, Any] = {"draft": draft, "actor": request.actor, "now": clock.now()}
    span = {"pk": number_of(request, "span"), "version": number_of(request, "version")}
    if action == "undo":
        acts.undo(version=number_of(request, "version"), **given)
        return _("已撤销上一步"), 0
    if action == "own":
        made = acts.add_own(quote=asked.get("quote", ""), start=number_of(request, "start"), **given)
        return _("已加入，请核对后接受"), made.pk
    if action == "split":
        acts.split(at=number_of(request, "cut"), **span, **given)
        return _("已拆开"), _at_place(draft, number_of(request, "start"))
    if action in ("merge_before", "merge_behind"):
        acts.merge(step=1 if action == "merge_behind" else -1, **span, **given)
        return _("已合并"), _covering(draft, number_of(request, "start"))
    if action == "sentence":
        chosen = {span["pk"]: span["version"]} | versions_of(asked.getlist("rows"))
        acts.decide_many(chosen=chosen, verb=SpanVerb.SET_ASIDE, **given)
        return _("整句已列为背景"), _next(draft, number_of(request, "start"))
    verb = VERBS.get(action)
    if verb is None:
        raise Http404
    typed = decomposing.typed_panel(asked) if verb in (SpanVerb.ACCEPT, SpanVerb.CORRECT) else {}
    acts.decide(verb=verb, typed=typed, reason=asked.get("reason", ""), **span, **given)
    stays = verb in (SpanVerb.CORRECT, SpanVerb.REOPEN)
    return _said(verb), span["pk"] if stays else _next(draft, number_of(request, "start"))


def _said(verb: SpanVerb) -> str:
    return {
        SpanVerb.ACCEPT: _("已接受，将建为任务"),
        SpanVerb.CORRECT: _("已保存更正"),
        SpanVerb.SET_ASIDE: _("已列为背景，不建任务"),
        SpanVerb.REOPEN: _("已恢复为未定"),
        SpanVerb.DROP: _("已拿掉"),
    }[verb]


def versions_of(pairs: Sequence[str]) -> dict[int, int]:
    """Keys and versions as forms carry them: ``12:3``."""
    parted = (pair.partition(":") for pair in pairs)
    return {int(pk): int(version) for pk, _colon, version in parted if pk.isdecimal() and version.isdecimal()}


def _at_place(draft: Decomposition, start: int) -> int:
    found = draft.spans.filter(start=start).values_list("pk", flat=True).first()
    return found or 0


def _covering(draft: Decomposition, start: int) -> int:
    return draft.spans.filter(start__lte=start, end__gt=start).values_list("pk", flat=True).first() or 0


def _next(draft: Decomposition, start: int) -> int:
    """The next undecided phrase behind a place, else the first of all."""
    undecided = draft.spans.filter(state=SpanState.PROPOSED).order_by("start", "ordinal").values_list("pk", flat=True)
    return undecided.filter(start__gte=start).first() or undecided.first() or 0


def _board_page(
    request: HttpRequest,
    draft: Decomposition,
    *,
    problem: DomainError | None = None,
    errors: Sequence[FieldError] = (),
    status: int = 200,
) -> HttpResponse:
    draft.refresh_from_db()
    board = selector.board(draft)
    typed = decomposing.typed_panel(request.POST) if errors or problem else {}
    panel = _panel(board, number_of(request, "span") or request.GET.get("at", ""), typed, errors)
    context = {
        "draft": draft,
        "board": board,
        "panel": panel,
        "problem": problem,
        "own_errors": [error for error in errors if error.field == "quote"],
        "typed": request.POST,
        "sure": sum(acts.is_sure(span) for span in board.spans),
        "states": labels.SPAN_STATE,
        "may_undo": bool(draft.last_act),
    }
    answer = render_rows(request, "kpi/decomposition.html", context)
    answer.status_code = status
    return answer


def _panel(
    board: Board, at: object, typed: Mapping[str, Any], errors: Sequence[FieldError]
) -> decomposing.Panel | None:
    found = next(((each, row) for each in board.phrases for row in each.rows if str(row.pk) == str(at)), None)
    if found is None:
        return None
    lead = Department.objects.filter(code=found[1].task.get("lead", "")).values_list("short_name", flat=True).first()
    own = [error for error in errors if error.field != "quote"]
    return decomposing.Panel(board, *found, typed, own, lead or "")


@login_required
def accept_sure(request: HttpRequest, pk: int) -> HttpResponse:
    """What may be accepted together, shown before it is."""
    draft = draft_or_404(request, pk)
    problem = None
    if request.method == "POST":
        try:
            count = acts.decide_many(
                draft=draft,
                chosen=versions_of(request.POST.getlist("rows")),
                verb=SpanVerb.ACCEPT,
                actor=request.actor,
                now=clock.now(),
            )
        except NotPermitted:
            raise
        except DomainError as refused:
            problem = refused
        else:
            messages.success(request, ngettext("已接受 %(count)s 项", "已接受 %(count)s 项", count) % {"count": count})
            return redirect("decomposition", pk)
    rows = [span for span in draft.spans.all() if acts.is_sure(span)]
    for span in rows:
        span.quote = draft.text[span.start : span.end]
    context = {"draft": draft, "rows": rows, "problem": problem}
    return render(request, "kpi/decomposition_sure.html", context, status=status_of(problem) if problem else 200)


@login_required
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a draft up, after a page that says what is lost."""
    draft = draft_or_404(request, pk)
    if draft.state != "working":
        return redirect("decompositions")
    problem = None
    if request.method == "POST":
        try:
            decompositions.discard(
                draft=draft, version=number_of(request, "version"), actor=request.actor, now=clock.now()
            )
        except NotPermitted:
            raise
        except DomainError as refused:
            problem = refused
        else:
            messages.success(request, _("已放弃这份拆解"))
            return redirect("decompositions")
    context = {"draft": draft, "board": selector.board(draft), "problem": problem}
    return render(request, "kpi/decomposition_discard.html", context, status=status_of(problem) if problem else 200)
