"""Deciding: the head signs or returns, the supervision office approves or returns, and locks the month."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.models import Role
from accounts.permissions import require
from kpi import wording
from kpi.domain.errors import DomainError, NotPermitted
from kpi.domain.values import SubmissionState, Verb
from kpi.models import Indicator, Period, Submission
from kpi.selectors import burden, calendar, cockpit, history, scoreboard, windows, worklist
from kpi.selectors import periods as period_selector
from kpi.selectors.scoreboard import Row
from kpi.selectors.worklist import Task
from kpi.services import batches, periods, permissions, submissions
from kpi.services.batches import OneByOne, why_one_by_one
from kpi.services.content import ContentInvalid
from kpi.web.errors import status_of
from kpi.web.views.filing import version_of
from kpi.web.views.overview import board_or_404

# Ids and versions are PostgreSQL integers: more digits name nothing.
TICK = re.compile(r"[0-9]{1,9}:[0-9]{1,9}")


@login_required
def show_sign_off(request: HttpRequest, year: int) -> HttpResponse:
    """What waits for my signature."""
    return _sign_off_list(request, year)


@login_required
@require_POST
def sign_off_batch(request: HttpRequest, year: int) -> HttpResponse:
    """Sign what was ticked; the list again, ticks and all, where that is refused."""
    try:
        count = batches.sign_off_batch(chosen=_chosen(request), actor=request.actor, now=clock.now())
    except NotPermitted:
        raise
    except DomainError as problem:
        return _sign_off_list(request, year, problem=problem, status=status_of(problem))
    messages.success(request, _("已通过 %(count)s 项，转督查室复核") % {"count": count})
    return redirect(f"/{year}/signoff/")


def _chosen(request: HttpRequest) -> dict[int, int]:
    """Id → version of each ticked report, written as ``12:3``."""
    items = request.POST.getlist("item")
    if not all(TICK.fullmatch(item) for item in items):
        raise DomainError("choice_gone")
    return {int(pk): int(version) for pk, version in (item.split(":") for item in items)}


@dataclass(frozen=True)
class Waiting:
    """One line of the head's list; ``why`` says why it cannot be signed in a batch."""

    task: Task
    why: OneByOne | None

    @property
    def tick(self) -> str:
        submission = self.task.month.submission
        return f"{submission.pk}:{submission.version}"


def _sign_off_list(
    request: HttpRequest, year: int, *, problem: DomainError | None = None, status: int = 200
) -> HttpResponse:
    require(request.actor.has(Role.HEAD), "not_permitted")
    tasks = _or_404(lambda: worklist.awaiting_sign_off(actor=request.actor, year=year, now=clock.now()))
    waiting = [
        Waiting(task, why_one_by_one(task.month.submission, task.month.unreviewed.rag, request.actor)) for task in tasks
    ]
    context = {
        "waiting": waiting,
        "plain": sum(line.why is None for line in waiting),
        "ticked": request.POST.getlist("item"),
        "problem": problem,
        "now": clock.now(),
    }
    return render(request, "kpi/signoff.html", context, status=status)


def _or_404(find: Callable[[], list[Task]]) -> list[Task]:
    try:
        return find()
    except Period.DoesNotExist as problem:
        raise Http404 from problem


@dataclass(frozen=True)
class Desk:
    """The difference between the two reviewers: verb, state they act on, where their queue is."""

    verb: Verb
    state: SubmissionState
    done: str
    queue: str
    queue_url: str
    decide: Callable[..., Submission]


def _head(year: int) -> Desk:
    return Desk(
        Verb.SIGN_OFF,
        SubmissionState.SUBMITTED,
        _("已审签，转督查室复核"),
        _("待审签"),
        f"/{year}/signoff/",
        submissions.sign_off,
    )


def _office(year: int) -> Desk:
    return Desk(
        Verb.APPROVE,
        SubmissionState.SIGNED_OFF,
        _("已审定，驾驶舱已更新"),
        _("督查台"),
        f"/{year}/desk/",
        submissions.approve,
    )


@login_required
def sign_off(request: HttpRequest, year: int, pk: int) -> HttpResponse:
    """One report before the head."""
    submission = _visible(request, year, pk)
    if not request.actor.is_head_of(submission.indicator.lead_department_id):
        raise NotPermitted("not_permitted")
    return _decide(request, submission, _head(year))


@login_required
def review(request: HttpRequest, year: int, pk: int) -> HttpResponse:
    """One report before the supervision office."""
    permissions.require_supervisor(request.actor)
    return _decide(request, _visible(request, year, pk), _office(year))


def _visible(request: HttpRequest, year: int, pk: int) -> Submission:
    """A stranger's draft does not exist."""
    found = Submission.objects.visible_to(request.actor).filter(pk=pk, period__report__year=year)
    submission = found.select_related("indicator__lead_department", "period__report", "author").first()
    if submission is None:
        raise Http404
    return submission


def _decide(request: HttpRequest, submission: Submission, desk: Desk) -> HttpResponse:
    if request.method != "POST":
        return _show(request, submission, desk)
    action = request.POST.get("action")
    if action not in ("accept", "return"):
        raise Http404
    try:
        _act(request, submission, desk, action)
    except ContentInvalid as problem:
        return _show(request, submission, desk, problem=problem.errors[0], status=422)
    except NotPermitted:
        raise
    except DomainError as problem:
        return _show(request, submission, desk, problem=problem, status=409)
    return redirect(_next(request, submission, desk))


