"""How figures, lamps and refusals are put into words: one wording for page, API and workbook.

Figures keep the precision the report uses; a missing one is “--”, never 0 or blank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from kpi import labels
from kpi.domain.periods import Period as Month
from kpi.domain.rag import Assessment
from kpi.domain.values import Kind, Rag

if TYPE_CHECKING:
    from accounts.models import Delegation
    from kpi.models import Indicator, RagOverride, Review

MISSING = "--"
MINUS = "−"


def figure(value: Decimal | None, decimals: int = 0) -> str:
    """``1234.5`` → “1,234.50”; a minus is the real sign, not a hyphen."""
    if value is None:
        return MISSING
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def signed(value: Decimal | int | None, decimals: int = 0) -> str:
    """A change with its sign: “+1”, “−2”, “0”."""
    if value is None:
        return MISSING
    text = f"{value:+,.{decimals}f}".replace("-", MINUS)
    return text if value else figure(Decimal(0), decimals)


def percent(share: Decimal | None) -> str:
    """A share as per cent with one decimal: ``0.894`` → “89.4%”."""
    return MISSING if share is None else f"{share * 100:.1f}%"


def with_unit(value: Decimal | None, indicator: Indicator) -> str:
    """A figure of an indicator in its own unit: “2.31 万亩”, “第 1 位”, “阶段 2”."""
    if value is None:
        return MISSING
    if indicator.kind == Kind.RANK:
        return _("第 %(place)s 位") % {"place": figure(value)}
    if indicator.kind == Kind.STAGE:
        return _("第 %(stage)s 阶段") % {"stage": figure(value)}
    if indicator.kind == Kind.MILESTONE:
        return _("节点 %(done)s") % {"done": figure(value)}
    if indicator.kind == Kind.RATIO:
        return f"{figure(value, max(indicator.decimals, 1))}%"
    return f"{figure(value, indicator.decimals)} {indicator.unit}".strip()


def amount(value: Decimal, indicator: Indicator) -> str:
    """A difference: “0.18 万亩”, “2 个百分点”, “1 个阶段”."""
    value = abs(value)
    if indicator.kind == Kind.STAGE:
        return _("%(count)s 个阶段") % {"count": figure(value)}
    if indicator.kind == Kind.MILESTONE:
        return _("%(count)s 个节点") % {"count": figure(value)}
    if indicator.kind == Kind.RATIO:
        return _("%(points)s 个百分点") % {"points": figure(value, 1)}
    return with_unit(value, indicator)


def step(value: Decimal | None, before: Decimal | None, indicator: Indicator) -> str:
    """What changed since the month before: “+0.55 万亩”, “未变”; empty where there is nothing to compare."""
    if value is None or before is None:
        return ""
    if value == before:
        return _("未变")
    return f"{'+' if value > before else MINUS}{amount(value - before, indicator)}"


def month(code: str) -> str:
    """``2025-06`` → “2025年6月” or “June 2025”."""
    period = Month.parse(code)
    if (get_language() or "").startswith("en"):
        return period.first_day.strftime("%B %Y")
    return f"{period.year}年{period.month}月"


def short_day(day: date | datetime) -> str:
    """“7月5日”, or “5 July”."""
    if (get_language() or "").startswith("en"):
        return f"{day.day} {day.strftime('%B')}"
    return f"{day.month}月{day.day}日"


def moment(at: datetime) -> str:
    """“7月5日 18:00”; ``at`` is local already."""
    return f"{short_day(at)} {at:%H:%M}"


def standing(assessment: Assessment | None, indicator: Indicator) -> str:
    """The figure beside its yardstick, as short as a table cell: “2.86 / 6.95 万亩”, “节点 3/6”."""
    if assessment is None or assessment.actual is None:
        return MISSING
    actual, target = assessment.actual, assessment.target
    if indicator.kind == Kind.MILESTONE:
        return _("节点 %(done)s/%(all)s") % {"done": figure(actual), "all": figure(target)}
    if indicator.kind == Kind.STAGE:
        return _("阶段 %(done)s/%(all)s") % {"done": figure(actual), "all": figure(target)}
    if indicator.kind in (Kind.RANK, Kind.BOTTOM_LINE) or target is None:
        return with_unit(actual, indicator)
    if indicator.kind == Kind.RATIO:
        return with_unit(actual, indicator)
    return f"{figure(actual, indicator.decimals)} / {with_unit(target, indicator)}"


Words = Callable[[Assessment, "Indicator"], str]


def _against_plan(assessment: Assessment, indicator: Indicator) -> str:
    if assessment.ratio is None or indicator.kind == Kind.RATIO:
        return _("完成 %(actual)s，序时计划 %(expected)s") % _figures(assessment, indicator)
    return _("完成 %(actual)s，序时计划 %(expected)s，为计划的 %(ratio)s") % {
        **_figures(assessment, indicator),
        "ratio": percent(assessment.ratio),
    }


def _figures(assessment: Assessment, indicator: Indicator) -> dict[str, str]:
    return {
        "actual": with_unit(assessment.actual, indicator),
        "expected": with_unit(assessment.expected, indicator),
        "target": with_unit(assessment.target, indicator),
    }


def _node(assessment: Assessment, indicator: Indicator) -> str:
    return _("“%(node)s”已超期 %(days)s 天，共 %(count)s 个节点超期") % assessment.params


def _stage(assessment: Assessment, indicator: Indicator) -> str:
    if not assessment.actual:
        return _("应到%(expected)s，尚未启动") % _figures(assessment, indicator)
    return _("应到%(expected)s，现为%(actual)s") % _figures(assessment, indicator)


REASONS: Mapping[str, Words] = {
    "no_value": lambda a, i: _("还没有审定的数据"),
    "no_plan_yet": lambda a, i: _("本月没有序时计划，未到期"),
    "target_met": lambda a, i: _("已达到全年目标：%(actual)s，目标 %(target)s") % _figures(a, i),
    "final_date_missed": lambda a, i: (
        _("已过完成时限 %(day)s，仍未完成") % {"day": short_day(_day(a.params["final_due_on"]))}
    ),
    "on_plan": _against_plan,
    "behind_amber": _against_plan,
    "behind_red": _against_plan,
    "all_nodes_done": lambda a, i: _("全部节点已完成"),
    "nodes_on_time": lambda a, i: _("到期节点均已完成"),
    "node_late": _node,
    "node_far_late": _node,
    "peers_missing": lambda a, i: _("同类城市数据未齐，暂不亮灯"),
    "rank_held": lambda a, i: _("位居第 %(rank)s") % a.params,
    "rank_lost": lambda a, i: _("现居第 %(rank)s，未保持目标位次") % a.params,
    "no_events": lambda a, i: _("未发生突破底线的情况"),
    "events_found": lambda a, i: _("发生 %(count)s 起") % a.params,
    "stage_on_plan": _stage,
    "stage_behind": _stage,
    "stage_far_behind": _stage,
}


def _day(value: object) -> date:
    """A day that may have been stored as text with a snapshot."""
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def reason(assessment: Assessment | None, indicator: Indicator) -> str:
    """Why the lamp is what it is, in one sentence."""
    if assessment is None:
        return _("还没有审定的数据")
    return REASONS[assessment.reason](assessment, indicator)


def gap(assessment: Assessment | None, indicator: Indicator) -> str:
    """The shortfall for a card: “累计 3 家，序时计划 4 家，差 1 家”; the reason where there is no figure."""
    if assessment is None or assessment.gap is None or assessment.reason not in ("behind_amber", "behind_red"):
        return reason(assessment, indicator)
    return _("累计 %(actual)s，序时计划 %(expected)s，差 %(gap)s") % {
        **_figures(assessment, indicator),
        "gap": amount(assessment.gap, indicator),
    }


def override(found: RagOverride) -> str:
    """Both lamps and why: “计算为预警，复核调整为正常：理由 …”."""
    lamps = {"computed": labels.RAG[Rag(found.computed_rag)].text, "reviewed": labels.RAG[Rag(found.reviewed_rag)].text}
    if found.is_restored:
        return _("恢复为计算的%(computed)s：%(reason)s") % (lamps | {"reason": found.reason})
    return _("计算为%(computed)s，复核调整为%(reviewed)s：%(reason)s") % (lamps | {"reason": found.reason})


def on_behalf(step: Review) -> str:
    """Who signed for whom, and until when; the actor's name alone where they signed for themselves."""
    if step.delegation is None:
        return str(step.actor)
    return _("%(actor)s 代 %(head)s（%(dates)s）") % {
        "actor": step.actor,
        "head": step.on_behalf_of,
        "dates": delegation_days(step.delegation),
    }


