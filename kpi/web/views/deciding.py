"""Deciding: the head signs or returns, the supervision office approves or returns, and locks the month."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.models import Department, Role
from accounts.permissions import Actor, require
from kpi import labels, wording
from kpi.domain.cosigning import CoSigning
from kpi.domain.errors import DomainError, NotPermitted
from kpi.domain.override import JUDGED
from kpi.domain.rag import Assessment
from kpi.domain.values import Rag, SubmissionState, Verb
from kpi.models import Indicator, Period, Submission
from kpi.models.querysets import SIGNED_STATES
from kpi.selectors import (
    cosigning,
    history,
    people,
    reviewing,
    scoreboard,
    target_changes,
    worklist,
)
from kpi.selectors.reviewing import Reviewed
from kpi.selectors.worklist import Task
from kpi.services import batches, examining, overrides, permissions, submissions
from kpi.services.batches import OneByOne, why_one_by_one
from kpi.services.content import ContentInvalid
from kpi.web.errors import status_of
from kpi.web.views.filing import version_of

# Ids and versions are PostgreSQL integers: more digits name nothing.
TICK = re.compile(r"[0-9]{1,9}:[0-9]{1,9}")


@login_required
def show_sign_off(request: HttpRequest, year: int) -> HttpResponse:
    """What waits for my signature."""
    return sign_off_list(request, year)


@login_required
@require_POST
def sign_off_batch(request: HttpRequest, year: int) -> HttpResponse:
    """Sign what was ticked; the list again, ticks and all, where that is refused."""
    try:
        count = batches.sign_off_batch(chosen=_chosen(request), actor=request.actor, now=clock.now())
    except NotPermitted:
        raise
    except DomainError as problem:
        return sign_off_list(request, year, problem=problem, status=status_of(problem))
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
    progress: CoSigning[Department]
    why: OneByOne | None
    is_lent: bool = False

    @property
    def run(self) -> str:
        """“连续 4 个月黄灯” with this report; empty for good lamps."""
        rag = self.task.month.unreviewed.rag
        return wording.run(rag, self.task.run_with(rag))

    @property
    def step(self) -> str:
        """What changed since the month before: “+0.55 万亩”; empty where there is nothing to compare."""
        last = self.task.last.assessment if self.task.last else None
        now = self.task.month.unreviewed.actual
        return wording.step(now, last.actual if last else None, self.task.indicator)

    @property
    def why_code(self) -> str:
        """Among ``labels.ONE_BY_ONE``: one's own report may be signed by delegation, and only by itself."""
        return "own_lent" if self.why is OneByOne.OWN and self.is_lent else str(self.why)

    @property
    def can_sign(self) -> bool:
        return self.why is not OneByOne.OWN or self.is_lent

    @property
    def tick(self) -> str:
        submission = self.task.month.submission
        return f"{submission.pk}:{submission.version}"


def sign_off_list(
    request: HttpRequest,
    year: int,
    *,
    problem: DomainError | None = None,
    form: object = None,
    status: int = 200,
) -> HttpResponse:
    actor = request.actor
    require(bool(actor.signs_for), "not_permitted")
    tasks = _or_404(lambda: worklist.awaiting_sign_off(actor=actor, year=year, now=clock.now()))
    waiting = [_waiting(task, actor) for task in tasks]
    own = actor.departments_as(Role.HEAD)
    lending = people.lending(departments=actor.signs_for, own=own, but=request.user, day=clock.today())
    context = {
        "lent": lending.lent,
        "colleagues": lending.colleagues,
        "form": form,
        "today": clock.today(),
        "phrases": labels.RETURN_PHRASES,
        "waiting": waiting,
        "target_changes": target_changes.waiting_for(actor, year),
        "plain": sum(line.why is None for line in waiting),
        "ticked": request.POST.getlist("item"),
        "problem": problem,
        "now": clock.now(),
    }
    return render(request, "kpi/signoff.html", context, status=status)


def _waiting(task: Task, actor: Actor) -> Waiting:
    progress = cosigning.of_row(task.month.submission)
    why = why_one_by_one(task.month.submission, task.month.unreviewed.rag, actor, progress)
    return Waiting(task, progress, why, task.indicator.lead_department_id in actor.delegated)


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
    """A stranger's draft does not exist, nor does a report of an indicator that was set aside."""
    found = (
        Submission.objects.visible_to(request.actor)
        .with_standing()
        .with_said()
        .filter(pk=pk, period__report__year=year, indicator__is_active=True)
    )
    submission = found.select_related("indicator__lead_department", "period__report", "author").first()
    if submission is None:
        raise Http404
    return submission


