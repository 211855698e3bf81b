"""How messages and attempts look in the log."""

from __future__ import annotations

from datetime import timedelta

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.digest import reference_of
from notifications.masking import masked
from notifications.messages import KINDS
from notifications.models import Attempt, Dispatch, Notice

register = template.Library()
register.filter("masked", masked)
register.filter("reference", reference_of)


@register.filter
def addressee(dispatch: Dispatch) -> str:
    """A person's or a group's name; never an address."""
    return str(dispatch.robot or dispatch.recipient)


@register.filter
def kind_word(notice: Notice) -> str:
    """What kind of notice it is; one that this version no longer knows keeps its code."""
    return str(KINDS[notice.kind].label) if notice.kind in KINDS else notice.kind


@register.simple_tag
def attempt_words(attempt: Attempt, dispatch: Dispatch, is_last: bool) -> str:
    """How a try ended; without an outcome it runs, had nothing left to say, or was cut off with its sender."""
    if attempt.outcome:
        return str(attempt.get_outcome_display())
    if attempt.finished_at is not None:
        return _("没有发出：所载消息都已了结")
    return _("正在发送") if is_last and dispatch.is_leased else _("发送进程中断")


@register.filter
def ago(span: timedelta) -> str:
    """“12 分钟”, “3 小时”, “2 天”: how long something has been silent."""
    minutes = int(span.total_seconds()) // 60
    if minutes < 120:
        return ngettext("%(count)s 分钟", "%(count)s 分钟", minutes) % {"count": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(count)s 小时", "%(count)s 小时", hours) % {"count": hours}
    return ngettext("%(count)s 天", "%(count)s 天", hours // 24) % {"count": hours // 24}
