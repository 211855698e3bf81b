"""Where a person starts."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import clock
from kpi.selectors import periods as period_selector
from kpi.web.navigation import home_of


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Where this person's work is; before the first year the office begins with its report."""
    year = period_selector.current_year(period_selector.years(), clock.now())
    if year:
        return redirect(home_of(request.actor, year))
    return redirect("decompositions" if request.actor.is_supervisor else "account")
