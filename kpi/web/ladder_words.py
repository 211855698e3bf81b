"""The steps of the ladders in words: when each comes, counted from what, and to whom."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kpi.domain.reminders import Ladder

# The day each ladder counts from, as it stands before “当天”, “前 2 个工作日”, “后 3 个工作日”.
ANCHOR: dict[Ladder, Promise | str] = {
    Ladder.REPORT: gettext_lazy("截止"),
    Ladder.SIGN_OFF: gettext_lazy("提交审签"),
    Ladder.REVIEW: gettext_lazy("审签"),
    Ladder.DIRECTIVE: gettext_lazy("反馈期限"),
    Ladder.AMBER: gettext_lazy("第二个黄灯公布"),
    Ladder.RED: gettext_lazy("红灯公布"),
}


def when(ladder: str, offset: int) -> str:
    """“截止前 2 个工作日”, “截止当天”, “截止后 3 个工作日”."""
    words = {"anchor": ANCHOR[Ladder(ladder)], "days": abs(offset)}
    if offset == 0:
        return _("%(anchor)s当天") % words
    if offset < 0:
        return ngettext("%(anchor)s前 %(days)s 个工作日", "%(anchor)s前 %(days)s 个工作日", -offset) % words
    return ngettext("%(anchor)s后 %(days)s 个工作日", "%(anchor)s后 %(days)s 个工作日", offset) % words
