"""A department's report of one indicator for one month: read, drafted, submitted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from kpi.api import finding
from kpi.api.bodies import submissions as bodies
from kpi.api.bodies.base import page_of
from kpi.api.operations import VERSION, ApiView, operation, shaped
from kpi.api.paging import cut_query
from kpi.api.parameters import DEPARTMENT, INDICATOR, PAGING, PERIOD, STATE
from kpi.api.views.year import page
from kpi.domain.errors import StaleVersion
from kpi.domain.values import Kind, SubmissionState, Verb, parse_number
from kpi.domain.workflow import allowed_verbs
from kpi.models import Indicator, Period, Submission
from kpi.selectors.content import FIGURES, Content, content_of
from kpi.selectors.people import coverage_units
from kpi.services import content as content_service
from kpi.services import evidence, permissions, submissions

TAG = "submissions"
SubmissionPage = page_of(bodies.SubmissionBody)
NEW = Submission(version=0, cycle=1)
MOMENTS = ("updated_at", "submitted_at", "signed_off_at", "approved_at")


class OneByOne(ApiView):
    """What the addresses of one report have in common."""

    def named(self, year: int, period: str, code: str) -> tuple[Indicator, Period, Submission | None]:
        """The report, or the place where the caller's department may begin one; to others that does not exist."""
        month = finding.period(year, period)
        found = finding.indicator_in(self, month, code)
        stored = finding.submissions(self, year).filter(indicator=found, period=month).first()
        if stored is None and not permissions.works_for_lead(self.actor, found):
            raise Http404
        return found, month, stored

    def base(self, report: Submission) -> dict[str, Any]:
        return {"submission": report, "version": self.version, "actor": self.actor, "now": self.now}

    def said(self, indicator: Indicator, sent: dict[str, Any]) -> Content:
        """What was sent, read by the same reader as the form and the workbook."""
        raw = {name: value for name, value in sent.items() if name != "completed_nodes"}
        raw |= {f"{content_service.NODE}{ordinal}": day for ordinal, day in sent.get("completed_nodes", {}).items()}
        units = (
            [unit.code for unit in coverage_units(indicator.coverage_scope)] if indicator.kind == Kind.COVERAGE else ()
        )
        return content_service.parse(indicator=indicator, raw=raw, units=units, today=self.now.date())

    @contextmanager
    def told_apart(self, indicator: Indicator, period: Period, said: Content) -> Iterator[None]:
        """Whoever wrote from an older version is told field by field what somebody else has written since."""
        try:
            yield
        except StaleVersion as problem:
            stored = Submission.objects.filter(indicator=indicator, period=period).first()
            differing = _differences(said, content_of(stored or NEW))
            raise StaleVersion(problem.code, **problem.params, differences=differing) from problem

    def answer(self, report: Submission | None, indicator: Indicator, period: Period) -> Response:
        """The report as it is now, with its version as ETag."""
        shown = shape(report, indicator, period, self)
        return shaped(bodies.SubmissionBody, shown, version=shown["version"])


class Submissions(ApiView):
    @operation(
        "submissions_list",
        tag=TAG,
        summary=_("你可以看的填报，新的在前"),
        answer=SubmissionPage,
        query=(PERIOD, STATE, INDICATOR, DEPARTMENT, *PAGING),
    )
    def get(self, request: Request, year: int) -> Response:
        names = {
            "period": "period__code",
            "state": "state",
            "indicator": "indicator__code",
            "department": "indicator__lead_department__code",
        }
        asked = {names[name]: value for name, value in request.query_params.items() if name in names and value}
        shown, following = cut_query(request, finding.submissions(self, year).filter(**asked))
        return page(
            bodies.SubmissionBody, [shape(each, each.indicator, each.period, self) for each in shown], following
        )


