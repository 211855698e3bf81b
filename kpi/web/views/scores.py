"""Scores: the year's list, one period's matrix, one unit's sheet with every point explained, and the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import clock
from accounts.permissions import require
from kpi import labels
from kpi.domain.errors import DomainError
from kpi.domain.score_runs import Answer, CorrectionReason, ScoreState, ScoreVerb
from kpi.models import Period, ScoreRun, ScoreSheet
from kpi.selectors import periods as period_selector
from kpi.selectors import scores as selector
from kpi.services import permissions, score_answers, scores
from kpi.web.errors import status_of
from kpi.web.scores import Refused, shown_cases, shown_tasks
from kpi.web.views.filing import version_of

V = ScoreVerb
NOTHING = Refused()


@login_required
def list_scores(request: HttpRequest, year: int) -> HttpResponse:
    """The office's locked months, with a draft to begin; leaders see what was opened, units their own scores."""
    actor = request.actor
    require(actor.is_supervisor or actor.is_leader or bool(actor.department_ids), "not_permitted")
    if request.method != "POST":
        return _list(request, year)
    permissions.require_supervisor(actor)
    period = Period.objects.filter(report__year=year, code=request.POST.get("period", "")).first()
    if period is None:
        raise Http404
    try:
        made = scores.draft(period=period, reason=request.POST.get("reason", ""), actor=actor, now=clock.now())
    except DomainError as problem:
        return _list(request, year, Refused.of(request, problem))
    messages.success(request, _("已按锁定的快照算出，核对后送各单位征求意见"))
    return redirect("score-run", year, made.period.code)


def _list(request: HttpRequest, year: int, refused: Refused = NOTHING) -> HttpResponse:
    periods = period_selector.of_year(year)
    if not periods:
        raise Http404
    runs = selector.of_year(year, request.actor)
    context = {
        "lines": selector.lines(periods, runs) if request.actor.is_supervisor else [],
        "runs": [run for run in runs if run.state != ScoreState.DISCARDED],
        "sees_all": request.actor.is_supervisor or request.actor.is_leader,
        "refused": refused,
        "now": clock.now(),
    }
    return render(request, "kpi/scores.html", context, status=_status(refused))


