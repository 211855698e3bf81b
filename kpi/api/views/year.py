"""What is there to read of a year: who asks, units, report, commitments, periods, indicators with their lamps."""

from __future__ import annotations

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Department
from kpi import wording
from kpi.api import finding
from kpi.api.bodies import year as bodies
from kpi.api.bodies.base import page_of
from kpi.api.operations import ApiView, operation, shaped
from kpi.api.paging import cut
from kpi.api.parameters import AS_OF, DEPARTMENT, LAMP, PAGING, PERIOD
from kpi.api.problems import etag
from kpi.models import Commitment, Indicator, Report
from kpi.selectors import periods as period_selector
from kpi.selectors.records import as_record
from kpi.selectors.scoreboard import MonthLamp, Row

PAGES = {body: page_of(body) for body in (
    bodies.DepartmentBody, bodies.ReportBody, bodies.CommitmentBody, bodies.PeriodBody, bodies.IndicatorBody
)}  # fmt: skip


def page(body: type, items: list, following: str | None, *, version: int | None = None) -> Response:
    """One page of a list; ``version`` becomes its ETag."""
    headers = {} if version is None else {"ETag": etag(version)}
    return Response({"items": body(items, many=True).data, "next": following}, headers=headers)


class Me(ApiView):
    @operation("me", tag="me", summary=_("我是谁、有什么权限"), answer=bodies.MeBody)
    def get(self, request: Request) -> Response:
        token = self.token
        said = {
            "username": request.user.username,
            "display_name": request.user.display_name,
            "roles": [
                {
                    "role": held.role,
                    "department": held.department.code if held.department else None,
                    "post": held.post.code if held.post else None,
                }
                for held in self.actor.memberships
            ],
            "scopes": token.scopes if token else None,
            "departments": [unit.code for unit in token.departments.all()] or None if token else None,
            "expires_at": token.expires_at if token else None,
        }
        return Response(bodies.MeBody(said).data)


class Departments(ApiView):
    @operation(
        "departments_list",
        tag="departments",
        summary=_("单位，按机构序列"),
        answer=PAGES[bodies.DepartmentBody],
        query=PAGING,
    )
    def get(self, request: Request) -> Response:
        units = Department.objects.annotate(parent_code=F("parent__code")).order_by("ordinal", "code")
        return page(bodies.DepartmentBody, *cut(request, list(units), lambda unit: unit.code))


class Reports(ApiView):
    @operation(
        "reports_list", tag="reports", summary=_("各年政府工作报告"), answer=PAGES[bodies.ReportBody], query=PAGING
    )
    def get(self, request: Request) -> Response:
        found = list(Report.objects.order_by("-year").defer("text"))
        return page(bodies.ReportBody, *cut(request, found, lambda report: str(report.year)))


class OneReport(ApiView):
    @operation(
        "reports_read",
        tag="reports",
        summary=_("一年的报告原文；ETag 是它的校验值"),
        answer=bodies.ReportTextBody,
        has_etag=True,
    )
    def get(self, request: Request, year: int) -> Response:
        found = Report.objects.filter(year=year).first()
        if found is None:
            raise Http404
        return shaped(bodies.ReportTextBody, found, version=found.sha256)


class Commitments(ApiView):
    @operation(
        "commitments_list",
        tag="reports",
        summary=_("承诺事项，按原文顺序"),
        answer=PAGES[bodies.CommitmentBody],
        query=PAGING,
    )
    def get(self, request: Request, year: int) -> Response:
        own = Indicator.objects.filter(commitment=OuterRef("pk"), is_active=True).order_by("code").values("code")
        found = (
            Commitment.objects.filter(report__year=year).annotate(codes=ArraySubquery(own)).order_by("start", "code")
        )
        return page(bodies.CommitmentBody, *cut(request, list(found), lambda commitment: commitment.code))


class Periods(ApiView):
    @operation(
        "periods_list", tag="periods", summary=_("报告期及其时限"), answer=PAGES[bodies.PeriodBody], query=PAGING
    )
    def get(self, request: Request, year: int) -> Response:
        return page(bodies.PeriodBody, *cut(request, period_selector.of_year(year), lambda found: found.code))


class OnePeriod(ApiView):
    @operation("periods_read", tag="periods", summary=_("一个报告期"), answer=bodies.PeriodBody)
    def get(self, request: Request, year: int, period: str) -> Response:
        return Response(bodies.PeriodBody(finding.period(year, period)).data)


class Indicators(ApiView):
    @operation(
        "indicators_list",
        tag="indicators",
        summary=_("任务及其亮灯、理由，可看任何一期或一天"),
        answer=PAGES[bodies.IndicatorBody],
        query=(PERIOD, AS_OF, LAMP, DEPARTMENT, *PAGING),
    )
    def get(self, request: Request, year: int) -> Response:
        found, asked = finding.indicators(self, year), request.query_params
        if asked.get("department"):
            found = found.filter(lead_department__code=asked["department"])
        rows = finding.board(self, year, found).rows
        if asked.get("lamp"):
            rows = [row for row in rows if row.rag == asked["lamp"]]
        shown, following = cut(request, rows, lambda row: row.indicator.code)
        return page(bodies.IndicatorBody, [_record(row) for row in shown], following)


class OneIndicator(ApiView):
    @operation(
        "indicators_read",
        tag="indicators",
        summary=_("一项任务：口径、目标、各月亮灯"),
        answer=bodies.IndicatorDetailBody,
        query=(PERIOD, AS_OF),
    )
    def get(self, request: Request, year: int, code: str) -> Response:
        rows = finding.board(self, year, finding.indicators(self, year).filter(code=code)).rows
        if not rows:
            raise Http404
        row, found = rows[0], rows[0].indicator
        plain = ("kind", "decimals", "comparator", "polarity", "frequency", "final_due_on", "definition")
        more = {
            **{name: getattr(found, name) for name in plain},
            "commitment": found.commitment.code,
            "accountable_post": found.accountable_post.code,
            "months": [_month(month) for month in row.months],
        }
        return Response(bodies.IndicatorDetailBody(_record(row) | more).data)


def _record(row: Row) -> dict[str, object]:
    return as_record(row) | {"reason_text": wording.reason(row.assessment, row.indicator)}


def _month(month: MonthLamp) -> dict[str, object]:
    return {
        "period": month.period.code,
        "lamp": month.rag,
        "computed_lamp": month.computed_rag,
        "unreviewed_lamp": month.unreviewed.rag if month.unreviewed else None,
        "mark": month.mark,
        "timeliness": month.timeliness,
    }