class OneSubmission(OneByOne):
    @operation(
        "submissions_read",
        tag=TAG,
        summary=_("一份填报；本单位还没有开始的也在，版本为 0"),
        answer=bodies.SubmissionBody,
        has_etag=True,
    )
    def get(self, request: Request, year: int, period: str, code: str) -> Response:
        found, month, stored = self.named(year, period, code)
        return self.answer(stored, found, month)

    @operation(
        "submissions_save",
        tag=TAG,
        summary=_("保存草稿：以所发内容整个替换"),
        body=bodies.ContentBody,
        answer=bodies.SubmissionBody,
        scope=Scope.FILE,
        if_match=VERSION,
        has_etag=True,
    )
    def put(self, request: Request, year: int, period: str, code: str) -> Response:
        found, month, _stored = self.named(year, period, code)
        permissions.require(self.actor, Verb.SAVE, found)
        said = self.said(found, self.read(bodies.ContentBody))
        with self.told_apart(found, month, said):
            saved = submissions.save_draft(indicator=found, period=month, content=said, version=self.version, **self.by)
        return self.answer(saved, found, month)

    @operation(
        "submissions_discard",
        tag=TAG,
        summary=_("放弃从未提交过的草稿，连同附件"),
        status=204,
        scope=Scope.FILE,
        if_match=VERSION,
    )
    def delete(self, request: Request, year: int, period: str, code: str) -> HttpResponse:
        _found, _month, stored = self.named(year, period, code)
        if stored is None:
            raise Http404
        evidence.discard_draft(**self.base(stored))
        return HttpResponse(status=204)


class Submit(OneByOne):
    @operation(
        "submissions_submit",
        tag=TAG,
        summary=_("提交，等负责人审签；可连内容一起发"),
        body=bodies.SubmitBody,
        answer=bodies.SubmissionBody,
        scope=Scope.FILE,
        if_match=VERSION,
        has_etag=True,
    )
    def post(self, request: Request, year: int, period: str, code: str) -> Response:
        found, month, stored = self.named(year, period, code)
        permissions.require(self.actor, Verb.SUBMIT, found)
        sent = self.read(bodies.SubmitBody)
        sure_of = sent.pop("sure_of", None)
        kept = content_of(stored) if stored else Content()
        said = self.said(found, sent) if sent else kept
        with self.told_apart(found, month, said):
            filed = submissions.submit(
                indicator=found,
                period=month,
                content=said,
                sure_of=parse_number(sure_of, decimals=4, field="sure_of") if sure_of else None,
                version=self.version,
                **self.by,
            )
        return self.answer(filed, found, month)


def shape(report: Submission | None, indicator: Indicator, period: Period, view: ApiView) -> dict[str, Any]:
    """A report as it is told; one that nobody has begun is empty, at version 0."""
    stored = report or NEW
    names = report is not None and finding.may_name(view.actor, indicator.lead_department_id)
    return {
        **content_of(stored).as_json(),
        **{name: _plain(getattr(stored, name)) for name in FIGURES},
        **{name: getattr(stored, name) for name in ("version", "cycle", *MOMENTS)},
        "state": report.state if report else bodies.NOT_STARTED,
        "indicator": indicator.code,
        "period": period.code,
        "author": str(report.author) if report and names else None,
        "steps": _steps(report, indicator, view),
    }


def _differences(yours: Content, theirs: Content) -> list[dict[str, Any]]:
    """Field by field what is not the same; 4.1 and 4.10 are."""
    said, stored = yours.as_json(), theirs.as_json()
    held = theirs.as_fields()
    changed = [name for name, value in yours.as_fields().items() if value != held[name]]
    return [{"field": name, "yours": said[name], "theirs": stored[name]} for name in changed]


def _plain(figure: Decimal | None) -> str | None:
    """Every digit and no empty ones, whether it comes from the row or was just written."""
    return None if figure is None else f"{figure.normalize():f}"


def _steps(report: Submission | None, indicator: Indicator, view: ApiView) -> list[str]:
    """What state and rights allow; the period and who filed it have their say when the step is taken."""
    state = SubmissionState(report.state) if report else SubmissionState.DRAFT
    is_signed = state is SubmissionState.SIGNED_OFF
    able = {
        verb for verb in allowed_verbs(state) if permissions.may(view.actor, verb, indicator, is_signed_off=is_signed)
    }
    if report is None or report.approved_at is None:
        able.discard(Verb.ABANDON)
    return sorted(str(verb) for verb in able)
