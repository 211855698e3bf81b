"""What a reminder says: which task, how many workdays, whose, and where it is done. In the language in force."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from kpi.domain.reminders import Audience, Ladder, PlannedNotice
from kpi.selectors.obligations import Owed

# Which prepared sentence the leader's draft begins with.
DRAFTS = {
    Ladder.REPORT: ("explain", "unfiled"),
    Ladder.AMBER: ("explain", "why"),
    Ladder.RED: ("instruct", "catch_up"),
}


class Words(NamedTuple):
    """Title, body and link of one reminder."""

    title: str
    body: str
    url: str


def of(notice: PlannedNotice, owed: Owed) -> Words:
    """The words for the notice's reader; who may send a directive gets a link to one that only needs sending."""
    is_draft = notice.step.drafts_directive and owed.ladder in DRAFTS and _may_direct(notice)
    body = _body(owed)
    if is_draft:
        body = _("%(body)s链接里已拟好一件批示，点“交办”即发出。") % {"body": body}
    return Words(_title(notice, owed), body, _draft_url(owed) if is_draft else owed.url)


def _may_direct(notice: PlannedNotice) -> bool:
    """Leaders and the office may; a link that others cannot open is of no use to them."""
    people = notice.obligation.people
    return any(notice.recipient in people.get(audience, ()) for audience in (Audience.LEADER, Audience.SUPERVISOR))


def _draft_url(owed: Owed) -> str:
    kind, phrase = DRAFTS[owed.ladder]
    return f"/{owed.about.year}/directives/new/?kpi={owed.about.code}&kind={kind}&phrase={phrase}"


def _title(notice: PlannedNotice, owed: Owed) -> str:
    words = {"days": abs(notice.days_left), "name": f"{owed.about.code} {owed.about.name}"}
    is_over = notice.not_before >= owed.anchor
    match owed.ladder:
        case Ladder.REPORT:
            if is_over:
                return (
                    _("已逾期 %(days)s 个工作日：%(name)s") if notice.days_left else _("已过截止时间：%(name)s")
                ) % words
            return (_("还剩 %(days)s 个工作日：%(name)s") if notice.days_left else _("今天截止：%(name)s")) % words
        case Ladder.SIGN_OFF:
            return _("待审签 %(days)s 个工作日：%(name)s") % words
        case Ladder.REVIEW:
            return _("待复核 %(days)s 个工作日：%(name)s") % words
        case Ladder.DIRECTIVE:
            if is_over:
                return _("批示超期 %(days)s 个工作日未反馈：%(name)s") % words
            return (
                _("批示还剩 %(days)s 个工作日反馈：%(name)s") if notice.days_left else _("批示今天要反馈：%(name)s")
            ) % words
        case Ladder.AMBER:
            return _("连续两期黄灯：%(name)s") % words
        case Ladder.RED:
            return _("红灯督办：%(name)s") % words


def _body(owed: Owed) -> str:
    anchor = owed.anchor
    words = {
        "unit": owed.about.unit,
        "period": owed.period,
        "month": anchor.month,
        "day": anchor.day,
        "time": _clock(anchor),
    }
    match owed.ladder:
        case Ladder.REPORT:
            return _("%(unit)s %(period)s 期尚未提交，%(month)s月%(day)s日 %(time)s 截止。") % words
        case Ladder.SIGN_OFF:
            return _("%(unit)s %(period)s 期，%(month)s月%(day)s日 %(time)s 提交，等负责人审签。") % words
        case Ladder.REVIEW:
            return _("%(unit)s %(period)s 期，%(month)s月%(day)s日 %(time)s 审签，等督查室复核。") % words
        case Ladder.DIRECTIVE:
            return _("%(unit)s承办，反馈期限 %(month)s月%(day)s日。") % words
        case Ladder.AMBER:
            return _("%(unit)s牵头，%(period)s 期公布为黄灯，上一期也是黄灯。") % words
        case Ladder.RED:
            return _("%(unit)s牵头，%(period)s 期公布为红灯。") % words


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M")
