"""Lending a department's signature and taking it back, on the head's own page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.models import Delegation, Department, Role, User
from accounts.permissions import require
from kpi.domain.errors import DomainError, NotPermitted
from kpi.services import delegations
from kpi.services.content import ContentInvalid, FieldError
from kpi.services.delegations import Wish
from kpi.web.errors import status_of
from kpi.web.views.deciding import sign_off_list

TEXTS = ("delegate", "starts_on", "last_on", "reason")


@dataclass(frozen=True)
class DelegationForm:
    """What was typed, and what is wrong with it, by field."""

    raw: Mapping[str, str]
    errors: Mapping[str, Sequence[FieldError]] = field(default_factory=dict)
    problem: DomainError | None = None

    @classmethod
    def of(cls, request: HttpRequest, errors: Sequence[FieldError] = (), problem: DomainError | None = None):
        by_field: dict[str, list[FieldError]] = {}
        for error in errors:
            by_field.setdefault(error.field, []).append(error)
        return cls({name: request.POST.get(name, "") for name in TEXTS}, by_field, problem)


@login_required
@require_POST
def delegate(request: HttpRequest, year: int) -> HttpResponse:
    """Lend the signature; the page again, with everything typed, where that is refused."""
    require(request.actor.has(Role.HEAD), "not_permitted")
    department, person = _whom(request)
    wish = Wish(person, _day(request, "starts_on"), _day(request, "last_on"), request.POST.get("reason", ""))
    try:
        _require_readable(request, department, wish)
        lent = delegations.delegate(department=department, wish=wish, actor=request.actor, now=clock.now())
    except ContentInvalid as problem:
        return sign_off_list(request, year, form=DelegationForm.of(request, problem.errors), status=422)
    except NotPermitted:
        raise
    except DomainError as problem:
        form = DelegationForm.of(request, problem=problem)
        return sign_off_list(request, year, form=form, status=status_of(problem))
    messages.success(request, _("已委托 %(who)s 代签，对方会收到消息") % {"who": lent.delegate})
    return redirect(f"/{year}/signoff/#lent")


@login_required
@require_POST
def revoke(request: HttpRequest, year: int, pk: int) -> HttpResponse:
    """Take it back; another department's delegation does not exist."""
    require(request.actor.has(Role.HEAD), "not_permitted")
    found = Delegation.objects.filter(pk=pk, department__in=request.actor.departments_as(Role.HEAD)).first()
    if found is None:
        raise Http404
    try:
        lent = delegations.revoke(delegation=found, actor=request.actor, now=clock.now())
    except NotPermitted:
        raise
    except DomainError as problem:
        form = DelegationForm.of(request, problem=problem)
        return sign_off_list(request, year, form=form, status=status_of(problem))
    messages.success(request, _("已撤销对 %(who)s 的委托") % {"who": lent.delegate})
    return redirect(f"/{year}/signoff/#lent")


def _whom(request: HttpRequest) -> tuple[Department, User | None]:
    """Department and person, chosen as one: ``department:person``. What is not ours is for the service to refuse."""
    own = sorted(request.actor.departments_as(Role.HEAD))
    unit, _sep, person = request.POST.get("delegate", "").partition(":")
    department = Department.objects.get(pk=int(unit) if _is_id(unit) and int(unit) in own else own[0])
    return department, User.objects.filter(pk=int(person)).first() if _is_id(person) else None


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _require_readable(request: HttpRequest, department: Department, wish: Wish) -> None:
    """Raise with what cannot be read, beside everything else that stands against it: one correction, not two."""
    unreadable = [
        FieldError(name, "date_malformed", {"value": request.POST[name].strip()})
        for name in ("starts_on", "last_on")
        if request.POST.get(name, "").strip() and _day(request, name) is None
    ]
    if "\x00" in wish.reason:
        unreadable.append(FieldError("reason", "text_has_control_characters"))
    if unreadable:
        named = {error.field for error in unreadable}
        others = delegations.problems(department=department, wish=wish, actor=request.actor, today=clock.today())
        raise ContentInvalid([*(error for error in others if error.field not in named), *unreadable])


def _day(request: HttpRequest, name: str) -> date | None:
    try:
        return date.fromisoformat(request.POST.get(name, "").strip())
    except ValueError:
        return None
