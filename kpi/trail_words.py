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
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

Words = Mapping[str, Promise | str]


class Outcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"


OUTCOME: Words = {Outcome.DONE: _lazy("成功"), Outcome.REFUSED: _lazy("被拒绝或失败")}
# What was tried and not done; everything else in the trail took place.
REFUSED = frozenset(
    {
        "access.denied", "session.sign_in_failed", "session.locked", "second_factor.wrong", "second_factor.slowed",
        "token.refused", "export.refused", "export.failed", "audit_check.broken",
    }
)  # fmt: skip

# The kinds of action an auditor chooses from, in the order of the list.
KINDS: Mapping[str, tuple[Promise | str, Words]] = {
    "session": (
        _lazy("登录与令牌"),
        {
            "session.signed_in": _lazy("登录"),
            "session.signed_in_by_platform": _lazy("经统一身份认证登录"),
            "session.sign_in_failed": _lazy("登录失败"),
            "session.locked": _lazy("登录被锁定"),
            "session.signed_out": _lazy("退出登录"),
            "session.expired": _lazy("登录到时自动退出"),
            "session.ended": _lazy("结束其他登录"),
            "session.unlocked": _lazy("解除登录锁定"),
            "password.changed": _lazy("更换密码"),
            "second_factor.set_up": _lazy("设置验证应用"),
            "second_factor.passed": _lazy("两步验证通过"),
            "second_factor.wrong": _lazy("两步验证码错误"),
            "second_factor.slowed": _lazy("两步验证输错过多，未核对"),
            "second_factor.codes_renewed": _lazy("更换恢复码"),
            "second_factor.forgotten": _lazy("清除验证应用"),
            "token.made": _lazy("新建接口令牌"),
            "token.revoked": _lazy("撤销接口令牌"),
            "token.refused": _lazy("接口令牌被拒绝"),
        },
    ),
    "denial": (_lazy("越权访问"), {"access.denied": _lazy("访问被拒绝")}),
    "people": (
        _lazy("人员与权限"),
        {
            "user.created": _lazy("新建账号"),
            "membership.ended": _lazy("任职终止"),
            "post.handed_over": _lazy("职务交接"),
            "delegation.given": _lazy("委托代签"),
            "delegation.revoked": _lazy("撤销委托"),
        },
    ),
    "report": (
        _lazy("填报、审签与审定"),
        {
            "submission.saved": _lazy("保存填报"),
            "submission.discarded": _lazy("丢弃草稿"),
            "submission.submitted": _lazy("提交审签"),
            "submission.withdrawn": _lazy("撤回填报"),
            "submission.signed_off": _lazy("审签"),
            "submission.returned": _lazy("退回修改"),
            "submission.approved": _lazy("审定"),
            "submission.correction_began": _lazy("开始数据更正"),
            "submission.correction_abandoned": _lazy("放弃数据更正"),
            "cosignature.confirmed": _lazy("会签确认"),
            "cosignature.objected": _lazy("会签有异议"),
            "evidence.attached": _lazy("上传佐证材料"),
            "evidence.removed": _lazy("移除佐证材料"),
            "evidence.read": _lazy("查看佐证材料"),
            "import.applied": _lazy("导入填报表"),
            "lamp.overridden": _lazy("调整亮灯"),
            "lamp.restored": _lazy("撤回亮灯调整"),
            "report.chased": _lazy("催办"),
            "follow.begun": _lazy("关注任务"),
            "follow.ended": _lazy("取消关注"),
        },
    ),
    "period": (
        _lazy("报告期与时限"),
        {
            "period.locked": _lazy("锁定报告期"),
            "period.unlock_asked": _lazy("申请解锁"),
            "period.unlocked": _lazy("确认解锁"),
            "period.unlock_refused": _lazy("不同意解锁"),
            "period.unlock_taken_back": _lazy("撤回解锁申请"),
            "period.opened_early": _lazy("提前开放填报"),
            "period.extended": _lazy("整期延期"),
            "period.closed_early": _lazy("提前关闭填报"),
            "period.change_undone": _lazy("撤销时限变更"),
            "extension.asked": _lazy("申请延期"),
            "extension.granted": _lazy("批准延期"),
            "extension.refused": _lazy("未批准延期"),
        },
    ),
    "task": (
        _lazy("报告、任务与计划"),
        {
            "report.loaded": _lazy("载入报告"),
            "report.corrected": _lazy("更正报告原文"),
            "demo.loaded": _lazy("载入示例数据"),
            "year.opened": _lazy("开立年度"),
            "decomposition.begun": _lazy("开始拆解报告"),
            "decomposition.undone": _lazy("撤销拆解的上一步"),
            "decomposition.discarded": _lazy("放弃拆解"),
            "decomposition.published": _lazy("发布拆解结果"),
            "span.accept": _lazy("句子建任务"),
            "span.correct": _lazy("修改拆解的句子"),
            "span.set_aside": _lazy("句子列为背景"),
            "span.reopen": _lazy("句子改回未定"),
            "span.split": _lazy("拆分句子"),
            "span.merge": _lazy("合并句子"),
            "span.drop": _lazy("去掉句子"),
            "span.added": _lazy("自选句子"),
            "span.detailed": _lazy("填写句子的任务要素"),
            "commitment.created": _lazy("建立承诺事项"),
            "commitment.set_aside": _lazy("承诺事项不立项"),
            "commitment.taken_up": _lazy("承诺事项恢复立项"),
            "indicator.created": _lazy("新建任务"),
            "indicator.changed": _lazy("修改任务"),
            "indicator.switched_on": _lazy("启用任务"),
            "indicator.switched_off": _lazy("停用任务"),
            "indicator.continued": _lazy("沿用去年任务"),
            "indicator.ended": _lazy("任务不再延续"),
            "indicator.end_taken_back": _lazy("撤回“不再延续”"),
            "plan.changed": _lazy("修改序时计划"),
            "plan.imported": _lazy("导入序时计划"),
            "split.changed": _lazy("修改区县分解"),
            "handover.decided": _lazy("决定变更牵头单位"),
            "handover.withdrawn": _lazy("撤回牵头单位变更"),
            "handover.done": _lazy("牵头单位已变更"),
            "reminder_policy.created": _lazy("新建催报规则"),
            "reminder_policy.changed": _lazy("修改催报规则"),
            "reminder_policy.withdrawn": _lazy("撤回催报规则"),
        },
    ),
    "directive": (
        _lazy("批示督办"),
        {
            "directive.issued": _lazy("交办批示"),
            "directive.corrected": _lazy("更正批示"),
            "directive.withdrawn": _lazy("撤回批示"),
            "directive.received": _lazy("签收批示"),
            "directive.taken_in_hand": _lazy("开始办理"),
            "directive.replied": _lazy("反馈办理情况"),
            "directive.review_begun": _lazy("开始复核反馈"),
            "directive.sent_back": _lazy("退回重办"),
            "directive.closed": _lazy("批示办结"),
            "directive.clarified": _lazy("补充说明"),
            "directive.extension_asked": _lazy("申请批示延期"),
            "directive.extension_granted": _lazy("批准批示延期"),
            "directive.extension_refused": _lazy("未批准批示延期"),
        },
    ),
    "target": (
        _lazy("目标调整"),
        {
            "target_change.asked": _lazy("申请目标调整"),
            "target_change.signed": _lazy("审签目标调整"),
            "target_change.agreed": _lazy("分管领导同意目标调整"),
            "target_change.applied": _lazy("目标已调整"),
            "target_change.sent_back": _lazy("目标调整退回补正"),
            "target_change.repaired": _lazy("补正目标调整"),
            "target_change.refused": _lazy("目标未予调整"),
            "target_change.withdrawn": _lazy("撤回目标调整"),
            "target_change_file.attached": _lazy("提交目标调整依据"),
            "target_change_file.read": _lazy("查看目标调整依据"),
            "target_change_window.added": _lazy("设立申请窗口"),
        },
    ),
    "score": (
        _lazy("考核得分"),
        {
            "score.draft": _lazy("计算得分草稿"),
            "score.open": _lazy("送单位征求意见"),
            "score.discard": _lazy("作废得分草稿"),
            "score.accept": _lazy("对得分无意见"),
            "score.object": _lazy("对得分有异议"),
            "score.reply": _lazy("回复异议"),
            "score.correct": _lazy("更正得分"),
            "score.add": _lazy("登记加减分"),
            "score.finalise": _lazy("得分定稿"),
            "score.supersede": _lazy("得分被新版替代"),
            "scoring_scheme.created": _lazy("新建考核方案"),
            "scoring_scheme.changed": _lazy("修改考核方案"),
            "scoring_scheme.withdrawn": _lazy("撤回考核方案"),
        },
    ),
    "bulletin": (
        _lazy("督查通报"),
        {
            "bulletin.drafted": _lazy("起草通报"),
            "bulletin.edited": _lazy("修改通报"),
            "bulletin.sent": _lazy("通报送审"),
            "bulletin.withdrawn": _lazy("撤回通报"),
            "bulletin.returned": _lazy("退回通报"),
            "bulletin.published": _lazy("发布通报"),
            "bulletin.superseded": _lazy("通报被新版替代"),
        },
    ),
    "export": (
        _lazy("导出与下载"),
        {
            "export.asked": _lazy("申请导出"),
            "export.made": _lazy("导出已生成"),
            "export.fetched": _lazy("下载导出文件"),
            "bulletin.fetched": _lazy("下载通报"),
            "template.fetched": _lazy("下载填报表"),
            "export.cancelled": _lazy("取消导出"),
            "export.failed": _lazy("导出未生成"),
            "export.refused": _lazy("导出被拒绝"),
        },
    ),
    "message": (
        _lazy("消息与机器人"),
        {
            "preferences.changed": _lazy("修改消息偏好"),
            "hours.changed": _lazy("修改可打扰时段"),
            "dispatch.retried": _lazy("重试发送"),
            "robot.added": _lazy("添加群机器人"),
            "robot.hook_replaced": _lazy("更换机器人地址"),
            "robot.disabled": _lazy("停用群机器人"),
            "robot.enabled": _lazy("启用群机器人"),
            "robot.tried_out": _lazy("试发机器人消息"),
            "brake.released": _lazy("恢复发送"),
        },
    ),
    "audit": (
        _lazy("审计"),
        {
            "audit.archived": _lazy("归档审计记录"),
            "audit.exported": _lazy("导出审计记录"),
            "audit_check.asked": _lazy("要求校验审计记录"),
            "audit_check.intact": _lazy("审计记录校验完整"),
            "audit_check.broken": _lazy("审计记录校验不符"),
        },
    ),
}

