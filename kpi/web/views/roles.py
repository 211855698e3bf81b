"""The security administrator's pages: who holds what, and one person's history. Roles are granted in one place, the
administration's table of memberships, to which these pages lead."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import chain_checks, clock
from accounts.models import Department, Role, User
from accounts.permissions import Actor, require
from kpi import labels
from kpi.selectors import holdings
from kpi.selectors.holdings import Filters
from kpi.selectors.trail_rows import rows_of

A_PAGE = 50
READERS = (Role.SECURITY_ADMIN, Role.AUDITOR)


def require_reader(actor: Actor) -> None:
    """Raise ``PermissionRefused`` unless the security administrator or the auditor looks."""
    require(any(actor.has(role) for role in READERS), "not_permitted")


@login_required
@require_safe
def list_holders(request: HttpRequest) -> HttpResponse:
    """Everybody with a role, narrowed by role, unit, person and what deserves a second look."""
    require_reader(request.actor)
    filters = Filters(**{name: request.GET.get(name, "").strip()[:60] for name in ("role", "unit", "person", "doubt")})
    if (filters.role and filters.role not in Role) or (filters.doubt and filters.doubt not in labels.DOUBT):
        raise Http404
    found = holdings.holders(filters, today=clock.today(), real_now=clock.real_now())
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "grants": holdings.grants([held for holder in page for held in holder.held]),
        "filters": filters,
        "roles": Role.choices,
        "units": Department.objects.order_by("ordinal", "code").values_list("code", "short_name"),
        "doubts": labels.DOUBT,
        **_rights(request.actor),
    }
    return render(request, "kpi/roles.html", context)


@login_required
@require_safe
def show_holder(request: HttpRequest, username: str) -> HttpResponse:
    """One person: all they ever held, and the entries that tell of it."""
    require_reader(request.actor)
    person = User.objects.filter(username=username).first()
    if person is None:
        raise Http404
    held, entries = holdings.history(person)
    context = {
        "person": person,
        "held": held,
        "grants": holdings.grants(held),
        "rows": rows_of(entries),
        "today": clock.today(),
        **_rights(request.actor),
    }
    return render(request, "kpi/role_history.html", context)


def _rights(actor: Actor) -> dict[str, object]:
    return {"may_grant": actor.has(Role.SECURITY_ADMIN), "reads_trail": chain_checks.may_read(actor)}
