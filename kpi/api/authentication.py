"""Who asks: a token in the Authorization header, or the browser's session with its CSRF proof. Never the address."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts import audit, clock, tokens
from accounts.models import ApiToken, TokenKind, User
from accounts.permissions import actor_for
from kpi.api.problems import Refused
from kpi.services import fair_share

if TYPE_CHECKING:
    from rest_framework.views import APIView

SCHEME = "bearer"


class Unauthorized(Refused):
    """A token that opens nothing (401)."""

    def __init__(self, code: str):
        super().__init__(401, code)


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer kpi_…``: the owner, narrowed to what the token is for."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != SCHEME:
            return None
        now = clock.now()
        token = tokens.find(text.strip())
        if token is None:
            raise Unauthorized("token_unknown")
        owner = actor_for(token.user, now.date())
        # From here on the trail names the token, also where it is turned away.
        audit.origin.set(replace(audit.origin.get(), token=token.prefix))
        if code := tokens.refusal(token, owner, now):
            tokens.note_refusal(token, code=code, now=now)
            raise Unauthorized(code)
        tokens.note_use(token, now=now, address=request.META.get("REMOTE_ADDR") or None)
        request._request.actor = tokens.narrowed(owner, token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="kpi"'


class BrowserAuthentication(SessionAuthentication):
    """The pages' own session; whatever changes something needs the CSRF proof."""


class FairShare(BaseThrottle):
    """A courtesy, no defence: so many requests a minute of one token, or of one person at the browser."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        self.now = clock.now()
        token = request.auth if isinstance(request.auth, ApiToken) else None
        is_service = token is not None and token.kind == TokenKind.SERVICE
        most = settings.API_REQUESTS_A_MINUTE["service" if is_service else "person"]
        caller = f"token:{token.prefix}" if token else f"user:{request.user.pk}"
        return fair_share.count(caller, now=self.now) <= most

    def wait(self) -> float:
        """Seconds until the next minute."""
        return 60 - self.now.second
