"""Read-only API: the same rows the pages show, for other systems of the city."""

from __future__ import annotations

from django.http import Http404
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import clock
from kpi.models import Period
from kpi.selectors import scoreboard
from kpi.selectors.records import as_record


@api_view()
def board(request: Request, year: int) -> Response:
    """Every indicator with value, plan, lamp and reason; ``?period=2025-06`` for a past month."""
    code = request.query_params.get("period") or None
    try:
        found = scoreboard.build(year=year, now=clock.now(), actor=request.actor, period_code=code)
    except Period.DoesNotExist as problem:
        raise Http404 from problem
    rows = [as_record(row) for row in found.rows]
    return Response({"year": year, "period": found.period.code, "indicators": rows})
