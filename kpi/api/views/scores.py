"""Scores of a month: drafted, opened for answers, answered by units, corrected, made final by a second person."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from kpi.api import finding
from kpi.api.bodies import scores as bodies
from kpi.api.bodies.base import page_of
from kpi.api.operations import VERSION, ApiView, operation, shaped
from kpi.api.paging import cut
from kpi.api.parameters import EDITION, PAGING
from kpi.api.views.year import page
from kpi.domain.score_runs import ScoreState, ScoreVerb
from kpi.models import ScoreLine, ScoreRun, ScoreSheet
from kpi.selectors import scores as selector
from kpi.services import permissions, score_answers, scores

TAG = "scores"
ScoreRunPage, ScoreSheetPage = page_of(bodies.ScoreRunBody), page_of(bodies.ScoreSheetBody)


class Scores(ApiView):
    @operation("scores_list", tag=TAG, summary=_("你可以看的考核得分，按期"), answer=ScoreRunPage, query=PAGING)
    def get(self, request: Request, year: int) -> Response:
        # A unit's people know of a run only where a sheet of theirs is in it.
        actor = self.actor
        sees_all = actor.is_supervisor or actor.is_leader
        found = [run for run in selector.of_year(year, actor) if sees_all or run.own]
        return page(bodies.ScoreRunBody, *cut(request, found, lambda run: str(run.pk)))

    @operation(
        "scores_draft",
        tag=TAG,
        summary=_("按已锁定一期的快照编制得分草稿"),
        body=bodies.NewScoreRunBody,
        answer=bodies.ScoreRunBody,
        status=201,
        scope=Scope.PUBLISH,
        has_etag=True,
    )
    def post(self, request: Request, year: int) -> Response:
        permissions.require_supervisor(self.actor)
        sent = self.read(bodies.NewScoreRunBody)
        month = finding.period(year, sent["period"])
        made = scores.draft(period=month, reason=sent.get("reason", ""), **self.by)
        return shaped(bodies.ScoreRunBody, made, version=made.version, status=201)


def run_of(view: ApiView, year: int, period: str) -> ScoreRun:
    """The edition of ``?edition=``, else the latest the caller may see that counts."""
    wanted = view.request.query_params.get("edition", "")
    editions = selector.of_period(year, period, view.actor)
    counting = [each for each in editions if wanted or each.state != ScoreState.DISCARDED]
    found = next((each for each in counting if not wanted or str(each.edition) == wanted), None)
    if found is None:
        raise Http404
    return found


class ScoreSheets(ApiView):
    @operation(
        "scores_sheets",
        tag=TAG,
        summary=_("一期的得分，按机构序列，不排名；ETag 是这一版的版本"),
        answer=ScoreSheetPage,
        query=(EDITION, *PAGING),
        has_etag=True,
    )
    def get(self, request: Request, year: int, period: str) -> Response:
        run = run_of(self, year, period)
        found = selector.sheets_of(run, selector.visible_sheets(self.actor))
        rows = [sheet for sheet in found if self.reaches(sheet.department_id)]
        if not rows:
            raise Http404
        shown, following = cut(request, rows, lambda sheet: str(sheet.pk))
        return page(bodies.ScoreSheetBody, [_sheet(sheet) for sheet in shown], following, version=run.version)


STEPS: Mapping[str, Callable[..., ScoreRun]] = {
    "open": scores.open_for_answers,
    "discard": scores.discard,
    "finalise": scores.finalise,
}


class ScoreStep(ApiView):
    @operation(
        "scores_step",
        tag=TAG,
        summary=_("送各单位征求意见、作废草稿、定稿"),
        body=bodies.ScoreStepBody,
        answer=bodies.ScoreRunBody,
        scope=Scope.PUBLISH,
        if_match=VERSION,
        has_etag=True,
    )
    def post(self, request: Request, year: int, period: str) -> Response:
        permissions.require_supervisor(self.actor)
        run, sent = run_of(self, year, period), self.read(bodies.ScoreStepBody)
        moved = STEPS[sent["step"]](run=run, version=self.version, **self.by)
        return shaped(bodies.ScoreRunBody, moved, version=moved.version)


class OneSheet(ApiView):
    """What the addresses of one unit's sheet have in common."""

    def named(self, year: int, period: str, number: int) -> ScoreSheet:
        run = run_of(self, year, period)
        row = run.sheets.filter(pk=number).select_related("department", "post").first()
        if row is None or not self.reaches(row.department_id):
            raise Http404
        unit = {"department": row.department.code} if row.department else {"post": row.post.code}
        found = selector.find_sheet(run, actor=self.actor, **unit)
        if found is None:
            raise Http404
        return found

    def answer(self, year: int, period: str, number: int, status: int = 200) -> Response:
        found = self.named(year, period, number)
        thread = [{name: getattr(step, name) for name in ("verb", "text", "at")} for step in found.thread]
        shown = {**_sheet(found), "lines": [_line(line) for line in found.rows], "thread": thread}
        return shaped(bodies.ScoreSheetDetailBody, shown, version=found.run.version, status=status)


