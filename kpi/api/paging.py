"""Lists in pages: an opaque cursor says after which entry the next page begins, so that nothing is shown twice."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from rest_framework.request import Request

from kpi.api.problems import Refused

USUAL, MOST = 50, 200
T = TypeVar("T")


def cut(request: Request, rows: Sequence[T], key: Callable[[T], str]) -> tuple[list[T], str | None]:
    """One page of ``rows``, and the address of the next; ``key`` is unique, and text.

    The cursor names the last entry shown. Where that one has gone since, the client is told to begin anew.
    """
    limit, after = _limit(request), request.query_params.get("cursor")
    start = 0
    if after:
        places = {key(row): place for place, row in enumerate(rows)}
        last = _opened(after)
        if last not in places:
            raise Refused(400, "cursor_malformed")
        start = places[last] + 1
    page = list(rows[start : start + limit])
    return page, _next(request, key(page[-1])) if start + limit < len(rows) else None


def cut_query(request: Request, found: Any) -> tuple[list[Any], str | None]:
    """The same of a queryset by descending id, without reading the rest (1 query)."""
    limit, after = _limit(request), request.query_params.get("cursor")
    if after:
        last = _opened(after)
        if not last.isdecimal() or len(last) > 18:
            raise Refused(400, "cursor_malformed")
        found = found.filter(pk__lt=int(last))
    rows = list(found.order_by("-pk")[: limit + 1])
    page = rows[:limit]
    return page, _next(request, str(page[-1].pk)) if len(rows) > limit else None


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(USUAL))
    if not (text.isascii() and text.isdecimal()) or len(text) > 4 or int(text) < 1:
        raise Refused(400, "limit_malformed", most=MOST)
    return min(int(text), MOST)


def _next(request: Request, last: str) -> str:
    query = request.query_params.copy()
    query["cursor"] = base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")
    return f"{request.path}?{query.urlencode()}"


def _opened(cursor: str) -> str:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        raise Refused(400, "cursor_malformed") from None
    return text
