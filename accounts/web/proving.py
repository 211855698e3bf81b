"""The second step at the door: setting up an authenticator app, and showing its code."""

from __future__ import annotations

from urllib.parse import urlencode

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import clock, second_factor
from accounts.middleware import note_at_home
from accounts.second_factor import Outcome
from accounts.web.addresses import inside

REFUSED = {
    Outcome.WRONG: gettext_lazy("验证码不正确或已用过，请等应用显示下一个再输"),
    Outcome.SLOWED: gettext_lazy("输错次数较多，请过一会儿再试"),
}


@login_required
@never_cache
def prove(request: HttpRequest) -> HttpResponse:
    """Ask for a code; whoever has no app yet is led to set one up."""
    if second_factor.device_of(request.user) is None:
        return redirect(f"{reverse('second-factor-setup')}?{urlencode({'next': _next(request)})}")
    if request.method != "POST":
        return _form(request, "accounts/second_factor.html")
    outcome = second_factor.prove(user=request.user, code=request.POST.get("code", ""), now=clock.now())
    if outcome is not Outcome.PASSED:
        return _form(request, "accounts/second_factor.html", outcome)
    _passed(request)
    return redirect(_next(request))


@login_required
@never_cache
def set_up(request: HttpRequest) -> HttpResponse:
    """Show the picture to scan and take the first code; then the recovery codes, once."""
    device = second_factor.pending_device(request.user)
    context = {
        "picture": segno.make(device.config_url, error="m").svg_data_uri(scale=5, dark="#000", light="#fff"),
        "secret": second_factor.secret_of(device),
        "is_change": second_factor.device_of(request.user) is not None,
    }
    if request.method != "POST":
        return _form(request, "accounts/second_factor_setup.html", **context)
    outcome, codes = second_factor.confirm(user=request.user, code=request.POST.get("code", ""), now=clock.now())
    if outcome is not Outcome.PASSED:
        return _form(request, "accounts/second_factor_setup.html", outcome, **context)
    _passed(request)
    return _codes(request, codes)


@login_required
@never_cache
@require_POST
def renew_codes(request: HttpRequest) -> HttpResponse:
    """Ten new recovery codes for whoever has an app."""
    if second_factor.device_of(request.user) is None:
        messages.info(request, _("请先设置验证应用"))
        return redirect("account")
    return _codes(request, second_factor.renew_codes(user=request.user, now=clock.now()))


def _passed(request: HttpRequest) -> None:
    """The session is worth more from here on, so it gets another key."""
    second_factor.note_proof(request.session)
    request.session.cycle_key()
    note_at_home(request, request.user)


def _codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    shown = [f"{code[:5]} {code[5:]}" for code in codes]
    return render(request, "accounts/recovery_codes.html", {"codes": shown, "next": _next(request)})


def _form(request: HttpRequest, template: str, outcome: Outcome | None = None, **context: object) -> HttpResponse:
    context |= {"next": _next(request), "problem": REFUSED.get(outcome)}
    return render(request, template, context, status=422 if outcome else 200)


def _next(request: HttpRequest) -> str:
    """Where the person was going, if that is an address of ours."""
    return inside(request, request.POST.get("next") or request.GET.get("next", ""))