def delegation_days(delegation: Delegation) -> str:
    """“委托 7月1日至7日”; the last day is the last one it holds."""
    last = delegation.ends_on - timedelta(days=1)
    if last == delegation.starts_on:
        return _("委托 %(day)s") % {"day": short_day(last)}
    same_month = (last.year, last.month) == (delegation.starts_on.year, delegation.starts_on.month)
    is_chinese = not (get_language() or "").startswith("en")
    until = f"{last.day}日" if same_month and is_chinese else short_day(last)
    return _("委托 %(first)s至%(last)s") % {"first": short_day(delegation.starts_on), "last": until}


def next_step(assessment: Assessment | None, indicator: Indicator) -> str:
    """What turns the lamp green; empty when it is, or when nothing can."""
    if assessment is None or assessment.to_green is None or assessment.rag not in (Rag.RED, Rag.AMBER):
        return ""
    if indicator.kind == Kind.MILESTONE:
        return _("补齐 %(count)s 个超期节点即转绿灯") % {"count": figure(assessment.to_green)}
    step = amount(assessment.to_green, indicator)
    if assessment.to_green < 0:
        return _("再减少 %(step)s 即转绿灯") % {"step": step}
    goal = with_unit((assessment.actual or Decimal(0)) + assessment.to_green, indicator)
    return _("再完成 %(step)s（达到 %(goal)s）即转绿灯") % {"step": step, "goal": goal}


