"""Marks of the audit pages."""

from __future__ import annotations

from datetime import timedelta

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from kpi import trail_words
from kpi.selectors.trail_rows import Row
from kpi.trail_words import Outcome

register = template.Library()


@register.simple_tag
def outcome_mark(row: Row) -> SafeString | str:
    """Sign and word before what was refused; what took place needs none."""
    if row.outcome is Outcome.DONE:
        return ""
    word = trail_words.OUTCOME[Outcome.REFUSED]
    return format_html(
        '<span class="tag tag-bad"><span aria-hidden="true">✕</span><span class="vh">{}</span></span> ', word
    )


@register.filter
def age(passed: timedelta) -> str:
    """How long ago, in the largest unit that says it: minutes, hours, days."""
    minutes = max(int(passed.total_seconds() // 60), 0)
    if minutes < 120:
        return ngettext("%(count)s 分钟", "%(count)s 分钟", minutes) % {"count": minutes}
    if minutes < 48 * 60:
        return ngettext("%(count)s 小时", "%(count)s 小时", minutes // 60) % {"count": minutes // 60}
    days = minutes // (24 * 60)
    return ngettext("%(count)s 天", "%(count)s 天", days) % {"count": days}
