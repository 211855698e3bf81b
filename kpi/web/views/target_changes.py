"""Changes of target: the list, a request, a case with what each reader may do, its documents, and the window."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts import clock
from accounts.permissions import require
from kpi import labels, wording
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, StaleVersion
from kpi.domain.target_changes import ChangeParty, ChangeState, ChangeVerb
from kpi.models import Indicator, TargetChange, TargetChangeEntry, TargetChangeFile, TargetChangeWindow
from kpi.selectors import target_changes as selector
from kpi.selectors.people import holding_post
from kpi.selectors.target_changes import Thread
from kpi.services import permissions, target_change_files, target_change_windows, target_changes
from kpi.services.content import ContentInvalid, FieldError
from kpi.web import changing
from kpi.web.changing import ChangeForm
from kpi.web.errors import status_of
from kpi.web.uploads import ACCEPT
from kpi.web.views.evidence import LOCKED_IN
from kpi.web.views.filing import version_of

V = ChangeVerb


@login_required
def show_changes(request: HttpRequest, year: int) -> HttpResponse:
    """Every case the reader may see, by where it stands; what waits for the reader comes first."""
    actor, tab = request.actor, request.GET.get("tab", "open")
    require(actor.is_leader or actor.is_supervisor or bool(actor.department_ids), "not_permitted")
    if tab not in selector.TABS:
        raise Http404
    found = selector.listing(actor=actor, year=year, tab=tab)
    words = dict(zip(selector.TABS, (_("在办"), _("已调整"), _("未调整")), strict=True))
    context = {
        "found": found,
        "tab": tab,
        "tabs": [(name, word, found.counts[name]) for name, word in words.items()],
        "window": selector.window_on(clock.today()).in_year(year),
    }
    return render(request, "kpi/target_changes.html", context)


@login_required
def new_change(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """The request: what holds beside what is asked for, with reason, words and a document."""
    indicator = _indicator(year, code)
    require(ChangeParty.UNIT in selector.parties(request.actor, indicator), "not_permitted")
    if request.method != "POST" and (waiting := selector.open_case_of(indicator)) is not None:
        messages.info(request, _("这项任务已有一件目标调整在办"))
        return redirect("target-change", year, waiting.pk)
    try:
        form = changing.form_of(request, indicator, clock.today())
    except DomainError as problem:
        return _closed(request, indicator, problem)
    if request.method != "POST":
        return _show_form(request, form)
    return _take(
        request,
        form,
        lambda: target_changes.ask(
            indicator=indicator, raw=form.raw, form_key=form.key, actor=request.actor, now=clock.now()
        ),
        _("申请已送本单位负责人审签"),
    )


@login_required
def repair_change(request: HttpRequest, year: int, pk: int) -> HttpResponse:
    """The same form for a request that was sent back, as it was asked for."""
    thread = _thread(request, year, pk)
    if V.REPAIR not in thread.verbs:
        return redirect("target-change", year, pk)
    change = thread.change
    try:
        form = changing.form_of(request, change.indicator, clock.today(), change)
    except DomainError as problem:
        return _closed(request, change.indicator, problem)
    if request.method != "POST":
        return _show_form(request, form, thread)
    return _take(
        request,
        form,
        lambda: target_changes.repair(
            change=change, version=version_of(request), raw=form.raw, actor=request.actor, now=clock.now()
        ),
        _("补正后的申请已送本单位负责人审签"),
        thread,
    )


def _indicator(year: int, code: str) -> Indicator:
    found = Indicator.objects.of_year(year).filter(code=code)
    indicator = found.select_related("report", "lead_department", "accountable_post", "commitment").first()
    if indicator is None:
        raise Http404
    return indicator


def _take(
    request: HttpRequest,
    form: ChangeForm,
    service: Callable[[], TargetChange],
    said: str,
    thread: Thread | None = None,
) -> HttpResponse:
    """Files first, so that whatever else is wrong they are kept; then the request, or the plan filled in anew."""
    refused = changing.stash(request, form, clock.now())
    year = form.indicator.report.year
    try:
        if request.POST.get("action") == "fill":
            return _show_form(request, changing.refilled(changing.with_files(form, request)), thread)
        if refused:
            raise ContentInvalid(refused)
        change = service()
    except (NotPermitted, IllegalTransition):
        raise
    except ContentInvalid as problem:
        return _again(request, form, [*refused, *(each for each in problem.errors if each not in refused)], thread)
    except StaleVersion as problem:
        return _again(request, form, [FieldError("form", problem.code, problem.params)], thread, status=409)
    except DomainError as problem:
        return _again(request, form, [FieldError("form", problem.code, problem.params)], thread)
    messages.success(request, said)
    return redirect("target-change", year, change.pk)


def _again(
    request: HttpRequest, form: ChangeForm, errors: list[FieldError], thread: Thread | None, *, status: int = 422
) -> HttpResponse:
    return _show_form(request, changing.with_files(form, request).with_errors(errors), thread, status=status)


def _show_form(
    request: HttpRequest, form: ChangeForm, thread: Thread | None = None, *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "indicator": form.indicator,
        "thread": thread,
        "returned": _last_return(thread) if thread else None,
        "reasons": labels.CHANGE_REASON,
        "accept": ACCEPT,
        # What was shown when the form was opened: pressing again must not overwrite a colleague's step.
        "version": request.POST.get("version") or (thread.change.version if thread else ""),
    }
    return render(request, "kpi/target_change_form.html", context, status=status)


def _last_return(thread: Thread) -> TargetChangeEntry | None:
    return next((entry for entry in reversed(thread.entries) if entry.verb == V.SEND_BACK), None)


def _closed(request: HttpRequest, indicator: Indicator, problem: DomainError) -> HttpResponse:
    """Why nothing can be asked for now, where the form would be."""
    context = {"indicator": indicator, "problem": problem}
    return render(request, "kpi/target_change_closed.html", context, status=status_of(problem))


@login_required
def show_change(request: HttpRequest, year: int, pk: int) -> HttpResponse:
    """One case, with the steps the reader may take; a stranger's does not exist."""
    thread = _thread(request, year, pk)
    if request.method != "POST":
        return _show(request, thread)
    verb = request.POST.get("action", "")
    if verb not in STEPS:
        raise Http404
    step = {"version": version_of(request), "text": request.POST.get("text", "")}
    try:
        moved = STEPS[verb](change=thread.change, actor=request.actor, now=clock.now(), **step)
    except NotPermitted:
        raise
    except DomainError as problem:
        return _show(request, _thread(request, year, pk), problem=problem, status=status_of(problem))
    messages.success(request, _done(V(verb), moved))
    return redirect(request.path)


