"""What the boards of cockpit, departments, chapters and big screen are drawn with; a failing panel fails alone."""

from __future__ import annotations

import logging

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpi import labels, wording
from kpi.domain.attention import Concern
from kpi.domain.values import Rag
from kpi.selectors.attention import Item
from kpi.selectors.scoreboard import Scoreboard
from kpi.selectors.units import MonthRates

register = template.Library()
log = logging.getLogger(__name__)


class PanelNode(template.Node):
    def __init__(self, title: FilterExpression, content: NodeList):
        self.title, self.content = title, content

    def render(self, context: template.Context) -> str:
        try:
            return self.content.render(context)
        # Whatever is wrong with one panel, the others still inform; the fault is on record with its trace.
        except Exception:
            title = str(self.title.resolve(context))
            log.exception("panel failed: %s", title)
            return render_to_string("kpi/parts/panel_failed.html", {"title": title}) if title else ""


@register.tag
def panel(parser: Parser, token: Token) -> PanelNode:
    """``{% panel _("标题") %}…{% endpanel %}``: if anything inside fails, the title stays with a way to try again.

    Without a title (``{% panel "" %}``) what fails is left out.
    """
    title = parser.compile_filter(token.split_contents()[1])
    content = parser.parse(("endpanel",))
    parser.delete_first_token()
    return PanelNode(title, content)


@register.filter
def concern_words(item: Item) -> list[str]:
    """Why a card is there, reason by reason: “连续 4 个月红灯”, “批示超期 9 天未反馈”."""
    words = {
        Concern.RED: lambda: wording.run(Rag.RED, item.row.run_length),
        Concern.DIRECTIVE_OVERDUE: lambda: (
            ngettext("批示超期 %(days)s 天未反馈", "批示超期 %(days)s 天未反馈", item.overdue_days)
            % {"days": item.overdue_days}
        ),
        Concern.FORECAST_SHORT: lambda: (
            ngettext(
                "距时限 %(days)s 天，预计完不成（%(likely)s）",
                "距时限 %(days)s 天，预计完不成（%(likely)s）",
                item.days_left,
            )
            % {"days": item.days_left, "likely": _likely(item)}
        ),
        Concern.LONG_AMBER: lambda: wording.run(Rag.AMBER, item.row.run_length),
    }
    return [words[concern]() for concern in item.concerns]


def _likely(item: Item) -> str:
    return wording.with_unit(item.forecast.likely, item.row.indicator) if item.forecast else wording.MISSING


@register.filter
def forecast_words(item: Item) -> str:
    """“预计 6.58 万亩” for a row whose forecast is known, else nothing."""
    return _("到时限预计 %(likely)s") % {"likely": _likely(item)} if item.forecast else ""


@register.simple_tag
def board_words(board: Scoreboard) -> str:
    """“1 项滞后，2 项预警”: what stands out among some rows; says so where nothing does."""
    counts = board.counts
    if not board.rows:
        return _("没有任务")
    if counts[Rag.NOT_DUE] == len(board.rows):
        return _("都未到期")
    bad = [
        _("%(count)s 项%(lamp)s") % {"count": counts[rag], "lamp": labels.RAG[rag].text}
        for rag in (Rag.RED, Rag.AMBER)
        if counts[rag]
    ]
    if not bad:
        return _("没有滞后和预警")
    return _("，").join(bad)


@register.filter
def month_short(code: str) -> str:
    """``2025-03`` → “3月”."""
    return _("%(month)s月") % {"month": int(code[5:])}


@register.simple_tag
def on_time_bar(month: MonthRates, height: int = 36) -> tuple[int, int] | None:
    """Top and height of a month's bar in SVG units; none in time is a line, nothing asked is no bar."""
    share = month.rates.timeliness
    if share is None:
        return None
    tall = max(round(height * share), 2)
    return height - tall, tall
