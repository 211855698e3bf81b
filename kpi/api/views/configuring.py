"""The configuration of a year's tasks: a phrase becomes an indicator; its fields, plan, split, lead; on and off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from kpi.api.bodies import configuring as bodies
from kpi.api.bodies.base import page_of
from kpi.api.operations import STAMP, ApiView, operation, shaped
from kpi.api.paging import cut
from kpi.api.parameters import PAGING
from kpi.api.views.year import page
from kpi.models import Handover, Indicator, Report
from kpi.selectors import configuration, planning
from kpi.selectors.splitting import Split, split_of
from kpi.services import anchoring, handovers, indicators, permissions, plans, splits
from kpi.services.indicator_content import raw_of
from kpi.services.plan_content import node_field

TAG = "configuration"
HandoverPage = page_of(bodies.HandoverBody)
Sent = Mapping[str, Any]


def indicator(view: ApiView, year: int, code: str) -> Indicator:
    """An indicator of the year, switched off or not, for the office alone."""
    permissions.require_supervisor(view.actor)
    found = configuration.for_form(year).filter(code=code).first()
    if found is None or not view.reaches(found.lead_department_id):
        raise Http404
    return found


def report(view: ApiView, year: int) -> Report:
    """A year's report, for the office alone."""
    permissions.require_supervisor(view.actor)
    found = Report.objects.filter(year=year).first()
    if found is None:
        raise Http404
    return found


def form_of(sent: Sent) -> dict[str, Any]:
    """What was sent as the form's reader takes it: days, figures and counts as text."""
    plain = (str, bool, list)
    texts = {name: "" if value is None else value for name, value in sent.items()}
    return {name: value if isinstance(value, plain) else str(value) for name, value in texts.items()}


def settings(found: Indicator, status: int = 200) -> Response:
    raw = raw_of(found)
    shown = {**raw, "code": found.code, "is_active": found.is_active}
    return shaped(bodies.IndicatorSettingsBody, shown, version=planning.stamp(raw), status=status)


class Settings(ApiView):
    @operation(
        "configuration_read",
        tag=TAG,
        summary=_("一项任务的全部设置，停用的也在"),
        answer=bodies.IndicatorSettingsBody,
        has_etag=True,
    )
    def get(self, request: Request, year: int, code: str) -> Response:
        return settings(indicator(self, year, code))

    @operation(
        "configuration_change",
        tag=TAG,
        summary=_("修改设置；已经填报或公布的，只能改还能改的"),
        body=bodies.IndicatorFormBody,
        answer=bodies.IndicatorSettingsBody,
        scope=Scope.CONFIGURE,
        if_match=STAMP,
        has_etag=True,
    )
    def patch(self, request: Request, year: int, code: str) -> Response:
        found, sent = indicator(self, year, code), self.read(bodies.IndicatorFormBody)
        indicators.change(indicator=found, raw=form_of(sent), stamp=self.stamp, **self.by)
        return settings(indicator(self, year, code))


class NewIndicator(ApiView):
    @operation(
        "configuration_add",
        tag=TAG,
        summary=_("报告中的一句立为任务；随后排序时计划"),
        body=bodies.NewIndicatorBody,
        answer=bodies.IndicatorSettingsBody,
        status=201,
        scope=Scope.CONFIGURE,
        has_etag=True,
    )
    def post(self, request: Request, year: int) -> Response:
        found, sent = report(self, year), self.read(bodies.NewIndicatorBody)
        made = indicators.add(report=found, raw=form_of(sent), **self.by)
        return settings(indicator(self, year, made.code), status=201)


class SetAside(ApiView):
    @operation(
        "configuration_set_aside",
        tag=TAG,
        summary=_("报告中的一句列为不立项"),
        body=bodies.SetAsideBody,
        answer=bodies.SetAsideDoneBody,
        scope=Scope.CONFIGURE,
    )
    def post(self, request: Request, year: int) -> Response:
        found, sent = report(self, year), self.read(bodies.SetAsideBody)
        return shaped(bodies.SetAsideDoneBody, anchoring.set_aside(report=found, raw=form_of(sent), **self.by))


class Switch(ApiView):
    @operation(
        "configuration_switch",
        tag=TAG,
        summary=_("停用或恢复一项任务；什么也不删除"),
        body=bodies.SwitchBody,
        answer=bodies.IndicatorSettingsBody,
        scope=Scope.CONFIGURE,
        has_etag=True,
    )
    def post(self, request: Request, year: int, code: str) -> Response:
        found, sent = indicator(self, year, code), self.read(bodies.SwitchBody)
        indicators.set_active(
            indicator=found, is_active=sent["is_active"], typed_code=sent["confirm"], reason=sent["reason"], **self.by
        )
        return settings(indicator(self, year, code))