def _decide(request: HttpRequest, submission: Submission, desk: Desk) -> HttpResponse:
    if request.method != "POST":
        return _show(request, submission, desk)
    act = ACTIONS.get(request.POST.get("action", ""))
    if act is None:
        raise Http404
    try:
        goes_on = act(request, submission, desk)
    except ContentInvalid as problem:
        return _show(request, submission, desk, problem=problem.errors[0], status=422)
    except NotPermitted:
        raise
    except DomainError as problem:
        return _show(request, submission, desk, problem=problem, status=409)
    return redirect(_next(request, submission, desk) if goes_on else request.path)


def _accept(request: HttpRequest, submission: Submission, desk: Desk) -> bool:
    desk.decide(**_what(request, submission), comment=request.POST.get("comment", "").strip()[:500])
    messages.success(request, desk.done)
    return True


def _return(request: HttpRequest, submission: Submission, desk: Desk) -> bool:
    submissions.return_for_revision(**_what(request, submission), reason=reason_of(request))
    messages.success(request, _("已退回，填报人会收到原因"))
    return True


def _override(request: HttpRequest, submission: Submission, desk: Desk) -> bool:
    """The desk's only: the service refuses everybody else."""
    try:
        rag = Rag(request.POST.get("lamp", ""))
    except ValueError:
        raise DomainError("override_target") from None
    reason = request.POST.get("override_reason", "")
    overrides.override_lamp(**_what(request, submission), rag=rag, reason=reason, replaces=_replaced(request))
    messages.success(request, _("亮灯已调整，单位会收到理由"))
    return False


def _restore(request: HttpRequest, submission: Submission, desk: Desk) -> bool:
    reason = request.POST.get("override_reason", "")
    overrides.restore_lamp(**_what(request, submission), reason=reason, replaces=_replaced(request))
    messages.success(request, _("已恢复计算的亮灯"))
    return False


# What a form may ask for; each says whether the next report comes up afterwards.
ACTIONS: dict[str, Callable[[HttpRequest, Submission, Desk], bool]] = {
    "accept": _accept,
    "return": _return,
    "override": _override,
    "restore": _restore,
}


def _what(request: HttpRequest, submission: Submission) -> dict[str, object]:
    return {"submission": submission, "version": version_of(request), "actor": request.actor, "now": clock.now()}


def _replaced(request: HttpRequest) -> int | None:
    """The override the page showed in force, if any."""
    text = request.POST.get("replaces", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def reason_of(request: HttpRequest) -> str:
    """The chosen phrase, what was written, or both."""
    phrase = labels.RETURN_PHRASES.get(request.POST.get("phrase", ""))
    written = request.POST.get("reason", "").strip()
    return "；".join(part for part in (str(phrase.text) if phrase else "", written) if part)


def _next(request: HttpRequest, submission: Submission, desk: Desk) -> str:
    """The next one in the queue, so that a morning's reviews need no way back."""
    waiting = Submission.objects.visible_to(request.actor).filter(
        state=desk.state, period=submission.period_id, pk__gt=submission.pk
    )
    if desk.verb is Verb.SIGN_OFF:
        waiting = waiting.filter(indicator__lead_department__in=request.actor.signs_for)
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
    last = examining.last_approved(row.indicator, submission.period)
    current = row.current.submission or submission
    assessment = row.current.unreviewed or row.assessment
    steps = history.steps_of(row.indicator, request.actor)
    progress = cosigning.of_row(current)
    earlier = examining.figures_before(row.indicator, submission.period)
    checks = reviewing.checks(Reviewed(row, current, last, assessment, earlier, progress, steps))
    override = history.override_of(current) if desk.verb is Verb.APPROVE else None
    can_decide = current.state == desk.state
    context = {
        "row": row,
        "indicator": row.indicator,
        "submission": current,
        "assessment": assessment,
        "is_approved": current.state == SubmissionState.APPROVED,
        "last": last,
        "lines": reviewing.comparison(row, current, last),
        "checks": checks,
        "files": current.evidence.attached().select_related("uploaded_by"),
        "progress": progress,
        "entries": history.log_of(steps)[:8],
        "desk": desk,
        "can_decide": can_decide,
        "override": override,
        "can_adjust": _can_adjust(desk, current, assessment),
        "lamps": [rag for rag in labels.RAG if rag in JUDGED and assessment and rag is not assessment.rag],
        "problem": problem,
        "action": request.POST.get("action", ""),
        "reason": request.POST.get("reason", ""),
        "override_reason": request.POST.get("override_reason", ""),
        "lamp_asked": request.POST.get("lamp", ""),
        "phrases": labels.RETURN_PHRASES,
        "phrase": request.POST.get("phrase", ""),
        "now": clock.now(),
    }
    return render(request, "kpi/review.html", context, status=status)


def _can_adjust(desk: Desk, submission: Submission, assessment: Assessment | None) -> bool:
    is_open = submission.period.locked_at is None and submission.state in SIGNED_STATES
    is_judged = assessment is not None and assessment.rag in JUDGED and not submission.is_unpublished
    return desk.verb is Verb.APPROVE and is_open and is_judged
