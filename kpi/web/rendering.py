"""How a page with a board is drawn: its rows are freed with it."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.template import RequestContext
from django.template.loader import get_template


def render(request: HttpRequest, name: str, values: Mapping[str, object]) -> HttpResponse:
    """``django.shortcuts.render`` for pages of hundreds of rows.

    A template's context refers to itself. Left as it is, the rows in it outlive their page until the garbage collector
    has gone through them all, on somebody else's time.
    """
    context = RequestContext(request, dict(values))
    try:
        return HttpResponse(get_template(name).template.render(context))
    finally:
        context.dicts.clear()
