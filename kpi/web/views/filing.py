"""Filing: what I owe, and the form for one indicator of one month with its live preview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.models import Department
from accounts.permissions import require
from kpi import labels
from kpi.domain.errors import DomainError, IllegalTransition, PeriodClosed, StaleVersion
from kpi.domain.periods import Period as Month
from kpi.domain.rag import Assessment
from kpi.domain.values import Kind, SubmissionState, Verb
from kpi.models import Indicator, Period, Submission
from kpi.selectors import scoreboard, worklist
from kpi.selectors.people import coverage_units
from kpi.selectors.scoreboard import MonthLamp, Row
from kpi.selectors.standing import RuleBook, assess_figure
from kpi.services import content as content_service
from kpi.services import permissions, submissions
from kpi.services.content import Content, ContentInvalid, FieldError, content_of
from kpi.services.submissions import FigureInDoubt
from kpi.web.forms import Difference, ReportForm, differences, raw_of, storable

EDITABLE = (None, SubmissionState.DRAFT, SubmissionState.RETURNED)
RECENT = 5


@login_required
def show_todo(request: HttpRequest, year: int) -> HttpResponse:
    """Everything my department owes, worst first."""
    require(bool(request.actor.department_ids), "not_permitted")
    now = clock.now()
    try:
        work = worklist.todo(actor=request.actor, year=year, now=now)
    except Period.DoesNotExist as problem:
        raise Http404 from problem
    context = {"work": work, "period": work.board.period, "now": now, "next_period": _next_period(work.board)}
    return render(request, "kpi/todo.html", context)


def _next_period(board: scoreboard.Scoreboard) -> Period | None:
    later = [period for period in board.periods if period.code > board.period.code]
    return later[0] if later else None


@dataclass(frozen=True)
class Filing:
    """One indicator in one month: the row up to it, what is stored, what came before, and what is being posted."""

    row: Row
    period: Period
    last: Submission | None
    units: Sequence[Department]
    request: HttpRequest

    @property
    def indicator(self) -> Indicator:
        return self.row.indicator

    @property
    def month(self) -> MonthLamp:
        return self.row.current

    @property
    def submission(self) -> Submission | None:
        return self.month.submission

    @property
    def version(self) -> int:
        return self.submission.version if self.submission else 0

    @property
    def is_editable(self) -> bool:
        state = self.submission.state if self.submission else None
        return state in EDITABLE and self.period.locked_at is None

    @property
    def recent(self) -> list[MonthLamp]:
        """The latest months before this one that have figures of their own."""
        return [month for month in reversed(self.row.months[:-1]) if month.is_own][:RECENT]

    @cached_property
    def stored(self) -> Content:
        return content_of(self.submission) if self.submission else Content()

    @cached_property
    def raw(self) -> dict[str, Any]:
        """What was posted, after the choices of a merge."""
        return raw_of(self.request.POST, theirs=ReportForm.stored(self.submission, self.indicator).raw)

    @cached_property
    def posted(self) -> tuple[Content, Sequence[FieldError]]:
        """What was posted as far as it can be read, and what cannot."""
        units = [unit.code for unit in self.units]
        return content_service.read(indicator=self.indicator, raw=self.raw, units=units, today=clock.today())

    @cached_property
    def editor(self) -> UUID:
        """The open form: named when it is first shown, and kept through every answer to it."""
        try:
            return UUID(self.request.POST["editor"]) if "editor" in self.request.POST else uuid4()
        except ValueError:
            raise DomainError("version_missing") from None

    def assess(self, content: Content) -> Assessment:
        figure = content_service.with_last_figure(content, self.last).figure()
        period = Month.parse(self.period.code)
        return assess_figure(self.indicator, period=period, figure=figure, rules=RuleBook.load())


def _filing(request: HttpRequest, year: int, period: str, code: str) -> Filing:
    """404 for what does not exist, 403 for another department's form."""
    indicators = Indicator.objects.of_year(year).filter(code=code)
    try:
        board = scoreboard.build(
            year=year, now=clock.now(), actor=request.actor, period_code=period, indicators=indicators
        )
    except Period.DoesNotExist as problem:
        raise Http404 from problem
    if not board.rows:
        raise Http404
    row = board.rows[0]
    permissions.require(request.actor, Verb.SAVE, row.indicator)
    last = submissions.last_approved(row.indicator, board.period)
    units = coverage_units(row.indicator.coverage_scope) if row.indicator.kind == Kind.COVERAGE else []
    return Filing(row, board.period, last, units, request)


