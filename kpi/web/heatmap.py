"""The cells of the heat map: one month of one indicator, never in colour alone.

A page of 400 indicators has 4,800 cells and few different ones: each look is drawn once per language and then reused.
It depends on nothing but what it is asked with.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from kpi import labels
from kpi.domain.values import Rag
from kpi.selectors.scoreboard import MonthLamp

# The heat map's own shapes: readable at 14 px and in grey print.
CELL_ICONS = {Rag.RED: "i-xr", Rag.AMBER: "i-tri", Rag.GREEN: "i-dot", Rag.DONE: "i-flag", Rag.NOT_DUE: "i-dash"}


def cell(month: MonthLamp) -> SafeString:
    """The table cell of a month: own, carried, unreviewed, unpublished, unapproved, missing, pending or none."""
    return cells((month,))


def cells(months: Iterable[MonthLamp]) -> SafeString:
    """The cells of a row, months in order."""
    language = get_language()
    return SafeString("".join([_cell(language, *_looks(month)) for month in months]))


def _looks(month: MonthLamp) -> tuple[int, str, Rag | None, bool, Rag | None]:
    """All a cell depends on."""
    mark = month.mark
    rag = month.unreviewed.rag if mark == "unreviewed" and month.unreviewed else month.rag
    return int(month.period.code[5:]), mark, rag, month.override is not None, month.republished_from


@lru_cache(maxsize=4096)
def _cell(
    language: str | None, number: int, mark: str, rag: Rag | None, is_adjusted: bool, was: Rag | None
) -> SafeString:
    """``language`` is that of the words, named so that what is kept for one reader is never shown to another."""
    css, sign, said = _look(mark, rag, is_adjusted, was)
    month = _("%(month)s月") % {"month": number}
    return format_html('<td class="c {}">{}<span class="vh">{} {}</span></td>', css, sign, month, said)


def _look(mark: str, rag: Rag | None, is_adjusted: bool, was: Rag | None) -> tuple[str, SafeString, str]:
    """Class, what is seen and what is said of a cell."""
    lamp = labels.RAG[rag or Rag.NOT_DUE]
    icon = _icon(CELL_ICONS[rag or Rag.NOT_DUE])
    match mark:
        case "own":
            adjusted = _("（复核调整）") if is_adjusted else ""
            before = _("（解锁前公布为%(word)s）") % {"word": labels.RAG[was].text} if was else ""
            return f"c-{lamp.css}{' c-adj' if is_adjusted or was else ''}", icon, f"{lamp.text}{adjusted}{before}"
        case "unreviewed":
            said = _("未复核")
            return "c-u", icon, f"{lamp.text} {said}"
        case "unpublished":
            said = _("数据尚未公布，沿用上期")
            css = f"c-{lamp.css} c-carried" if rag else "c-n"
            return css, _sign(pgettext("heat map cell", "未")), f"{lamp.text} {said}" if rag else said
        case "unapproved":
            return "c-u", _sign(pgettext("heat map cell", "报")), _("已报未审定")
        case "missing":
            return "c-m", _sign(pgettext("heat map cell", "缺")), _("缺报")
        case "pending":
            return "c-p", _sign(pgettext("heat map cell", "待")), _("未填")
        case "carried":
            said = _("沿用上期")
            return f"c-{lamp.css}{'' if rag is Rag.DONE else ' c-carried'}", icon, f"{lamp.text} {said}"
        case _:
            return "c-n", _icon("i-dash"), _("未到期")


def _icon(name: str) -> SafeString:
    return format_html('<svg class="ic" width="14" height="14" aria-hidden="true"><use href="#{}"/></svg>', name)


def _sign(text: str) -> SafeString:
    """A character seen in place of a shape; the words beside it are what is read aloud."""
    return format_html('<span aria-hidden="true">{}</span>', text)
