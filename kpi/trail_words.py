"""The audit trail in words: what was done, of which kind, how it ended, and what its fields are called.

An action is ``subject.verb``. Whoever records a new one gives it words here; ``tests/web/test_trail.py`` finds those
that have none. What the administration's tables write gets its words from the table's own name.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

Words = Mapping[str, Promise | str]


class Outcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"


OUTCOME: Words = {Outcome.DONE: _("成功"), Outcome.REFUSED: _("被拒绝或失败")}
# What was tried and not done; everything else in the trail took place.
REFUSED = frozenset(
    {
        "access.denied", "session.sign_in_failed", "session.locked", "session.slowed", "password.refused",
        "second_factor.wrong", "second_factor.slowed",
        "token.refused", "export.refused", "export.failed", "audit_check.broken",
    }
)  # fmt: skip

# The kinds of action an auditor chooses from, in the order of the list.
KINDS: Mapping[str, tuple[Promise | str, Words]] = {
    "session": (
        _("登录与令牌"),
        {
            "session.signed_in": _("登录"),
            "session.signed_in_by_platform": _("经统一身份认证登录"),
            "session.sign_in_failed": _("登录失败"),
            "session.locked": _("登录被锁定"),
            "session.slowed": _("登录被要求等待"),
            "session.signed_out": _("退出登录"),
            "session.expired": _("登录到时自动退出"),
            "session.ended": _("结束其他登录"),
            "session.unlocked": _("解除登录锁定"),
            "password.changed": _("更换密码"),
            "password.refused": _("更换密码被拒绝"),
            "second_factor.set_up": _("设置验证应用"),
            "second_factor.passed": _("两步验证通过"),
            "second_factor.wrong": _("两步验证码错误"),
            "second_factor.slowed": _("两步验证输错过多，未核对"),
            "second_factor.codes_renewed": _("更换恢复码"),
            "second_factor.forgotten": _("清除验证应用"),
            "token.made": _("新建接口令牌"),
            "token.revoked": _("撤销接口令牌"),
            "token.refused": _("接口令牌被拒绝"),
        },
    ),
    "denial": (_("越权访问"), {"access.denied": _("访问被拒绝")}),
    "people": (
        _("人员与权限"),
        {
            "user.created": _("新建账号"),
            "membership.ended": _("任职终止"),
            "post.handed_over": _("职务交接"),
            "delegation.given": _("委托代签"),
            "delegation.revoked": _("撤销委托"),
        },
    ),
    "report": (
        _("填报、审签与审定"),
        {
            "submission.saved": _("保存填报"),
            "submission.discarded": _("丢弃草稿"),
            "submission.submitted": _("提交审签"),
            "submission.withdrawn": _("撤回填报"),
            "submission.signed_off": _("审签"),
            "submission.returned": _("退回修改"),
            "submission.approved": _("审定"),
            "submission.correction_began": _("开始数据更正"),
            "submission.correction_abandoned": _("放弃数据更正"),
            "cosignature.confirmed": _("会签确认"),
            "cosignature.objected": _("会签有异议"),
            "evidence.attached": _("上传佐证材料"),
            "evidence.removed": _("移除佐证材料"),
            "evidence.read": _("查看佐证材料"),
            "import.applied": _("导入填报表"),
            "lamp.overridden": _("调整亮灯"),
            "lamp.restored": _("撤回亮灯调整"),
            "report.chased": _("催办"),
            "follow.begun": _("关注任务"),
            "follow.ended": _("取消关注"),
        },
    ),
    "period": (
        _("报告期与时限"),
        {
            "period.locked": _("锁定报告期"),
            "period.unlock_asked": _("申请解锁"),
            "period.unlocked": _("确认解锁"),
            "period.unlock_refused": _("不同意解锁"),
            "period.unlock_taken_back": _("撤回解锁申请"),
            "period.opened_early": _("提前开放填报"),
            "period.extended": _("整期延期"),
            "period.closed_early": _("提前关闭填报"),
            "period.change_undone": _("撤销时限变更"),
            "extension.asked": _("申请延期"),
            "extension.granted": _("批准延期"),
            "extension.refused": _("未批准延期"),
        },
    ),
    "task": (
        _("报告、任务与计划"),
        {
            "report.loaded": _("载入报告"),
            "report.corrected": _("更正报告原文"),
            "demo.loaded": _("载入示例数据"),
            "year.opened": _("开立年度"),
            "decomposition.begun": _("开始拆解报告"),
            "decomposition.undone": _("撤销拆解的上一步"),
            "decomposition.discarded": _("放弃拆解"),
            "decomposition.published": _("发布拆解结果"),
            "span.accept": _("句子建任务"),
            "span.correct": _("修改拆解的句子"),
            "span.set_aside": _("句子列为背景"),
            "span.reopen": _("句子改回未定"),
            "span.split": _("拆分句子"),
            "span.merge": _("合并句子"),
            "span.drop": _("去掉句子"),
            "span.added": _("自选句子"),
            "span.detailed": _("填写句子的任务要素"),
            "commitment.created": _("建立承诺事项"),
            "commitment.set_aside": _("承诺事项不立项"),
            "commitment.taken_up": _("承诺事项恢复立项"),
            "indicator.created": _("新建任务"),
            "indicator.changed": _("修改任务"),
            "indicator.switched_on": _("启用任务"),
            "indicator.switched_off": _("停用任务"),
            "indicator.continued": _("沿用去年任务"),
            "indicator.ended": _("任务不再延续"),
            "indicator.end_taken_back": _("撤回“不再延续”"),
            "plan.changed": _("修改序时计划"),
            "plan.imported": _("导入序时计划"),
            "split.changed": _("修改区县分解"),
            "handover.decided": _("决定变更牵头单位"),
            "handover.withdrawn": _("撤回牵头单位变更"),
            "handover.done": _("牵头单位已变更"),
            "reminder_policy.created": _("新建催报规则"),
            "reminder_policy.changed": _("修改催报规则"),
            "reminder_policy.withdrawn": _("撤回催报规则"),
        },
    ),
    "directive": (
        _("批示督办"),
        {
            "directive.issued": _("交办批示"),
            "directive.corrected": _("更正批示"),
            "directive.withdrawn": _("撤回批示"),
            "directive.received": _("签收批示"),
            "directive.taken_in_hand": _("开始办理"),
            "directive.replied": _("反馈办理情况"),
            "directive.review_begun": _("开始复核反馈"),
            "directive.sent_back": _("退回重办"),
            "directive.closed": _("批示办结"),
            "directive.clarified": _("补充说明"),
            "directive.extension_asked": _("申请批示延期"),
            "directive.extension_granted": _("批准批示延期"),
            "directive.extension_refused": _("未批准批示延期"),
        },
    ),
    "target": (
        _("目标调整"),
        {
            "target_change.asked": _("申请目标调整"),
            "target_change.signed": _("审签目标调整"),
            "target_change.agreed": _("分管领导同意目标调整"),
            "target_change.applied": _("目标已调整"),
            "target_change.sent_back": _("目标调整退回补正"),
            "target_change.repaired": _("补正目标调整"),
            "target_change.refused": _("目标未予调整"),
            "target_change.withdrawn": _("撤回目标调整"),
            "target_change_file.attached": _("提交目标调整依据"),
            "target_change_file.read": _("查看目标调整依据"),
            "target_change_window.added": _("设立申请窗口"),
        },
    ),
    "score": (
        _("考核得分"),
        {
            "score.draft": _("计算得分草稿"),
            "score.open": _("送单位征求意见"),
            "score.discard": _("作废得分草稿"),
            "score.accept": _("对得分无意见"),
            "score.object": _("对得分有异议"),
            "score.reply": _("回复异议"),
            "score.correct": _("更正得分"),
            "score.add": _("登记加减分"),
            "score.finalise": _("得分定稿"),
            "score.supersede": _("得分被新版替代"),
            "scoring_scheme.created": _("新建考核方案"),
            "scoring_scheme.changed": _("修改考核方案"),
            "scoring_scheme.withdrawn": _("撤回考核方案"),
        },
    ),
    "bulletin": (
        _("督查通报"),
        {
            "bulletin.drafted": _("起草通报"),
            "bulletin.edited": _("修改通报"),
            "bulletin.sent": _("通报送审"),
            "bulletin.withdrawn": _("撤回通报"),
            "bulletin.returned": _("退回通报"),
            "bulletin.published": _("发布通报"),
            "bulletin.superseded": _("通报被新版替代"),
        },
    ),
    "export": (
        _("导出与下载"),
        {
            "export.asked": _("申请导出"),
            "export.made": _("导出已生成"),
            "export.fetched": _("下载导出文件"),
            "bulletin.fetched": _("下载通报"),
            "template.fetched": _("下载填报表"),
            "export.cancelled": _("取消导出"),
            "export.failed": _("导出未生成"),
            "export.refused": _("导出被拒绝"),
        },
    ),
    "message": (
        _("消息与机器人"),
        {
            "preferences.changed": _("修改消息偏好"),
            "hours.changed": _("修改可打扰时段"),
            "dispatch.retried": _("重试发送"),
            "robot.added": _("添加群机器人"),
            "robot.hook_replaced": _("更换机器人地址"),
            "robot.disabled": _("停用群机器人"),
            "robot.enabled": _("启用群机器人"),
            "robot.tried_out": _("试发机器人消息"),
            "brake.released": _("恢复发送"),
        },
    ),
    "audit": (
        _("审计"),
        {
            "audit.archived": _("归档审计记录"),
            "audit.exported": _("导出审计记录"),
            "audit_check.asked": _("要求校验审计记录"),
            "audit_check.intact": _("审计记录校验完整"),
            "audit_check.broken": _("审计记录校验不符"),
        },
    ),
}

# What administration's tables write about a row, by the table's own name.
OF_A_TABLE: Words = {
    "created": _("后台新增%(what)s"),
    "changed": _("后台修改%(what)s"),
    "imported": _("导入%(what)s"),
    "exported": _("导出%(what)s表"),
}
KIND_OF_APP = {"accounts": "people", "kpi": "task", "notifications": "message"}


@lru_cache(maxsize=1)
def _of_tables() -> dict[str, tuple[str, str, Promise | str]]:
    """Actions of the administration's tables: the kind, the verb and the table's name."""
    return {
        f"{model._meta.model_name}.{verb}": (kind, verb, model._meta.verbose_name)
        for app, kind in KIND_OF_APP.items()
        for model in apps.get_app_config(app).get_models()
        for verb in OF_A_TABLE
    }


def actions_of(kind: str) -> list[str]:
    """Every action of a kind, those of administration's tables too."""
    named = {action for _label, words in KINDS.values() for action in words}
    of_tables = [action for action, (its, _verb, _what) in _of_tables().items() if its == kind and action not in named]
    return [*KINDS[kind][1], *of_tables]