@login_required
def file_report(request: HttpRequest, year: int, period: str, code: str) -> HttpResponse:
    """The form; ``action`` of a POST is autosave, save, submit or withdraw."""
    filing = _filing(request, year, period, code)
    if request.method != "POST":
        return _show(request, filing)
    actions = {"autosave": _autosave, "save": _save, "submit": _submit, "withdraw": _withdraw}
    action = actions.get(request.POST.get("action", "save"))
    if action is None:
        raise Http404
    try:
        return action(request, filing)
    except ContentInvalid as problem:
        return _show(request, filing, form=ReportForm.typed(filing.raw, problem.errors), status=422)
    except FigureInDoubt as doubt:
        return _show(request, filing, form=ReportForm.typed(filing.raw), doubt=doubt, status=422)
    except StaleVersion:
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
        kept = _filing(request, filing.period.report.year, filing.period.code, filing.indicator.code)
        return _show(request, kept, form=ReportForm.typed(filing.raw, errors), status=422)
    messages.success(request, _("草稿已保存"))
    return redirect(request.path)


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
    submissions.withdraw(
        submission=filing.submission, version=version_of(request), actor=request.actor, now=clock.now()
    )
    messages.success(request, _("已撤回，可以继续修改"))
    return redirect(request.path)


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


def _show_conflict(request: HttpRequest, filing: Filing) -> HttpResponse:
    """Somebody saved in between: both texts field by field, the reader's own still in the fields."""
    current = _filing(request, filing.period.report.year, filing.period.code, filing.indicator.code)
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
    form = form or ReportForm.stored(filing.submission, filing.indicator)
    preview = _preview(filing, _lenient(filing) if request.method == "POST" else filing.stored)
    if not filing.is_editable and conflict is None and status == 200:
        return render(request, "kpi/filed.html", {"filing": filing, "now": clock.now(), **preview})
    work = worklist.todo(actor=request.actor, year=filing.period.report.year, now=clock.now())
    before, after, place, total = work.neighbours(filing.indicator.code, filing.period.code)
    context = {
        "filing": filing,
        "form": form,
        "conflict": conflict,
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
        "last_nodes": filing.last.completed_nodes if filing.last else {},
        "last_units": filing.last.covered_units if filing.last else [],
        **preview,
    }
    return render(request, "kpi/report_form.html", context, status=status)


@login_required
@require_POST
def preview_report(request: HttpRequest, year: int, period: str, code: str) -> HttpResponse:
    """The lamp these figures would give, as a fragment."""
    filing = _filing(request, year, period, code)
    context = {"filing": filing, **_preview(filing, _lenient(filing))}
    return render(request, "kpi/parts/preview_swap.html", context)


def _lenient(filing: Filing) -> Content | FieldError:
    """What was posted as far as it can be read, else the first problem with it."""
    content, errors = filing.posted
    return errors[0] if errors else content


def _preview(filing: Filing, content: Content | FieldError) -> dict[str, object]:
    if isinstance(content, FieldError):
        return {"preview": None, "problem": content, "step": None, "pending": None}
    preview = filing.assess(content)
    previous = filing.last.value if filing.last else None
    step = preview.actual - previous if preview.actual is not None and previous is not None else preview.actual
    pending = preview.actual if filing.indicator.kind not in (Kind.MILESTONE, Kind.STAGE) else None
    return {"preview": preview, "problem": None, "step": step, "pending": pending}
