"""Years: the next one opened, last year's tasks carried over, the report's text corrected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from kpi.api.bodies import configuring as bodies
from kpi.api.bodies.base import page_of
from kpi.api.operations import STAMP, ApiView, operation, shaped
from kpi.api.paging import cut
from kpi.api.parameters import PAGING
from kpi.api.views.configuring import report
from kpi.api.views.year import page
from kpi.models import Indicator, Report
from kpi.selectors import succession
from kpi.services import editions, years
from kpi.services import succession as succession_service
from kpi.services.content import ContentInvalid, FieldError

TAG = "configuration"
HeirPage = page_of(bodies.HeirBody)
FOLDER = settings.BASE_DIR / "fixtures"


class Years(ApiView):
    @operation(
        "years_open",
        tag=TAG,
        summary=_("开启一个年度，或补它的文本、报告期和工作日"),
        body=bodies.NewYearBody,
        answer=bodies.OpenedYearBody,
        scope=Scope.CONFIGURE,
    )
    def post(self, request: Request) -> Response:
        sent = self.read(bodies.NewYearBody)
        said = {"year": sent["year"], "text": sent.get("text", ""), "title": sent.get("title", ""), "folder": FOLDER}
        opened = years.open_year(**said, **self.by)
        shown = {"year": opened.year, "title": opened.title}
        shown |= {name: [month.code for month in getattr(opened, name)] for name in ("added", "moved")}
        return shaped(bodies.OpenedYearBody, shown)


class Correction(ApiView):
    @operation(
        "reports_correct",
        tag=TAG,
        summary=_("更正报告原文；承诺随文字移动，找不到的标出。If-Match 是原文的校验值"),
        body=bodies.CorrectionBody,
        answer=bodies.CorrectedBody,
        scope=Scope.CONFIGURE,
        if_match=STAMP,
        has_etag=True,
    )
    def post(self, request: Request, year: int) -> Response:
        found, sent = report(self, year), self.read(bodies.CorrectionBody)
        done = editions.correct_report(
            report=found, text=sent["text"], base_sha256=self.stamp, reason=sent["reason"], **self.by
        )
        moves = {name: [each.commitment.code for each in getattr(done, name)] for name in ("changed", "moved", "lost")}
        return shaped(bodies.CorrectedBody, {"sha256": done.sha256, **moves}, version=done.sha256)


class Succession(ApiView):
    @operation("succession_list", tag=TAG, summary=_("上一年的任务和它们的去向"), answer=HeirPage, query=PAGING)
    def get(self, request: Request, year: int) -> Response:
        return self._shown(request, report(self, year))

    @operation(
        "succession_decide",
        tag=TAG,
        summary=_("沿用若干项，或一项不再延续、恢复未决定"),
        body=bodies.SuccessionBody,
        answer=HeirPage,
        query=PAGING,
        scope=Scope.CONFIGURE,
    )
    def post(self, request: Request, year: int) -> Response:
        found, sent = report(self, year), self.read(bodies.SuccessionBody)
        if sent["act"] == "continue":
            succession_service.continue_all(report=found, codes=sent["codes"], **self.by)
        else:
            self._end_or_reopen(found, sent)
        return self._shown(request, found)

    def _end_or_reopen(self, found: Report, sent: Mapping[str, Any]) -> None:
        if len(sent["codes"]) != 1:
            raise ContentInvalid([FieldError("codes", "succession_one_by_one")])
        old = Indicator.objects.filter(report__year=found.year - 1, code=sent["codes"][0]).select_related("report")
        indicator = old.first()
        if indicator is None:
            raise Http404
        if sent["act"] == "end":
            succession_service.end(indicator=indicator, reason=sent.get("reason", ""), **self.by)
        else:
            succession_service.reopen(indicator=indicator, **self.by)

    def _shown(self, request: Request, found: Report) -> Response:
        shown, following = cut(request, succession.heirs(found), lambda heir: heir.indicator.code)
        return page(bodies.HeirBody, [_heir(heir) for heir in shown], following)


def _heir(heir: succession.Heir) -> dict[str, object]:
    return {
        "code": heir.indicator.code,
        "standing": str(heir.standing),
        "successors": [each.code for each in heir.successors],
        "is_proposed": heir.is_proposed,
    }