def plan(found: planning.Plan) -> Response:
    shown = {
        "target": None if found.target is None else str(found.target),
        "points": {month: str(value) for month, value in found.points.items()},
        "nodes": found.nodes,
        "locked": list(found.locked),
    }
    return shaped(bodies.PlanBody, shown, version=found.stamp)


class Plan(ApiView):
    @operation("plans_read", tag=TAG, summary=_("一项任务的序时计划和节点"), answer=bodies.PlanBody, has_etag=True)
    def get(self, request: Request, year: int, code: str) -> Response:
        return plan(planning.plan_of(indicator(self, year, code)))

    @operation(
        "plans_change",
        tag=TAG,
        summary=_("整个替换计划：里程碑发 nodes，其余发 points；已锁定的月份不变"),
        body=bodies.NewPlanBody,
        answer=bodies.PlanBody,
        scope=Scope.CONFIGURE,
        if_match=STAMP,
        has_etag=True,
    )
    def put(self, request: Request, year: int, code: str) -> Response:
        found, sent = indicator(self, year, code), self.read(bodies.NewPlanBody)
        said = {"indicator": found, "stamp": self.stamp, **self.by}
        if planning.plan_of(found).has_nodes:
            plans.change_nodes(raw=_nodes(sent.get("nodes", [])), **said)
        else:
            plans.change_points(raw=form_of(sent.get("points", {})), **said)
        return plan(planning.plan_of(indicator(self, year, code)))


def _nodes(sent: list[Sent]) -> dict[str, Any]:
    raw: dict[str, Any] = {"nodes-count": str(len(sent))}
    for place, node in enumerate(sent, start=1):
        raw |= {node_field(place, "name"): node["name"], node_field(place, "due"): node["due_on"].isoformat()}
    return raw


def split(found: Split) -> Response:
    shown = {
        "target": None if found.target is None else str(found.target),
        "shares": found.as_json(),
        "difference": None if found.difference is None else str(found.difference),
    }
    return shaped(bodies.SplitBody, shown, version=found.stamp)


class DistrictSplit(ApiView):
    @operation("splits_read", tag=TAG, summary=_("分解到区县、乡镇的数字"), answer=bodies.SplitBody, has_etag=True)
    def get(self, request: Request, year: int, code: str) -> Response:
        return split(split_of(indicator(self, year, code)))

    @operation(
        "splits_change",
        tag=TAG,
        summary=_("整个替换分解"),
        body=bodies.NewSplitBody,
        answer=bodies.SplitBody,
        scope=Scope.CONFIGURE,
        if_match=STAMP,
        has_etag=True,
    )
    def put(self, request: Request, year: int, code: str) -> Response:
        found, sent = indicator(self, year, code), self.read(bodies.NewSplitBody)
        splits.change(indicator=found, raw=form_of(sent["shares"]), stamp=self.stamp, **self.by)
        return split(split_of(indicator(self, year, code)))


class Handovers(ApiView):
    @operation("handovers_list", tag=TAG, summary=_("牵头单位的变更，新的在前"), answer=HandoverPage, query=PAGING)
    def get(self, request: Request, year: int, code: str) -> Response:
        found = list(configuration.handovers(indicator(self, year, code)))
        return page(bodies.HandoverBody, *cut(request, found, lambda each: str(each.pk)))

    @operation(
        "handovers_decide",
        tag=TAG,
        summary=_("自某日起改由另一单位牵头"),
        body=bodies.NewHandoverBody,
        answer=bodies.HandoverBody,
        status=201,
        scope=Scope.CONFIGURE,
    )
    def post(self, request: Request, year: int, code: str) -> Response:
        found, sent = indicator(self, year, code), self.read(bodies.NewHandoverBody)
        return shaped(bodies.HandoverBody, handovers.decide(indicator=found, raw=form_of(sent), **self.by), status=201)


class OneHandover(ApiView):
    @operation("handovers_withdraw", tag=TAG, summary=_("撤回还没有到日子的变更"), status=204, scope=Scope.CONFIGURE)
    def delete(self, request: Request, year: int, code: str, number: int) -> HttpResponse:
        found = Handover.objects.filter(indicator=indicator(self, year, code), pk=number).first()
        if found is None:
            raise Http404
        handovers.withdraw(handover=found, **self.by)
        return HttpResponse(status=204)
