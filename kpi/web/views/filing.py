"""Filing: what I owe, and the form for one indicator of one month with its live preview."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.permissions import require
from kpi import labels
from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted, PeriodClosed, StaleVersion
from kpi.domain.periods import Period as Month
from kpi.domain.values import Kind
from kpi.models import Period, Submission
from kpi.selectors import cosigning, scoreboard, target_changes, worklist
from kpi.selectors.content import Content
from kpi.services import evidence, submissions, windows
from kpi.services.content import ContentInvalid, FieldError
from kpi.services.examining import FigureInDoubt
from kpi.web import uploads
from kpi.web.errors import status_of
from kpi.web.filing import Filing, filing_or_404
from kpi.web.forms import Difference, ReportForm, differences, storable


@login_required
def show_todo(request: HttpRequest, year: int) -> HttpResponse:
    """Everything my department owes, worst first."""
    require(bool(request.actor.department_ids), "not_permitted")
    now = clock.now()
    try:
        work = worklist.todo(actor=request.actor, year=year, now=now)
    except Period.DoesNotExist as problem:
        raise Http404 from problem
    context = {
        "work": work,
        "asked": cosigning.awaiting(actor=request.actor, year=year, now=now),
        "target_changes": target_changes.waiting_for(request.actor, year),
        "period": work.board.period,
        "now": now,
        "next_period": _next_period(work.board),
    }
    return render(request, "kpi/todo.html", context)


def _next_period(board: scoreboard.Scoreboard) -> Period | None:
    later = [period for period in board.periods if period.code > board.period.code]
    return later[0] if later else None


@login_required
def file_report(request: HttpRequest, year: int, period: str, code: str) -> HttpResponse:
    """The form; ``action`` of a POST is autosave, save, submit, withdraw, attach or remove:<file>."""
    filing = filing_or_404(request, year, period, code)
    if request.method != "POST":
        return _show(request, filing)
    actions = {
        "autosave": _autosave,
        "save": _save,
        "submit": _submit,
        "withdraw": _withdraw,
        "correct": _correct,
        "abandon": _abandon,
        "ask": _ask_for_time,
        "attach": _attach,
        "remove": _remove,
    }
    action = actions.get(request.POST.get("action", "save").partition(":")[0])
    if action is None:
        raise Http404
    try:
        filing, refused = _take_files(request, filing)
        if refused:
            raise ContentInvalid(refused)
        return action(request, filing)
    except ContentInvalid as problem:
        return _show(request, filing, form=ReportForm.typed(filing.raw, problem.errors), status=422)
    except FigureInDoubt as doubt:
        return _show(request, filing, form=ReportForm.typed(filing.raw), doubt=doubt, status=422)
    except StaleVersion as problem:
        if action in (_withdraw, _abandon):
            return _show_anew(request, filing, problem)
        return _show_conflict(request, filing)
    except (PeriodClosed, IllegalTransition) as problem:
        form = ReportForm.typed(filing.raw, [FieldError("form", problem.code, problem.params)])
        return _show(request, filing, form=form, status=409)


def _autosave(request: HttpRequest, filing: Filing) -> HttpResponse:
    """Keep what has been typed so far; the answer is a fragment for the line beside the buttons."""
    try:
        saved, problem = _keep(request, filing), None
    except (StaleVersion, PeriodClosed, IllegalTransition) as refusal:
        saved, problem = None, refusal
    context = {"saved": saved, "problem": problem, "is_stale": isinstance(problem, StaleVersion)}
    return render(request, "kpi/parts/saved.html", context, status=409 if problem else 200)


def _save(request: HttpRequest, filing: Filing) -> HttpResponse:
    _keep(request, filing)
    __, errors = filing.posted
    if errors:
        kept = filing_or_404(request, filing.period.report.year, filing.period.code, filing.indicator.code)
        return _show(request, kept, form=ReportForm.typed(filing.raw, errors), status=422)
    messages.success(request, _("草稿已保存"))
    return redirect(request.path)


def _take_files(request: HttpRequest, filing: Filing) -> tuple[Filing, list[FieldError]]:
    """Files chosen in the form itself, as without JavaScript: the text is kept first, then each file is attached."""
    if not request.FILES.getlist(uploads.FIELD):
        return filing, []
    _keep(request, filing)
    taken = uploads.take(request, filing.indicator, filing.period, filing.editor)
    for level, text in taken.said:
        messages.add_message(request, level, text)
    return filing_or_404(request, filing.period.report.year, filing.period.code, filing.indicator.code), taken.refused


def _attach(request: HttpRequest, filing: Filing) -> HttpResponse:
    if not request.FILES.getlist(uploads.FIELD):
        _keep(request, filing)
        raise ContentInvalid([FieldError("evidence", "file_missing")])
    return redirect(f"{request.path}#evidence")


def _remove(request: HttpRequest, filing: Filing) -> HttpResponse:
    _keep(request, filing)
    messages.success(request, uploads.remove(request, filing.indicator, filing.period))
    return redirect(f"{request.path}#evidence")


def _keep(request: HttpRequest, filing: Filing) -> Submission:
    """Save the draft, with the fields as typed where some cannot be read."""
    content, errors = filing.posted
    typed = storable(filing.raw) if errors else {}
    return submissions.save_draft(content=content, typed=typed, **_written(request, filing))


def _submit(request: HttpRequest, filing: Filing) -> HttpResponse:
    content, errors = filing.posted
    if errors:
        raise ContentInvalid(errors)
    is_sure = content.value is not None and request.POST.get("sure_of") == str(content.value)
    submissions.submit(content=content, sure_of=content.value if is_sure else None, **_written(request, filing))
    department = filing.indicator.lead_department.short_name
    messages.success(request, _("已提交，等 %(unit)s负责人 审签。审签前可撤回") % {"unit": department})
    return redirect(f"/{filing.period.report.year}/todo/")


def _withdraw(request: HttpRequest, filing: Filing) -> HttpResponse:
    if filing.submission is None:
        raise Http404
    submissions.withdraw(**_decided(request, filing))
    messages.success(request, _("已撤回，可以继续修改"))
    return redirect(request.path)


def _correct(request: HttpRequest, filing: Filing) -> HttpResponse:
    if filing.submission is None:
        raise Http404
    try:
        submissions.begin_correction(reason=request.POST.get("reason", ""), **_decided(request, filing))
    except (ContentInvalid, StaleVersion, IllegalTransition) as problem:
        return _show_filed(request, filing, problem=problem, status=status_of(problem))
    messages.success(request, _("可以更正了。新版本审定之前，原审定数据仍然有效"))
    return redirect(request.path)


def _abandon(request: HttpRequest, filing: Filing) -> HttpResponse:
    if filing.submission is None:
        raise Http404
    submissions.abandon_correction(**_decided(request, filing), editor=filing.editor)
    messages.success(request, _("已放弃更正，仍按原审定数据"))
    return redirect(request.path)


def _ask_for_time(request: HttpRequest, filing: Filing) -> HttpResponse:
    if filing.is_editable:
        _keep(request, filing)
    try:
        windows.ask_extension(
            period=filing.period,
            department=filing.indicator.lead_department,
            reason=request.POST.get("reason", ""),
            actor=request.actor,
            now=clock.now(),
        )
    except NotPermitted:
        raise
    except DomainError as problem:
        if filing.is_editable:
            return _show_anew(request, filing, problem)
        return _show_filed(request, filing, problem=problem, status=status_of(problem))
    messages.success(request, _("已向督查室申请，答复会发消息给你"))
    return redirect(request.path)


def _decided(request: HttpRequest, filing: Filing) -> dict[str, object]:
    return {
        "submission": filing.submission,
        "version": version_of(request),
        "actor": request.actor,
        "now": clock.now(),
    }


def _written(request: HttpRequest, filing: Filing) -> dict[str, object]:
    return {
        "indicator": filing.indicator,
        "period": filing.period,
        "version": version_of(request),
        "editor": filing.editor,
        "actor": request.actor,
        "now": clock.now(),
    }


def version_of(request: HttpRequest) -> int:
    """The version the page was made from, as its hidden field says."""
    text = request.POST.get("version", "")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise DomainError("version_missing")
    return int(text)


def _show_anew(request: HttpRequest, filing: Filing, problem: DomainError) -> HttpResponse:
    """The report as it is by now with why the step was not taken; what was typed still stands in the form."""
    current = filing_or_404(request, filing.period.report.year, filing.period.code, filing.indicator.code)
    if not current.is_editable:
        return _show_filed(request, current, problem=problem, status=status_of(problem))
    said = problem.errors if isinstance(problem, ContentInvalid) else [FieldError("form", problem.code, problem.params)]
    begun = ReportForm.stored(current.submission, current.indicator, current.stored).raw
    form = ReportForm.typed(filing.raw or begun, said)
    return _show(request, current, form=form, status=status_of(problem))


def _show_conflict(request: HttpRequest, filing: Filing) -> HttpResponse:
    """Somebody saved in between: both texts field by field, the reader's own still in the fields."""
    current = filing_or_404(request, filing.period.report.year, filing.period.code, filing.indicator.code)
    theirs = ReportForm.stored(current.submission, current.indicator).raw
    units = {unit.code: unit.short_name for unit in current.units}
    conflict = differences(filing.raw, theirs, current.indicator, units)
    return _show(request, current, form=ReportForm.typed(filing.raw), conflict=conflict, status=409)


