"""Sign-in by the city's identity platform (OpenID Connect Core 1.0: authorization code with PKCE, state and nonce).

The platform says who it is; which account that is, and what it may do, is ours: nobody is created here. What belongs to
one attempt waits in the session of whoever began it and is good once. The platform's addresses and keys are read from
its discovery document each time: signing in is rare, and changed keys hold at once.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping, MutableMapping
from hashlib import sha256
from typing import Any

import httpx
from django.conf import settings
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from accounts.models import User

STARTED = "single_sign_on"
DISCOVERY = "/.well-known/openid-configuration"
# Signed by a key that only the platform has; a shared secret would let every client of it make tokens.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
# Seconds: for each answer of the platform; between its clock and ours.
TIMEOUT, LEEWAY = 5, 60


class SignOnRefused(Exception):
    """``code``: ``denied`` (there), ``expired`` (not begun here, or used up), ``unreachable``, ``untrusted`` (what came
    back proves nothing) or ``unknown`` (no account of that name); ``account`` where one is known, but switched off.
    """

    def __init__(self, code: str, account: User | None = None):
        super().__init__(code)
        self.code, self.account = code, account


def begin(session: MutableMapping[str, Any], *, back_to: str, after: str) -> str:
    """The platform's address to send the browser to. ``back_to`` is our own callback, ``after`` the page to open then.

    Raises ``SignOnRefused``.
    """
    started = {name: secrets.token_urlsafe(48) for name in ("state", "nonce", "verifier")}
    asked = {
        "response_type": "code",
        "client_id": settings.OIDC_CLIENT_ID,
        "redirect_uri": back_to,
        "scope": "openid profile",
        "state": started["state"],
        "nonce": started["nonce"],
        "code_challenge": urlsafe_b64encode(sha256(started["verifier"].encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    with _client() as client:
        address = _address(_platform(client), "authorization_endpoint")
    session[STARTED] = started | {"after": after}
    return str(httpx.URL(address).copy_merge_params(asked))


def finish(session: MutableMapping[str, Any], answer: Mapping[str, str], *, back_to: str) -> tuple[User, str]:
    """Who came back from the platform, and the page they wanted. Raises ``SignOnRefused``."""
    started = session.pop(STARTED, None)
    if not started or not secrets.compare_digest(answer.get("state", "").encode(), started["state"].encode()):
        raise SignOnRefused("expired")
    if "code" not in answer:
        raise SignOnRefused("denied")
    with _client() as client:
        platform = _platform(client)
        token = _redeemed(client, platform, answer["code"], started["verifier"], back_to)
        keys = _read(client.get, _address(platform, "jwks_uri"))
        claims = _proven(token.get("id_token"), keys, started["nonce"])
        name = claims.get(settings.OIDC_ACCOUNT_CLAIM) or _told(client, platform, token, claims["sub"])
    return _account(name), started["after"]


def _client() -> httpx.Client:
    return httpx.Client(timeout=TIMEOUT, follow_redirects=False)


def _read(ask: Any, address: str, **asked: Any) -> dict[str, Any]:
    """The object that is answered. Raises ``SignOnRefused``."""
    try:
        found = ask(address, **asked).raise_for_status().json()
    except httpx.HTTPStatusError as problem:
        refuses = problem.response.is_client_error
        raise SignOnRefused("untrusted" if refuses else "unreachable") from problem
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as problem:
        raise SignOnRefused("unreachable") from problem
    if not isinstance(found, dict):
        raise SignOnRefused("untrusted")
    return found


def _platform(client: httpx.Client) -> dict[str, Any]:
    """The discovery document, which must be the configured issuer's own."""
    found = _read(client.get, settings.OIDC_ISSUER.rstrip("/") + DISCOVERY)
    if found.get("issuer") != settings.OIDC_ISSUER:
        raise SignOnRefused("untrusted")
    return found


def _address(platform: Mapping[str, Any], name: str) -> str:
    if not isinstance(platform.get(name), str):
        raise SignOnRefused("untrusted")
    return platform[name]


def _redeemed(
    client: httpx.Client, platform: Mapping[str, Any], code: str, verifier: str, back_to: str
) -> dict[str, Any]:
    """The tokens for a code (RFC 6749 §4.1.3, RFC 7636 §4.5)."""
    return _read(
        client.post,
        _address(platform, "token_endpoint"),
        auth=(settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET),
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back_to,
            "code_verifier": verifier,
        },
    )


def _proven(token: object, keys: Mapping[str, Any], nonce: str) -> dict[str, Any]:
    """The claims of the ID token: signed by the platform, for us, for this attempt and still good (OpenID Connect Core
    §3.1.3.7).
    """
    wanted = jwt.JWTClaimsRegistry(
        leeway=LEEWAY,
        iss={"essential": True, "value": settings.OIDC_ISSUER},
        aud={"essential": True, "value": settings.OIDC_CLIENT_ID},
        sub={"essential": True},
        exp={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        claims = jwt.decode(str(token), KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims
        wanted.validate(claims)
    except (JoseError, ValueError, KeyError, TypeError) as problem:
        raise SignOnRefused("untrusted") from problem
    if claims.get("azp", settings.OIDC_CLIENT_ID) != settings.OIDC_CLIENT_ID:
        raise SignOnRefused("untrusted")
    return claims


def _told(client: httpx.Client, platform: Mapping[str, Any], token: Mapping[str, Any], sub: object) -> object:
    """The account's name as the platform tells it on asking, of the same person."""
    bearer = {"Authorization": f"Bearer {token.get('access_token', '')}"}
    told = _read(client.get, _address(platform, "userinfo_endpoint"), headers=bearer)
    if told.get("sub") != sub:
        raise SignOnRefused("untrusted")
    return told.get(settings.OIDC_ACCOUNT_CLAIM)


def _account(name: object) -> User:
    user = User.objects.filter(username=name).first() if isinstance(name, str) and "\x00" not in name else None
    if user is None or not user.is_active:
        raise SignOnRefused("unknown", user)
    return user
