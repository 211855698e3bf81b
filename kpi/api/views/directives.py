"""Leaders' directives: the list, a new one, and every step of its thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Department, Post, Scope
from kpi.api import finding
from kpi.api.bodies import directives as bodies
from kpi.api.bodies.base import page_of
from kpi.api.operations import VERSION, ApiView, operation, shaped
from kpi.api.paging import cut
from kpi.api.parameters import PAGING, query
from kpi.api.views.year import page
from kpi.domain.directives import DirectiveKind, DirectiveVerb
from kpi.models import Directive
from kpi.selectors import directives as selector
from kpi.selectors.directives import Filters, Thread
from kpi.services import directives
from kpi.services.content import ContentInvalid, FieldError
from kpi.services.directives import Wish

V, TAG = DirectiveVerb, "directives"
DirectivePage = page_of(bodies.DirectiveBody)
Sent = Mapping[str, Any]


class Directives(ApiView):
    @operation(
        "directives_list",
        tag=TAG,
        summary=_("你可以看的批示督办，急的在前"),
        answer=DirectivePage,
        query=(query("tab", _("默认 open"), enum=list(selector.TABS)), *PAGING),
    )
    def get(self, request: Request, year: int) -> Response:
        tab = request.query_params.get("tab") or "open"
        if tab not in selector.TABS:
            raise Http404
        found = selector.listing(actor=self.actor, year=year, now=self.now, filters=Filters(tab)).rows
        rows = [each for each in found if self.reaches(each.unit_id)]
        return page(bodies.DirectiveBody, *cut(request, rows, lambda each: str(each.id)))

    @operation(
        "directives_issue",
        tag=TAG,
        summary=_("交办一项批示或说明要求"),
        body=bodies.NewDirectiveBody,
        answer=bodies.DirectiveDetailBody,
        status=201,
        scope=Scope.DIRECT,
        has_etag=True,
    )
    def post(self, request: Request, year: int) -> Response:
        sent = self.read(bodies.NewDirectiveBody)
        indicator = finding.indicator(self, year, sent["indicator"])
        key = request.headers.get("Idempotency-Key")
        made = directives.issue(
            indicator=indicator,
            wish=self._wish(sent, indicator.lead_department),
            form_key=uuid5(NAMESPACE_URL, f"{request.user.pk}/{key}") if key else uuid4(),
            actor=self.actor,
            now=self.now,
        )
        return answer(thread(self, year, made.pk), status=201)

    def _wish(self, sent: Sent, lead: Department) -> Wish:
        """Raises 422 for units and posts that do not exist, or that the token does not reach."""
        unit = _unit(self, sent["department"]) if sent.get("department") else lead
        post = Post.objects.filter(code=sent["post"]).first() if sent.get("post") else None
        copies = [_unit(self, code) for code in sent.get("copies", ())]
        errors = [FieldError("department", "unit_required")] if unit is None else []
        errors += [FieldError("copies", "unit_required")] if None in copies else []
        errors += [FieldError("post", "post_required")] if sent.get("post") and post is None else []
        if errors:
            raise ContentInvalid(errors)
        return Wish(DirectiveKind(sent["kind"]), sent["text"], unit, copies, sent.get("due_on"), post)


def _unit(view: ApiView, code: str) -> Department | None:
    found = Department.objects.filter(code=code, is_active=True).first()
    return found if found is not None and view.reaches(found.pk) else None


class OneDirective(ApiView):
    @operation(
        "directives_read", tag=TAG, summary=_("一项批示督办及其往来"), answer=bodies.DirectiveDetailBody, has_etag=True
    )
    def get(self, request: Request, year: int, number: int) -> Response:
        return answer(thread(self, year, number))


class DirectiveStep(ApiView):
    @operation(
        "directives_step",
        tag=TAG,
        summary=_("签收、办理、反馈、退回、办结、延期等步骤"),
        body=bodies.DirectiveStepBody,
        answer=bodies.DirectiveDetailBody,
        scope=Scope.DIRECT,
        if_match=VERSION,
        has_etag=True,
    )
    def post(self, request: Request, year: int, number: int) -> Response:
        found = thread(self, year, number)
        sent = self.read(bodies.DirectiveStepBody)
        said = {"directive": found.directive, "version": self.version, "actor": self.actor, "now": self.now}
        STEPS[DirectiveVerb(sent["step"])](said, sent)
        return answer(thread(self, year, number))


def thread(view: ApiView, year: int, number: int) -> Thread:
    found = selector.thread(actor=view.actor, year=year, pk=number, now=view.now)
    if found is None or not view.reaches(found.standing.unit_id):
        raise Http404
    return found


def answer(found: Thread, status: int = 200) -> Response:
    """The thread with its version as ETag."""
    standing = found.standing
    shown = {name: getattr(standing, name) for name in ("id", "version", "code", "kind", "text", "unit_code", "post")}
    shown |= {
        name: getattr(standing, name) for name in ("is_on_behalf", "issued_at", "state", "due_on", "days_overdue")
    }
    shown |= {"entries": found.entries, "steps": sorted(str(verb) for verb in found.verbs)}
    return shaped(bodies.DirectiveDetailBody, shown, version=standing.version, status=status)


Step = Callable[[dict[str, Any], Sent], Directive]


def _plain(service: Callable[..., Directive]) -> Step:
    return lambda said, sent: service(**said)


def _said(service: Callable[..., Directive], name: str) -> Step:
    return lambda said, sent: service(**said, **{name: sent.get("text", "")})


def _dated(service: Callable[..., Directive], text: str, day: str) -> Step:
    return lambda said, sent: service(**said, **{text: sent.get("text", ""), day: sent.get("day")})


def _grant(said: dict[str, Any], sent: Sent) -> Directive:
    if sent.get("day") is None:
        raise ContentInvalid([FieldError("day", "date_required")])
    return directives.answer_extension(**said, until=sent["day"], answer=sent.get("text", ""))


def _refuse(said: dict[str, Any], sent: Sent) -> Directive:
    return directives.answer_extension(**said, until=None, answer=sent.get("text", ""))


STEPS: Mapping[DirectiveVerb, Step] = {
    V.CORRECT: _dated(directives.correct, "text", "due_on"),
    V.WITHDRAW: _said(directives.withdraw, "reason"),
    V.RECEIVE: _plain(directives.receive),
    V.TAKE_IN_HAND: _said(directives.take_in_hand, "note"),
    V.REPLY: _said(directives.reply, "text"),
    V.BEGIN_REVIEW: _said(directives.begin_review, "note"),
    V.SEND_BACK: _dated(directives.send_back, "reason", "due_on"),
    V.CLOSE: _said(directives.close, "note"),
    V.CLARIFY: _said(directives.clarify, "text"),
    V.ASK_EXTENSION: _dated(directives.ask_extension, "reason", "until"),
    V.GRANT_EXTENSION: _grant,
    V.REFUSE_EXTENSION: _refuse,
}