def _show(
    request: HttpRequest,
    filing: Filing,
    *,
    form: ReportForm | None = None,
    conflict: Sequence[Difference] | None = None,
    doubt: FigureInDoubt | None = None,
    status: int = 200,
) -> HttpResponse:
    if not filing.is_editable and conflict is None and status == 200:
        return _show_filed(request, filing)
    form = form or ReportForm.stored(filing.submission, filing.indicator, filing.stored)
    preview = _preview(filing, _lenient(filing) if request.method == "POST" else filing.stored)
    work = worklist.todo(actor=request.actor, year=filing.period.report.year, now=clock.now())
    before, after, place, total = work.neighbours(filing.indicator.code, filing.period.code)
    context = {
        "filing": filing,
        "form": form,
        "conflict": conflict,
        "reason": request.POST.get("reason", ""),
        "doubt": doubt,
        "editor": request.POST.get("editor") or filing.editor,
        "now": clock.now(),
        "before": before,
        "after": after,
        "place": place,
        "total": total,
        "open_count": work.open_count,
        "deviations": labels.DEVIATION,
        "outlooks": [(code, label.text, labels.OUTLOOK_HINT[code]) for code, label in labels.OUTLOOK.items()],
        "stages": labels.STAGE,
        "catch_up": Month.range(Month.parse(filing.period.code).next(), Month(filing.period.report.year, 12)),
        "accept": uploads.ACCEPT,
        "limit": settings.EVIDENCE_MAX_BYTES,
        "limit_mb": settings.EVIDENCE_MAX_BYTES // evidence.MEGABYTE,
        "most": settings.EVIDENCE_MAX_FILES,
        "last_nodes": filing.last.completed_nodes if filing.last else {},
        "last_units": filing.last.covered_units if filing.last else [],
        **preview,
    }
    return render(request, "kpi/report_form.html", context, status=status)