class OneScoreSheet(OneSheet):
    @operation(
        "scores_sheet",
        tag=TAG,
        summary=_("一个单位或领导的得分表：每一分的由来"),
        answer=bodies.ScoreSheetDetailBody,
        query=(EDITION,),
        has_etag=True,
    )
    def get(self, request: Request, year: int, period: str, number: int) -> Response:
        return self.answer(year, period, number)


class ScoreAnswer(OneSheet):
    @operation(
        "scores_answer",
        tag=TAG,
        summary=_("被考核单位答复：无意见，或有异议"),
        body=bodies.ScoreAnswerBody,
        answer=bodies.ScoreSheetDetailBody,
        scope=Scope.SIGN,
        has_etag=True,
    )
    def post(self, request: Request, year: int, period: str, number: int) -> Response:
        found, sent = self.named(year, period, number), self.read(bodies.ScoreAnswerBody)
        score_answers.answer(sheet=found, verb=ScoreVerb(sent["answer"]), text=sent.get("text", ""), **self.by)
        return self.answer(year, period, number)


class ScoreReply(OneSheet):
    @operation(
        "scores_reply",
        tag=TAG,
        summary=_("督查室回复一个单位"),
        body=bodies.ScoreReplyBody,
        answer=bodies.ScoreSheetDetailBody,
        scope=Scope.PUBLISH,
        has_etag=True,
    )
    def post(self, request: Request, year: int, period: str, number: int) -> Response:
        found = self.named(year, period, number)
        score_answers.reply(sheet=found, text=self.read(bodies.ScoreReplyBody)["text"], **self.by)
        return self.answer(year, period, number)


class ScoreCorrections(OneSheet):
    @operation(
        "scores_correct",
        tag=TAG,
        summary=_("更正一行；原值保留在旁边"),
        body=bodies.ScoreCorrectionBody,
        answer=bodies.ScoreSheetDetailBody,
        status=201,
        scope=Scope.PUBLISH,
        has_etag=True,
    )
    def post(self, request: Request, year: int, period: str, number: int) -> Response:
        found, sent = self.named(year, period, number), self.read(bodies.ScoreCorrectionBody)
        line = next((each for each in found.rows if each.pk == sent["line"]), None)
        if line is None:
            raise Http404
        line.sheet = found
        score_answers.correct(
            line=line,
            value=sent.get("value") or "",
            is_left_out=sent.get("left_out", False),
            reason=sent["reason"],
            words=sent["words"],
            **self.by,
        )
        return self.answer(year, period, number, status=201)


class ScoreCases(OneSheet):
    @operation(
        "scores_add_case",
        tag=TAG,
        summary=_("登记一件加减分情形，须有依据文件"),
        body=bodies.ScoreCaseBody,
        answer=bodies.ScoreSheetDetailBody,
        status=201,
        scope=Scope.PUBLISH,
        has_etag=True,
    )
    def post(self, request: Request, year: int, period: str, number: int) -> Response:
        found, sent = self.named(year, period, number), self.read(bodies.ScoreCaseBody)
        score_answers.add_case(sheet=found, reason=sent["reason"], basis=sent["basis"], **self.by)
        return self.answer(year, period, number, status=201)


def _sheet(sheet: ScoreSheet) -> dict[str, object]:
    return {
        **{name: _text(getattr(sheet, name)) for name in ("base", "deduction", "bonus", "total")},
        "id": sheet.pk,
        "department": sheet.department.code if sheet.department else None,
        "post": sheet.post.code if sheet.post else None,
        "answer": str(sheet.answer),
    }


def _line(line: ScoreLine) -> dict[str, object]:
    return {
        "id": line.pk,
        "indicator": line.indicator.code if line.indicator else None,
        "share": line.share or None,
        "points": _text(line.points),
        "corrections": [each.words for each in line.said],
        **{name: getattr(line, name) for name in ("reason", "month", "basis")},
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)