def run(rag: Rag, length: int) -> str:
    """How long a lamp has been what it is: “首次转红”, “连续 4 个月黄灯”."""
    if rag is Rag.RED:
        return _("首次转红") if length == 1 else _("连续 %(count)s 个月红灯") % {"count": length}
    if rag is Rag.AMBER:
        return _("首次转黄") if length == 1 else _("连续 %(count)s 个月黄灯") % {"count": length}
    return ""


def days_left(due_at: datetime, now: datetime) -> str:
    """“还剩 3 天”, “明天截止”, “今天 18:00 截止”, “已过期 2 天”; both moments are local."""
    days = (due_at.date() - now.date()).days
    if now > due_at:
        late = max(-days, 1)
        return _("已过期 %(days)s 天") % {"days": late}
    if days == 0:
        return _("今天 %(time)s 截止") % {"time": f"{due_at:%H:%M}"}
    return _("明天截止") if days == 1 else _("还剩 %(days)s 天") % {"days": days}


def directive_due(due_on: date, today: date) -> str:
    """“还剩 3 天”, “明天到期”, “今天到期”; an overdue one is the business of ``overdue``."""
    days = (due_on - today).days
    if days == 0:
        return _("今天到期")
    return _("明天到期") if days == 1 else _("还剩 %(days)s 天") % {"days": days}


def overdue(days: int) -> str:
    """“超期 9 天”."""
    return ngettext("超期 %(days)s 天", "超期 %(days)s 天", days) % {"days": days}


