"""Rules that are dated data: versions of the reminder rules and of the scoring schemes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Scope
from kpi.api.bodies import rules as bodies
from kpi.api.bodies.base import page_of
from kpi.api.operations import VERSION, ApiView, operation, shaped
from kpi.api.paging import cut
from kpi.api.parameters import PAGING
from kpi.api.views.year import page
from kpi.models import ReminderPolicy, ReminderStep, ScoreRun, ScoringScheme
from kpi.services import permissions, reminder_policies, scoring_schemes
from kpi.services.content import ContentInvalid, FieldError
from kpi.services.policy_content import COUNTS, step_name
from kpi.services.scheme_content import DEFAULTS, FACTORS, KEY, SWITCHES, TOTALS, of_reason, plain

TAG = "rules"
PolicyPage, SchemePage = page_of(bodies.StoredPolicyBody), page_of(bodies.StoredSchemeBody)
Sent = Mapping[str, Any]
HOURS, PARTS = ("opens_at", "closes_at"), ("offset", "at", "audience", "pushed", "passes", "drafts")


def policy(found: ReminderPolicy) -> dict[str, object]:
    """A stored version in its shape."""
    content: dict[str, object] = {name: getattr(found, name) for name in ("effective_from", "basis", *COUNTS)}
    content |= {name: f"{getattr(found, name):%H:%M}" for name in HOURS}
    content |= {
        "slots": [f"{slot:%H:%M}" for slot in found.slots],
        "steps": [_step(each) for each in found.steps.all()],
    }
    return {"id": found.pk, "version": found.version, "content": content}


def _step(step: ReminderStep) -> dict[str, object]:
    return {
        "ladder": step.ladder,
        "offset": step.offset_workdays,
        "at": f"{step.at:%H:%M}",
        "audience": step.audience,
        "pushed": step.is_pushed,
        "passes": step.passes_quiet_hours,
        "drafts": step.drafts_directive,
    }


def policy_raw(sent: Sent) -> dict[str, Any]:
    """What was sent as the form's reader takes it."""
    raw = {name: str(sent[name]) for name in (*HOURS, *COUNTS)}
    raw |= {"effective_from": sent["effective_from"].isoformat(), "basis": sent.get("basis", "")}
    raw |= {f"slot_{place}": slot for place, slot in enumerate(sent["slots"], start=1)}
    counts: dict[str, int] = {}
    for step in sent["steps"]:
        place = counts[step["ladder"]] = counts.get(step["ladder"], 0) + 1
        said = {**step, "offset": str(step["offset"])}
        raw |= {step_name(step["ladder"], place, what): said[what] for what in PARTS}
    return raw | {f"{ladder}-count": count for ladder, count in counts.items()}


class Policies(ApiView):
    @operation("policies_list", tag=TAG, summary=_("各版催办规则，按起用日"), answer=PolicyPage, query=PAGING)
    def get(self, request: Request) -> Response:
        permissions.require_supervisor(self.actor)
        found = list(ReminderPolicy.objects.order_by("effective_from").prefetch_related("steps"))
        shown, following = cut(request, found, lambda each: str(each.pk))
        return page(bodies.StoredPolicyBody, [policy(each) for each in shown], following)

    @operation(
        "policies_add",
        tag=TAG,
        summary=_("新一版催办规则，自某日起用"),
        body=bodies.PolicyBody,
        answer=bodies.StoredPolicyBody,
        status=201,
        scope=Scope.CONFIGURE,
        has_etag=True,
    )
    def post(self, request: Request) -> Response:
        made = reminder_policies.add(raw=policy_raw(self.read(bodies.PolicyBody)), **self.by)
        return shaped(bodies.StoredPolicyBody, policy(made), version=made.version, status=201)


class OnePolicy(ApiView):
    def named(self, number: int) -> ReminderPolicy:
        permissions.require_supervisor(self.actor)
        found = ReminderPolicy.objects.filter(pk=number).prefetch_related("steps").first()
        if found is None:
            raise Http404
        return found

    @operation("policies_read", tag=TAG, summary=_("一版催办规则"), answer=bodies.StoredPolicyBody, has_etag=True)
    def get(self, request: Request, number: int) -> Response:
        found = self.named(number)
        return shaped(bodies.StoredPolicyBody, policy(found), version=found.version)

    @operation(
        "policies_change",
        tag=TAG,
        summary=_("修改尚未起用的一版"),
        body=bodies.PolicyBody,
        answer=bodies.StoredPolicyBody,
        scope=Scope.CONFIGURE,
        if_match=VERSION,
        has_etag=True,
    )
    def put(self, request: Request, number: int) -> Response:
        found, raw = self.named(number), policy_raw(self.read(bodies.PolicyBody))
        saved = reminder_policies.change(policy=found, version=self.version, raw=raw, **self.by)
        return shaped(bodies.StoredPolicyBody, policy(saved), version=saved.version)

    @operation(
        "policies_withdraw",
        tag=TAG,
        summary=_("撤回尚未起用的一版"),
        status=204,
        scope=Scope.CONFIGURE,
        if_match=VERSION,
    )
    def delete(self, request: Request, number: int) -> HttpResponse:
        reminder_policies.withdraw(policy=self.named(number), version=self.version, **self.by)
        return HttpResponse(status=204)