def _show_filed(
    request: HttpRequest, filing: Filing, *, problem: DomainError | None = None, status: int = 200
) -> HttpResponse:
    """The report as it is, for reading, with what may still be done about it; ``problem`` refused that."""
    errors = problem.errors if isinstance(problem, ContentInvalid) else ()
    context = {
        "filing": filing,
        "now": clock.now(),
        "problem": errors[0] if errors else problem,
        "reason": request.POST.get("reason", ""),
        **_preview(filing, filing.stored),
    }
    return render(request, "kpi/filed.html", context, status=status)


@login_required
@require_POST
def preview_report(request: HttpRequest, year: int, period: str, code: str) -> HttpResponse:
    """The lamp these figures would give, as a fragment."""
    filing = filing_or_404(request, year, period, code)
    context = {"filing": filing, **_preview(filing, _lenient(filing))}
    return render(request, "kpi/parts/preview_swap.html", context)


def _lenient(filing: Filing) -> Content | FieldError:
    """What was posted as far as it can be read, else the first problem with it."""
    content, errors = filing.posted
    return errors[0] if errors else content


def _preview(filing: Filing, content: Content | FieldError) -> dict[str, object]:
    """The lamp beside the form; ``misread`` is what cannot be read, ``awaited`` that there is no figure yet."""
    if isinstance(content, FieldError) or content.is_unpublished:
        misread = content if isinstance(content, FieldError) else None
        readable = filing.posted[0] if misread else content
        need = filing.need(readable, filing.assess(readable))
        nothing = {"preview": None, "step": None, "pending": None}
        return {**nothing, "misread": misread, "awaited": misread is None, "need": need}
    preview = filing.assess(content)
    need = filing.need(content, preview)
    previous = filing.last.value if filing.last else None
    step = preview.actual - previous if preview.actual is not None and previous is not None else preview.actual
    pending = preview.actual if filing.indicator.kind not in (Kind.MILESTONE, Kind.STAGE) else None
    return {"preview": preview, "misread": None, "awaited": False, "step": step, "pending": pending, "need": need}
