"""A forecast in words: the active title of a chart, the sentence under it, its record so far."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from kpi import labels, wording
from kpi.domain.forecast import Forecast, Silence
from kpi.domain.values import Comparator
from kpi.selectors.forecasts import Record
from kpi.selectors.scoreboard import Row

STRICT = (Comparator.MORE_THAN, Comparator.LESS_THAN)


def when(row: Row) -> str:
    """The end that is forecast: “年底”, or the month of an earlier final date."""
    due = row.terms.final_due_on
    return _("年底") if due.month == 12 else wording.month(due.strftime("%Y-%m"))


def title(row: Row, outlook: Forecast | Silence) -> str:
    """What the chart says: “按近 3 个月速度，年底差 0.37 万亩”; why it says nothing where it does not."""
    if isinstance(outlook, Silence):
        return str(labels.SILENCE[outlook].text)
    indicator, target = row.indicator, row.target or Decimal(0)
    gap = outlook.likely - target
    said = {
        "span": outlook.span,
        "end": when(row),
        "gap": wording.amount(gap, indicator),
        "likely": wording.with_unit(outlook.likely, indicator),
    }
    if gap == 0 and outlook.is_short:
        return _("按近 %(span)s 个月速度，%(end)s正好 %(likely)s，还没有越过目标") % said
    if outlook.is_short:
        words = _("按近 %(span)s 个月速度，%(end)s差 %(gap)s")
        return (words if gap < 0 else _("按近 %(span)s 个月速度，%(end)s超出 %(gap)s")) % said
    if gap == 0:
        return _("按近 %(span)s 个月速度，%(end)s正好达到目标") % said
    return _("按近 %(span)s 个月速度，%(end)s可达 %(likely)s，达到目标") % said


def summary(row: Row, forecast: Forecast) -> str:
    """“年底预计 6.38 万亩（6.17 至 6.70），达标把握约 14%；据 2025年5月数据。”"""
    indicator = row.indicator
    return _("%(end)s预计 %(likely)s（%(low)s 至 %(high)s），达标把握约 %(odds)s；据%(month)s数据") % {
        "end": when(row),
        "likely": wording.with_unit(forecast.likely, indicator),
        "low": wording.figure(forecast.low, indicator.decimals),
        "high": wording.figure(forecast.high, indicator.decimals),
        "odds": odds(forecast.odds),
        "month": wording.month(str(forecast.since)),
    }


def short(row: Row, forecast: Forecast) -> str:
    """“预计 6.38 万亩，不足”, for a table cell."""
    said = {"likely": wording.with_unit(forecast.likely, row.indicator), "odds": odds(forecast.odds)}
    words = (
        _("预计 %(likely)s，达不到；把握约 %(odds)s") if forecast.is_short else _("预计 %(likely)s，把握约 %(odds)s")
    )
    return words % said


def odds(share: Decimal) -> str:
    """Without decimals: a rule of thumb must not look exact."""
    return f"{share * 100:.0f}%"


def record(found: Record) -> str:
    """How the method fared; empty while there is too little to say."""
    if not found.is_enough:
        return ""
    return _(
        "以往 %(count)s 次推算：%(inside)s 次（%(inside_share)s）下一个数字落在区间内，"
        "%(right)s 次（%(right_share)s）说对了能否达到下一个序时计划"
    ) % {
        "count": found.count,
        "inside": found.inside,
        "inside_share": odds(found.inside_share),
        "right": found.right,
        "right_share": odds(found.right_share),
    }
