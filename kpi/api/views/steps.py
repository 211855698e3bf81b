"""The steps that a report takes once it is submitted, and the record of them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Department, Scope
from kpi.api import finding
from kpi.api.bodies import submissions as bodies
from kpi.api.bodies.base import page_of
from kpi.api.operations import VERSION, ApiView, operation
from kpi.api.paging import cut
from kpi.api.parameters import PAGING
from kpi.api.views.submissions import TAG, OneByOne
from kpi.api.views.year import page
from kpi.domain.cosigning import Stance
from kpi.domain.values import Rag, SubmissionState
from kpi.models import Submission
from kpi.selectors import cosigning as cosigning_selector
from kpi.selectors.history import override_of, steps_of
from kpi.services import cosigning, overrides, submissions

ReviewPage = page_of(bodies.ReviewBody)


def _step(
    name: str, summary: object, service: Callable[..., Submission], *, scope: Scope, body: type, words: str = ""
) -> type[OneByOne]:
    """The address of one step on a report that exists; ``words`` is what the service calls the text sent with it."""

    class Step(OneByOne):
        @operation(
            f"submissions_{name}",
            tag=TAG,
            summary=summary,
            body=body,
            answer=bodies.SubmissionBody,
            scope=scope,
            if_match=VERSION,
            has_etag=True,
        )
        def post(self, request: Request, year: int, period: str, code: str) -> Response:
            found = finding.submission(self, year, period, code)
            sent = self.read(body)
            more = {words: next(iter(sent.values()), "")} if words else {}
            moved = service(**self.base(found), **more)
            return self.answer(moved, moved.indicator, moved.period)

    return Step


WithdrawStep = _step("withdraw", _("撤回：审签之前"), submissions.withdraw, scope=Scope.FILE, body=bodies.EmptyBody)
SignOffStep = _step(
    "sign_off", _("部门负责人审签"), submissions.sign_off, scope=Scope.SIGN, body=bodies.WordBody, words="comment"
)
ApproveStep = _step(
    "approve", _("督查室审定"), submissions.approve, scope=Scope.REVIEW, body=bodies.WordBody, words="comment"
)
CorrectStep = _step(
    "correct",
    _("更正已审定的填报"),
    submissions.begin_correction,
    scope=Scope.FILE,
    body=bodies.ReasonBody,
    words="reason",
)
AbandonStep = _step(
    "abandon", _("放弃更正，仍按原审定数据"), submissions.abandon_correction, scope=Scope.FILE, body=bodies.EmptyBody
)


class ReturnStep(OneByOne):
    """Two reviewers return: the head before the signature, the office after it; a token needs the scope of either."""

    @operation(
        "submissions_return",
        tag=TAG,
        summary=_("退回：审签前由负责人，审签后由督查室"),
        body=bodies.ReasonBody,
        answer=bodies.SubmissionBody,
        writes=True,
        if_match=VERSION,
        has_etag=True,
    )
    def post(self, request: Request, year: int, period: str, code: str) -> Response:
        found = finding.submission(self, year, period, code)
        self.require_scope(Scope.REVIEW if found.state == SubmissionState.SIGNED_OFF else Scope.SIGN)
        moved = submissions.return_for_revision(**self.base(found), reason=self.read(bodies.ReasonBody)["reason"])
        return self.answer(moved, moved.indicator, moved.period)


class Cosign(OneByOne):
    @operation(
        "submissions_cosign",
        tag=TAG,
        summary=_("配合单位会签，或提出异议"),
        body=bodies.CosignBody,
        answer=bodies.SubmissionBody,
        scope=Scope.SIGN,
        has_etag=True,
    )
    def post(self, request: Request, year: int, period: str, code: str) -> Response:
        # A supporting unit's token is narrowed to that unit, not to the one that leads.
        found = finding.visible_submission(self, year, period, code)
        sent = self.read(bodies.CosignBody)
        unit = Department.objects.filter(code=sent["department"]).first()
        if unit is None or not self.reaches(unit.pk):
            raise Http404
        cosigning.cosign(
            submission=found,
            department=unit,
            filing=cosigning_selector.filing_of(found),
            stance=Stance(sent["stance"]),
            comment=sent.get("comment", ""),
            actor=self.actor,
            now=self.now,
        )
        return self.answer(found, found.indicator, found.period)


class Lamp(OneByOne):
    @operation(
        "submissions_lamp",
        tag=TAG,
        summary=_("督查室调整亮灯，或撤回调整"),
        body=bodies.LampBody,
        answer=bodies.SubmissionBody,
        scope=Scope.REVIEW,
        if_match=VERSION,
        has_etag=True,
    )
    def post(self, request: Request, year: int, period: str, code: str) -> Response:
        found = finding.submission(self, year, period, code)
        sent, present = self.read(bodies.LampBody), override_of(found)
        said = self.base(found) | {"replaces": present.pk if present else None, "reason": sent["reason"]}
        if sent["lamp"] is None:
            overrides.restore_lamp(**said)
        else:
            overrides.override_lamp(**said, rag=Rag(sent["lamp"]))
        return self.answer(found, found.indicator, found.period)


class Reviews(ApiView):
    @operation(
        "submissions_reviews", tag=TAG, summary=_("这份填报的办理记录，新的在前"), answer=ReviewPage, query=PAGING
    )
    def get(self, request: Request, year: int, period: str, code: str) -> Response:
        found = finding.indicator(self, year, code)
        finding.period(year, period)
        taken = [step for step in steps_of(found, self.actor) if step.submission.period.code == period]
        names = finding.may_name(self.actor, found.lead_department_id)
        shown, following = cut(request, taken, lambda step: str(step.pk))
        return page(bodies.ReviewBody, [_review(step, names) for step in shown], following)


def _review(step, names: bool) -> dict[str, object]:
    plain = ("verb", "from_state", "to_state", "version", "at", "comment")
    return {
        **{name: getattr(step, name) for name in plain},
        "actor": str(step.actor) if names else None,
        "on_behalf_of": str(step.on_behalf_of) if names and step.on_behalf_of else None,
    }
