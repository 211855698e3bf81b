"""Every kind of message: its word, its channels, whether it asks for action, may be muted, waits for the digest."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from notifications.models import Channel

INBOX_ONLY = (Channel.INBOX,)
TO_PERSON = (Channel.INBOX, Channel.EMAIL)
URGENT = (*TO_PERSON, Channel.SMS)
GROUPS = (Channel.WECOM, Channel.DINGTALK, Channel.FEISHU)
# Only what asks a whole unit for its reports may be said before a group; leaders' words never are.
DUTY = (*TO_PERSON, *GROUPS)
OVERDUE = (*URGENT, *GROUPS)


# What people tell apart when they choose what reaches them by which way.
EVENT_GROUPS = {
    "report": _("填报与催报"),
    "review": _("审签与复核"),
    "directive": pgettext_lazy("message group", "批示"),
    "lamp": _("亮灯"),
    "cosign": _("会签与委托"),
    "target": _("目标调整"),
    "bulletin": _("督查通报"),
    "score": _("考核得分"),
    "system": _("系统"),
}


class MessageKind(NamedTuple):
    """``needs_action`` puts it under 需我处理; ``may_be_muted`` lets a person switch everything but the inbox off.

    ``is_digest``: it waits for the person's next digest instead of going out at once. ``group`` is one of
    ``EVENT_GROUPS``.
    """

    label: Promise | str
    channels: tuple[str, ...] = TO_PERSON
    needs_action: bool = True
    may_be_muted: bool = True
    is_digest: bool = False
    group: str = "system"


KINDS = {
    "report.due": MessageKind(_("报送提醒"), channels=DUTY, is_digest=True, group="report"),
    "report.overdue": MessageKind(_("逾期催报"), channels=OVERDUE, may_be_muted=False, is_digest=True, group="report"),
    "report.chased": MessageKind(_("督查催办"), channels=OVERDUE, may_be_muted=False, group="report"),
    "signoff.waiting": MessageKind(_("待审签提醒"), is_digest=True, group="review"),
    "review.waiting": MessageKind(_("待复核提醒"), is_digest=True, group="review"),
    "directive.due": MessageKind(_("批示临期"), is_digest=True, group="directive"),
    "directive.overdue": MessageKind(
        _("批示逾期"), channels=URGENT, may_be_muted=False, is_digest=True, group="directive"
    ),
    "lamp.amber": MessageKind(_("连续黄灯"), may_be_muted=False, is_digest=True, group="lamp"),
    "lamp.red": MessageKind(_("红灯督办"), may_be_muted=False, is_digest=True, group="lamp"),
    "follow.changed": MessageKind(_("关注的亮灯变化"), needs_action=False, is_digest=True, group="lamp"),
    "delivery.dead": MessageKind(_("消息无法送达"), channels=INBOX_ONLY, may_be_muted=False),
    "robot.disabled": MessageKind(_("群机器人停用"), channels=INBOX_ONLY, may_be_muted=False),
    "channel.broken": MessageKind(_("渠道不能发送"), channels=INBOX_ONLY, may_be_muted=False),
    "brake.pulled": MessageKind(_("发送暂停"), channels=INBOX_ONLY, may_be_muted=False),
    "submission.submitted": MessageKind(_("待审签"), is_digest=True, group="review"),
    "submission.signed_off": MessageKind(_("待复核"), channels=INBOX_ONLY, group="review"),
    "submission.returned": MessageKind(_("退回修改"), channels=URGENT, may_be_muted=False, group="review"),
    "extension.asked": MessageKind(_("延期申请"), group="report"),
    "extension.granted": MessageKind(_("延期批准"), needs_action=False, group="report"),
    "extension.refused": MessageKind(_("延期未批准"), needs_action=False, group="report"),
    "period.opened": MessageKind(_("提前开放填报"), needs_action=False, group="report"),
    "period.extended": MessageKind(_("整期延期"), needs_action=False, group="report"),
    "period.closed": MessageKind(_("提前关闭填报"), needs_action=False, may_be_muted=False, group="report"),
    "period.restored": MessageKind(_("报送时限恢复"), needs_action=False, may_be_muted=False, group="report"),
    "period.unlock_asked": MessageKind(_("解锁待确认"), may_be_muted=False, group="review"),
    "period.unlock_answered": MessageKind(_("解锁答复"), channels=INBOX_ONLY, needs_action=False, group="review"),
    "delegation.given": MessageKind(_("委托代签"), may_be_muted=False, group="cosign"),
    "delegation.revoked": MessageKind(_("委托撤销"), needs_action=False, may_be_muted=False, group="cosign"),
    "lamp.overridden": MessageKind(_("亮灯调整"), needs_action=False, may_be_muted=False, group="lamp"),
    "lamp.restored": MessageKind(_("亮灯调整撤回"), channels=INBOX_ONLY, needs_action=False, group="lamp"),
    "cosign.asked": MessageKind(_("待会签"), group="cosign"),
    "cosign.objected": MessageKind(_("会签异议"), may_be_muted=False, group="cosign"),
    "directive.issued": MessageKind(_("批示交办"), channels=URGENT, may_be_muted=False, group="directive"),
    "directive.sent_for": MessageKind(_("代为交办"), channels=INBOX_ONLY, needs_action=False, group="directive"),
    "directive.copied": MessageKind(_("批示抄送"), channels=INBOX_ONLY, needs_action=False, group="directive"),
    "directive.corrected": MessageKind(_("批示更正"), needs_action=False, may_be_muted=False, group="directive"),
    "directive.withdrawn": MessageKind(_("批示撤回"), needs_action=False, group="directive"),
    "directive.received": MessageKind(_("批示签收"), channels=INBOX_ONLY, needs_action=False, group="directive"),
    "directive.taken_in_hand": MessageKind(_("批示办理"), channels=INBOX_ONLY, needs_action=False, group="directive"),
    "directive.replied": MessageKind(_("批示反馈"), group="directive"),
    "directive.review_begun": MessageKind(_("反馈复核"), channels=INBOX_ONLY, needs_action=False, group="directive"),
    "directive.sent_back": MessageKind(_("退回重办"), may_be_muted=False, group="directive"),
    "directive.closed": MessageKind(_("批示办结"), needs_action=False, group="directive"),
    "directive.clarified": MessageKind(_("批示补充"), may_be_muted=False, group="directive"),
    "directive.extension_asked": MessageKind(_("批示延期申请"), group="directive"),
    "directive.extension_granted": MessageKind(_("批示延期批准"), needs_action=False, group="directive"),
    "directive.extension_refused": MessageKind(_("批示延期未批准"), needs_action=False, group="directive"),
    "target_change.asked": MessageKind(_("目标调整待审签"), group="target"),
    "target_change.signed": MessageKind(_("目标调整待审定"), may_be_muted=False, group="target"),
    "target_change.agreed": MessageKind(_("目标调整待办理"), channels=INBOX_ONLY, group="target"),
    "target_change.returned": MessageKind(_("目标调整退回"), channels=URGENT, may_be_muted=False, group="target"),
    "target_change.applied": MessageKind(_("目标已调整"), needs_action=False, group="target"),
    "target_change.refused": MessageKind(_("目标不予调整"), needs_action=False, group="target"),
    "target_change.withdrawn": MessageKind(_("目标调整撤回"), channels=INBOX_ONLY, needs_action=False, group="target"),
    "bulletin.sent": MessageKind(_("通报待签发"), group="bulletin"),
    "bulletin.returned": MessageKind(_("通报退回"), group="bulletin"),
    "bulletin.published": MessageKind(_("督查通报"), needs_action=False, is_digest=True, group="bulletin"),
    "indicator.handed_over": MessageKind(_("牵头单位变更"), needs_action=False, group="report"),
    "score.opened": MessageKind(_("得分征求意见"), group="score"),
    "score.told": MessageKind(_("得分公布"), channels=INBOX_ONLY, needs_action=False, group="score"),
    "score.objected": MessageKind(_("得分异议"), channels=INBOX_ONLY, group="score"),
    "score.replied": MessageKind(_("异议回复"), needs_action=False, group="score"),
    "score.corrected": MessageKind(_("得分更正"), needs_action=False, group="score"),
    "score.final": MessageKind(_("得分定稿"), needs_action=False, is_digest=True, group="score"),
    "submission.approved": MessageKind(_("已审定"), channels=INBOX_ONLY, needs_action=False, group="review"),
}


# What an open message waits for, and what happens next. What has none here only tells.
NEXT = {
    "report.due": _("提交后自动了结；到期未报会再提醒"),
    "report.overdue": _("提交后自动了结；仍未报会提醒负责人和督查室"),
    "report.chased": _("提交后自动了结"),
    "signoff.waiting": _("审签或退回后自动了结；继续等待会提醒督查室"),
    "review.waiting": _("审定或退回后自动了结"),
    "directive.due": _("反馈后自动了结；到期未反馈会再提醒"),
    "directive.overdue": _("反馈后自动了结；仍未反馈会提醒督查室和领导"),
    "lamp.amber": _("请查明原因，在下期填报中写明措施"),
    "lamp.red": _("请查明原因并写明追赶措施；督查室会跟进"),
    "delivery.dead": _("请核对对方的邮箱或手机，可在管理后台重发"),
    "robot.disabled": _("请核对群机器人的地址和密钥，再启用"),
    "brake.pulled": _("请核对是否重复发送，再由督查室恢复"),
    "channel.broken": _("请核对账号和地址的设置；改好之前消息都等着，不会丢"),
    "submission.submitted": _("审签或退回后，提交人会收到消息"),
    "submission.signed_off": _("审定或退回后，填报单位会收到消息"),
    "submission.returned": _("修改后重新提交，再走审签和复核"),
    "extension.asked": _("答复后，申请单位会收到消息"),
    "period.unlock_asked": _("须由申请人以外的督查人员确认或不同意"),
    "delegation.given": _("委托期内，待审签的填报也会提醒你"),
    "cosign.asked": _("确认或写明异议；会签齐了才能审定"),
    "cosign.objected": _("由原单位改为确认，或退回重报"),
    "target_change.asked": _("审签后送分管领导审定；也可退回补正"),
    "target_change.signed": _("同意后由督查室办理；也可不同意或退回补正"),
    "target_change.agreed": _("请办理调整，或退回补正、不予调整"),
    "target_change.returned": _("补正后再报，从审签重新走起"),
    "bulletin.sent": _("须由起草人和送审人以外的督查人员签发或退回"),
    "bulletin.returned": _("修改后再送审"),
    "score.opened": _("由负责人或分管领导本人反馈；逾期视为无意见"),
    "score.objected": _("请核对后回复，必要时更正；都回复后由另一人定稿"),
    "directive.issued": _("请签收并按期反馈；反馈后自动了结"),
    "directive.replied": _("请复核：办结或退回重办"),
    "directive.sent_back": _("补充后再反馈，由督查室复核"),
    "directive.clarified": _("请按补充要求办理，按期反馈"),
    "directive.extension_asked": _("同意或不同意后，承办单位会收到消息"),
}


# What a group's digest lists.
BEFORE_GROUP = tuple(code for code, kind in KINDS.items() if set(kind.channels) & set(GROUPS))


def needing_action() -> tuple[str, ...]:
    return tuple(code for code, kind in KINDS.items() if kind.needs_action)