# Refusals: code → sentence. Parameters are filled in as far as the sentence names them.
def _refusals() -> dict[str, str]:
    return {
        "number_required": _("请填写数字"),
        "number_full_width": _("数字请用半角，是否为 %(suggestion)s？"),
        "number_not_plain": _("请填普通数字，如 2.86；“%(value)s”不是"),
        "number_has_unit": _("请填数字，如 2.86，不带单位；是否为 %(suggestion)s？"),
        "number_malformed": _("看不懂“%(value)s”，请填数字，如 2.86"),
        "number_too_precise": _("最多填 %(decimals)s 位小数，请四舍五入后再填"),
        "number_too_long": _("数字过长，最多 %(limit)s 位，请核对单位"),
        "number_negative": _("不能是负数"),
        "rank_starts_at_one": _("位次从第 1 位起"),
        "stage_out_of_range": _("请从列出的阶段中选择"),
        "ratio_needs_both": _("分子、分母须同时填写"),
        "denominator_not_positive": _("分母必须大于 0"),
        "numerator_out_of_range": _("分子应在 0 与分母 %(whole)s 之间"),
        "date_malformed": _("日期应写成 2025-06-30 的样子"),
        "date_in_future": _("完成日期不能晚于今天 %(today)s"),
        "month_malformed": _("月份应写成 2025-09 的样子"),
        "choice_unknown": _("没有“%(value)s”这个选项，请重新选择"),
        "text_too_long": _("不能超过 %(limit)s 字，现有 %(length)s 字"),
        "text_has_control_characters": _("含有无法保存的字符，请删除后重试"),
        "value_required": _("请填写本期完成情况；没有进展请勾选“本月没有新进展”"),
        "value_lower_than_last": _("累计数不能小于上期的 %(last)s %(unit)s；如确有核减，请勾选“数据更正”"),
        "doubt_jump": _("本期新增是近几个月平均的 %(factor)s 倍，请核对数字和单位"),
        "doubt_unit_slip": _("%(value)s %(unit)s 与计划相差太大，是不是 %(meant)s %(unit)s？"),
        "nothing_chosen": _("请先勾选要通过的任务"),
        "not_for_batch": _("%(indicator)s 需要逐项看，这次一项也没有通过；请取消勾选后重试"),
        "choice_gone": _("勾选的任务有变化，这次一项也没有通过；请核对后重试"),
        "narrative_required": _("请填写进展说明"),
        "narrative_too_short": _("进展说明至少 %(at_least)s 字"),
        "deviation_reasons_required": _("黄灯、红灯任务需选择主要原因"),
        "measures_required": _("黄灯、红灯任务需填写下一步措施"),
        "catch_up_period_required": _("请选择预计追平的月份"),
        "deviation_required": _("黄灯、红灯任务须到填报页填写偏差说明"),
        "outlook_required": _("请判断年底能否完成"),
        "evidence_required": _("请附至少一份佐证材料（%(why)s）"),
        "evidence_empty": _("“%(name)s”是空文件"),
        "evidence_too_large": _("“%(name)s”超过 %(limit)s MB，请压缩或拆分"),
        "evidence_type_refused": _(
            "不支持 .%(extension)s 文件；请传 PDF、图片（JPG、PNG）、Word、Excel、PPT、OFD、WPS 或文本"
        ),
        "evidence_type_missing": _(
            "不支持没有扩展名的文件；请传 PDF、图片（JPG、PNG）、Word、Excel、PPT、OFD、WPS 或文本"
        ),
        "evidence_mismatch": _("“%(name)s”的内容不是 .%(extension)s 文件，或已损坏；请用原软件打开后另存再传"),
        "evidence_macros": _("“%(name)s”带有宏，请另存为不带宏的文件再传"),
        "evidence_encrypted": _("“%(name)s”设有密码，请去掉密码后再传"),
        "evidence_unsafe": _("“%(name)s”含有不允许的内容，没有保存"),
        "evidence_duplicate": _("“%(name)s”已经附在这张表上"),
        "evidence_too_many": _("一张表最多附 %(limit)s 份佐证材料"),
        "evidence_gone": _("这份佐证材料已不在这张表上"),
        "evidence_file_missing": _("“%(name)s”的文件不在存储中，请联系系统管理员"),
        "draft_was_filed": _("这张表提交过，不能放弃；需要修改请直接修改后再提交"),
        "reason_too_short": _("请写明原因，至少 %(at_least)s 字"),
        "stale_version": _("有人在你之后保存过这张表，请核对后再提交"),
        "illegal_transition": _("这张表的状态已经变化，不能再这样操作"),
        "period_closed": _("%(period)s 期已锁定，不能再填；确需更正请联系督查室解锁"),
        "period_over": _("%(period)s 期宽限期已过，本期记为缺报；可向督查室申请补报"),
        "unpublished_or_no_progress": _("“数据尚未公布”和“本月没有新进展”只能选一个"),
        "unpublished_not_for_kind": _("这类任务没有“数据尚未公布”，请按实际填写"),
        "nothing_approved": _("这张表还没有审定过的内容，不能放弃更正"),
        "extension_asked_already": _("已经申请过，等督查室答复"),
        "extension_answered": _("这项申请已经有人答复"),
        "unit_required": _("请选择单位"),
        "until_required": _("请填写延至的日期和时刻"),
        "until_before_due": _("延至的时刻应晚于本期截止"),
        "extension_running": _("%(unit)s获准填报至 %(until)s，届时才能锁定"),
        "until_in_past": _("延至的时刻应晚于现在"),
        "unlock_not_locked": _("%(period)s 期没有锁定"),
        "unlock_latest_only": _("只能解锁最近锁定的一期；更早的数据请在本期作数据更正"),
        "unlock_asked_already": _("已有人申请解锁，等另一人确认"),
        "unlock_answered": _("这项解锁申请已经有人办理"),
        "unlock_takes_two": _("申请人不能自己确认解锁，须由督查室另一人确认"),
        "period_not_open": _("%(period)s 期尚未开放填报"),
        "period_still_open": _("%(period)s 期仍在填报，宽限期结束后才能锁定"),
        "earlier_period_open": _("请先锁定 %(period)s 期"),
        "confirmation_differs": _("请准确输入 %(expected)s 确认"),
        "not_permitted": _("没有权限进行此操作，可联系 市政府督查室"),
        "signer_is_author": _("填报人不能审签自己提交的内容，请由本单位其他负责人审签"),
        "delegation_ended": _("委托已撤销或到期，不能再代签"),
        "delegation_overlaps": _("这段时间已经委托了别人，请先撤销或改日期"),
        "delegation_revoked_already": _("这项委托已经撤销或到期"),
        "delegate_required": _("请选择代签人"),
        "delegate_not_in_department": _("代签人须是本单位现任人员"),
        "date_required": _("请填写日期"),
        "delegation_in_past": _("不能从今天（%(today)s）以前开始"),
        "delegation_ends_before_start": _("最后一天不能早于第一天"),
        "delegation_too_long": _("一次委托最长 %(limit)s 天，再长请调整任职"),
        "override_not_judged": _("已完成和未到期是事实，不能调整；数据有误请退回"),
        "override_target": _("只能调整为滞后、预警或正常"),
        "override_same": _("与计算的亮灯相同，不用调整"),
        "override_not_reviewed": _("部门审签之后才能调整亮灯"),
        "override_missing": _("没有可以撤回的调整"),
        "cosign_missing": _("会签未齐，还差：%(units)s"),
        "cosign_objected": _("会签单位有异议，不能审定：%(units)s；请协调后由原单位确认，或退回"),
        "cosign_not_asked": _("这项填报现在不用你单位会签"),
        "cosign_done": _("本单位已经确认过"),
        "stance_required": _("请选择确认或有异议"),
        "directive_moved": _("这件批示的状态已经变化，不能再这样操作；请看下面的最新情况"),
        "directive_stale": _("有人在你之后办理过这件批示，请看下面的最新情况后再操作"),
        "directive_sent_already": _("这张表已经交办过一件批示；如要再交办一件，请核对后再按一次“交办”"),
        "directive_words_required": _("请写批示内容，或点一句常用语"),
        "directive_reply_too_short": _("请写明办理情况，至少 %(at_least)s 字"),
        "directive_extension_waits": _("已经申请过延期，等答复"),
        "directive_nothing_asked": _("没有待答复的延期申请"),
        "due_in_past": _("期限不能早于今天"),
        "due_too_far": _("期限最远一年，请核对年份"),
        "until_not_later": _("延至的日期应晚于现在的期限"),
        "post_required": _("请选择代哪位领导交办"),
        "unit_has_nobody": _("%(unit)s没有可以签收的人员，请先在管理后台登记任职"),
        "chase_nothing_chosen": _("请先勾选要催办的单位"),
        "chase_out_of_hours": _("现在不在可打扰的时段，%(opens)s 起可以催办"),
        "chased_already": _("%(unit)s今天已由%(who)s于 %(at)s 催办过，每个单位每天最多一次"),
        "chase_nothing_owed": _("%(unit)s本期已全部提交，不用催办"),
        "chase_nobody_to_tell": _("%(unit)s没有可以通知的人员，请先在管理后台登记任职"),
        "time_malformed": _("时刻应写成 09:00 的样子"),
        "count_malformed": _("请填 %(least)s 至 %(most)s 之间的整数"),
        "hours_out_of_order": _("结束时间应晚于开始时间 %(opens)s"),
        "slot_missing": _("请至少填一个汇总时间"),
        "slot_outside": _("汇总时间应在可打扰的 %(opens)s 至 %(closes)s 之间"),
        "step_missing": _("填报梯级至少要有一级"),
        "step_out_of_order": _("第 %(level)s 级应晚于第 %(before)s 级"),
        "step_before_it_began": _("这一梯级从事情发生起算，不能提前"),
        "step_for_nobody": _("请至少勾选一种接收人"),
        "policy_day_begun": _("起用日期应晚于今天 %(today)s"),
        "policy_day_taken": _("%(day)s 已有一版规则，请改那一版或换一天"),
        "policy_begun": _("这版规则 %(day)s 已起用，不能再改；请另立新版"),
        "policy_changed": _("有人在你之后改过这版规则，你填的还在下面；请重新打开核对后再改"),
        "policy_gone": _("这版规则已被撤回"),
        "withdraw_unconfirmed": _("请先勾选“确认撤回”"),
        "import_not_template": _("这不是本系统的填报表，请先下载填报表再填"),
        "import_empty": _("填报表里没有任何一行"),
        "import_code_missing": _("这一行没有编号"),
        "import_code_unknown": _("找不到任务编号 %(code)s，或本期不要求填报"),
        "import_foreign_department": _("%(code)s 不由%(unit)s牵头"),
        "import_code_twice": _("%(code)s 在表中出现了两次"),
        "import_wrong_period": _("这一行是 %(given)s 期的，现在填的是 %(period)s 期"),
        "import_needs_form": _("%(code)s 请在网页填报"),
        "import_formula": _("不接受公式，请复制后“选择性粘贴—数值”"),
        "import_stamp_missing": _("这一行的版本标记被改动，请重新下载填报表"),
        "import_conflict": _("下载填报表之后有人改过这一项，请重新下载后再填"),
        "import_not_editable": _("已提交，不能再改；如需修改请先撤回"),
        "import_done": _("这份填报表已经导入过"),
        "import_expired": _("预览已超过 30 分钟，请重新上传"),
        "import_differs": _("要确认的不是预览的那份文件，请重新上传"),
        "import_changed": _("预览之后数据有变化，没有写入任何一行；请看下面的最新预览"),
        "file_missing": _("请先选择文件"),
        "version_missing": _("页面已过期，请刷新后重试"),
        "period_malformed": _("报告期应写成 2025-06 的样子"),
        "supervisor_only": _("此操作由督查室办理"),
        "export_not_permitted": _(
            "没有权限导出这些单位的数据：账号、任职或单位可能已有变动。如有疑问，可联系 市政府督查室"
        ),
        "export_kind_unknown": _("没有这种表，请重新选择"),
        "export_period_unknown": _("没有 %(period)s 这一期，或还没有开放，请重新选择"),
        "export_unit_unknown": _("没有这个单位，或它没有牵头的任务，请重新选择"),
        "export_too_many": _("已有 %(limit)s 份在排队或生成，请等其中一份完成或取消"),
        "export_waits_already": _("同样的一份已经在排队或生成"),
        "export_moved": _("这份导出的状态已经变化，不能再这样操作；请看最新情况"),
        "export_expired": _("文件已过保存期，请重新生成"),
        "export_file_missing": _("文件不在了，请重新生成"),
        "export_worker_lost": _("生成时中断了 3 次，没有再试。可以重试；仍不成请告诉系统管理员"),
        "export_too_long": _("生成超过 5 分钟，已停止。请缩小范围，分单位导出"),
        "export_fault": _("生成时出错 3 次，已记录。可以重试；仍不成请告诉系统管理员"),
        "bulletin_moved": _("这份通报的状态已经变化，不能再这样操作；请看下面的最新情况"),
        "bulletin_stale": _("有人在你之后改过这份通报，没有写入；你填的还在下面，请核对后再保存"),
        "bulletin_takes_two": _("起草人和送审人不能签发或退回自己的通报，须由督查室另一人办理"),
        "bulletin_not_sender": _("只有起草人或送审人可以撤回送审"),
        "bulletin_under_way": _("%(period)s 期的通报已经在起草或送审"),
        "bulletin_nothing_new": _("%(period)s 期的通报已经发布；解锁并重新锁定之后才能编写新版"),
        "bulletin_period_open": _("%(period)s 期还没有锁定，锁定之后才能送审"),
        "bulletin_period_moved": _("送审之后 %(period)s 期解锁过，数字可能已变；请退回或撤回，重新取数后再送审"),
        "bulletin_sums_differ": _("核对表不平，不能送审；请先核对台账"),
        "bulletin_edit_outdated": _("%(count)s 个改写过的段落数字已变化；请逐段核对，改写、保留或恢复之后再送审"),
        "bulletin_number_required": _("请填写发文顺序号，1 到 %(limit)s 的整数"),
        "bulletin_number_taken": _("%(number)s 号本年度已经用过，下一个空号是 %(free)s"),
        "bulletin_field_required": _("请填写%(name)s"),
        "bulletin_paragraph_gone": _("这一段已不再生成（数据或选项有变化），请复制你写的内容后刷新"),
        "bulletin_reason_required": _("改写须写明理由，至少 %(at_least)s 字"),
        "edition_empty": _("新版原文是空的"),
        "edition_missing": _("请选择文件，或粘贴新版原文"),
        "edition_unreadable": _("看不懂这个文件：请另存为纯文本（.txt，UTF-8 或 GBK）再传"),
        "edition_too_long": _("新版原文有 %(length)s 字，最多 %(limit)s 字"),
        "edition_same": _("与现在的原文一字不差，不用更正"),
        "digest_outside_hours": _("汇总时间应在可打扰时间 %(opens)s 至 %(closes)s 之内"),
        "edition_overtaken": _("预览之后原文已被别人更正，没有写入；请重新预览"),
    }


def refusal(code: str, params: Mapping[str, Any]) -> str:
    """The sentence for a code; an unknown code is a fault of ours and raises ``KeyError``."""
    plain = {name: f"{value.normalize():f}" if isinstance(value, Decimal) else value for name, value in params.items()}
    return _refusals()[code] % plain


def refusal_codes() -> frozenset[str]:
    """Every code that has a sentence, for the test that none is missing."""
    return frozenset(_refusals())
