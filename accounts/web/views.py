"""Signing in and out, one's own posts, text size, and the error pages."""

from __future__ import annotations

import math

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import audit, clock, lockout, passwords, second_factor, sessions
from accounts.context import TEXT_SIZE_COOKIE, TEXT_SIZES, THEME_COOKIE, THEMES
from accounts.models import User
from accounts.services import sign_out_elsewhere
from accounts.web.addresses import inside
from accounts.web.forms import NewPasswordForm, SignInForm

A_YEAR = 365 * 24 * 3600


class SignIn(LoginView):
    """Signs in and leaves an audit entry, for failures as for successes."""

    template_name = "accounts/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        with lockout.one_try_at_a_time(request):
            return super().post(request, *args, **kwargs)

    def form_valid(self, form: SignInForm) -> HttpResponse:
        audit.record(action="session.signed_in", obj=form.get_user(), actor=form.get_user(), now=clock.now())
        return super().form_valid(form)

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        known = User.objects.filter(username=form.data.get("username", "")[:60]).first()
        action = f"session.{form.refused.code}" if form.refused else "session.sign_in_failed"
        audit.record(action=action, obj=known or audit.stranger(), actor=None, now=clock.now())
        response = super().form_invalid(form)
        response.status_code = 429 if form.refused else 422
        if form.refused and form.refused.wait:
            response["Retry-After"] = str(math.ceil(form.refused.wait.total_seconds()))
        return response


class SignOut(LogoutView):
    """Ends the session and clears what the browser kept of it."""

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.user.is_authenticated:
            with transaction.atomic():
                audit.record(action="session.signed_out", obj=request.user, actor=request.user, now=clock.now())
        return super().post(request, *args, **kwargs)

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = super().dispatch(request, *args, **kwargs)
        response["Clear-Site-Data"] = '"cache"'
        return response


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """My posts and roles, since when I hold them, and where I am signed in."""
    context = {
        "memberships": request.actor.memberships,
        "sessions": sessions.of(request.user, now=clock.real_now(), this=request.session.session_key),
        "app": second_factor.device_of(request.user),
        "codes_left": second_factor.codes_left(request.user),
    }
    return render(request, "accounts/account.html", context)


@login_required
@never_cache
def change_password(request: HttpRequest) -> HttpResponse:
    """Choose another password; everywhere else the person is signed out."""
    if request.method != "POST":
        return _password_page(request, NewPasswordForm(request))
    with lockout.one_try_at_a_time(request, request.user.get_username()):
        form = NewPasswordForm(request, request.POST)
        if not form.is_valid():
            if "old_password" in form.errors:
                audit.record(action="password.refused", obj=request.user, actor=request.user, now=clock.now())
            return _password_page(request, form)
        _put_password(request, form.cleaned_data["new_password1"])
    messages.success(request, _("密码已更换，其他地方的登录已退出"))
    return redirect(inside(request, request.POST.get("next", "")))


def _put_password(request: HttpRequest, password: str) -> None:
    now = clock.now()
    passwords.put(user=request.user, password=password, actor=request.user, now=now)
    request.session[passwords.OWES] = False
    update_session_auth_hash(request, request.user)
    sign_out_elsewhere(user=request.user, but=request.session.session_key, now=now)


def _password_page(request: HttpRequest, form: NewPasswordForm) -> HttpResponse:
    context = {
        "form": form,
        "next": request.POST.get("next") or request.GET.get("next", ""),
        "is_owed": request.session.get(passwords.OWES),
        "rules": passwords.PolicyValidator().get_help_text(),
    }
    return render(request, "accounts/password.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out elsewhere: the session that was named, or all but this one."""
    ended = sign_out_elsewhere(
        user=request.user, handle=request.POST.get("handle", ""), but=request.session.session_key, now=clock.now()
    )
    if ended:
        messages.success(
            request, ngettext("已退出 %(count)s 处登录", "已退出 %(count)s 处登录", ended) % {"count": ended}
        )
    else:
        messages.info(request, _("那处登录已经结束"))
    return redirect("account")


@require_POST
def text_size(request: HttpRequest) -> HttpResponse:
    """Keep the reader's text size for a year and go back to where they were."""
    return _kept(request, TEXT_SIZE_COOKIE, request.POST.get("size", ""), TEXT_SIZES)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep light or dark for a year and go back to where they were."""
    return _kept(request, THEME_COOKIE, request.POST.get("theme", ""), THEMES)


def _kept(request: HttpRequest, cookie: str, value: str, allowed: tuple[str, ...]) -> HttpResponse:
    """Back to the page, with the choice in its cookie; a value that does not exist changes nothing."""
    response = redirect(inside(request, request.POST.get("next", "")))
    if value in allowed:
        response.set_cookie(cookie, value, max_age=A_YEAR, samesite="Lax", httponly=True)
    return response
