"""Exports as jobs: asked for, watched, fetched."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Department, Scope
from kpi.api.bodies import exports as bodies
from kpi.api.bodies.base import page_of
from kpi.api.files import handed_on
from kpi.api.operations import ApiView, operation
from kpi.api.paging import cut
from kpi.api.parameters import PAGING
from kpi.api.views.year import page
from kpi.domain.errors import NotPermitted
from kpi.models import ExportJob
from kpi.services import exporting

ExportPage = page_of(bodies.ExportBody)


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
        refuses=(409, 422),
    )
    def get(self, request: Request, year: int, pk: UUID) -> FileResponse:
        job = _find(self, year, pk)
        content = exporting.fetch(job=job, actor=self.actor, now=self.now)
        return handed_on(content, job.name)


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
