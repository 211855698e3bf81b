"""The reminder rules: the version in force, those to come, and the form of a new one."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import clock
from kpi import labels
from kpi.domain.errors import DomainError, NotPermitted
from kpi.models import ReminderPolicy
from kpi.selectors import reminding
from kpi.selectors.calendar import work_calendar
from kpi.services import permissions, policy_content, reminder_policies
from kpi.services.content import ContentInvalid, FieldError
from kpi.web import policy_form
from kpi.web.errors import status_of
from kpi.web.policy_form import PolicyForm


@login_required
def show_policies(request: HttpRequest, year: int) -> HttpResponse:
    """The rules in words: in force, to come, and since when the earlier ones were."""
    permissions.require_supervisor(request.actor)
    today = clock.today()
    versions = list(ReminderPolicy.objects.select_related("created_by").prefetch_related("steps"))
    begun = [version for version in versions if version.effective_from <= today]
    context = {
        "current": begun[-1] if begun else None,
        "coming": [version for version in versions if version.effective_from > today],
        "earlier": begun[-2::-1],
        "ladders": labels.LADDER,
    }
    return render(request, "kpi/policies.html", context)


@login_required
def new_policy(request: HttpRequest, year: int) -> HttpResponse:
    """A new version, which begins as a copy of the one in force."""
    permissions.require_supervisor(request.actor)
    if request.method == "POST":
        return _take(request, year, None)
    now = clock.now()
    stored = reminding.policy_on(now.date())
    raw = policy_content.raw_of(stored, list(stored.steps.all()))
    raw |= {"effective_from": _proposed(now.date()).isoformat(), "basis": ""}
    return _page(request, PolicyForm.of(raw))


def _proposed(today: date) -> date:
    """A week ahead, so that there is time to look at it again; on a workday."""
    calendar, day = work_calendar(), today + timedelta(days=7)
    return day if calendar.is_workday(day) else calendar.add_workdays(day, 1)


@login_required
def edit_policy(request: HttpRequest, year: int, pk: int) -> HttpResponse:
    """A version to come: its form, saving it, and taking it back."""
    permissions.require_supervisor(request.actor)
    policy = ReminderPolicy.objects.filter(pk=pk).prefetch_related("steps").first()
    if policy is None:
        raise Http404
    if request.method == "POST":
        return _take(request, year, policy)
    if policy.effective_from <= clock.today():
        return redirect("policies", year)
    return _page(request, PolicyForm.of(policy_content.raw_of(policy, list(policy.steps.all()))), policy)


def _take(request: HttpRequest, year: int, policy: ReminderPolicy | None) -> HttpResponse:
    raw = policy_form.typed(request.POST)
    if request.POST.get("add") or request.POST.get("remove"):
        return _page(request, PolicyForm.of(raw), policy)
    try:
        said = _save(request, raw, policy)
    except NotPermitted:
        raise
    except ContentInvalid as problem:
        return _page(request, PolicyForm.of(raw, problem.errors), policy, status=422)
    except DomainError as problem:
        return _page(request, PolicyForm.of(raw), policy, problem=problem, status=status_of(problem))
    messages.success(request, said)
    return redirect("policies", year)


def _save(request: HttpRequest, raw: policy_content.Raw, policy: ReminderPolicy | None) -> str:
    actor, now = request.actor, clock.now()
    if policy is None:
        saved = reminder_policies.add(raw=raw, actor=actor, now=now)
        return _("新规则已保存，%(day)s 起用") % {"day": saved.effective_from.isoformat()}
    text = request.POST.get("version", "")
    version = int(text) if text.isdecimal() and len(text) < 9 else 0
    if request.POST.get("action") == "withdraw":
        if not request.POST.get("sure"):
            raise ContentInvalid([FieldError("sure", "withdraw_unconfirmed")])
        reminder_policies.withdraw(policy=policy, version=version, actor=actor, now=now)
        return _("%(day)s 起用的规则已撤回") % {"day": policy.effective_from.isoformat()}
    saved = reminder_policies.change(policy=policy, version=version, raw=raw, actor=actor, now=now)
    return _("规则已修改，%(day)s 起用") % {"day": saved.effective_from.isoformat()}


def _page(
    request: HttpRequest,
    form: PolicyForm,
    policy: ReminderPolicy | None = None,
    *,
    problem: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "policy": policy,
        # What was shown when the form was opened: pressing again must not overwrite a colleague's version.
        "version": request.POST.get("version") or (policy.version if policy else ""),
        "problem": problem,
        "audiences": labels.AUDIENCE,
        "added": request.POST.get("add", ""),
    }
    return render(request, "kpi/policy_form.html", context, status=status)
