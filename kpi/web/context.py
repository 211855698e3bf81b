"""The navigation of each role, worst-used things left out: at most six items."""

from __future__ import annotations

from django.http import HttpRequest

from accounts import clock
from kpi.selectors import periods as period_selector
from kpi.web.navigation import items_for, same_page_of


def navigation(request: HttpRequest) -> dict[str, object]:
    """The menu, the year it leads through (the address's own, else the current one), and the other years (1 query)."""
    actor = getattr(request, "actor", None)
    if not actor:
        return {}
    match = request.resolver_match
    year = match.kwargs.get("year") if match else None
    known = period_selector.years()
    year = year or period_selector.current_year(known, clock.now())
    return {
        "nav_year": year,
        "nav_years": [(each, same_page_of(each, request.path)) for each, _begins_at in known],
        "nav_items": items_for(actor, year, request.path, request.GET.get("period", "")) if year else [],
    }
