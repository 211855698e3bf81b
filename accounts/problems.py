"""Refusals and faults for machines: problem details (RFC 9457) with a stable ``code``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from django.http import JsonResponse

MEDIA_TYPE = "application/problem+json"
# The trial and every city run under addresses of their own: a name, not an address, says which problem it is.
TYPE = "urn:kpi:problem:"


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    request_id: str = "",
    errors: Sequence[Mapping[str, str]] = (),
    **more: object,
) -> JsonResponse:
    """``errors`` name a ``field``, its ``code`` and a sentence in ``detail``; ``more`` are members of this one."""
    body: dict[str, object] = {
        "type": TYPE + code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": list(errors),
        "request_id": request_id,
    }
    return JsonResponse(body | more, status=status, content_type=MEDIA_TYPE, json_dumps_params={"ensure_ascii": False})
