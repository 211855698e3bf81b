"""What the inbox says of a notice that is over, and until when one may be put off."""

from __future__ import annotations

from datetime import date, datetime

from django import template
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpi import labels, wording
from kpi.domain.snoozing import Snooze
from kpi.selectors.inbox import Closing, Entry
from notifications.models import NoticeState

register = template.Library()

STEPS = {"review": labels.VERB, "directive": labels.DIRECTIVE_VERB}
# To its reader a settled matter is not “cancelled”; the log of what was sent keeps the record's own words.
STATES = {
    NoticeState.CANCELLED: gettext_lazy("已了结"),
    NoticeState.SUPERSEDED: gettext_lazy("已被取代"),
    NoticeState.EXPIRED: gettext_lazy("已过期"),
}


@register.filter
def state_word(state: str) -> str:
    """The word of a state that is over."""
    return str(STATES[NoticeState(state)])


@register.simple_tag
def why_closed(entry: Entry) -> str:
    """Why a notice is no longer open: by whose step and when, as far as that is on record; empty for an open one."""
    notice = entry.notice
    words = {"when": wording.moment(localtime(notice.closed_at)) if notice.closed_at else ""}
    if entry.closing is not None:
        words |= {"who": entry.closing.actor, "step": _step(entry.closing)}
        return _("%(when)s %(who)s已“%(step)s”，不用再处理") % words
    if notice.state == NoticeState.CANCELLED:
        return _("事项 %(when)s 已办理，不用再处理") % words
    if notice.state == NoticeState.SUPERSEDED:
        return _("%(when)s 有了新的提醒，以新的为准") % words
    if notice.state == NoticeState.EXPIRED:
        return _("%(when)s 过了时限，不再提醒") % words
    return ""


def _step(closing: Closing) -> str:
    return str(STEPS[closing.source][closing.verb].text)


@register.simple_tag
def snooze_word(choice: Snooze, at: datetime, today: date) -> str:
    """What stands on the button: “今天 16:00”, “明天 09:00”, “下周 7月7日 09:00”."""
    if choice is Snooze.LATER_TODAY:
        return _("今天 %(time)s") % {"time": f"{at:%H:%M}"}
    if choice is Snooze.NEXT_WEEK:
        return _("下周 %(when)s") % {"when": wording.moment(at)}
    if (at.date() - today).days == 1:
        return _("明天 %(time)s") % {"time": f"{at:%H:%M}"}
    return _("下个工作日 %(when)s") % {"when": wording.moment(at)}
