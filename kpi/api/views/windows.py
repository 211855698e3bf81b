"""What the office does to a reporting period, what units ask of it, and chasing who is late."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Department, Scope
from kpi.api import finding
from kpi.api.bodies import windows as bodies
from kpi.api.bodies.base import page_of
from kpi.api.bodies.year import PeriodBody
from kpi.api.operations import ApiView, operation, shaped
from kpi.api.paging import cut
from kpi.api.parameters import PAGING, query
from kpi.api.views.year import page
from kpi.domain.errors import NotPermitted
from kpi.domain.window_acts import WindowAct
from kpi.models import Extension, Period, Unlock
from kpi.selectors import windows as selector
from kpi.services import chasing, periods, permissions, window_changes, windows
from kpi.services.content import ContentInvalid, FieldError
from notifications.rules import rules

TAG = "periods"
ChangePage, UnlockPage = page_of(bodies.WindowChangeBody), page_of(bodies.UnlockBody)
ExtensionPage, ChasedPage = page_of(bodies.ExtensionBody), page_of(bodies.ChasedBody)
PreviewPage = page_of(bodies.ChasePreviewBody)
UNITS = query("department", _("单位代码，可重复"), type="array", items={"type": "string", "maxLength": 40})


def held(view: ApiView, year: int, code: str) -> Period:
    """The period, for the office alone."""
    permissions.require_supervisor(view.actor)
    return finding.period(year, code)


class WindowChanges(ApiView):
    @operation(
        "periods_changes", tag=TAG, summary=_("督查室对本期时限的办理，新的在前"), answer=ChangePage, query=PAGING
    )
    def get(self, request: Request, year: int, period: str) -> Response:
        found = selector.changes_of(held(self, year, period))
        return page(bodies.WindowChangeBody, *cut(request, found, lambda change: str(change.pk)))

    @operation(
        "periods_change_window",
        tag=TAG,
        summary=_("提前开放、整期延期或提前关闭；有关单位会收到消息"),
        body=bodies.WindowActBody,
        answer=bodies.WindowChangeBody,
        status=201,
        scope=Scope.PERIODS,
    )
    def post(self, request: Request, year: int, period: str) -> Response:
        found, sent = held(self, year, period), self.read(bodies.WindowActBody)
        change = window_changes.change_window(
            period=found,
            act=WindowAct(sent["act"]),
            until=sent.get("until"),
            typed_code=sent["confirm"],
            reason=sent["reason"],
            **self.by,
        )
        return shaped(bodies.WindowChangeBody, change, status=201)


class UndoneChange(ApiView):
    @operation(
        "periods_undo_change",
        tag=TAG,
        summary=_("撤回最近一次办理，恢复原来的时限"),
        body=bodies.UndoBody,
        answer=bodies.WindowChangeBody,
        scope=Scope.PERIODS,
    )
    def post(self, request: Request, year: int, period: str, number: int) -> Response:
        found = held(self, year, period)
        if all(change.pk != number for change in selector.changes_of(found)):
            raise Http404
        sent = self.read(bodies.UndoBody)
        change = window_changes.undo_change(
            period=found, change_id=number, typed_code=sent["confirm"], reason=sent["reason"], **self.by
        )
        return shaped(bodies.WindowChangeBody, change)


class Lock(ApiView):
    @operation(
        "periods_lock",
        tag=TAG,
        summary=_("锁定本期：亮灯存档，此后不再变化"),
        body=bodies.LockBody,
        answer=PeriodBody,
        scope=Scope.PERIODS,
    )
    def post(self, request: Request, year: int, period: str) -> Response:
        found = held(self, year, period)
        periods.lock_period(period=found, typed_code=self.read(bodies.LockBody)["confirm"], **self.by)
        return shaped(PeriodBody, finding.period(year, period))


class Unlocks(ApiView):
    @operation("periods_unlocks", tag=TAG, summary=_("本期的解锁申请"), answer=UnlockPage, query=PAGING)
    def get(self, request: Request, year: int, period: str) -> Response:
        found = Unlock.objects.filter(period=held(self, year, period)).select_related("asked_by").order_by("-pk")
        return page(bodies.UnlockBody, *cut(request, list(found), lambda each: str(each.pk)))

    @operation(
        "periods_ask_unlock",
        tag=TAG,
        summary=_("申请解锁最近锁定的一期；须督查室另一人确认"),
        body=bodies.AskBody,
        answer=bodies.UnlockBody,
        status=201,
        scope=Scope.PERIODS,
    )
    def post(self, request: Request, year: int, period: str) -> Response:
        found = held(self, year, period)
        asked = windows.ask_unlock(period=found, reason=self.read(bodies.AskBody)["reason"], **self.by)
        return shaped(bodies.UnlockBody, asked, status=201)


class OneUnlock(ApiView):
    @operation(
        "periods_answer_unlock",
        tag=TAG,
        summary=_("另一人确认或不同意解锁；或申请人撤回"),
        body=bodies.UnlockAnswerBody,
        answer=bodies.UnlockBody,
        scope=Scope.PERIODS,
    )
    def post(self, request: Request, year: int, period: str, number: int) -> Response:
        asked = Unlock.objects.filter(pk=number, period=held(self, year, period)).first()
        if asked is None:
            raise Http404
        sent = self.read(bodies.UnlockAnswerBody)
        if sent["act"] == "confirm":
            windows.confirm_unlock(unlock=asked, typed_code=sent.get("confirm", ""), **self.by)
        else:
            windows.refuse_unlock(unlock=asked, **self.by)
        return shaped(bodies.UnlockBody, Unlock.objects.select_related("asked_by").get(pk=number))


class Extensions(ApiView):
    @operation(
        "extensions_list",
        tag=TAG,
        summary=_("本期的延期与补报：督查室看全部，单位看自己的"),
        answer=ExtensionPage,
        query=PAGING,
    )
    def get(self, request: Request, year: int, period: str) -> Response:
        asked = selector.requests_of(finding.period(year, period))
        found = [each for each in (*asked.waiting, *asked.answered) if self._sees(each)]
        return page(bodies.ExtensionBody, *cut(request, found, lambda each: str(each.pk)))

    def _sees(self, found: Extension) -> bool:
        is_own = self.actor.is_supervisor or found.department_id in self.actor.department_ids
        return is_own and self.reaches(found.department_id)

    @operation(
        "extensions_ask",
        tag=TAG,
        summary=_("单位申请延期或补报"),
        body=bodies.NewExtensionBody,
        answer=bodies.ExtensionBody,
        status=201,
        scope=Scope.FILE,
    )
    def post(self, request: Request, year: int, period: str) -> Response:
        found, sent = finding.period(year, period), self.read(bodies.NewExtensionBody)
        unit = department(self, sent["department"])
        asked = windows.ask_extension(period=found, department=unit, reason=sent["reason"], **self.by)
        return shaped(bodies.ExtensionBody, asked, status=201)


class GivenExtensions(ApiView):
    @operation(
        "extensions_give",
        tag=TAG,
        summary=_("督查室给一个单位延期，不论是否申请"),
        body=bodies.GivenExtensionBody,
        answer=bodies.ExtensionBody,
        status=201,
        scope=Scope.PERIODS,
    )
    def post(self, request: Request, year: int, period: str) -> Response:
        found, sent = held(self, year, period), self.read(bodies.GivenExtensionBody)
        unit = department(self, sent["department"])
        given = windows.extend(period=found, department=unit, until=sent["until"], reason=sent["reason"], **self.by)
        return shaped(bodies.ExtensionBody, given, status=201)


class OneExtension(ApiView):
    @operation(
        "extensions_answer",
        tag=TAG,
        summary=_("批准或不批准一项申请"),
        body=bodies.ExtensionAnswerBody,
        answer=bodies.ExtensionBody,
        scope=Scope.PERIODS,
    )
    def post(self, request: Request, year: int, period: str, number: int) -> Response:
        asked = Extension.objects.filter(pk=number, period=held(self, year, period)).first()
        if asked is None:
            raise Http404
        sent = self.read(bodies.ExtensionAnswerBody)
        answered = windows.answer_extension(
            extension=asked, until=sent["until"], answer=sent.get("answer", ""), **self.by
        )
        return shaped(bodies.ExtensionBody, answered)


def department(view: ApiView, code: str) -> Department:
    """Raises 422 for a unit that does not exist, or that the token does not reach."""
    found = Department.objects.filter(code=code).first()
    if found is None or not view.reaches(found.pk):
        raise ContentInvalid([FieldError("department", "unit_required")])
    return found


class Chases(ApiView):
    @operation(
        "chases_preview",
        tag=TAG,
        summary=_("催办会对谁说什么；什么也不发"),
        answer=PreviewPage,
        query=(UNITS, query("note", _("附言"), maxLength=chasing.MOST_NOTE), *PAGING),
    )
    def get(self, request: Request, year: int, period: str) -> Response:
        found, asked = held(self, year, period), request.query_params
        units = self._units(asked.getlist("department"))
        note = asked.get("note", "")[: chasing.MOST_NOTE]
        previews = chasing.preview(period=found, departments=units, note=note, found=rules(self.now), now=self.now)
        shown, following = cut(request, previews, lambda each: each.unit.department.code)
        return page(bodies.ChasePreviewBody, [_preview(each) for each in shown], following)

    @operation(
        "chases_send",
        tag=TAG,
        summary=_("催办：每单位每天一次，逐个单位说明结果"),
        body=bodies.ChaseBody,
        answer=ChasedPage,
        scope=Scope.REVIEW,
    )
    def post(self, request: Request, year: int, period: str) -> Response:
        found, sent = held(self, year, period), self.read(bodies.ChaseBody)
        done = chasing.chase(
            period=found, departments=self._units(sent["departments"]), note=sent.get("note", ""), **self.by
        )
        rows = [{"department": each.department, "told": each.told, **_refusal(each.refusal)} for each in done]
        return page(bodies.ChasedBody, rows, None)

    def _units(self, codes: list[str]) -> list[Department]:
        """Those named, within the token's units; another's is none of its business."""
        found = list(Department.objects.filter(code__in=codes))
        if not all(self.reaches(unit.pk) for unit in found):
            raise NotPermitted("not_permitted")
        return found


def _preview(each: chasing.Preview) -> dict[str, object]:
    told = [{"person": one.person, "ways": [str(way.channel) for way in one.ways]} for one in each.told]
    return {"unit": each.unit, "title": each.title, "body": each.body, "told": told, **_refusal(each.refusal)}


def _refusal(found: object) -> dict[str, object]:
    return {"refusal_code": getattr(found, "code", None)}
