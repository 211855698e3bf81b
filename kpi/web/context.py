"""The navigation of each role, worst-used things left out: at most six items."""

from __future__ import annotations

from django.http import HttpRequest

from kpi.web.navigation import items_for


def navigation(request: HttpRequest) -> dict[str, object]:
    actor = getattr(request, "actor", None)
    if not actor:
        return {}
    return {"nav_items": items_for(actor, request.path)}
