"""Who asks, and which request it is: set once, read by views and by the audit trail."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject

from accounts import audit, clock
from accounts.permissions import Actor, actor_for


class ChosenLanguageMiddleware(LocaleMiddleware):
    """Chinese unless the reader has switched: an office browser's own language says nothing about its user."""

    def process_request(self, request: HttpRequest) -> None:
        request.META.pop("HTTP_ACCEPT_LANGUAGE", None)
        super().process_request(request)


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


def _actor(request: HttpRequest) -> Actor | None:
    return actor_for(request.user, clock.today()) if request.user.is_authenticated else None