# What administration's tables write about a row, by the table's own name.
OF_A_TABLE: Words = {
    "created": _lazy("后台新增%(what)s"),
    "changed": _lazy("后台修改%(what)s"),
    "imported": _lazy("导入%(what)s"),
    "exported": _lazy("导出%(what)s表"),
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
    return _("其他动作（%(code)s）") % {"code": action}


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
    "account": _lazy("账号"), "addresses": _lazy("地址"), "answer": _lazy("对方答复"), "asked_by": _lazy("申请人"),
    "attempts": _lazy("尝试次数"), "case": _lazy("目标调整编号"), "changed": _lazy("改动的事项"),
    "characters": _lazy("字数"), "closes_at": _lazy("可打扰时段止"), "code": _lazy("编号"),
    "commitments": _lazy("承诺事项"), "computed": _lazy("系统判定"), "confirmed_by": _lazy("确认人"),
    "count": _lazy("数量"), "criteria": _lazy("筛选条件"), "data_sha256": _lazy("数据校验值"), "days": _lazy("天数"),
    "delegate": _lazy("受托人"), "department": _lazy("单位"), "departments": _lazy("单位"),
    "digest_at": _lazy("汇总时间"), "edition": _lazy("版次"), "effective_on": _lazy("生效日"),
    "entries": _lazy("记录条数"), "error": _lazy("失败代码"), "evidence": _lazy("佐证材料"),
    "expires_at": _lazy("到期"), "file": _lazy("文件"),
    "first": _lazy("第一条"), "first_bad_seq": _lazy("第一条不符"), "format": _lazy("格式"),
    "from": _lazy("原单位"), "holdings": _lazy("任职"), "host": _lazy("主机"), "indicator": _lazy("任务"),
    "indicators": _lazy("任务"), "is_temporary": _lazy("临时密码"), "items": _lazy("任务"), "kept": _lazy("未变"),
    "keeps_supporting": _lazy("原单位转为配合"), "kind": _lazy("种类"), "lamp": _lazy("亮灯"),
    "last": _lazy("最后一条"), "last_hash": _lazy("最后一条校验值"), "line": _lazy("得分行"),
    "lost": _lazy("失去锚定"), "method": _lazy("请求方式"), "months": _lazy("月份"), "moved": _lazy("移动的事项"),
    "muted": _lazy("不接收的消息"), "name": _lazy("名称"), "nodes": _lazy("节点"), "number": _lazy("发文字号"),
    "open_sentences": _lazy("未定的句子"), "opens_at": _lazy("可打扰时段起"), "paragraphs": _lazy("改写的段落"),
    "path": _lazy("地址"), "period": _lazy("报告期"), "phrases": _lazy("句子"), "points": _lazy("计划值"),
    "predecessor": _lazy("去年任务"), "quote": _lazy("原文"), "reason": _lazy("原因"), "rows": _lazy("行数"),
    "rule": _lazy("规则"), "scheme": _lazy("考核方案"), "scopes": _lazy("权限"), "sha256": _lazy("文件校验值"),
    "size": _lazy("字节"), "snapshot_edition": _lazy("快照版次"), "snapshots": _lazy("快照"), "state": _lazy("状态"),
    "status": _lazy("应答状态"), "submissions": _lazy("填报"), "table": _lazy("表"), "target": _lazy("目标值"),
    "text": _lazy("原文"), "to": _lazy("改为"), "told": _lazy("通知人数"), "total": _lazy("总分"),
    "until": _lazy("延至"), "username": _lazy("用户名"), "users": _lazy("用户"), "value": _lazy("数值"),
    "version": _lazy("版本"), "written": _lazy("写入行数"), "year": _lazy("年度"), "on_behalf_of": _lazy("代签"),
    "delegation": _lazy("委托"), "lost_seq": _lazy("与外部记录不符"), "checked_to": _lazy("校验到"),
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
