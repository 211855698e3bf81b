"""Who asks, and which request it is: set once, read by views and by the audit trail."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from accounts import audit, clock, guessing, lockout, passwords, second_factor, sessions
from accounts.models import User
from accounts.permissions import Actor, actor_for
from accounts.problems import problem

ENDED = {
    "idle": _("30 分钟没有操作，已自动退出，请重新登录。没有提交的内容还在这台电脑上。"),
    "longest": _("登录满 12 小时，已自动退出，请重新登录。没有提交的内容还在这台电脑上。"),
}

# What the API says to a session that still owes something.
OWED = {
    "second_factor_required": _("请先在网页完成两步验证"),
    "password_required": _("请先在网页更换密码"),
}


class ChosenLanguageMiddleware(LocaleMiddleware):
    """Chinese unless the reader has switched: an office browser's own language says nothing about its user."""

    def process_request(self, request: HttpRequest) -> None:
        request.META.pop("HTTP_ACCEPT_LANGUAGE", None)
        super().process_request(request)


class NoStoreMiddleware:
    """No answer of ours is kept by a browser or a proxy: the next person at the computer must not find it with “back”.

    Files that are everybody's (``/static/``) are answered before this.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if "no-store" not in response.get("Cache-Control", ""):
            response["Cache-Control"] = "private, no-store"
        return response


class ActorMiddleware:
    """Sets ``request.request_id`` and a lazy ``request.actor`` (``None`` for anonymous)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = secrets.token_hex(8)
        request.actor = SimpleLazyObject(lambda: _actor(request))
        token = audit.origin.set(audit.Origin(request.request_id, request.META.get("REMOTE_ADDR") or None))
        try:
            return self.get_response(request)
        finally:
            audit.origin.reset(token)


class SessionEndMiddleware:
    """Signs out whoever was away too long, before anything of theirs is shown; what a page asks for by itself, told by
    ``X-Background``, is no use."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session:
            now = clock.real_now()
            if reason := sessions.reason_to_end(request.session, now):
                _sign_out(request, reason)
            elif "X-Background" not in request.headers:
                sessions.note_use(request.session, now)
        return self.get_response(request)


class DoorMiddleware:
    """Nothing is open to a session that still owes something: its second proof, then a password of its own choice."""

    OPEN = ("login", "logout", "set_language", "text-size", "theme")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        payments = _payments(request) if request.user.is_authenticated else ()
        if not payments or request.resolver_match.url_name in (*self.OPEN, *payments):
            return None
        if request.path.startswith("/api/"):
            code = f"{payments[0].replace('-', '_')}_required"
            return problem(403, code, str(OWED[code]), request_id=request.request_id)
        return redirect_to_login(request.get_full_path(), reverse(payments[0]))


class SignedOutMiddleware:
    """A fragment asked for after the session ended gets one line saying so (401), not a whole sign-in page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.htmx and response.status_code == 302 and response["Location"].startswith(settings.LOGIN_URL):
            back = request.htmx.current_url_abs_path or settings.LOGIN_REDIRECT_URL
            return render(request, "accounts/signed_out.html", {"back": back}, status=401)
        return response


def start_session(request: HttpRequest, user: User, **_: object) -> None:
    """Receives Django's word that somebody signed in, whichever way they came."""
    sessions.begin(
        request.session,
        now=clock.real_now(),
        address=request.META.get("REMOTE_ADDR", ""),
        agent=request.headers.get("User-Agent", ""),
    )
    second_factor.owe(request.session, user, clock.now())
    if not request.session[second_factor.OWES]:
        note_at_home(request, user)
    passwords.owe(request.session, user, clock.now())


def note_at_home(request: HttpRequest, user: User) -> None:
    """They proved who they are: the address is theirs from now on, whatever strangers try elsewhere."""
    guessing.note_at_home(user, lockout.address_of(request), clock.real_now())


def _payments(request: HttpRequest) -> tuple[str, ...]:
    """The pages where what the session owes first is settled, the one to send people to in front."""
    if second_factor.owes_now(request.session, request.actor.roles):
        may_begin = second_factor.device_of(request.user) is None
        return ("second-factor", "second-factor-setup") if may_begin else ("second-factor",)
    return ("password",) if request.session.get(passwords.OWES) else ()


def _sign_out(request: HttpRequest, reason: str) -> None:
    user = request.user
    logout(request)
    if user.is_authenticated:
        with transaction.atomic():
            audit.record(action="session.expired", obj=user, actor=user, now=clock.now(), reason=reason)
        messages.info(request, ENDED[reason])


def _actor(request: HttpRequest) -> Actor | None:
    return actor_for(request.user, clock.today()) if request.user.is_authenticated else None
