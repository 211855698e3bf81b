"""The cells of the desk's matrix: a sign and a word for how a unit's reports of a month came."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpi import labels
from kpi.domain.values import Timeliness
from kpi.selectors.reporting import UnitMonth

register = template.Library()

CSS = {Timeliness.LATE: "late", Timeliness.MISSING: "missing"}


@register.simple_tag
def act_url(act: str, year: int, period: str) -> str:
    """The page of an act on a period."""
    return reverse(f"period-{act}", args=(year, period))


@register.simple_tag
def cell_url(reports: str, period: str, unit: str) -> str:
    """The reports behind one cell."""
    return f"{reports}?period={period}&unit={unit}"


@register.simple_tag(takes_context=True)
def page_address(context: template.Context, number: int) -> str:
    """The same list at another page of it."""
    asked = context["request"].GET.copy()
    asked["page"] = str(number)
    return f"?{asked.urlencode()}"


@register.simple_tag
def unit_cell(month: UnitMonth, address: str) -> SafeString:
    """One month of a unit as a link to its reports, with the same in words for who does not see the signs."""
    if not month.asked:
        return format_html('<td><span aria-hidden="true">–</span><span class="vh">{}</span></td>', _("无任务"))
    signs = format_html_join(" ", '<span class="{}">{}</span>', _signs(month))
    return format_html(
        '<td><a href="{}"><span aria-hidden="true">{}</span><span class="vh">{}</span></a></td>',
        address,
        signs,
        _said(month),
    )


def _signs(month: UnitMonth) -> list[tuple[str, str]]:
    """Class and text of each part: what came in time or partly, what came late, what is missing, what may come."""
    counts = month.counts
    on_time, pending = counts[Timeliness.ON_TIME], counts[Timeliness.PENDING]
    parts = []
    if month.is_partly:
        parts.append(("partly", f"◐{month.filed}/{month.asked}"))
    elif on_time:
        parts.append(("ok", f"✓{on_time}"))
    elif pending:
        parts.append(("open", f"○{pending}"))
    if counts[Timeliness.LATE]:
        words = {"count": counts[Timeliness.LATE], "days": month.days_late}
        parts.append(("late", (_("迟%(count)s(%(days)s天)") if month.days_late else _("迟%(count)s")) % words))
    if counts[Timeliness.MISSING]:
        parts.append(("missing", _("缺%(count)s") % {"count": counts[Timeliness.MISSING]}))
    return parts


def _said(month: UnitMonth) -> str:
    said = [f"{labels.TIMELINESS[kind].text} {month.counts[kind]}" for kind in Timeliness if month.counts[kind]]
    if month.days_late:
        words = ngettext("最晚迟 %(days)s 天", "最晚迟 %(days)s 天", month.days_late)
        said.append(words % {"days": month.days_late})
    return "，".join(said)
