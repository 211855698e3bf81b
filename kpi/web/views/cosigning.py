"""A supporting unit before a report that concerns it: the figure, the words, last time, and two answers."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import clock
from accounts.models import Department
from accounts.permissions import Actor, require
from kpi.domain.cosigning import CoSigning, Stance
from kpi.domain.errors import DomainError, NotPermitted
from kpi.models import Indicator, Submission
from kpi.models.querysets import BEING_COSIGNED
from kpi.selectors import cosigning as asked
from kpi.selectors import reviewing, scoreboard
from kpi.services import cosigning, examining
from kpi.services.content import ContentInvalid
from kpi.web.errors import status_of
from kpi.web.views.filing import version_of


@login_required
def cosign(request: HttpRequest, year: int, pk: int) -> HttpResponse:
    """One report; who is not asked finds nothing here."""
    require(bool(request.actor.department_ids), "not_permitted")
    found = Submission.objects.visible_to(request.actor).filter(
        pk=pk, period__report__year=year, indicator__is_active=True
    )
    submission = found.select_related("indicator__lead_department", "period__report", "author").first()
    progress = asked.of_submission(submission) if submission else asked.NOT_ASKED
    mine = _mine(request.actor, progress)
    if submission is None or not mine:
        raise Http404
    if request.method != "POST":
        return _show(request, submission, progress, mine)
    try:
        row = _say(request, submission, mine)
    except ContentInvalid as problem:
        return _show(request, submission, progress, mine, problem=problem.errors[0], status=422)
    except NotPermitted:
        raise
    except DomainError as problem:
        return _show(request, submission, progress, mine, problem=problem, status=status_of(problem))
    confirmed = row.stance == Stance.CONFIRMED
    messages.success(request, _("已确认本单位部分") if confirmed else _("异议已送牵头单位和督查室"))
    return redirect(_next(request, year))


def _mine(actor: Actor, progress: CoSigning[Department]) -> list[tuple[Department, str]]:
    """The actor's units that are asked, each with what it has said: a stance, or nothing yet."""
    said = [(unit, Stance.CONFIRMED) for unit in progress.confirmed]
    said += [(unit, Stance.OBJECTED) for unit in progress.objected]
    said += [(unit, "") for unit in progress.missing]
    return [(unit, stance) for unit, stance in said if unit.pk in actor.department_ids]


def _say(request: HttpRequest, submission: Submission, mine: list[tuple[Department, str]]):
    try:
        stance = Stance(request.POST.get("stance", ""))
    except ValueError:
        raise DomainError("stance_required") from None
    chosen = request.POST.get("unit", "")
    unit = next((unit for unit, _said in mine if unit.code == chosen), mine[0][0])
    return cosigning.cosign(
        submission=submission,
        department=unit,
        filing=version_of(request),
        stance=stance,
        comment=request.POST.get("comment", "") if stance is Stance.OBJECTED else "",
        actor=request.actor,
        now=clock.now(),
    )


def _next(request: HttpRequest, year: int) -> str:
    """The next one that waits for my unit, else my list."""
    waiting = [ask for ask in asked.awaiting(actor=request.actor, year=year, now=clock.now()) if not ask.has_objected]
    return f"/{year}/cosign/{waiting[0].submission.pk}/" if waiting else f"/{year}/todo/"


def _show(
    request: HttpRequest,
    submission: Submission,
    progress: CoSigning[Department],
    mine: list[tuple[Department, str]],
    *,
    problem: object = None,
    status: int = 200,
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
    context = {
        "row": row,
        "indicator": row.indicator,
        "submission": submission,
        "assessment": row.current.unreviewed or row.assessment,
        "lines": reviewing.comparison(row, submission, last),
        "progress": progress,
        "mine": mine,
        "can_answer": submission.state in BEING_COSIGNED and submission.period.locked_at is None,
        "filing": asked.filing_of(submission),
        "problem": problem,
        "comment": request.POST.get("comment", ""),
        "now": clock.now(),
    }
    return render(request, "kpi/cosign.html", context, status=status)
