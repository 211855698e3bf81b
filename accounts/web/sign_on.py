"""Sign-in by the city's identity platform: away to it, and back with what it says."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import audit, clock, passwords, single_sign_on
from accounts.single_sign_on import SignOnRefused
from accounts.web.addresses import inside
from accounts.web.forms import SignInForm

BACKEND = "django.contrib.auth.backends.ModelBackend"
SENTENCES = {
    "denied": _("统一身份认证平台没有同意登录，请重试或用本系统密码登录"),
    "expired": _("这次登录已失效（可能停留太久，或在另一个窗口登录过），请重新开始"),
    "unreachable": _("连不上统一身份认证平台，请稍后再试或用本系统密码登录"),
    "untrusted": _("统一身份认证平台的答复无法核验，没有登录；请联系系统管理员"),
    "unknown": _("统一身份认证平台认得你，但本系统没有对应的可用账号；请联系系统管理员"),
}
# Somebody was named, or a forged answer was shown; the others are faults of the way there.
ON_RECORD = ("unknown", "untrusted")
STATUS = {"unreachable": 502, "untrusted": 502}


@require_safe
@never_cache
def begin(request: HttpRequest) -> HttpResponse:
    """Send the browser to the platform; whoever is signed in already goes on to the page."""
    _require_configured()
    after = inside(request, request.GET.get("next", ""))
    if request.user.is_authenticated:
        return redirect(after)
    try:
        return redirect(single_sign_on.begin(request.session, back_to=_callback(request), after=after))
    except SignOnRefused as refused:
        return _refuse(request, refused)


@require_safe
@never_cache
def finish(request: HttpRequest) -> HttpResponse:
    """What the platform sends the browser back with: a session begins like any other, or a sentence says why not."""
    _require_configured()
    try:
        user, after = single_sign_on.finish(request.session, request.GET, back_to=_callback(request))
    except SignOnRefused as refused:
        return _refuse(request, refused)
    with transaction.atomic():
        audit.record(action="session.signed_in_by_platform", obj=user, actor=user, now=clock.now())
        login(request, user, backend=BACKEND)
    # The platform's password was used, whatever is to be done about ours.
    request.session[passwords.OWES] = False
    return redirect(after)


def _require_configured() -> None:
    if not settings.OIDC_ISSUER:
        raise Http404


def _callback(request: HttpRequest) -> str:
    return request.build_absolute_uri(reverse("single-sign-on-back"))


def _refuse(request: HttpRequest, refused: SignOnRefused) -> HttpResponse:
    if refused.code in ON_RECORD:
        about = refused.account or audit.stranger()
        with transaction.atomic():
            audit.record(action="session.sign_in_failed", obj=about, actor=None, now=clock.now(), reason=refused.code)
    # What the platform sent back with the browser must not go on from here, in the page's own forms or in a log.
    request.META["QUERY_STRING"] = ""
    context = {"form": SignInForm(request), "problem": SENTENCES[refused.code], "next": ""}
    return render(request, "accounts/login.html", context, status=STATUS.get(refused.code, 403))