def is_known(action: str) -> bool:
    return action in _of_tables() or any(action in words for _label, words in KINDS.values())


def action_words(action: str) -> str:
    """What was done; an action from another version of the program keeps its code, named as one."""
    for _label, words in KINDS.values():
        if action in words:
            return str(words[action])
    if action in _of_tables():
        _kind, verb, what = _of_tables()[action]
        return str(OF_A_TABLE[verb]) % {"what": what}
    return gettext("其他动作（%(code)s）") % {"code": action}


def outcome_of(action: str) -> Outcome:
    return Outcome.REFUSED if action in REFUSED else Outcome.DONE


def object_words(object_type: str) -> str:
    """What kind of thing it was."""
    try:
        return str(apps.get_model(object_type)._meta.verbose_name)
    except (LookupError, ValueError):
        return object_type


# Names of values that are no field of the thing itself. A field's own name comes first.
FIELDS: Words = {
    "account": _("账号"), "addresses": _("地址"), "answer": _("对方答复"), "asked_by": _("申请人"),
    "attempts": _("尝试次数"), "case": _("目标调整编号"), "changed": _("改动的事项"),
    "characters": _("字数"), "closes_at": _("可打扰时段止"), "code": _("编号"),
    "commitments": _("承诺事项"), "computed": _("系统判定"), "confirmed_by": _("确认人"),
    "count": _("数量"), "criteria": _("筛选条件"), "data_sha256": _("数据校验值"), "days": _("天数"),
    "delegate": _("受托人"), "department": _("单位"), "departments": _("单位"),
    "digest_at": _("汇总时间"), "edition": _("版次"), "effective_on": _("生效日"),
    "entries": _("记录条数"), "error": _("失败代码"), "evidence": _("佐证材料"),
    "expires_at": _("到期"), "file": _("文件"),
    "first": _("第一条"), "first_bad_seq": _("第一条不符"), "format": _("格式"),
    "from": _("原单位"), "holdings": _("任职"), "host": _("主机"), "indicator": _("任务"),
    "indicators": _("任务"), "is_temporary": _("临时密码"), "items": _("任务"), "kept": _("未变"),
    "keeps_supporting": _("原单位转为配合"), "kind": _("种类"), "lamp": _("亮灯"),
    "last": _("最后一条"), "last_hash": _("最后一条校验值"), "line": _("得分行"),
    "lost": _("失去锚定"), "method": _("请求方式"), "months": _("月份"), "moved": _("移动的事项"),
    "muted": _("不接收的消息"), "name": _("名称"), "nodes": _("节点"), "number": _("发文字号"),
    "open_sentences": _("未定的句子"), "opens_at": _("可打扰时段起"), "paragraphs": _("改写的段落"),
    "path": _("地址"), "period": _("报告期"), "phrases": _("句子"), "points": _("计划值"),
    "predecessor": _("去年任务"), "quote": _("原文"), "reason": _("原因"), "rows": _("行数"),
    "rule": _("规则"), "scheme": _("考核方案"), "scopes": _("权限"), "sha256": _("文件校验值"),
    "size": _("字节"), "snapshot_edition": _("快照版次"), "snapshots": _("快照"), "state": _("状态"),
    "status": _("应答状态"), "submissions": _("填报"), "table": _("表"), "target": _("目标值"),
    "text": _("原文"), "to": _("改为"), "told": _("通知人数"), "total": _("总分"),
    "until": _("延至"), "username": _("用户名"), "users": _("用户"), "value": _("数值"),
    "version": _("版本"), "written": _("写入行数"), "year": _("年度"), "on_behalf_of": _("代签"),
    "delegation": _("委托"), "lost_seq": _("与外部记录不符"), "checked_to": _("校验到"),
}  # fmt: skip


# Entries about a part that tell the state of the whole.
PART_OF = {"kpi.scoresheet": "kpi.scorerun"}


def field_words(object_type: str, name: str) -> str:
    """What a changed field is called: as the table calls it, else as listed here, else its code."""
    found = field_of(object_type, name)
    return str(found.verbose_name) if found is not None else str(FIELDS.get(name, name))


def field_of(object_type: str, name: str) -> models.Field | None:
    """The column a value was of, if the thing has it, or the thing it is part of."""
    try:
        found = apps.get_model(PART_OF.get(object_type, object_type))._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return None
    return found if isinstance(found, models.Field) else None
