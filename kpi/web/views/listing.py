"""All indicators of a year: searched and filtered by the query string, so that every view has an address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import clock
from kpi import labels
from kpi.selectors.forecasts import forecast_of, hit_rate
from kpi.selectors.scoreboard import Row, Scoreboard, worst_first
from kpi.web import forecasting
from kpi.web.look import look
from kpi.web.rendering import render

Choices = list[tuple[str, str]]


@dataclass(frozen=True)
class Facet:
    """One filter: its name in the address, its label, what may be chosen, and what a row has of it."""

    name: str
    label: str
    choices: Choices
    value_of: Callable[[Row], str]
    chosen: str = ""

    def admits(self, row: Row) -> bool:
        return not self.chosen or self.value_of(row) == self.chosen


@login_required
@require_safe
def list_indicators(request: HttpRequest, year: int) -> HttpResponse:
    """Every indicator with its lamp, gap and forecast; worst first, or in the report's order."""
    board = look(request, year).board
    facets = _facets(board, request.GET)
    query = request.GET.get("q", "").strip()[:60]
    order = request.GET.get("order", "")
    rows = [row for row in board.rows if all(facet.admits(row) for facet in facets) and _matches(row, query)]
    rows = rows if order == "report" else worst_first(rows)
    context = {
        "board": board,
        "now": clock.now(),
        "rows": [(row, forecast_of(row)) for row in rows],
        "facets": facets,
        "query": query,
        "order": order,
        "is_filtered": bool(query) or any(facet.chosen for facet in facets),
        "record": forecasting.record(hit_rate(board.rows)),
    }
    return render(request, "kpi/kpis.html", context)


def _facets(board: Scoreboard, asked: Mapping[str, str]) -> list[Facet]:
    """Raises 404 for a choice that does not exist: a mistyped address must not look like an empty answer."""
    units = sorted({row.indicator.lead_department for row in board.rows}, key=attrgetter("ordinal", "code"))
    sections = list(dict.fromkeys(row.indicator.commitment.section for row in board.rows))
    facets = [
        Facet("lamp", _("亮灯"), _words(labels.RAG), attrgetter("rag")),
        Facet("sector", _("板块"), [(name, name) for name in sections], attrgetter("indicator.commitment.section")),
        Facet("unit", _("牵头单位"), [(unit.code, unit.short_name) for unit in units],
              attrgetter("indicator.lead_department.code")),
        Facet("strength", _("力度"), _words(labels.STRENGTH), attrgetter("indicator.strength")),
        Facet("kind", _("类型"), _words(labels.KIND), attrgetter("indicator.kind")),
    ]  # fmt: skip
    return [_chosen(facet, asked.get(facet.name, "")) for facet in facets]


def _words(table: Mapping[str, labels.Label]) -> Choices:
    return [(str(code), str(label.text)) for code, label in table.items()]


def _chosen(facet: Facet, code: str) -> Facet:
    if code and code not in dict(facet.choices):
        raise Http404
    return Facet(facet.name, facet.label, facet.choices, facet.value_of, code)


def _matches(row: Row, query: str) -> bool:
    """Code, name, unit or the report's own words hold every word of the query."""
    indicator = row.indicator
    said = " ".join(
        (indicator.code, indicator.name, indicator.lead_department.name, indicator.lead_department.short_name,
         indicator.commitment.quote)
    ).casefold()  # fmt: skip
    return all(word in said for word in query.casefold().split())
