"""Changes of target: asked for with documents, signed, agreed, carried out; and the window for asking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404
from django.utils.translation import gettext_lazy as _
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from accounts.permissions import require
from kpi.api import finding
from kpi.api.bodies import target_changes as bodies
from kpi.api.bodies.base import page_of
from kpi.api.files import handed_on
from kpi.api.operations import VERSION, ApiView, operation, shaped
from kpi.api.paging import cut
from kpi.api.parameters import PAGING, query
from kpi.api.views.year import page
from kpi.domain.target_changes import ChangeParty, ChangeVerb
from kpi.models import TargetChange, TargetChangeFile, TargetChangeWindow
from kpi.selectors import target_changes as selector
from kpi.selectors.target_changes import Thread
from kpi.services import permissions, target_change_files, target_change_windows, target_changes
from kpi.services.target_change_content import NODE, PLAN

TAG = "target-changes"
V = ChangeVerb
ChangePage, WindowPage = page_of(bodies.ChangeBody), page_of(bodies.AskingWindowBody)
Service = Callable[..., TargetChange]
STEPS: Mapping[str, Service] = {
    V.SIGN: target_changes.sign,
    V.AGREE: target_changes.agree,
    V.APPLY: target_changes.apply,
    V.SEND_BACK: target_changes.send_back,
    V.REFUSE: target_changes.refuse,
    V.WITHDRAW: target_changes.withdraw,
}
# What a token must be for, by whom the case waits for: each party decides with its own scope.
SCOPES: Mapping[ChangeParty, Scope] = {
    ChangeParty.UNIT: Scope.FILE,
    ChangeParty.HEAD: Scope.SIGN,
    ChangeParty.LEADER: Scope.DIRECT,
    ChangeParty.OFFICE: Scope.CONFIGURE,
}


def thread(view: ApiView, year: int, number: int) -> Thread:
    found = selector.thread(actor=view.actor, year=year, pk=number)
    if found is None or not view.reaches(found.case.indicator.lead_department_id):
        raise Http404
    return found


def answer(found: Thread, status: int = 200) -> Response:
    columns = ("id", "version", "indicator", "state", "timing", "reason", "text", "asked_at", "target")
    shown = {name: getattr(found.change, name) for name in (*columns, "final_due_on", "plan", "nodes")}
    shown |= {"entries": found.entries, "files": found.files, "steps": sorted(str(verb) for verb in found.verbs)}
    return shaped(bodies.ChangeDetailBody, shown, version=found.change.version, status=status)


def raw_of(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent as the form's reader takes it; what is left out stays as it is."""
    raw = {"reason": sent["reason"], "text": sent["text"], "target": sent.get("target") or ""}
    raw["final_due_on"] = day.isoformat() if (day := sent.get("final_due_on")) else ""
    raw |= {f"{PLAN}{month}": value or "" for month, value in sent.get("plan", {}).items()}
    return raw | {f"{NODE}{ordinal}": day.isoformat() for ordinal, day in sent.get("nodes", {}).items()}


class TargetChanges(ApiView):
    @operation(
        "target_changes_list",
        tag=TAG,
        summary=_("你可以看的目标调整"),
        answer=ChangePage,
        query=(query("tab", _("默认 open"), enum=list(selector.TABS)), *PAGING),
    )
    def get(self, request: Request, year: int) -> Response:
        actor, tab = self.actor, request.query_params.get("tab") or "open"
        require(actor.is_leader or actor.is_supervisor or bool(actor.department_ids), "not_permitted")
        if tab not in selector.TABS:
            raise Http404
        cases = selector.listing(actor=actor, year=year, tab=tab).cases
        found = [case.change for case in cases if self.reaches(case.indicator.lead_department_id)]
        return page(bodies.ChangeBody, *cut(request, found, lambda change: str(change.pk)))

    @operation(
        "target_changes_ask",
        tag=TAG,
        summary=_("申请调整目标；先上传依据文件"),
        body=bodies.NewChangeBody,
        answer=bodies.ChangeDetailBody,
        status=201,
        scope=Scope.FILE,
        has_etag=True,
    )
    def post(self, request: Request, year: int) -> Response:
        sent = self.read(bodies.NewChangeBody)
        found = finding.indicator(self, year, sent["indicator"])
        made = target_changes.ask(indicator=found, raw=raw_of(sent), form_key=sent["form"], **self.by)
        return answer(thread(self, year, made.pk), status=201)