STEPS: dict[str, Callable[..., TargetChange]] = {
    V.SIGN: target_changes.sign,
    V.AGREE: target_changes.agree,
    V.APPLY: target_changes.apply,
    V.SEND_BACK: target_changes.send_back,
    V.REFUSE: target_changes.refuse,
    V.WITHDRAW: target_changes.withdraw,
}


def _done(verb: ChangeVerb, change: TargetChange) -> str:
    """What has just been done, and who hears of it."""
    if verb is V.APPLY:
        month = wording.month(change.former.replaced_from)
        return _("已办理，自 %(month)s期起按新目标和计划计；原目标和原计划已留存") % {"month": month}
    return {
        V.SIGN: _("已审签，送分管领导审定"),
        V.AGREE: _("已同意，送督查室办理"),
        V.SEND_BACK: _("已退回补正，申请单位会收到"),
        V.REFUSE: _("已答复不予调整，申请单位会收到"),
        V.WITHDRAW: _("申请已撤回"),
    }[verb]


def _thread(request: HttpRequest, year: int, pk: int) -> Thread:
    found = selector.thread(actor=request.actor, year=year, pk=pk)
    if found is None:
        raise Http404
    return found


def _show(
    request: HttpRequest, thread: Thread, *, problem: DomainError | None = None, status: int = 200
) -> HttpResponse:
    acts = changing.acts(thread, request.POST, problem)
    failed = next((act for act in acts if act.errors), None)
    has_place = any(request.POST.get("action") == act.verb for act in acts)
    context = {
        "thread": thread,
        "case": thread.case,
        "change": thread.change,
        "indicator": thread.case.indicator,
        "acts": acts,
        "can_repair": V.REPAIR in thread.verbs,
        "problem": problem,
        "failed": failed,
        # What was typed for a step that is no longer possible stays readable.
        "homeless": "" if has_place else request.POST.get("text", ""),
        "nobody": _is_vacant(thread),
    }
    return render(request, "kpi/target_change.html", context, status=status)


def _is_vacant(thread: Thread) -> bool:
    """Whether it waits for a leader's post that nobody holds."""
    is_with_leader = thread.case.state is ChangeState.SIGNED
    return is_with_leader and not holding_post(thread.case.indicator.accountable_post_id, day=clock.today())


@login_required
@require_GET
def show_file(request: HttpRequest, year: int, pk: UUID) -> HttpResponse:
    """One document, for whoever may read its case; another's does not exist."""
    cases = TargetChange.objects.of_year(year).visible_to(request.actor)
    found = TargetChangeFile.objects.filter(pk=pk, change__in=cases)
    file = found.select_related("change__indicator__lead_department").first()
    if file is None:
        raise Http404
    content = target_change_files.read(file=file, actor=request.actor, now=clock.now())
    response = FileResponse(content, as_attachment=True, filename=file.name, content_type=file.content_type)
    response["Content-Security-Policy"] = LOCKED_IN
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@login_required
def show_window(request: HttpRequest, year: int) -> HttpResponse:
    """The windows on record, and the form of a new one."""
    permissions.require_supervisor(request.actor)
    if request.method != "POST":
        window = selector.window_on(clock.today())
        opens, closes = (f"{month:02d}-{day:02d}" for month, day in (window.opens, window.closes))
        return _window_page(
            request, {"effective_from": clock.today().isoformat(), "opens_on": opens, "closes_on": closes}
        )
    raw = request.POST.dict()
    try:
        added = target_change_windows.add(raw=raw, actor=request.actor, now=clock.now())
    except ContentInvalid as problem:
        return _window_page(request, raw, problem.errors, status=422)
    messages.success(request, _("新窗口已立，%(day)s 起用") % {"day": added.effective_from.isoformat()})
    return redirect("target-change-window", year)


def _window_page(
    request: HttpRequest, raw: dict[str, str], errors: tuple[FieldError, ...] = (), *, status: int = 200
) -> HttpResponse:
    rows, today = list(TargetChangeWindow.objects.select_related("created_by")), clock.today()
    begun = [row for row in rows if row.effective_from <= today]
    context = {
        "rows": rows,
        "current": begun[0] if begun else None,
        "today": today,
        "raw": raw,
        "errors": {error.field: error for error in errors},
    }
    return render(request, "kpi/target_change_window.html", context, status=status)
