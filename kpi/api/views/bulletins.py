"""The monthly bulletin: drafted, rewritten, sent, issued by a second person, downloaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from django.http import FileResponse, Http404
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from kpi.api import finding
from kpi.api.bodies import bulletins as bodies
from kpi.api.bodies.base import page_of
from kpi.api.files import handed_on
from kpi.api.operations import VERSION, ApiView, operation, shaped
from kpi.api.paging import cut
from kpi.api.parameters import EDITION, PAGING
from kpi.api.views.year import page
from kpi.documents.docx import render as render_docx
from kpi.domain.bulletin_record import Content
from kpi.models import Bulletin, BulletinFile
from kpi.selectors import bulletins as selector
from kpi.services import bulletin_editing, bulletins, handouts, permissions
from kpi.services.bulletin_editing import Typed, Wish

TAG = "bulletins"
BulletinPage = page_of(bodies.BulletinBody)


def find(view: ApiView, year: int, period: str) -> Bulletin:
    """The edition of ``?edition=``, else the latest the caller may see."""
    wanted = view.request.query_params.get("edition", "")
    editions = selector.of_period(year=year, code=period, actor=view.actor)
    found = next((each for each in editions if not wanted or str(each.edition) == wanted), None)
    if found is None:
        raise Http404
    return found


def content(view: ApiView, found: Bulletin) -> Content:
    """Frozen, or as it reads now."""
    return selector.frozen(found) or selector.live(found, view.actor, view.now)[0]


def answer(view: ApiView, found: Bulletin, status: int = 200) -> Response:
    shown = {name: getattr(found, name) for name in (*bulletins.HEAD_FIELDS, *bulletins.FLAGS, "demands")}
    shown |= {name: getattr(found, name) for name in ("period", "edition", "state", "number", "published_at")}
    chapters = [{"title": part.title, "paragraphs": part.paragraphs} for part in content(view, found).parts]
    return shaped(
        bodies.BulletinDetailBody,
        {**shown, "version": found.version, "chapters": chapters},
        version=found.version,
        status=status,
    )


class Bulletins(ApiView):
    @operation("bulletins_list", tag=TAG, summary=_("你可以看的通报"), answer=BulletinPage, query=PAGING)
    def get(self, request: Request, year: int) -> Response:
        found = selector.of_year(year=year, actor=self.actor)
        return page(bodies.BulletinBody, *cut(request, found, lambda each: str(each.pk)))

    @operation(
        "bulletins_draft",
        tag=TAG,
        summary=_("起草一期的通报；重新锁定之后为新版"),
        body=bodies.NewBulletinBody,
        answer=bodies.BulletinDetailBody,
        status=201,
        scope=Scope.PUBLISH,
        has_etag=True,
    )
    def post(self, request: Request, year: int) -> Response:
        permissions.require_supervisor(self.actor)
        month = finding.period(year, self.read(bodies.NewBulletinBody)["period"])
        bulletins.draft(period=month, **self.by)
        return answer(self, find(self, year, month.code), status=201)


class OneBulletin(ApiView):
    @operation(
        "bulletins_read",
        tag=TAG,
        summary=_("一期通报的文字；草稿按现在的数据"),
        answer=bodies.BulletinDetailBody,
        query=(EDITION,),
        has_etag=True,
    )
    def get(self, request: Request, year: int, period: str) -> Response:
        return answer(self, find(self, year, period))

    @operation(
        "bulletins_edit",
        tag=TAG,
        summary=_("修改草稿：版头、开关和改写的段落"),
        body=bodies.BulletinDraftBody,
        answer=bodies.BulletinDetailBody,
        scope=Scope.PUBLISH,
        if_match=VERSION,
        has_etag=True,
    )
    def put(self, request: Request, year: int, period: str) -> Response:
        permissions.require_supervisor(self.actor)
        found, sent = find(self, year, period), self.read(bodies.BulletinDraftBody)
        wish = Wish(
            head={name: sent[name] for name in bulletins.HEAD_FIELDS},
            flags={name: sent[name] for name in bulletins.FLAGS},
            demands=sent["demands"],
            paragraphs=[Typed(**{"reason": "", **each}) for each in sent.get("paragraphs", ())],
            reset=sent.get("reset", ""),
            keep=sent.get("keep", ""),
        )
        bulletin_editing.write_draft(bulletin=found, version=self.version, wish=wish, **self.by)
        return answer(self, find(self, year, period))


Step = Callable[[dict[str, Any], Mapping[str, Any]], Bulletin]
STEPS: Mapping[str, Step] = {
    "send": lambda said, sent: bulletins.send(**said),
    "withdraw": lambda said, sent: bulletins.withdraw(**said),
    "return": lambda said, sent: bulletins.return_to_draft(**said, reason=sent.get("reason", "")),
    "publish": lambda said, sent: bulletins.publish(**said, number=sent.get("number"), render=render_docx),
}


class BulletinStep(ApiView):
    @operation(
        "bulletins_step",
        tag=TAG,
        summary=_("送审、撤回、退回、编号签发"),
        body=bodies.BulletinStepBody,
        answer=bodies.BulletinDetailBody,
        scope=Scope.PUBLISH,
        if_match=VERSION,
        has_etag=True,
    )
    def post(self, request: Request, year: int, period: str) -> Response:
        permissions.require_supervisor(self.actor)
        found, sent = find(self, year, period), self.read(bodies.BulletinStepBody)
        STEPS[sent["step"]]({"bulletin": found, "version": self.version, **self.by}, sent)
        return answer(self, find(self, year, period))


class BulletinDocument(ApiView):
    @operation(
        "bulletins_fetch",
        tag=TAG,
        summary=_("下载 Word 文件：已发布的逐字节照旧，未发布的标为草稿"),
        media="application/octet-stream",
        query=(EDITION,),
    )
    def get(self, request: Request, year: int, period: str) -> FileResponse:
        found = find(self, year, period)
        kept = BulletinFile.objects.filter(bulletin=found).first()
        data = bytes(kept.content) if kept else render_docx(found, content(self, found))
        name = kept.name if kept else bulletins.file_name(found)
        handouts.note_file(action="bulletin.fetched", obj=found, name=name, data=data, **self.by)
        return handed_on(BytesIO(data), name)
