"""The navigation of each role, worst-used things left out: at most six items."""

from __future__ import annotations

from django.http import HttpRequest

from kpi.selectors.periods import latest_year
from kpi.web.navigation import items_for


def navigation(request: HttpRequest) -> dict[str, object]:
    """The menu and the year it leads through: the address's own, else the latest report's (1 query)."""
    actor = getattr(request, "actor", None)
    if not actor:
        return {}
    match = request.resolver_match
    year = match.kwargs.get("year") if match else None
    year = year or latest_year()
    return {
        "nav_year": year,
        "nav_items": items_for(actor, year, request.path, request.GET.get("period", "")) if year else [],
    }
