"""Every kind of message: its word, its channels, whether it asks for action and whether it may be muted."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications.models import Channel


class MessageKind(NamedTuple):
    """``needs_action`` puts it under 需我处理; ``may_be_muted`` lets a person switch its e-mail off."""

    label: Promise | str
    channels: tuple[str, ...] = (Channel.INBOX, Channel.EMAIL)
    needs_action: bool = True
    may_be_muted: bool = True


KINDS = {
    "report.due": MessageKind(_("报送提醒")),
    "report.overdue": MessageKind(_("逾期催报"), may_be_muted=False),
    "submission.submitted": MessageKind(_("待审签")),
    "submission.signed_off": MessageKind(_("待复核"), channels=(Channel.INBOX,)),
    "submission.returned": MessageKind(_("退回修改"), may_be_muted=False),
    "extension.asked": MessageKind(_("延期申请")),
    "extension.granted": MessageKind(_("延期批准"), needs_action=False),
    "extension.refused": MessageKind(_("延期未批准"), needs_action=False),
    "period.unlock_asked": MessageKind(_("解锁待确认"), may_be_muted=False),
    "period.unlock_answered": MessageKind(_("解锁答复"), channels=(Channel.INBOX,), needs_action=False),
    "delegation.given": MessageKind(_("委托代签"), may_be_muted=False),
    "delegation.revoked": MessageKind(_("委托撤销"), needs_action=False, may_be_muted=False),
    "lamp.overridden": MessageKind(_("亮灯调整"), needs_action=False, may_be_muted=False),
    "lamp.restored": MessageKind(_("亮灯调整撤回"), channels=(Channel.INBOX,), needs_action=False),
    "cosign.asked": MessageKind(_("待会签")),
    "cosign.objected": MessageKind(_("会签异议"), may_be_muted=False),
    "directive.issued": MessageKind(_("批示交办"), may_be_muted=False),
    "directive.sent_for": MessageKind(_("代为交办"), channels=(Channel.INBOX,), needs_action=False),
    "directive.copied": MessageKind(_("批示抄送"), channels=(Channel.INBOX,), needs_action=False),
    "directive.corrected": MessageKind(_("批示更正"), needs_action=False, may_be_muted=False),
    "directive.withdrawn": MessageKind(_("批示撤回"), needs_action=False),
    "directive.received": MessageKind(_("批示签收"), channels=(Channel.INBOX,), needs_action=False),
    "directive.taken_in_hand": MessageKind(_("批示办理"), channels=(Channel.INBOX,), needs_action=False),
    "directive.replied": MessageKind(_("批示反馈")),
    "directive.review_begun": MessageKind(_("反馈复核"), channels=(Channel.INBOX,), needs_action=False),
    "directive.sent_back": MessageKind(_("退回重办"), may_be_muted=False),
    "directive.closed": MessageKind(_("批示办结"), needs_action=False),
    "directive.clarified": MessageKind(_("批示补充"), may_be_muted=False),
    "directive.extension_asked": MessageKind(_("批示延期申请")),
    "directive.extension_granted": MessageKind(_("批示延期批准"), needs_action=False),
    "directive.extension_refused": MessageKind(_("批示延期未批准"), needs_action=False),
    "submission.approved": MessageKind(_("已审定"), channels=(Channel.INBOX,), needs_action=False),
}


def needing_action() -> tuple[str, ...]:
    return tuple(code for code, kind in KINDS.items() if kind.needs_action)
