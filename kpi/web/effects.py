"""What an act on a period would do, in sentences: shown before anybody does it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpi import labels, refusals, wording
from kpi.domain.window import Phase
from kpi.domain.window_acts import WindowAct
from kpi.models import WindowChange
from kpi.selectors.window_effects import PHASES, DeskAct, Effect


@dataclass(frozen=True)
class Sentence:
    """One thing that happens; ``is_weighty`` where it takes something from somebody."""

    text: str
    is_weighty: bool = False


def hindrance(act: DeskAct, found: Effect, phase: Phase, change: WindowChange | None = None) -> str:
    """Why the act cannot be done now; empty where it can. ``change`` is what would be taken back."""
    period = found.period
    if change is not None:
        code = "period_closed" if phase is Phase.LOCKED else "undo_not_latest" if change.undone_at else ""
        return refusals.refusal(code, {"period": period.code}) if code else ""
    if phase not in PHASES[act]:
        return refusals.refusal(_why_not(act, phase), {"period": period.code})
    if act is DeskAct.LOCK and phase is not Phase.REVIEW:
        return _("宽限期 %(at)s 结束后可以锁定；要更早，请先提前关闭。") % {"at": _at(period.grace_ends_at)}
    if act is DeskAct.LOCK and found.earlier_open is not None:
        return refusals.refusal("earlier_period_open", {"period": found.earlier_open.code})
    if act is DeskAct.LOCK and found.running:
        last = found.running[-1]
        params = {"unit": last.department.short_name, "until": f"{localtime(last.until):%m-%d %H:%M}"}
        return refusals.refusal("extension_running", params)
    return ""


def _why_not(act: DeskAct, phase: Phase) -> str:
    if phase is Phase.LOCKED:
        return "period_closed"
    if act is DeskAct.OPEN:
        return "window_open_already"
    return "period_not_open" if phase is Phase.NOT_OPEN else "window_closed_already"


def sentences(act: DeskAct, found: Effect, now: datetime, change: WindowChange | None = None) -> list[Sentence]:
    """Everything the act would do, the weightiest first; ``change`` is what would be taken back."""
    if act is DeskAct.UNDO:
        assert change is not None
        return [*_undo(change), *_told(found)]
    return list(
        {DeskAct.OPEN: _open, DeskAct.EXTEND: _extend, DeskAct.CLOSE: _close, DeskAct.LOCK: _lock}[act](found, now)
    )


def _open(found: Effect, now: datetime) -> Iterator[Sentence]:
    period = found.period
    words = {"opens": _at(period.opens_at), "due": _at(period.due_at)}
    yield Sentence(_("现在起可以填报（原定 %(opens)s 开放），截止 %(due)s 不变") % words)
    yield from _told(found)


def _extend(found: Effect, now: datetime) -> Iterator[Sentence]:
    period = found.period
    if now <= period.due_at:
        yield Sentence(_("截止由 %(due)s 移到所填的时刻，宽限期顺延同样的工作日") % {"due": _at(period.due_at)})
        yield Sentence(
            ngettext(
                "还没交的 %(count)s 项按新的截止算按时；已经交的不变",
                "还没交的 %(count)s 项按新的截止算按时；已经交的不变",
                found.missing,
            )
            % {"count": found.missing}
        )
        yield Sentence(_("催报提醒按新的截止重新计算，原来的提醒作废"))
    else:
        words = {"due": _at(period.due_at), "grace": _at(period.grace_ends_at)}
        yield Sentence(_("截止 %(due)s 已过，不再移动；宽限由 %(grace)s 移到所填的时刻") % words)
        yield Sentence(
            ngettext(
                "还没交的 %(count)s 项可以补交，记为迟报",
                "还没交的 %(count)s 项可以补交，记为迟报",
                found.missing,
            )
            % {"count": found.missing},
            is_weighty=True,
        )
    yield from _running(found, _("已单独延期的单位：%(units)s；比新时限早的一并后移"))
    yield from _told(found)


def _close(found: Effect, now: datetime) -> Iterator[Sentence]:
    period = found.period
    moved = _("截止由 %(due)s 提到现在，宽限期取消") if now <= period.due_at else _("宽限期现在结束，原定 %(grace)s")
    yield from _missing(found)
    yield Sentence(moved % {"due": _at(period.due_at), "grace": _at(period.grace_ends_at)})
    if found.returned:
        words = ngettext(
            "退回的 %(count)s 项锁定之前还可以修改重交", "退回的 %(count)s 项锁定之前还可以修改重交", found.returned
        )
        yield Sentence(words % {"count": found.returned})
    yield from _in_hand(found, _("待审签 %(sign)s 项、待复核 %(review)s 项不受影响，可继续办理"))
    yield from _running(found, _("已单独延期的单位不受影响：%(units)s"))
    yield from _told(found)
    yield Sentence(_("锁定之前可以撤回，撤回后恢复原来的截止和宽限"))


def _lock(found: Effect, now: datetime) -> Iterator[Sentence]:
    yield from _missing(found)
    if found.returned:
        words = ngettext(
            "退回的 %(count)s 项没有重交，不计入亮灯", "退回的 %(count)s 项没有重交，不计入亮灯", found.returned
        )
        yield Sentence(words % {"count": found.returned}, is_weighty=True)
    yield from _in_hand(found, _("待审签 %(sign)s 项、待复核 %(review)s 项没有审定，不计入亮灯"), is_weighty=True)
    if found.corrected:
        words = ngettext(
            "%(count)s 项更正还没有审定，按原审定的数字",
            "%(count)s 项更正还没有审定，按原审定的数字",
            found.corrected,
        )
        yield Sentence(words % {"count": found.corrected}, is_weighty=True)
    if found.asked:
        words = ngettext(
            "%(count)s 项延期申请没有答复，锁定后不能再批", "%(count)s 项延期申请没有答复，锁定后不能再批", found.asked
        )
        yield Sentence(words % {"count": found.asked}, is_weighty=True)
    lamps = "、".join(f"{labels.RAG[rag].text} {count}" for rag, count in found.lamps)
    yield Sentence(_("亮灯按现在审定的数据存档，不再改动：%(lamps)s") % {"lamps": lamps})
    told = {"lamps": found.changed, "people": found.followers}
    yield Sentence(_("%(lamps)s 项亮灯与上月不同，通知关注这些任务的 %(people)s 人") % told)
    yield Sentence(_("本期的催办和提醒全部了结；解锁须督查室两人办理"))


def _undo(change: WindowChange) -> Iterator[Sentence]:
    act = WindowAct(change.act)
    if act is WindowAct.OPEN:
        yield Sentence(_("开放时间恢复为 %(at)s，在此之前不能填报") % {"at": _at(change.was_opens_at)}, is_weighty=True)
        return
    words = {"due": _at(change.was_due_at), "grace": _at(change.was_grace_ends_at)}
    is_earlier = act is WindowAct.EXTEND
    yield Sentence(_("截止恢复为 %(due)s，宽限恢复至 %(grace)s") % words, is_weighty=is_earlier)
    yield Sentence(_("催报提醒随之恢复"))


def _missing(found: Effect) -> Iterator[Sentence]:
    if not found.missing:
        yield Sentence(_("应报的都交了，没有缺报"))
        return
    words = ngettext("将有 %(count)s 项记为缺报", "将有 %(count)s 项记为缺报", found.missing)
    yield Sentence(words % {"count": found.missing}, is_weighty=True)
    if found.begun:
        words = ngettext(
            "其中 %(count)s 项已经起草，草稿不能再提交",
            "其中 %(count)s 项已经起草，草稿不能再提交",
            found.begun,
        )
        yield Sentence(words % {"count": found.begun}, is_weighty=True)


def _in_hand(found: Effect, words: str, *, is_weighty: bool = False) -> Iterator[Sentence]:
    if found.for_signature or found.for_review:
        yield Sentence(words % {"sign": found.for_signature, "review": found.for_review}, is_weighty)


def _running(found: Effect, words: str) -> Iterator[Sentence]:
    if found.running:
        units = "、".join(f"{each.department.short_name} {_at(each.until)}" for each in found.running)
        yield Sentence(words % {"units": units})


def _told(found: Effect) -> Iterator[Sentence]:
    if found.owing:
        words = {"units": "、".join(unit.department.short_name for unit in found.owing), "people": found.told}
        yield Sentence(_("通知还没交齐的单位共 %(people)s 人：%(units)s") % words)


def _at(moment: datetime) -> str:
    return wording.moment(localtime(moment))
