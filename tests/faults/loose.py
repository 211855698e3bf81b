"""The product as it must not be: the key of a request is committed before its change. For the negative control only."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from config.wsgi import application
from kpi.api import operations
from kpi.api.operations import ApiView
from kpi.services import idempotency

__all__ = ["application"]


def once(view: ApiView, request: Request, act: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    parts = operations._parts(request)
    key, fingerprint = request.headers["Idempotency-Key"], idempotency.fingerprint(parts)
    with transaction.atomic():
        claimed = idempotency.claim(user=request.user, token=view.token, key=key, fingerprint=fingerprint, now=view.now)
    if claimed.is_repeated:
        # Whoever comes while the first is at work, or after it died, finds a key without an answer.
        return HttpResponse(claimed.row.body, status=claimed.row.status or 409)
    answer = operations._rendered(act())
    idempotency.keep(claimed, status=answer.status_code, headers={}, body=answer.content.decode())
    return answer


operations._once = once
