"""Words of the configuration pages: what looks wrong with a curve, what a year lacks, differences with their sign."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from kpi import wording
from kpi.domain.plan_shapes import Finding
from kpi.models import Indicator
from kpi.selectors.comparing import LastYear
from kpi.selectors.configuration import Line
from kpi.selectors.planning import by_month
from kpi.selectors.readiness import Need
from kpi.selectors.scoreboard import Row
from kpi.selectors.splitting import given_out
from kpi.services import anchoring
from kpi.services.content import FieldError
from kpi.web.charts import scaled
from kpi.web.plan_picture import pair_of
from kpi.web.story import Story

register = template.Library()

# Where what a year lacks is made good.
PLACES = {
    Need.MONTHS: ("years", "#open"),
    Need.REMINDERS: ("policies", ""),
    Need.TEXT: ("years", "#open"),
    Need.INDICATORS: ("succession", ""),
    Need.PLANS: ("configuration", "?gap=no_plan"),
    Need.TARGETS: ("configuration", "?gap=no_target"),
    Need.CALENDAR: ("years", "#open"),
    Need.DECIDED: ("succession", "?show=open"),
    Need.UNOWNED: ("configuration", "#unowned"),
    Need.LEADS: ("configuration", "?gap=lead_proposed"),
    Need.CLOSED_LEADS: ("configuration", ""),
}


@register.simple_tag
def finding_words(finding: Finding, indicator: Indicator) -> str:
    return wording.finding(finding, indicator)


@register.simple_tag
def split_words(difference: Decimal | None, indicator: Indicator) -> str:
    """“比目标多 0.25 万亩”, “比目标少 …”, “与目标相等”; empty where nothing is split."""
    if difference is None:
        return ""
    if difference == 0:
        return _("与目标相等")
    words = _("比目标多 %(amount)s") if difference > 0 else _("比目标少 %(amount)s")
    return words % {"amount": wording.amount(difference, indicator)}


@register.simple_tag
def share_of(value: Decimal | None, whole: Decimal | None) -> str:
    """A unit's part of the target: “28.8%”."""
    return wording.percent(value / whole) if value is not None and whole else wording.MISSING


@register.filter
def clipped(sentence: str) -> str:
    """A sentence as it is proposed for a quotation: without its full stop, not longer than one may be."""
    return sentence.strip(" 。！？\n")[: anchoring.LONGEST]


@register.filter
def december(year: int) -> str:
    """The year's last month: ``2025-12``."""
    return f"{year}-12"


@register.simple_tag
def need_link(need: Need, year: int) -> str:
    """Where a year's need is met; empty where that is not a page of ours."""
    place = PLACES.get(need)
    if place is None:
        return ""
    name, query = place
    return reverse(name, args=[year]) + query


@register.simple_tag
def plan_strip(line: Line) -> SafeString:
    """The planned curve as twelve little columns; hidden from screen readers, the words beside it speak."""
    values = by_month(line.plan.points)
    most = max(values.values(), default=Decimal(0))
    bars = (
        (month * 5 - 5, 16 - tall, tall)
        for month, value in sorted(values.items())
        for tall in [max(scaled(value, most, 16), Decimal("1.5"))]
    )
    drawn = format_html_join("", '<rect x="{}" y="{}" width="4" height="{}"/>', bars)
    return format_html(
        '<svg class="strip12" viewBox="0 0 60 16" width="60" height="16" aria-hidden="true">{}</svg>', drawn
    )


@register.inclusion_tag("kpi/parts/unit_targets.html", takes_context=True)
def unit_targets(context: dict[str, Any], row: Row) -> dict[str, Any]:
    """The compact table of the KPI page; nothing is drawn where nothing is split (no query)."""
    return {
        "split": given_out(row.indicator, row.target),
        "indicator": row.indicator,
        "nav_year": context["nav_year"],
        "may_configure": context["request"].actor.is_supervisor,
    }


@register.inclusion_tag("kpi/parts/last_year.html", takes_context=True)
def last_year(context: dict[str, Any], story: Story, last: LastYear) -> dict[str, Any]:
    """Last year's months beside this year's, as far as both were published."""
    this = {line.month.month: line.actual for line in story.lines if line.actual is not None}
    before = {each.month: each.actual for each in last.months if each.actual is not None}
    is_comparable = last.is_comparable_with(story.indicator)
    return {
        "last": last,
        "indicator": story.indicator,
        "nav_year": context["nav_year"],
        "is_comparable": is_comparable,
        "pair": pair_of(this, before) if is_comparable and story.is_curve else None,
        "months": [
            (month, this.get(month), before.get(month), _change(this.get(month), before.get(month), is_comparable))
            for month in sorted({*this, *before})
        ],
    }


def _change(now: Decimal | None, then: Decimal | None, is_comparable: bool) -> Decimal | None:
    return now - then if is_comparable and now is not None and then is not None else None


@register.filter
def of_field(errors: list[FieldError], name: str) -> list[FieldError]:
    return [error for error in errors if error.field == name]
