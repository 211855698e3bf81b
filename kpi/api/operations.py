"""One operation of the API: what it asks of the caller, and the same told in the OpenAPI document.

Scope, If-Match, Idempotency-Key and the refusals it may give are stated once, where the operation is defined; the
document is made from the statement, so that the two cannot drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.functional import cached_property
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts import clock, tokens
from accounts.models import ApiToken, Scope
from accounts.permissions import Actor
from kpi.api import examples, words
from kpi.api.authentication import BrowserAuthentication, FairShare, TokenAuthentication
from kpi.api.bodies.problem import ProblemBody
from kpi.api.problems import Refused, etag
from kpi.api.wire import ExactJSONParser, OneFormat, can_be_stored, refuse_unreadable
from kpi.services import idempotency

KEY_LENGTH = 200
# What any operation may be answered with; a write may get more.
ALWAYS = (400, 401, 403, 404, 429, 503)
ON_WRITING = (409, 413, 415, 422)
ON_MATCHING = (412, 428)


@dataclass(frozen=True)
class Tag:
    """How the ETags of one kind look: ``inner`` is a pattern of what stands between the quotes."""

    inner: str
    example: str


# A row's version that grows by one; and the checksum of what a form of the configuration is opened with.
VERSION = Tag("v[0-9]{1,9}", '"v3"')
STAMP = Tag("[0-9a-f]{16,64}", '"9f86d081884c7d65"')


class ApiView(APIView):
    """Knows who asks and reads the clock, once. Its methods are ``operation``s."""

    authentication_classes = (TokenAuthentication, BrowserAuthentication)
    permission_classes = (IsAuthenticated,)
    throttle_classes = (FairShare,)
    parser_classes = (ExactJSONParser,)
    content_negotiation_class = OneFormat

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        refuse_unreadable(request)
        super().initial(request, *args, **kwargs)
        self.now = clock.now()

    @property
    def actor(self) -> Actor:
        """Who asks, narrowed to what their token is for."""
        return self.request.actor

    @property
    def token(self) -> ApiToken | None:
        return self.request.auth if isinstance(self.request.auth, ApiToken) else None

    @cached_property
    def reach(self) -> frozenset[int] | None:
        """The units the token is narrowed to; ``None`` for no limit."""
        return tokens.reach(self.token) if self.token else None

    def reaches(self, department_id: int | None) -> bool:
        return self.reach is None or department_id in self.reach

    def require_scope(self, scope: Scope) -> None:
        """Raise 403 for a token that is not for this; the browser's session is for everything."""
        if self.token is not None:
            tokens.require_scope(self.token, scope, now=self.now)

    @property
    def version(self) -> int:
        """The version that ``If-Match`` names. Raises 428 without one."""
        return int(self.matched(VERSION)[1:])

    @property
    def stamp(self) -> str:
        """The stamp that ``If-Match`` names. Raises 428 without one."""
        return self.matched(STAMP)

    def matched(self, tag: Tag) -> str:
        text = self.request.headers.get("If-Match")
        if text is None:
            raise Refused(428, "if_match_required")
        found = re.fullmatch(f'(?:W/)?"({tag.inner})"', text.strip(), re.ASCII)
        if found is None:
            raise Refused(400, "if_match_malformed")
        return found[1]

    @property
    def by(self) -> dict[str, Any]:
        """Who acts and when, as every service asks for it."""
        return {"actor": self.actor, "now": self.now}

    def read(self, body: type[Serializer]) -> dict[str, Any]:
        """What was sent, checked by shape. Raises 422 with every field that is wrong."""
        sent = body(data=self.request.data)
        sent.is_valid(raise_exception=True)
        return sent.validated_data


@dataclass(frozen=True)
class Operation:
    """What an operation asks: ``scope`` is what a token must be for."""

    scope: Scope
    is_writing: bool
    if_match: Tag | None


