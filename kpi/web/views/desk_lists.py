"""The lists behind the desk: every report its counts and cells name, and what to look at twice."""

from __future__ import annotations

from operator import attrgetter

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import clock
from kpi import labels
from kpi.domain.scrutiny import Finding
from kpi.selectors import editions, history, scrutiny
from kpi.selectors.reporting import STATES, reporting
from kpi.services import permissions
from kpi.web.look import board_or_404
from kpi.web.views.desk import desk_board

A_PAGE = 50


@login_required
@require_safe
def list_reports(request: HttpRequest, year: int) -> HttpResponse:
    """Every report behind a count or a cell of the desk: by unit, by how it came, of a month or of the year so far."""
    permissions.require_supervisor(request.actor)
    board = board_or_404(request, year)
    before = history.before([row.indicator for row in board.rows], board.period)
    units = reporting(board, before.filed).units
    state, unit, span = (request.GET.get(name, "") for name in ("state", "unit", "span"))
    if (state and state not in STATES) or (unit and unit not in {each.department.code for each in units}):
        raise Http404
    wanted = [each for each in units if not unit or each.department.code == unit]
    reports = [
        report
        for each in wanted
        for month in (each.months if span == "year" else each.months[-1:])
        for report in sorted(month.reports, key=attrgetter("row.indicator.code"))
        if not state or STATES[state](report)
    ]
    context = {
        "board": board,
        "now": clock.now(),
        "units": [each.department for each in units],
        "page": Paginator(reports, A_PAGE).get_page(request.GET.get("page")),
        "state": state,
        "unit": unit,
        "span": span,
        "states": {name: labels.REPORT_STATE[name].text for name in STATES},
        "is_filtered": bool(state or unit or span),
    }
    return render(request, "kpi/desk_reports.html", context)


@login_required
@require_safe
def show_attention(request: HttpRequest, year: int) -> HttpResponse:
    """The lists of what to look at twice, one at a time, narrowed to a unit where one is named."""
    permissions.require_supervisor(request.actor)
    now = clock.now()
    board = desk_board(request, year, now)
    before = history.before([row.indicator for row in board.rows], board.period)
    found = scrutiny.findings(board, before, editions.unanchored(year), now)
    shown = _finding(request, found)
    items = found[shown]
    units = sorted(
        {item.row.indicator.lead_department for item in items if item.row}, key=attrgetter("ordinal", "code")
    )
    unit = request.GET.get("unit", "")
    if unit and unit not in {each.code for each in units}:
        raise Http404
    narrowed = [item for item in items if not unit or (item.row and item.row.indicator.lead_department.code == unit)]
    context = {
        "board": board,
        "now": now,
        "findings": found,
        "shown": shown,
        "hint": labels.FINDING_HINT[shown],
        "units": units,
        "unit": unit,
        "page": Paginator(narrowed, A_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "kpi/desk_attention.html", context)


def _finding(request: HttpRequest, found: scrutiny.Found) -> Finding:
    """The list in ``?list=``, else the first that holds something; 404 for one that does not exist."""
    code = request.GET.get("list", "")
    if code and code not in set(Finding):
        raise Http404
    return Finding(code) if code else next((finding for finding in Finding if found[finding]), Finding.DEFINITION)