@login_required
def show_run(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """One edition of a month: every unit in official order, and the steps the office may take."""
    if request.method != "POST":
        return _run(request, *_find(request, year, period))
    # Before anything is looked for: whether there are scores is not for everybody to know.
    permissions.require_supervisor(request.actor)
    run, _editions = _find(request, year, period)
    step = RUN_STEPS.get(request.POST.get("action", ""))
    if step is None:
        raise Http404
    try:
        said = step(request, run)
    except DomainError as problem:
        return _run(request, *_find(request, year, period), Refused.of(request, problem))
    messages.success(request, said)
    return redirect(f"{request.path}?edition={run.edition}")


def _find(request: HttpRequest, year: int, period: str) -> tuple[ScoreRun, list[ScoreRun]]:
    """The edition of ``?edition=``, else the latest the reader may see that counts; 404 without any."""
    editions = selector.of_period(year, period, request.actor)
    wanted = request.GET.get("edition", "")
    found = [each for each in editions if str(each.edition) == wanted] if wanted else editions
    counting = [each for each in found if each.state != ScoreState.DISCARDED or wanted]
    if not counting:
        raise Http404
    return counting[0], editions


def _run(request: HttpRequest, run: ScoreRun, editions: list[ScoreRun], refused: Refused = NOTHING) -> HttpResponse:
    sheets = selector.sheets_of(run, selector.visible_sheets(request.actor))
    if not sheets:
        raise Http404
    now = clock.now()
    said = [sheet.answer for sheet in sheets]
    waiting, objections = said.count(Answer.NONE), said.count(Answer.OBJECTED)
    context = {
        "run": run,
        "editions": editions,
        "departments": [sheet for sheet in sheets if sheet.department_id is not None],
        "posts": [sheet for sheet in sheets if sheet.post_id is not None],
        "places": selector.ranked(sheets) if run.scheme.is_ranked and _sees_all(request) else {},
        "sees_all": _sees_all(request),
        "is_office": request.actor.is_supervisor,
        "is_preparer": request.user.pk in (run.prepared_by_id, run.opened_by_id),
        "is_over": selector.is_over(run, now),
        "is_overtaken": selector.is_overtaken(run),
        "is_latest": run.pk == editions[0].pk,
        "waiting": waiting,
        "objections": objections,
        "is_ripe": not objections and (selector.is_over(run, now) or not waiting),
        "steps": run.steps.filter(sheet=None).select_related("actor") if request.actor.is_supervisor else [],
        "refused": refused,
        "now": now,
    }
    return render(request, "kpi/score_run.html", context, status=_status(refused))


def _sees_all(request: HttpRequest) -> bool:
    return request.actor.is_supervisor or request.actor.is_leader


def _base(request: HttpRequest, run: ScoreRun) -> dict[str, object]:
    return {"run": run, "version": version_of(request), "actor": request.actor, "now": clock.now()}


def _open(request: HttpRequest, run: ScoreRun) -> str:
    scores.open_for_answers(**_base(request, run))
    return _("已送各单位征求意见，各单位只看到自己的得分和说明")


def _discard(request: HttpRequest, run: ScoreRun) -> str:
    if not request.POST.get("sure"):
        raise DomainError("score_discard_unconfirmed")
    scores.discard(**_base(request, run))
    return _("草稿已作废，可以重新编制")


def _finalise(request: HttpRequest, run: ScoreRun) -> str:
    if not request.POST.get("sure"):
        raise DomainError("score_final_unconfirmed")
    scores.finalise(**_base(request, run))
    return _("已定稿，各单位会收到消息")


RUN_STEPS: Mapping[str, Callable[[HttpRequest, ScoreRun], str]] = {
    "open": _open,
    "discard": _discard,
    "finalise": _finalise,
}


@login_required
def show_unit(request: HttpRequest, year: int, period: str, code: str) -> HttpResponse:
    """One department's sheet: to its own people, the leaders and the office; to others it does not exist."""
    return _sheet(request, year, period, department=code)


@login_required
def show_post(request: HttpRequest, year: int, period: str, code: str) -> HttpResponse:
    """One leader's: what they are in charge of."""
    return _sheet(request, year, period, post=code)


def _sheet(request: HttpRequest, year: int, period: str, **unit: str) -> HttpResponse:
    run, editions = _find(request, year, period)
    sheet = selector.find_sheet(run, actor=request.actor, **unit)
    if sheet is None:
        raise Http404
    if request.method != "POST":
        return _show(request, sheet, editions, Refused(line=request.GET.get("fix", "")))
    step = SHEET_STEPS.get(request.POST.get("action", ""))
    if step is None:
        raise Http404
    try:
        said = step(request, sheet)
    except DomainError as problem:
        fresh = selector.find_sheet(_find(request, year, period)[0], actor=request.actor, **unit)
        return _show(request, fresh, editions, Refused.of(request, problem))
    messages.success(request, said)
    return redirect(f"{request.path}?edition={run.edition}")


def _show(
    request: HttpRequest, sheet: ScoreSheet, editions: list[ScoreRun], refused: Refused = NOTHING
) -> HttpResponse:
    run, now = sheet.run, clock.now()
    viewer, is_open = selector.viewer_of(request.actor, sheet), run.state == ScoreState.OPINION
    context = {
        "run": run,
        "sheet": sheet,
        "editions": editions,
        "tasks": shown_tasks(sheet, refused),
        "cases": shown_cases(sheet, refused),
        "viewer": viewer,
        "sees_all": _sees_all(request),
        "may_answer": viewer.speaks and is_open and not selector.is_over(run, now),
        "may_reply": viewer.is_office and is_open,
        "may_correct": viewer.is_office and selector.is_under_way(run),
        "by_hand": selector.by_hand(sheet) if viewer.is_office and selector.is_under_way(run) else [],
        "reasons": {
            code: label for code, label in labels.SCORE_CORRECTION.items() if code != CorrectionReason.CARRIED_OVER
        },
        "is_over": selector.is_over(run, now),
        "is_overtaken": selector.is_overtaken(run),
        "refused": refused,
        "added": refused.errors if refused.action == "add" else (),
        "now": now,
    }
    return render(request, "kpi/score_sheet.html", context, status=_status(refused))


def _status(refused: Refused) -> int:
    return status_of(refused.problem) if refused.problem else 200


def _answer(verb: ScoreVerb) -> Callable[[HttpRequest, ScoreSheet], str]:
    def answer(request: HttpRequest, sheet: ScoreSheet) -> str:
        text = request.POST.get("text", "")
        score_answers.answer(sheet=sheet, verb=verb, text=text, actor=request.actor, now=clock.now())
        return _("已记下无意见") if verb is V.ACCEPT else _("异议已送督查室，回复后会收到消息")

    return answer


def _reply(request: HttpRequest, sheet: ScoreSheet) -> str:
    score_answers.reply(sheet=sheet, text=request.POST.get("reply", ""), actor=request.actor, now=clock.now())
    return _("已回复，单位会收到消息")


def _correct(request: HttpRequest, sheet: ScoreSheet) -> str:
    line = next((each for each in sheet.rows if str(each.pk) == request.POST.get("line", "")), None)
    if line is None:
        raise Http404
    line.sheet = sheet
    score_answers.correct(
        line=line,
        value=request.POST.get("value", ""),
        is_left_out=bool(request.POST.get("left_out")),
        reason=request.POST.get("reason", ""),
        words=request.POST.get("words", ""),
        actor=request.actor,
        now=clock.now(),
    )
    return _("已更正，原值保留在旁边")


def _add(request: HttpRequest, sheet: ScoreSheet) -> str:
    score_answers.add_case(
        sheet=sheet,
        reason=request.POST.get("reason", ""),
        basis=request.POST.get("basis", ""),
        actor=request.actor,
        now=clock.now(),
    )
    return _("已登记")


SHEET_STEPS: Mapping[str, Callable[[HttpRequest, ScoreSheet], str]] = {
    "accept": _answer(V.ACCEPT),
    "object": _answer(V.OBJECT),
    "reply": _reply,
    "correct": _correct,
    "add": _add,
}