def operation(
    name: str,
    *,
    tag: str,
    summary: object,
    answer: object = None,
    status: int = 200,
    scope: Scope = Scope.READ,
    body: object = None,
    query: Sequence[OpenApiParameter] = (),
    if_match: Tag | None = None,
    has_etag: bool = False,
    media: str = "application/json",
    writes: bool | None = None,
    refuses: Sequence[int] = (),
    description: object = "",
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """State an operation. ``answer`` and ``body`` are serializers; without ``answer`` it is answered with 204.

    ``refuses`` are statuses beside those that every reading, or every writing, operation may answer with.
    """
    is_writing = scope is not Scope.READ if writes is None else writes
    stated = Operation(scope, is_writing, if_match)

    def decorate(act: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(act)
        def carried_out(view: ApiView, request: Request, **kwargs: object) -> HttpResponseBase:
            view.require_scope(stated.scope)
            if stated.if_match is not None:
                # Told before anything is read: without it no write is even tried.
                view.matched(stated.if_match)
            if not stated.is_writing:
                return act(view, request, **kwargs)
            return _once(view, request, lambda: act(view, request, **kwargs))

        return extend_schema(
            operation_id=name,
            tags=[tag],
            summary=summary,
            description=description or summary,
            request=body,
            parameters=[*query, *_headers(stated, has_etag, status)],
            responses=_responses(stated, answer, status, media, refuses),
            examples=examples.of(name),
        )(carried_out)

    return decorate


def shaped(body: type[Serializer], shown: object, *, version: object = None, status: int = 200) -> Response:
    """An answer in its shape; ``version`` (a number, or a stamp) becomes its ETag."""
    headers = {} if version is None else {"ETag": etag(version)}
    return Response(body(shown).data, status=status, headers=headers)


def _once(view: ApiView, request: Request, act: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Carry a write out at most once for each ``Idempotency-Key``; the key is written with the change or not at all."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return act()
    if not key.strip() or len(key) > KEY_LENGTH or not can_be_stored(key):
        raise Refused(400, "idempotency_key_malformed", most=KEY_LENGTH)
    fingerprint = idempotency.fingerprint(_parts(request))
    with transaction.atomic():
        claimed = idempotency.claim(user=request.user, token=view.token, key=key, fingerprint=fingerprint, now=view.now)
        if claimed.is_repeated:
            row = claimed.row
            again = {**row.headers, "Idempotency-Replayed": "true"}
            return HttpResponse(row.body, status=row.status, headers=again)
        answer = _rendered(act())
        kept = {name: answer[name] for name in ("Content-Type", "ETag") if answer.has_header(name)}
        idempotency.keep(claimed, status=answer.status_code, headers=kept, body=answer.content.decode())
        return answer


def _rendered(answer: HttpResponseBase) -> HttpResponse:
    """The answer with its bytes, so that the same ones can be given again."""
    if not isinstance(answer, Response):
        return answer
    headers = {name: answer[name] for name in ("ETag",) if answer.has_header(name)}
    return HttpResponse(
        JSONRenderer().render(answer.data), status=answer.status_code, headers=headers, content_type="application/json"
    )


def _parts(request: Request) -> Iterator[bytes]:
    """What makes a request the one it is. Of a form the fields and the files' bytes: boundaries differ each time."""
    yield f"{request.method} {request.get_full_path()}\n".encode()
    if not (request.content_type or "").startswith("multipart/"):
        yield request._request.body
        return
    for name in sorted(request.data):
        for value in request.data.getlist(name):
            yield f"{name}={value}\n".encode()
            if isinstance(value, UploadedFile):
                yield from value.chunks()
                value.seek(0)


def _headers(stated: Operation, has_etag: bool, status: int) -> list[OpenApiParameter]:
    at = OpenApiParameter.HEADER
    found = []
    if stated.if_match is not None:
        text = {"type": "string", "pattern": f'^"{stated.if_match.inner}"$', "example": stated.if_match.example}
        found.append(OpenApiParameter("If-Match", text, at, required=True, description=words.IF_MATCH))
    if stated.is_writing:
        text = {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH, "pattern": "^[!-~]+$"}
        found.append(OpenApiParameter("Idempotency-Key", text, at, description=words.IDEMPOTENCY_KEY))
    if has_etag:
        found.append(OpenApiParameter("ETag", str, at, response=[status], description=words.ETAG))
    return found


def _responses(
    stated: Operation, answer: object, status: int, media: str, refuses: Sequence[int]
) -> dict[object, object]:
    codes = (*ALWAYS, *refuses, *(ON_WRITING if stated.is_writing else ()), *(ON_MATCHING if stated.if_match else ()))
    told: dict[object, object] = {
        (code, "application/problem+json"): OpenApiResponse(ProblemBody, description=words.STATUSES[code])
        for code in codes
    }
    done = OpenApiTypes.BINARY if media != "application/json" else answer
    told[(status, media) if done is not None else status] = OpenApiResponse(done, description=words.DONE)
    return told
