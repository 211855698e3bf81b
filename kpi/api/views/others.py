"""Notices, exports as jobs, published bulletins, and scores."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Department, Scope
from kpi.api.bodies import others as bodies
from kpi.api.bodies.base import page_of
from kpi.api.operations import ApiView, operation
from kpi.api.paging import cut, cut_query
from kpi.api.parameters import EDITION, PAGING, query
from kpi.api.views.year import page
from kpi.domain.errors import NotPermitted
from kpi.models import ExportJob, ScoreRun, ScoreSheet
from kpi.selectors import bulletins, scores
from kpi.services import exporting
from notifications import selectors as notice_selector
from notifications import services as notice_services

NoticePage, ExportPage = page_of(bodies.NoticeBody), page_of(bodies.ExportBody)
BulletinPage, ScoreRunPage = page_of(bodies.BulletinBody), page_of(bodies.ScoreRunBody)
ScoreSheetPage = page_of(bodies.ScoreSheetBody)
PLACES = (*notice_selector.TABS, notice_selector.SNOOZED)


class Notices(ApiView):
    @operation(
        "notices_list",
        tag="notices",
        summary=_("我的消息，新的在前"),
        answer=NoticePage,
        query=(query("tab", _("默认 action（需我处理）"), enum=list(PLACES)), *PAGING),
    )
    def get(self, request: Request) -> Response:
        tab = request.query_params.get("tab") or PLACES[0]
        if tab not in PLACES:
            raise Http404
        return page(bodies.NoticeBody, *cut_query(request, notice_selector.inbox(request.user, tab, self.now)))


class OneNotice(ApiView):
    @operation(
        "notices_act",
        tag="notices",
        summary=_("标为已读、归档或取回"),
        body=bodies.NoticeActBody,
        answer=bodies.NoticeBody,
        scope=Scope.INBOX,
    )
    def post(self, request: Request, number: int) -> Response:
        mine = request.user.notices.filter(pk=number, not_before__lte=self.now)
        if not mine.exists():
            raise Http404
        act = self.read(bodies.NoticeActBody)["act"]
        if act == "restore":
            notice_services.restore(notices=mine)
        else:
            {"read": notice_services.mark_read, "archive": notice_services.archive}[act](notices=mine, now=self.now)
        return Response(bodies.NoticeBody(mine.get()).data)


class Exports(ApiView):
    @operation("exports_list", tag="exports", summary=_("我要过的导出，新的在前"), answer=ExportPage, query=PAGING)
    def get(self, request: Request, year: int) -> Response:
        mine = list(_jobs(request, year).order_by("-asked_at", "-pk"))
        shown, following = cut(request, mine, lambda job: str(job.pk))
        return page(bodies.ExportBody, [_job(job) for job in shown], following)

    @operation(
        "exports_ask",
        tag="exports",
        summary=_("要一份导出：排队生成，随后查询状态、下载"),
        body=bodies.NewExportBody,
        answer=bodies.ExportBody,
        status=202,
        scope=Scope.EXPORT,
    )
    def post(self, request: Request, year: int) -> Response:
        sent = self.read(bodies.NewExportBody)
        codes = sent.get("departments", [])
        _require_reach(self, codes)
        job = exporting.ask(
            year=year,
            kind=sent["kind"],
            period=sent["period"],
            departments=codes,
            actor=self.actor,
            language=get_language() or "zh-hans",
            now=self.now,
        )
        return Response(bodies.ExportBody(_job(job)).data, status=202)


class OneExport(ApiView):
    @operation("exports_read", tag="exports", summary=_("一份导出的状态"), answer=bodies.ExportBody)
    def get(self, request: Request, year: int, pk: UUID) -> Response:
        return Response(bodies.ExportBody(_job(_find(self, year, pk))).data)

    @operation(
        "exports_act",
        tag="exports",
        summary=_("取消，或重新生成"),
        body=bodies.ExportActBody,
        answer=bodies.ExportBody,
        scope=Scope.EXPORT,
    )
    def post(self, request: Request, year: int, pk: UUID) -> Response:
        job = _find(self, year, pk)
        act = {"cancel": exporting.cancel, "retry": exporting.retry}[self.read(bodies.ExportActBody)["act"]]
        act(job=job, actor=self.actor, now=self.now)
        return Response(bodies.ExportBody(_job(_find(self, year, pk))).data)


class ExportFile(ApiView):
    @operation(
        "exports_fetch",
        tag="exports",
        summary=_("下载生成好的文件；每次下载都有记录"),
        media="application/octet-stream",
        scope=Scope.EXPORT,
        writes=False,
    )
    def get(self, request: Request, year: int, pk: UUID) -> FileResponse:
        job = _find(self, year, pk)
        content = exporting.fetch(job=job, actor=self.actor, now=self.now)
        answer = FileResponse(content, as_attachment=True, filename=job.name, content_type="application/octet-stream")
        answer["Cache-Control"] = "private, no-store"
        answer["X-Content-Type-Options"] = "nosniff"
        return answer


def _jobs(request: Request, year: int):
    mine = ExportJob.objects.filter(asked_by=request.user, period__report__year=year)
    return mine.select_related("period__report", "asked_by")


def _find(view: ApiView, year: int, pk: UUID) -> ExportJob:
    job = _jobs(view.request, year).filter(pk=pk).first()
    if job is None:
        raise Http404
    _require_reach(view, job.departments)
    return job


def _require_reach(view: ApiView, codes: list[str]) -> None:
    """A token that is narrowed to some units exports those, and never all."""
    if view.reach is None:
        return
    within = set(Department.objects.filter(pk__in=view.reach).values_list("code", flat=True))
    if not codes or not within.issuperset(codes):
        raise NotPermitted("export_not_permitted")


def _job(job: ExportJob) -> dict[str, object]:
    plain = ("id", "kind", "departments", "state", "done", "total", "name", "size", "sha256", "asked_at")
    more = ("finished_at", "expires_at", "error_code")
    return {name: getattr(job, name) for name in (*plain, *more)} | {"period": job.period.code}


class Bulletins(ApiView):
    @operation("bulletins_list", tag="bulletins", summary=_("你可以看的通报"), answer=BulletinPage, query=PAGING)
    def get(self, request: Request, year: int) -> Response:
        found = bulletins.of_year(year=year, actor=self.actor)
        shown, following = cut(request, found, lambda each: str(each.pk))
        plain = ("edition", "state", "title", "number", "published_at")
        rows = [{name: getattr(each, name) for name in plain} | {"period": each.period.code} for each in shown]
        return page(bodies.BulletinBody, rows, following)


class Scores(ApiView):
    @operation("scores_list", tag="scores", summary=_("你可以看的考核得分，按期"), answer=ScoreRunPage, query=PAGING)
    def get(self, request: Request, year: int) -> Response:
        # A unit's people know of a run only where a sheet of theirs is in it.
        actor = self.actor
        sees_all = actor.is_supervisor or actor.is_leader
        found = [run for run in scores.of_year(year, actor) if sees_all or run.own]
        shown, following = cut(request, found, lambda run: str(run.pk))
        return page(bodies.ScoreRunBody, [_run(run) for run in shown], following)


class ScoreSheets(ApiView):
    @operation(
        "scores_sheets",
        tag="scores",
        summary=_("一期的得分，按机构序列，不排名"),
        answer=ScoreSheetPage,
        query=(EDITION, *PAGING),
    )
    def get(self, request: Request, year: int, period: str) -> Response:
        wanted = request.query_params.get("edition", "")
        editions = scores.of_period(year, period, self.actor)
        run = next((each for each in editions if not wanted or str(each.edition) == wanted), None)
        sheets = scores.sheets_of(run, scores.visible_sheets(self.actor)) if run else []
        rows = [sheet for sheet in sheets if self.reaches(sheet.department_id)]
        if not rows:
            raise Http404
        shown, following = cut(request, rows, lambda sheet: str(sheet.pk))
        return page(bodies.ScoreSheetBody, [_sheet(sheet) for sheet in shown], following)


def _run(run: ScoreRun) -> dict[str, object]:
    plain = ("edition", "state", "opened_at", "answers_until")
    return {name: getattr(run, name) for name in plain} | {"period": run.period.code, "scheme": str(run.scheme)}


def _sheet(sheet: ScoreSheet) -> dict[str, object]:
    figures = {name: getattr(sheet, name) for name in ("base", "deduction", "bonus", "total")}
    return {
        **{name: None if value is None else str(value) for name, value in figures.items()},
        "department": sheet.department.code if sheet.department else None,
        "post": sheet.post.code if sheet.post else None,
        "answer": str(sheet.answer),
    }
