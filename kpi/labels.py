"""One table per enum: the word, the CSS class and the icon. No screen invents its own word for a state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kpi.domain.anchors import Loss
from kpi.domain.bulletins import BulletinState, BulletinVerb
from kpi.domain.calendar import Roll
from kpi.domain.cosigning import Stance
from kpi.domain.decomposition import Origin, SpanState, Standing, Sureness
from kpi.domain.directives import DirectiveKind, DirectiveState, DirectiveVerb
from kpi.domain.evidence import Need
from kpi.domain.exporting import ExportKind, ExportState
from kpi.domain.forecast import Silence
from kpi.domain.plan_shapes import Preset
from kpi.domain.rag import Basis
from kpi.domain.reminders import Audience, Ladder
from kpi.domain.runs import Hint
from kpi.domain.score_runs import Answer, CorrectionReason, ScoreState, ScoreVerb
from kpi.domain.scoring import ScoreBasis, ScoreReason, ScoreRole, Unmeasured, Yardstick
from kpi.domain.scrutiny import Claim, Finding, Gap
from kpi.domain.target_changes import ChangeReason, ChangeState, ChangeVerb, Timing
from kpi.domain.values import (
    Accumulation,
    Comparator,
    Frequency,
    Kind,
    Outlook,
    Polarity,
    Rag,
    Strength,
    SubmissionState,
    Timeliness,
    Verb,
)
from kpi.domain.window import Phase
from kpi.domain.window_acts import WindowAct


class Label(NamedTuple):
    """A word with how it looks: ``css`` is the suffix of a class name, ``icon`` a symbol of the sprite."""

    text: Promise | str
    css: str = ""
    icon: str = ""


def choices(table: Mapping[str, Label]) -> list[tuple[str, Promise | str]]:
    """Django choices of a table, in its order."""
    return [(str(code), label.text) for code, label in table.items()]


RAG = {
    Rag.RED: Label(_("滞后"), "r", "i-r"),
    Rag.AMBER: Label(_("预警"), "y", "i-y"),
    Rag.GREEN: Label(_("正常"), "g", "i-g"),
    Rag.DONE: Label(_("已完成"), "b", "i-b"),
    Rag.NOT_DUE: Label(_("未到期"), "n", "i-n"),
}
# In speech and in bulletins a lamp may be called by its colour; “done” is never called a light.
RAG_SPOKEN = {Rag.RED: _("红灯"), Rag.AMBER: _("黄灯"), Rag.GREEN: _("绿灯")}

KIND = {
    Kind.CUMULATIVE: Label(_("数量（累计）")),
    Kind.POINT_IN_TIME: Label(_("数量（时点）")),
    Kind.RATIO: Label(_("比率")),
    Kind.MILESTONE: Label(_("里程碑")),
    Kind.COVERAGE: Label(_("覆盖")),
    Kind.RANK: Label(_("位次")),
    Kind.BOTTOM_LINE: Label(_("底线")),
    Kind.STAGE: Label(_("成果／定性")),
}
STRENGTH = {
    Strength.MUST: Label(_("确保")),
    Strength.AIM: Label(_("力争")),
    Strength.SUPPORT: Label(_("推动")),
}
COMPARATOR = {
    Comparator.AT_LEAST: Label(_("以上（≥）")),
    Comparator.MORE_THAN: Label(_("超过（>）")),
    Comparator.EQUAL: Label(_("达到（=）")),
    Comparator.AT_MOST: Label(_("以内（≤）")),
    Comparator.LESS_THAN: Label(_("低于（<）")),
    Comparator.ABOUT: Label(_("左右（≈）")),
    Comparator.RANGE: Label(_("区间")),
    Comparator.RANK: Label(_("位次")),
}
POLARITY = {
    Polarity.HIGHER_IS_BETTER: Label(_("正向：越高越好")),
    Polarity.LOWER_IS_BETTER: Label(_("逆向：越低越好")),
}
ACCUMULATION = {
    Accumulation.YEAR_TO_DATE: Label(_("累计")),
    Accumulation.PERIOD: Label(_("当期")),
    Accumulation.POINT_IN_TIME: Label(_("时点")),
    Accumulation.RATIO: Label(_("比率")),
}
FREQUENCY = {
    Frequency.MONTHLY: Label(_("每月")),
    Frequency.QUARTERLY: Label(_("每季度")),
    Frequency.HALF_YEARLY: Label(_("每半年")),
}
COVERAGE_SCOPE = {"township": Label(_("每个乡镇")), "district": Label(_("每个区县"))}
BASIS = {
    Basis.PERCENT_OF_PLAN: Label(_("完成值占序时计划的百分比")),
    Basis.POINTS_BEHIND: Label(_("完成率落后序时的百分点")),
    Basis.BINARY: Label(_("达到序时与否")),
}
ROLL = {
    Roll.FORWARD: Label(_("顺延到下一工作日")),
    Roll.BACK: Label(_("提前到上一工作日")),
    Roll.FIXED: Label(_("不变")),
}
SUBMISSION_STATE = {
    SubmissionState.DRAFT: Label(_("草稿"), "draft"),
    SubmissionState.SUBMITTED: Label(_("待审签"), "submitted"),
    SubmissionState.RETURNED: Label(_("退回修改"), "returned"),
    SubmissionState.SIGNED_OFF: Label(_("待复核"), "signed"),
    SubmissionState.APPROVED: Label(_("已审定"), "approved"),
}
NOT_STARTED = Label(_("未填"), "empty")
ONE_BY_ONE = {
    "own": Label(_("本人填报，须由他人审签")),
    "own_lent": Label(_("本人填报，只能逐项代签并留痕")),
    "correction": Label(_("数据更正，需逐项看")),
    "unpublished": Label(_("数据尚未公布，需逐项看")),
    "completed": Label(_("报完成，需逐项看")),
    "lamp": Label(_("非正常项，需逐项看")),
    "cosign": Label(_("会签未齐，需逐项看")),
}
STANCE = {
    Stance.CONFIRMED: Label(_("已确认"), "confirmed", "i-g"),
    Stance.OBJECTED: Label(_("有异议"), "objected", "i-y"),
}
DELEGATION = {
    "in_force": Label(_("生效中"), "in_force"),
    "not_yet": Label(_("未开始"), "not_yet"),
    "over": Label(_("已到期"), "over"),
    "revoked": Label(_("已撤销"), "revoked"),
    "void": Label(_("已失效（人员变动）"), "void"),
}
# What reviewers write most often when they send something back; chosen by code, so that no browser invents one.
RETURN_PHRASES = {
    "figure": Label(_("数据与上期不衔接，请核对")),
    "definition": Label(_("口径与任务要求不一致，请按口径填报")),
    "source": Label(_("请补充数据来源或佐证材料")),
    "measures": Label(_("请写明下一步措施和完成时限")),
    "narrative": Label(_("进展说明过于笼统，请写具体进展")),
}
IMPORT_STATUS = {
    "new": Label(_("新增"), "new"),
    "changed": Label(_("修改"), "changed"),
    "unchanged": Label(_("不变"), "unchanged"),
    "conflict": Label(_("冲突"), "conflict", "i-y"),
    "error": Label(_("错误"), "error", "i-r"),
}
VERB = {
    Verb.SAVE: Label(_("保存草稿")),
    Verb.SUBMIT: Label(_("提交部门审签")),
    Verb.WITHDRAW: Label(_("撤回")),
    Verb.SIGN_OFF: Label(_("审签通过")),
    Verb.RETURN: Label(pgettext_lazy("verb", "退回修改")),
    Verb.APPROVE: Label(_("审定")),
    Verb.CORRECT: Label(_("数据更正")),
    Verb.ABANDON: Label(_("放弃更正")),
}
PHASE = {
    Phase.NOT_OPEN: Label(_("未开放")),
    Phase.OPEN: Label(_("填报中")),
    Phase.GRACE: Label(_("宽限期")),
    Phase.REVIEW: Label(_("复核中")),
    Phase.LOCKED: Label(_("已锁定")),
}
WINDOW_ACT = {
    WindowAct.OPEN: Label(_("提前开放")),
    WindowAct.EXTEND: Label(_("整期延期")),
    WindowAct.CLOSE: Label(_("提前关闭")),
}
DESK_ACT = {
    "open": Label(_("提前开放…")),
    "extend": Label(_("整期延期…")),
    "close": Label(_("提前关闭…")),
    "lock": Label(_("锁定…")),
}
TIMELINESS = {
    Timeliness.ON_TIME: Label(_("按时")),
    Timeliness.LATE: Label(_("迟报")),
    Timeliness.MISSING: Label(_("缺报"), "m"),
    Timeliness.PENDING: Label(_("未到截止")),
}
# By what the desk counts reports.
REPORT_STATE = {
    "filed": Label(_("已交")),
    "unfiled": Label(_("未交")),
    "returned": Label(_("退回未重交")),
    "on_time": Label(_("按时")),
    "late": Label(_("迟报")),
    "missing": Label(_("缺报")),
    "pending": Label(_("未交，还可以交")),
}
OUTLOOK = {
    Outlook.CONFIDENT: Label(_("能完成")),
    Outlook.AT_RISK: Label(_("有风险")),
    Outlook.UNLIKELY: Label(_("难以完成")),
}
OUTLOOK_HINT = {
    Outlook.CONFIDENT: _("无明显障碍"),
    Outlook.AT_RISK: _("需要加力"),
    Outlook.UNLIKELY: _("建议调整或督办"),
}
DEVIATION = {
    "funding": Label(_("资金")),
    "land": Label(_("用地")),
    "approval": Label(_("审批")),
    "weather": Label(_("天气")),
    "organisation": Label(_("施工组织")),
    "market": Label(_("市场")),
    "other": Label(_("其他")),
}
ANCHOR_LOSS = {
    Loss.GONE: Label(_("新版中没有相近的文字")),
    Loss.AMBIGUOUS: Label(_("新版中有几处同样相近，无法判断是哪一处")),
    Loss.TAKEN: Label(_("与另一项承诺的位置重叠")),
}
LADDER = {
    Ladder.REPORT: Label(_("填报")),
    Ladder.SIGN_OFF: Label(_("审签")),
    Ladder.REVIEW: Label(_("复核")),
    Ladder.DIRECTIVE: Label(_("批示办理")),
    Ladder.AMBER: Label(_("连续两期黄灯")),
    Ladder.RED: Label(_("红灯")),
}
AUDIENCE = {
    Audience.STAFF: Label(_("填报人")),
    Audience.CONTACT: Label(_("联络员")),
    Audience.HEAD: Label(_("部门负责人")),
    Audience.SUPERVISOR: Label(_("督查人员")),
    Audience.LEADER: Label(_("分管领导")),
}
EVIDENCE_NEED = {
    Need.CORRECTION: Label(_("数据更正")),
    Need.COMPLETION: Label(_("申报完成")),
    Need.INDICATOR: Label(_("本项任务要求")),
}
DIRECTIVE_KIND = {
    DirectiveKind.INSTRUCT: Label(_("批示")),
    DirectiveKind.EXPLAIN: Label(_("要求说明")),
}
DIRECTIVE_STATE = {
    DirectiveState.ISSUED: Label(_("待签收"), "empty"),
    DirectiveState.RECEIVED: Label(_("已签收"), "submitted"),
    DirectiveState.IN_HAND: Label(_("办理中"), "submitted"),
    DirectiveState.REPLIED: Label(_("已反馈，待复核"), "draft"),
    DirectiveState.IN_REVIEW: Label(_("复核中"), "draft"),
    DirectiveState.CLOSED: Label(_("已办结"), "draft"),
    DirectiveState.WITHDRAWN: Label(_("已撤回"), "draft"),
}
# The track's own words: what has been reached, not what is waited for.
DIRECTIVE_NODE = {
    DirectiveState.ISSUED: Label(pgettext_lazy("directive node", "交办")),
    DirectiveState.RECEIVED: Label(pgettext_lazy("directive node", "签收")),
    DirectiveState.IN_HAND: Label(pgettext_lazy("directive node", "办理")),
    DirectiveState.REPLIED: Label(pgettext_lazy("directive node", "反馈")),
    DirectiveState.IN_REVIEW: Label(pgettext_lazy("directive node", "复核")),
    DirectiveState.CLOSED: Label(pgettext_lazy("directive node", "办结")),
}
DIRECTIVE_VERB = {
    DirectiveVerb.ISSUE: Label(_("交办")),
    DirectiveVerb.CORRECT: Label(_("更正批示")),
    DirectiveVerb.WITHDRAW: Label(_("撤回批示")),
    DirectiveVerb.RECEIVE: Label(_("签收")),
    DirectiveVerb.TAKE_IN_HAND: Label(_("转入办理")),
    DirectiveVerb.REPLY: Label(_("反馈")),
    DirectiveVerb.BEGIN_REVIEW: Label(_("开始复核")),
    DirectiveVerb.SEND_BACK: Label(_("退回重办")),
    DirectiveVerb.CLOSE: Label(_("办结")),
    DirectiveVerb.CLARIFY: Label(_("补充说明")),
    DirectiveVerb.ASK_EXTENSION: Label(_("申请延期")),
    DirectiveVerb.GRANT_EXTENSION: Label(_("同意延期")),
    DirectiveVerb.REFUSE_EXTENSION: Label(_("不同意延期")),
}
# What leaders write most often; one tap fills the text, and without JavaScript the choice stands for it.
DIRECTIVE_PHRASES = {
    DirectiveKind.INSTRUCT: {
        "catch_up": Label(_("请查明原因，提出追赶措施和时间表")),
        "on_site": Label(_("请会同配合单位现场研究，解决堵点")),
        "weekly": Label(_("请明确责任人和完成时限，每周报进展")),
        "escalate": Label(_("需要市级协调的事项，请一并列出")),
    },
    DirectiveKind.EXPLAIN: {
        "why": Label(_("请说明滞后原因和下一步措施")),
        "figures": Label(_("请核实数据，并说明统计口径")),
        "outlook": Label(_("请说明年底能否完成；不能的，请提出建议")),
        "unfiled": Label(_("请尽快补报，并说明未按时报送的原因")),
    },
}
CHANGE_REASON = {
    ChangeReason.EXTERNAL: Label(_("外部因素")),
    ChangeReason.POLICY: Label(_("上级政策调整")),
    ChangeReason.BASELINE: Label(_("基数核定")),
    ChangeReason.DEFINITION: Label(_("口径变化")),
    ChangeReason.DISASTER: Label(_("自然灾害")),
    ChangeReason.PROCEDURE: Label(_("司法或审批程序")),
    ChangeReason.OTHER: Label(_("其他")),
}
CHANGE_TIMING = {
    Timing.IN_TIME: Label(_("按时申请")),
    Timing.AFTER_WINDOW: Label(_("逾期申请：窗口已过"), "bad"),
    Timing.AFTER_DUE: Label(_("逾期申请：完成时限已过"), "bad"),
}
CHANGE_STATE = {
    ChangeState.ASKED: Label(_("待单位负责人审签"), "submitted"),
    ChangeState.SIGNED: Label(_("待分管领导审定"), "submitted"),
    ChangeState.AGREED: Label(_("待督查室办理"), "submitted"),
    ChangeState.RETURNED: Label(_("待补正"), "returned"),
    ChangeState.APPLIED: Label(_("已调整"), "approved"),
    ChangeState.REFUSED: Label(_("未予调整"), "draft"),
    ChangeState.WITHDRAWN: Label(_("已撤回"), "draft"),
}
CHANGE_VERB = {
    ChangeVerb.ASK: Label(_("申请调整")),
    ChangeVerb.SIGN: Label(_("审签通过")),
    ChangeVerb.AGREE: Label(_("同意调整")),
    ChangeVerb.APPLY: Label(_("办理调整")),
    ChangeVerb.SEND_BACK: Label(_("退回补正")),
    ChangeVerb.REPAIR: Label(_("补正后再报")),
    ChangeVerb.REFUSE: Label(_("不予调整")),
    ChangeVerb.WITHDRAW: Label(_("撤回申请")),
}
# The track's own words: what has been reached.
CHANGE_NODE = {
    ChangeState.ASKED: Label(pgettext_lazy("target change node", "申请")),
    ChangeState.SIGNED: Label(pgettext_lazy("target change node", "审签")),
    ChangeState.AGREED: Label(pgettext_lazy("target change node", "领导审定")),
    ChangeState.APPLIED: Label(pgettext_lazy("target change node", "办理")),
}
EXPORT_KIND = {
    ExportKind.LEDGER: Label(_("台账")),
    ExportKind.HEAT_MAP: Label(_("热力图")),
    ExportKind.UNITS: Label(_("部门分表")),
    ExportKind.DETAIL: Label(_("明细")),
    ExportKind.SCORES: Label(_("考核得分")),
    ExportKind.CHANGES: Label(_("目标调整")),
}
EXPORT_HINT = {
    ExportKind.LEDGER: _("一行一项任务，A3 横向，按板块分组"),
    ExportKind.HEAT_MAP: _("一行一项任务、一列一个月，A3 横向"),
    ExportKind.UNITS: _("一个牵头单位一张表，A4 横向"),
    ExportKind.DETAIL: _("一行一项任务的一个月，供筛选和透视"),
    ExportKind.SCORES: _("一行一个单位，另附逐项说明；已送单位征求意见的才有"),
    ExportKind.CHANGES: _("一行一件目标调整，原目标与新目标并列，A3 横向"),
}
EXPORT_STATE = {
    ExportState.QUEUED: Label(_("排队中"), "draft"),
    ExportState.RUNNING: Label(_("生成中"), "submitted"),
    ExportState.DONE: Label(_("已生成"), "approved"),
    ExportState.FAILED: Label(_("未生成"), "returned"),
    ExportState.CANCELLED: Label(_("已取消"), "draft"),
    ExportState.EXPIRED: Label(_("已过保存期"), "draft"),
}
# What the office should look at twice; the order of the desk.
FINDING = {
    Finding.DEFINITION: Label(_("口径变化")),
    Finding.JUMP: Label(_("数值跳变")),
    Finding.CLAIM: Label(_("自报与亮灯不符")),
    Finding.UNOWNED: Label(_("无人认领")),
    Finding.PROPOSED: Label(_("牵头待确认")),
    Finding.EVIDENCE: Label(_("附件缺失（完成类）")),
    Finding.UNANCHORED: Label(_("活报告未锚定")),
}
FINDING_HINT = {
    Finding.DEFINITION: _("上期截止之后改过口径、单位、算法或方向，前后数字未必可比"),
    Finding.JUMP: _("本期步长超过近几个月平均的 3 倍，或像是填错了单位"),
    Finding.CLAIM: _("自报能完成、已完成或进展顺利，而亮灯为滞后或预警"),
    Finding.UNOWNED: _("牵头单位没有在任的填报人或负责人，或分管职务空缺"),
    Finding.PROPOSED: _("牵头单位由系统按职责建议，还没有确认"),
    Finding.EVIDENCE: _("报为完成或更正为完成，却没有一份附件"),
    Finding.UNANCHORED: _("现在的原文里找不到这些承诺的原句，亮灯和填报不受影响"),
}
GAP = {
    Gap.NO_STAFF: Label(_("没有填报人")),
    Gap.NO_HEAD: Label(_("没有负责人")),
    Gap.POST_VACANT: Label(_("分管职务空缺")),
    Gap.LEAD_PROPOSED: Label(_("牵头单位待确认")),
}
CLAIM = {
    Claim.OUTLOOK: Label(_("判断“能完成”")),
    Claim.DONE: Label(_("文字说已完成")),
    Claim.ON_TRACK: Label(_("文字说进展正常")),
}
# Why nothing is said about the end of the year.
SILENCE = {
    Silence.KIND: Label(_("这类任务看节点、阶段或位次，不作推算")),
    Silence.NO_TARGET: Label(_("没有目标值，不作推算")),
    Silence.UNPUBLISHED: Label(_("本期数据尚未公布，暂不推算")),
    Silence.TOO_FEW: Label(_("可用的数字不足 3 个，暂不推算")),
    Silence.IN_DOUBT: Label(_("最近的数字像是填错了单位，暂不推算")),
    Silence.REACHED: Label(_("全年目标已经达到")),
    Silence.YEAR_OVER: Label(_("完成时限已到，看实际完成")),
    Silence.STALE: Label(_("3 个月没有新数字，暂不推算")),
    Silence.PLAN_BLANK: Label(_("后面的月份没有序时计划，暂不推算")),
    Silence.NOTHING_PLANNED: Label(_("后面的序时计划不再增加，暂不推算")),
}
# What several months say beside the lamp; never in its place.
HINT = {
    Hint.SHORT_WHILE_GREEN: Label(_("绿灯，但按近期速度年底差一截"), "watch"),
    Hint.THREE_FALLS: Label(_("完成比例连降 3 次"), "watch"),
    Hint.THREE_AMBERS: Label(_("连续 3 个月以上黄灯"), "watch"),
    Hint.USUAL: Label(_("本期快慢在以往范围之内"), "calm"),
}
BULLETIN_STATE = {
    BulletinState.DRAFT: Label(_("草稿"), "draft"),
    BulletinState.FOR_APPROVAL: Label(_("送审中"), "submitted"),
    BulletinState.PUBLISHED: Label(_("已发布"), "approved"),
    BulletinState.SUPERSEDED: Label(_("已被新版替代"), "draft"),
}
BULLETIN_VERB = {
    BulletinVerb.DRAFT: Label(_("起草")),
    BulletinVerb.SAVE: Label(_("保存修改")),
    BulletinVerb.SEND: Label(_("送审")),
    BulletinVerb.WITHDRAW: Label(_("撤回送审")),
    BulletinVerb.RETURN: Label(_("退回起草人")),
    BulletinVerb.PUBLISH: Label(_("签发")),
    BulletinVerb.SUPERSEDE: Label(_("被新版替代")),
}
BULLETIN_CHECK = {
    "overall": Label(_("全部任务＝已完成＋超序时＋达序时＋欠序时＋未到期")),
    "behind": Label(_("欠序时＝红灯＋黄灯")),
    "listed": Label(_("欠序时＝列出的红灯＋列出的黄灯")),
    "reporting": Label(_("应报＝按时＋迟报＋缺报＋未到截止")),
    "directives": Label(_("批示＝已办结＋待签收＋办理中＋待复核")),
}
# What a number of the bulletin counts; where it is shown is said by ``kpi.web.bulletins``.
BULLETIN_FIELD = {
    "total": Label(_("全年目标任务总数")),
    "done": Label(_("已完成：亮灯为已完成的任务")),
    "ahead": Label(_("超序时：绿灯，且达到亮灯规则中“超序时”的界限")),
    "on_plan": Label(_("达序时：其余绿灯")),
    "behind": Label(_("欠序时：红灯加黄灯")),
    "red": Label(_("红灯：滞后的任务")),
    "amber": Label(_("黄灯：预警的任务")),
    "not_due": Label(_("未到期：当月没有序时计划，或还没有数据")),
    "share": Label(_("占全部任务的百分比，四舍五入到一位小数")),
    "adjusted": Label(_("督查室调整过亮灯的任务")),
    "red_change": Label(_("红灯比上月增减")),
    "amber_change": Label(_("黄灯比上月增减")),
    "newly_done": Label(_("上月未完成、本月已完成的任务")),
    "figures": Label(_("审定的完成值与序时计划")),
    "catch_up": Label(_("审定填报中的预计追平月份")),
    "asked": Label(_("本期应报的任务")),
    "on_time": Label(_("截止之前首次提交的填报")),
    "late": Label(_("截止之后提交的填报")),
    "missing": Label(_("宽限期结束仍未提交的填报")),
    "pending": Label(_("未交，还没有到宽限截止")),
    "unit": Label(_("按条件列出的单位，机构序列")),
    "directives": Label(_("本年度批示督办，不含撤回")),
    "directives_closed": Label(_("已办结的批示")),
    "directives_waiting": Label(_("待签收的批示")),
    "directives_in_hand": Label(_("已签收或办理中的批示")),
    "directives_in_review": Label(_("已反馈、待复核的批示")),
    "directives_overdue": Label(_("过了反馈期限还没有反馈的批示")),
}
# What is open about an indicator in the configuration (``kpi.selectors.configuration.Gap``).
CONFIGURATION_GAP = {
    "no_plan": Label(_("缺计划"), "bad"),
    "plan_falls": Label(_("计划走势相反"), "bad"),
    "plan_end": Label(_("末月与目标不符"), "bad"),
    "no_target": Label(_("缺目标"), "bad"),
    "split_differs": Label(_("分解合计不等于目标")),
    "lead_proposed": Label(_("牵头为建议")),
    "target_carried": Label(_("目标与去年相同")),
    "inactive": Label(_("已停用")),
}
PRESET = {
    Preset.EVEN: Label(_("均匀")),
    Preset.QUARTER_ENDS: Label(_("季度末")),
    Preset.BACK_LOADED: Label(_("前低后高")),
    Preset.CHOSEN_MONTHS: Label(_("只在某几月")),
    Preset.LAST_YEAR: Label(_("复制去年形状")),
}
# What was decided of last year's indicators (``kpi.selectors.succession.Standing``).
SUCCESSION = {
    "open": Label(_("未决定"), "empty"),
    "continues": Label(_("延续"), "approved"),
    "changed": Label(_("延续，有调整"), "submitted"),
    "ends": Label(_("不延续"), "draft"),
}
# In what a successor differs.
CHANGED_FIELD = {
    "kind": Label(_("类型")),
    "unit": Label(_("单位")),
    "comparator": Label(_("比较符")),
    "target_value": Label(_("目标值")),
    "lead_department_id": Label(_("牵头单位")),
}
# What a year needs before it can start (``kpi.selectors.readiness.Need``).
YEAR_NEED = {
    "months": Label(_("十二个报告期")),
    "due_rule": Label(_("报送时限规则")),
    "lamp_rule": Label(_("亮灯规则")),
    "reminders": Label(_("催报规则")),
    "text": Label(_("报告原文")),
    "indicators": Label(_("指标任务")),
    "plans": Label(_("各项任务的序时计划")),
    "targets": Label(_("各项任务的目标值")),
    "calendar": Label(_("放假和调休安排")),
    "decided": Label(_("去年任务是否延续")),
    "unowned": Label(_("每句承诺都有任务，或注明不立项")),
    "leads": Label(_("牵头单位已确定")),
    "closed_leads": Label(_("牵头单位仍在用")),
}
SCORE_BASIS = {
    ScoreBasis.CAPPED: Label(_("完成得满分，超额不加")),
    ScoreBasis.PROPORTIONAL: Label(_("按完成比例计，最多两倍")),
    ScoreBasis.EXCESS_BONUS: Label(_("满分封顶，超额另加分")),
}
SCORE_ROLE = {
    ScoreRole.LEAD: Label(_("牵头")),
    ScoreRole.SUPPORTING: Label(_("配合")),
    ScoreRole.CHARGE: Label(_("分管")),
}
# The closed list: nothing else is taken off or added (docs/rules/scoring.md).
SCORE_REASON = {
    ScoreReason.LATE: Label(_("迟报")),
    ScoreReason.MISSING: Label(_("缺报")),
    ScoreReason.RETURNED: Label(_("督查室退回")),
    ScoreReason.FALSE_DATA: Label(_("数据不实，经查实")),
    ScoreReason.EXCESS: Label(_("超额完成")),
    ScoreReason.LED: Label(_("牵头督查事项")),
    ScoreReason.SUPPORTED: Label(_("配合督查事项")),
    ScoreReason.AWARD: Label(_("获上级表彰奖励")),
}
SCORE_UNMEASURED = {
    Unmeasured.NOT_DUE: Label(_("还没有序时计划，未到期")),
    Unmeasured.NOT_ASKED: Label(_("还没有要求报送")),
    Unmeasured.UNAPPROVED: Label(_("已报送，锁定时未审定")),
    Unmeasured.UNPUBLISHED: Label(_("数据尚未公布")),
    Unmeasured.PEERS_MISSING: Label(_("同类城市数据未齐")),
    Unmeasured.NO_TARGET: Label(_("没有目标值")),
    Unmeasured.BY_OFFICE: Label(_("督查室核定不计")),
}
YARDSTICK = {
    Yardstick.PLAN: Label(_("序时计划")),
    Yardstick.TARGET: Label(_("全年目标")),
    Yardstick.FACT: Label(_("事实")),
}
SCORE_STATE = {
    ScoreState.DRAFT: Label(_("草稿"), "draft"),
    ScoreState.OPINION: Label(_("征求意见"), "submitted"),
    ScoreState.FINAL: Label(_("已定稿"), "approved"),
    ScoreState.SUPERSEDED: Label(_("已被新版替代"), "draft"),
    ScoreState.DISCARDED: Label(_("已作废"), "draft"),
}
SCORE_VERB = {
    ScoreVerb.DRAFT: Label(_("编制")),
    ScoreVerb.OPEN: Label(_("送各单位征求意见")),
    ScoreVerb.DISCARD: Label(_("作废")),
    ScoreVerb.ACCEPT: Label(_("无意见")),
    ScoreVerb.OBJECT: Label(_("有异议")),
    ScoreVerb.REPLY: Label(_("回复")),
    ScoreVerb.CORRECT: Label(_("更正")),
    ScoreVerb.ADD: Label(_("登记")),
    ScoreVerb.FINALISE: Label(_("定稿")),
    ScoreVerb.SUPERSEDE: Label(_("被新版替代")),
}
SCORE_ANSWER = {
    Answer.NONE: Label(_("未答复"), "empty"),
    Answer.ACCEPTED: Label(_("无意见"), "draft"),
    Answer.OBJECTED: Label(_("有异议，待回复"), "returned"),
    Answer.REPLIED: Label(_("异议已回复"), "submitted"),
}
SCORE_CORRECTION = {
    CorrectionReason.NOT_ATTRIBUTABLE: Label(_("非本单位原因")),
    CorrectionReason.COUNTED_TWICE: Label(_("重复计算")),
    CorrectionReason.RULE_MISAPPLIED: Label(_("口径或规则适用有误")),
    CorrectionReason.CIRCUMSTANCES: Label(_("不可抗力或上级政策变化")),
    CorrectionReason.CARRIED_OVER: Label(_("沿用上一版的更正")),
}
STAGE = {
    0: Label(_("未启动")),
    1: Label(_("第 1 阶段 · 已部署")),
    2: Label(_("第 2 阶段 · 推进中")),
    3: Label(_("第 3 阶段 · 初见成效")),
    4: Label(_("第 4 阶段 · 完成")),
}


def words(table: Mapping[str, Label], codes: Iterable[str]) -> list[str]:
    """The words of some codes, in the table's order."""
    wanted = set(codes)
    return [str(label.text) for code, label in table.items() if code in wanted]