class ChangeFiles(ApiView):
    parser_classes = (MultiPartParser,)

    @operation(
        "target_changes_attach",
        tag=TAG,
        summary=_("上传一份依据文件，归随后写同一 form 的申请；一天内没有申请即删除"),
        body={"multipart/form-data": bodies.ChangeUploadBody},
        answer=bodies.ChangeFileBody,
        status=201,
        scope=Scope.FILE,
    )
    def post(self, request: Request, year: int) -> Response:
        sent = self.read(bodies.ChangeUploadBody)
        found, file = finding.indicator(self, year, sent["indicator"]), sent["file"]
        kept = target_change_files.stash(
            indicator=found, form_key=sent["form"], name=file.name, content=file, **self.by
        )
        return shaped(bodies.ChangeFileBody, kept, status=201)


class ChangeFile(ApiView):
    @operation(
        "target_changes_fetch",
        tag=TAG,
        summary=_("下载一份依据文件；谁读过都有记录"),
        media="application/octet-stream",
    )
    def get(self, request: Request, year: int, pk: UUID) -> FileResponse:
        cases = TargetChange.objects.of_year(year).visible_to(self.actor)
        found = TargetChangeFile.objects.filter(pk=pk, change__in=cases)
        file = found.select_related("change__indicator__lead_department").first()
        if file is None or not self.reaches(file.change.indicator.lead_department_id):
            raise Http404
        return handed_on(target_change_files.read(file=file, **self.by), file.name)


class OneChange(ApiView):
    @operation(
        "target_changes_read", tag=TAG, summary=_("一件目标调整及其往来"), answer=bodies.ChangeDetailBody, has_etag=True
    )
    def get(self, request: Request, year: int, number: int) -> Response:
        return answer(thread(self, year, number))

    @operation(
        "target_changes_repair",
        tag=TAG,
        summary=_("补正退回的申请"),
        body=bodies.WishBody,
        answer=bodies.ChangeDetailBody,
        scope=Scope.FILE,
        if_match=VERSION,
        has_etag=True,
    )
    def put(self, request: Request, year: int, number: int) -> Response:
        found, sent = thread(self, year, number), self.read(bodies.WishBody)
        target_changes.repair(change=found.change, version=self.version, raw=raw_of(sent), **self.by)
        return answer(thread(self, year, number))


class ChangeStep(ApiView):
    """Four parties take steps; which scope a token needs depends on whom the case waits for."""

    @operation(
        "target_changes_step",
        tag=TAG,
        summary=_("审签、审定、办理、退回、不予调整、撤回"),
        body=bodies.ChangeStepBody,
        answer=bodies.ChangeDetailBody,
        writes=True,
        if_match=VERSION,
        has_etag=True,
    )
    def post(self, request: Request, year: int, number: int) -> Response:
        found, sent = thread(self, year, number), self.read(bodies.ChangeStepBody)
        verb, party = V(sent["step"]), found.case.waits_for
        self.require_scope(Scope.FILE if verb is V.WITHDRAW or party is None else SCOPES[party])
        STEPS[verb](change=found.change, version=self.version, text=sent.get("text", ""), **self.by)
        return answer(thread(self, year, number))


class AskingWindows(ApiView):
    @operation("target_changes_windows", tag=TAG, summary=_("各版申请窗口，新的在前"), answer=WindowPage, query=PAGING)
    def get(self, request: Request) -> Response:
        permissions.require_supervisor(self.actor)
        found = list(TargetChangeWindow.objects.order_by("-effective_from", "-pk"))
        return page(bodies.AskingWindowBody, *cut(request, found, lambda window: str(window.pk)))

    @operation(
        "target_changes_add_window",
        tag=TAG,
        summary=_("另立一版申请窗口，自某日起"),
        body=bodies.NewAskingWindowBody,
        answer=bodies.AskingWindowBody,
        status=201,
        scope=Scope.CONFIGURE,
    )
    def post(self, request: Request) -> Response:
        sent = self.read(bodies.NewAskingWindowBody)
        raw = {**sent, "effective_from": sent["effective_from"].isoformat()}
        return shaped(bodies.AskingWindowBody, target_change_windows.add(raw=raw, **self.by), status=201)
