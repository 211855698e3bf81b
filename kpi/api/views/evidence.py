"""Files of a report: listed, attached, fetched, taken off."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404, HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from kpi.api.bodies.base import page_of
from kpi.api.bodies.submissions import EvidenceBody, UploadBody
from kpi.api.files import handed_on
from kpi.api.operations import operation
from kpi.api.paging import cut
from kpi.api.parameters import PAGING
from kpi.api.views.submissions import OneByOne
from kpi.api.views.year import page
from kpi.models import Evidence
from kpi.services import evidence

TAG = "evidence"
EvidencePage = page_of(EvidenceBody)


class Files(OneByOne):
    parser_classes = (MultiPartParser,)

    @operation("evidence_list", tag=TAG, summary=_("这份填报的佐证材料"), answer=EvidencePage, query=PAGING)
    def get(self, request: Request, year: int, period: str, code: str) -> Response:
        _indicator, _month, stored = self.named(year, period, code)
        files = list(stored.evidence.attached()) if stored else []
        return page(EvidenceBody, *cut(request, files, lambda file: str(file.pk)))

    @operation(
        "evidence_attach",
        tag=TAG,
        summary=_("上传一份佐证材料"),
        body={"multipart/form-data": UploadBody},
        answer=EvidenceBody,
        status=201,
        scope=Scope.FILE,
    )
    def post(self, request: Request, year: int, period: str, code: str) -> Response:
        found, month, _stored = self.named(year, period, code)
        file = self.read(UploadBody)["file"]
        attached = evidence.attach(
            indicator=found, period=month, name=file.name, content=file, actor=self.actor, now=self.now
        )
        return Response(EvidenceBody(attached.evidence).data, status=201)


class OneFile(OneByOne):
    @operation(
        "evidence_fetch",
        tag=TAG,
        summary=_("下载一份佐证材料；谁读过都有记录"),
        media="application/octet-stream",
    )
    def get(self, request: Request, year: int, period: str, code: str, pk: UUID) -> FileResponse:
        _indicator, _month, stored = self.named(year, period, code)
        found = Evidence.objects.visible_to(self.actor).filter(pk=pk, submission=stored) if stored else None
        file = (
            found.select_related("submission__indicator__lead_department", "submission__period").first()
            if found
            else None
        )
        if file is None:
            raise Http404
        content = evidence.read(file=file, actor=self.actor, now=self.now)
        return handed_on(content, file.name)

    @operation("evidence_remove", tag=TAG, summary=_("移除一份佐证材料"), status=204, scope=Scope.FILE)
    def delete(self, request: Request, year: int, period: str, code: str, pk: UUID) -> HttpResponse:
        found, month, _stored = self.named(year, period, code)
        evidence.remove(indicator=found, period=month, pk=pk, actor=self.actor, now=self.now)
        return HttpResponse(status=204)