def schemes() -> Any:
    runs = ScoreRun.objects.filter(scheme=OuterRef("pk"))
    found = ScoringScheme.objects.annotate(is_used=Exists(runs)).order_by("pk")
    return found.prefetch_related("lines", "weights__indicator")


def scheme(found: ScoringScheme) -> dict[str, object]:
    """A stored version in its shape."""
    content: dict[str, object] = {name: plain(getattr(found, name)) for name in (*FACTORS, *DEFAULTS, *TOTALS)}
    columns = ("name", "effective_from", "basis", "answer_workdays", "source", *SWITCHES)
    content |= {name: getattr(found, name) for name in columns}
    content["lines"] = [
        {"reason": line.reason, "points": plain(line.points), "cap": plain(line.cap), "key": plain(line.key_points)}
        for line in found.lines.all()
    ]
    content["weights"] = [
        {"indicator": own.indicator.code, "weight": plain(own.weight), "is_key": own.is_key}
        for own in found.weights.all()
    ]
    columns = ("id", "revision", "is_default", "is_used")
    return {name: getattr(found, name) for name in columns} | {"content": content}


def scheme_raw(sent: Sent) -> dict[str, Any]:
    """What was sent as the form's reader takes it."""
    figures = (*FACTORS, *DEFAULTS, *TOTALS, "name", "basis", "answer_workdays", "source")
    raw = {name: "" if sent.get(name) is None else str(sent[name]) for name in figures}
    raw |= {"effective_from": sent["effective_from"].isoformat()} | {name: sent[name] for name in SWITCHES}
    for line in sent["lines"]:
        raw |= {of_reason(what, line["reason"]): line.get(what) or "" for what in ("points", "cap", "key")}
    own = [
        f"{each['indicator']} {each['weight']}{f' {KEY}' if each.get('is_key') else ''}"
        for each in sent.get("weights", ())
    ]
    return raw | {"weights": "\n".join(own)}


class Schemes(ApiView):
    @operation("schemes_list", tag=TAG, summary=_("各版考核方案和预置样式"), answer=SchemePage, query=PAGING)
    def get(self, request: Request, year: int) -> Response:
        permissions.require_supervisor(self.actor)
        shown, following = cut(request, list(schemes()), lambda each: str(each.pk))
        return page(bodies.StoredSchemeBody, [scheme(each) for each in shown], following)

    @operation(
        "schemes_add",
        tag=TAG,
        summary=_("新一版考核方案，自某日起用；权重按这一年的任务"),
        body=bodies.NewSchemeBody,
        answer=bodies.StoredSchemeBody,
        status=201,
        scope=Scope.CONFIGURE,
        has_etag=True,
    )
    def post(self, request: Request, year: int) -> Response:
        permissions.require_supervisor(self.actor)
        sent = self.read(bodies.NewSchemeBody)
        begun_from = ScoringScheme.objects.filter(pk=sent["begun_from"]).first()
        if begun_from is None:
            raise ContentInvalid([FieldError("begun_from", "choice_unknown", {"value": sent["begun_from"]})])
        made = scoring_schemes.add(year=year, begun_from=begun_from, raw=scheme_raw(sent), **self.by)
        return shaped(bodies.StoredSchemeBody, scheme(schemes().get(pk=made.pk)), version=made.revision, status=201)


class OneScheme(ApiView):
    def named(self, number: int) -> ScoringScheme:
        permissions.require_supervisor(self.actor)
        found = schemes().filter(pk=number).first()
        if found is None:
            raise Http404
        return found

    @operation("schemes_read", tag=TAG, summary=_("一版考核方案"), answer=bodies.StoredSchemeBody, has_etag=True)
    def get(self, request: Request, year: int, number: int) -> Response:
        found = self.named(number)
        return shaped(bodies.StoredSchemeBody, scheme(found), version=found.revision)

    @operation(
        "schemes_change",
        tag=TAG,
        summary=_("修改还没有得分按它计算的一版"),
        body=bodies.SchemeBody,
        answer=bodies.StoredSchemeBody,
        scope=Scope.CONFIGURE,
        if_match=VERSION,
        has_etag=True,
    )
    def put(self, request: Request, year: int, number: int) -> Response:
        found, raw = self.named(number), scheme_raw(self.read(bodies.SchemeBody))
        scoring_schemes.change(year=year, scheme=found, revision=self.version, raw=raw, **self.by)
        saved = self.named(number)
        return shaped(bodies.StoredSchemeBody, scheme(saved), version=saved.revision)

    @operation(
        "schemes_withdraw",
        tag=TAG,
        summary=_("撤回还没有得分按它计算的一版"),
        status=204,
        scope=Scope.CONFIGURE,
        if_match=VERSION,
    )
    def delete(self, request: Request, year: int, number: int) -> HttpResponse:
        scoring_schemes.withdraw(scheme=self.named(number), revision=self.version, **self.by)
        return HttpResponse(status=204)