def _act(request: HttpRequest, submission: Submission, desk: Desk, action: str) -> None:
    common = {"submission": submission, "version": version_of(request), "actor": request.actor, "now": clock.now()}
    if action == "accept":
        desk.decide(**common, comment=request.POST.get("comment", "").strip()[:500])
        messages.success(request, desk.done)
    else:
        submissions.return_for_revision(**common, reason=request.POST.get("reason", ""))
        messages.success(request, _("已退回，填报人会收到原因"))


def _next(request: HttpRequest, submission: Submission, desk: Desk) -> str:
    """The next one in the queue, so that a morning's reviews need no way back."""
    waiting = Submission.objects.visible_to(request.actor).filter(
        state=desk.state, period=submission.period_id, pk__gt=submission.pk
    )
    if desk.verb is Verb.SIGN_OFF:
        waiting = waiting.filter(indicator__lead_department__in=request.actor.departments_as(Role.HEAD))
    following = waiting.order_by("pk").first()
    if following is None:
        return desk.queue_url
    return f"{desk.queue_url}{'review/' if desk.verb is Verb.APPROVE else ''}{following.pk}/"


def _show(
    request: HttpRequest, submission: Submission, desk: Desk, *, problem: object = None, status: int = 200
) -> HttpResponse:
    board = scoreboard.build(
        year=submission.period.report.year,
        now=clock.now(),
        actor=request.actor,
        period_code=submission.period.code,
        indicators=Indicator.objects.filter(pk=submission.indicator_id),
    )
    row = board.rows[0]
    last = submissions.last_approved(row.indicator, submission.period)
    current = row.current.submission or submission
    context = {
        "row": row,
        "indicator": row.indicator,
        "submission": current,
        "assessment": row.current.unreviewed or row.assessment,
        "last": last,
        "checks": _checks(row, current, last),
        "files": current.evidence.attached().select_related("uploaded_by"),
        "steps": history.steps_of(row.indicator, request.actor, most=8),
        "desk": desk,
        "can_decide": current.state == desk.state,
        "problem": problem,
        "reason": request.POST.get("reason", ""),
        "now": clock.now(),
    }
    return render(request, "kpi/review.html", context, status=status)


@dataclass(frozen=True)
class Check:
    """One thing worth a glance before deciding."""

    text: str
    is_fine: bool


def _checks(row: Row, submission: Submission, last: Submission | None) -> Sequence[Check]:
    lamp = row.current.unreviewed or row.assessment
    found = []
    if last is not None and last.value is not None and submission.value is not None:
        fine = submission.value >= last.value
        found.append(Check(_("不小于上期") if fine else _("小于上期，请核对"), fine))
    if lamp is not None and lamp.rag in cockpit.BAD:
        fine = bool(submission.measures)
        found.append(Check(_("已写下一步措施") if fine else _("黄灯、红灯未写下一步措施"), fine))
        found.append(Check(wording.run(lamp.rag, _run_with_this(row, lamp.rag)), False))
    is_late = bool(submission.first_submitted_at and submission.first_submitted_at > submission.period.due_at)
    found.append(Check(_("迟报") if is_late else _("按时报送"), not is_late))
    return found


def _run_with_this(row: Row, rag: object) -> int:
    """How many months in a row, this unreviewed one included."""
    length = 1
    for month in reversed(row.months[:-1]):
        if month.rag is not rag:
            break
        length += 1
    return length


@login_required
def show_desk(request: HttpRequest, year: int) -> HttpResponse:
    """The month at the office: who filed, what waits for review, and closing it."""
    permissions.require_supervisor(request.actor)
    return render_desk(request, year)


def render_desk(
    request: HttpRequest,
    year: int,
    period_code: str | None = None,
    *,
    problem: object = None,
    place: str = "lock",
    status: int = 200,
) -> HttpResponse:
    """The desk of a period; ``problem`` is what was refused in the section called ``place``."""
    board, now = board_or_404(request, year, period_code=period_code), clock.now()
    burdens, days = burden.burden(board), calendar.work_calendar()
    context = {
        "board": board,
        "now": now,
        "phase": period_selector.window(board.period).phase(now),
        "reporting": cockpit.reporting(board),
        "units": worklist.completeness(board),
        "waiting": worklist.awaiting_review(board, now),
        "returned": sum(row.current.is_unfiled and row.current.cycle > 1 for row in board.rows),
        # December's report is due in January: both years must be known.
        "guessed_years": days.unknown_years([year, year + 1]),
        "unfiled": sum(row.current.is_unfiled for row in board.rows),
        "requests": windows.requests_of(board.period),
        "until": windows.proposed_until(now, days),
        "burdens": burdens,
        "burden_total": burden.total(burdens),
        "problem": problem,
        "place": place,
        "typed": request.POST,
    }
    return render(request, "kpi/desk.html", context, status=status)


@login_required
@require_POST
def lock(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """Close a month for good; the period's name must be typed."""
    permissions.require_supervisor(request.actor)
    found = Period.objects.filter(report__year=year, code=period).select_related("report").first()
    if found is None:
        raise Http404
    try:
        count = periods.lock_period(
            period=found, typed_code=request.POST.get("confirm", ""), actor=request.actor, now=clock.now()
        )
    except DomainError as problem:
        return render_desk(request, year, period, problem=problem, status=409)
    messages.success(request, _("%(period)s 期已锁定，%(count)s 项亮灯已存档") % {"period": period, "count": count})
    return redirect(f"/{year}/desk/?period={period}")
