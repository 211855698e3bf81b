"""Pictures and words of the KPI page and the list: the curve with its forecast, the wide bullet, hints."""

from __future__ import annotations

from django import template

from kpi import wording
from kpi.domain.forecast import Forecast
from kpi.models import Indicator
from kpi.selectors import forecasts
from kpi.selectors.scoreboard import Row
from kpi.selectors.story import PastFigure
from kpi.web import charts, forecasting
from kpi.web.story import Story
from kpi.web.templatetags.kpi_ui import RAG_CSS, word

register = template.Library()

register.filter("odds", forecasting.odds)


@register.inclusion_tag("kpi/parts/curve.html")
def story_curve(story: Story, width: int = 640, height: int = 280) -> dict[str, object]:
    """The server's own drawing: for print, and wherever no script runs."""
    chart = charts.curve(
        story.row,
        width=width,
        height=height,
        forecast=story.forecast,
        targets=story.targets,
        terms=story.terms,
        original=story.original,
    )
    return {"chart": chart, "row": story.row, "forecast": story.forecast, "title": story.title}


@register.inclusion_tag("kpi/parts/bullet_wide.html")
def bullet_wide(row: Row) -> dict[str, object]:
    """Actual, plan and target on one line across the card."""
    return {"bar": charts.bullet(row, RAG_CSS[row.rag], length=1000), "row": row}


@register.simple_tag
def past_figure(found: PastFigure | None, indicator: Indicator) -> str:
    """A figure of an earlier year in the unit it was published in."""
    if found is None:
        return wording.MISSING
    return f"{wording.figure(found.value, indicator.decimals)} {found.unit}".strip()


@register.simple_tag
def forecast_short(row: Row, forecast: Forecast) -> str:
    """A forecast for a table cell."""
    return forecasting.short(row, forecast)


@register.inclusion_tag("kpi/parts/hints.html")
def hints(row: Row) -> dict[str, object]:
    """What several months say beside the lamp."""
    return {"hints": [(code, word("HINT", code)) for code in forecasts.hints_of(row)]}
