"""The target split among districts and townships: filled in by hand, shared out or pasted; only saving writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import clock
from kpi.domain.errors import DomainError, NotPermitted
from kpi.selectors.splitting import Split, split_of
from kpi.services import permissions, splits
from kpi.services.content import ContentInvalid, FieldError
from kpi.web import splitting
from kpi.web.errors import status_of
from kpi.web.splitting import SplitForm
from kpi.web.views.configuring import indicator_or_404


@login_required
def edit_split(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """The form. ``action`` fills it (``even``, ``fit``, ``column``), adds it up (``sum``) or saves it (``save``)."""
    permissions.require_supervisor(request.actor)
    stored = split_of(indicator_or_404(year, code))
    if request.method != "POST":
        return _page(request, SplitForm(stored, stored.as_json()))
    raw = splitting.typed(request.POST, stored)
    action = request.POST.get("action", "")
    if action == "save":
        return _save(request, stored, raw)
    if action == "sum" and request.htmx:
        return render(
            request, "kpi/parts/split_sum.html", {"read": SplitForm(stored, raw).read, "indicator": stored.indicator}
        )
    # The stamp of the first look stays: filling in must not hide that somebody else has saved meanwhile.
    stamp = request.POST.get("stamp", "")
    try:
        return _page(request, SplitForm(stored, _filled(request, stored, raw, action)), stamp=stamp, is_filled=True)
    except DomainError as problem:
        name = str(problem.params.get("field", "share"))
        params = {key: value for key, value in problem.params.items() if key != "field"}
        return _page(request, SplitForm(stored, raw, [FieldError(name, problem.code, params)]), stamp=stamp, status=422)


def _filled(request: HttpRequest, stored: Split, raw: Mapping[str, Any], action: str) -> Mapping[str, Any]:
    if action in ("even", "fit"):
        return splitting.shared_out(stored, raw, in_proportion=action == "fit")
    if action == "column":
        return splitting.pasted(stored, raw, request.POST.get("column", ""))
    return raw


def _save(request: HttpRequest, stored: Split, raw: Mapping[str, Any]) -> HttpResponse:
    indicator, stamp = stored.indicator, request.POST.get("stamp", "")
    try:
        splits.change(indicator=indicator, raw=raw, stamp=stamp, actor=request.actor, now=clock.now())
    except NotPermitted:
        raise
    except ContentInvalid as problem:
        return _page(request, SplitForm(stored, raw, problem.errors), stamp=stamp, status=422)
    except DomainError as problem:
        return _page(request, SplitForm(stored, raw), problem=problem, status=status_of(problem))
    messages.success(request, _("%(code)s 的分解已保存") % {"code": indicator.code})
    return redirect("indicator-split", indicator.report.year, indicator.code)


def _page(
    request: HttpRequest,
    form: SplitForm,
    *,
    stamp: str = "",
    problem: DomainError | None = None,
    is_filled: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "read": form.read,
        "indicator": form.stored.indicator,
        "stamp": stamp or form.stored.stamp,
        "problem": problem,
        "is_filled": is_filled,
        "column": request.POST.get("column", "") if not is_filled else "",
        "column_errors": [error for error in form.summary if error.field in ("column", "share")],
        "theirs": [share for share in form.stored.shares if share.value is not None] if problem else (),
    }
    return render(request, "kpi/indicator_split.html", context, status=status)