DECOMPOSITION_STATE = {
    "working": Label(_("拆解中")),
    "published": Label(_("已发布为任务")),
    "discarded": Label(_("已放弃")),
}
SPAN_STATE = {
    SpanState.PROPOSED: Label(_("未定"), "q", "？"),
    SpanState.ACCEPTED: Label(_("建任务"), "a", "✓"),
    SpanState.CONTEXT: Label(_("背景"), "c", "–"),
}
SPAN_ORIGIN = {
    Origin.MACHINE: Label(_("自动读出")),
    Origin.OWN: Label(_("自己选的")),
    Origin.RESHAPED: Label(_("拆分或合并")),
}
SURENESS = {
    Sureness.SURE: Label(_("把握大"), "good"),
    Sureness.FAIR: Label(_("一般")),
    Sureness.CHECK: Label(_("请核对"), "bad"),
}
SENTENCE_STANDING = {
    Standing.BUILT: Label(_("已建任务")),
    Standing.CONTEXT: Label(_("背景")),
    Standing.OPEN: Label(_("未定")),
}
# What of a person's roles deserves a second look (kpi/selectors/holdings.py).
DOUBT = {
    "signs_own": Label(_("同一单位既填报又审签"), "bad"),
    "reviews_own": Label(_("既填报或审签又复核"), "bad"),
    "decides_own": Label(_("市领导兼办事岗位"), "bad"),
    "several_units": Label(_("在多个单位任职")),
    "disabled": Label(_("账号已停用仍有任职"), "bad"),
    "unused": Label(_("90 天未使用")),
}
