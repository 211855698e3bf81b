"""How figures, lamps and refusals are put into words: one wording for page, API and workbook.

Figures keep the precision the report uses; a missing one is “--”, never 0 or blank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from kpi import labels
from kpi.domain.continuing import Match
from kpi.domain.guards import Doubt, Question
from kpi.domain.ownership import Ground, Reason
from kpi.domain.periods import Period as Month
from kpi.domain.plan_shapes import Doubt as PlanDoubt
from kpi.domain.plan_shapes import Finding
from kpi.domain.rag import Assessment
from kpi.domain.replanning import Held
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


def finding(found: Finding, indicator: Indicator) -> str:
    """What looks wrong with a planned curve, as a sentence."""
    said = {
        "month": found.month,
        "value": with_unit(found.value, indicator),
        "other": with_unit(found.other, indicator),
    }
    sentences = {
        PlanDoubt.EMPTY: _("还没有计划：没有计划的月份不要求填报，亮灯为未到期"),
        PlanDoubt.FALLS: _("%(month)s月计划 %(value)s，低于前面的 %(other)s"),
        PlanDoubt.RISES: _("%(month)s月计划 %(value)s，高于前面的 %(other)s，而这项越低越好"),
        PlanDoubt.ENDS_SHORT: _("最后一个计划月（%(month)s月）是 %(value)s，没有达到目标 %(other)s"),
        PlanDoubt.ENDS_BEYOND: _("最后一个计划月（%(month)s月）是 %(value)s，超出目标 %(other)s"),
        PlanDoubt.ENDS_EARLY: _("计划只到 %(month)s月，之后到完成时限的月份都是未到期"),
        PlanDoubt.AFTER_DUE: _("计划排到 %(month)s月，晚于完成时限"),
    }
    return sentences[found.doubt] % said


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


SPANS = {
    "03": lambda year: _("%(year)s年一季度") % {"year": year},
    "06": lambda year: _("%(year)s年上半年") % {"year": year},
    "09": lambda year: _("%(year)s年前三季度") % {"year": year},
    "12": lambda year: _("%(year)s年度") % {"year": year},
}


def span(code: str) -> str:
    """From January to a month: “2025年上半年”, “2025年度”, “2025年1—5月”."""
    year, number = code.split("-")
    if number in SPANS:
        return SPANS[number](year)
    if number == "01":
        return month(code)
    return _("%(year)s年1—%(month)s月") % {"year": year, "month": int(number)}


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
    "rank_held": lambda a, i: _("位居第 %(rank)s") % {"rank": figure(a.actual)},
    "rank_lost": lambda a, i: _("现居第 %(rank)s，未保持目标位次") % {"rank": figure(a.actual)},
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


def doubt(found: Question, indicator: Indicator) -> str:
    """What looks odd about a figure: a jump, or a unit that was mixed up."""
    if found.doubt is Doubt.JUMP:
        return _("本期新增是近几个月平均的 %(factor)s 倍") % {"factor": found.params["factor"]}
    return _("与计划相差太大，可能应为 %(meant)s") % {"meant": with_unit(found.params["meant"], indicator)}


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


def plan_change(before: Held, after: Held, indicator: Indicator, nodes: Mapping[int, str]) -> list[str]:
    """What a change of target comes to, line by line: target, final date, nodes, curve. ``nodes`` are their names.

    The curve of milestones follows from the nodes and is not told again; of a longer list of months only the count.
    """
    said = []
    if after.target != before.target:
        words = {"before": figure(before.target, indicator.decimals), "after": with_unit(after.target, indicator)}
        said.append(_("全年目标 %(before)s → %(after)s") % words)
    if after.final_due_on != before.final_due_on:
        days = {"before": short_day(before.final_due_on), "after": short_day(after.final_due_on)}
        said.append(_("完成时限 %(before)s → %(after)s") % days)
    for ordinal, day in after.nodes.items():
        if day != before.nodes.get(ordinal, day):
            days = {"before": short_day(before.nodes[ordinal]), "after": short_day(day)}
            said.append(_("节点“%(node)s” %(before)s → %(after)s") % {"node": nodes[ordinal], **days})
    if indicator.kind != Kind.MILESTONE:
        said += _curve_change(before, after, indicator)
    return said


MONTHS_TOLD = 2


def _curve_change(before: Held, after: Held, indicator: Indicator) -> list[str]:
    months = sorted(set(before.plan) | set(after.plan))
    changed = [found for found in months if before.plan.get(found) != after.plan.get(found)]
    if len(changed) > MONTHS_TOLD:
        return [_("调整 %(count)s 个月的序时计划") % {"count": len(changed)}]
    return [
        _("%(month)s月序时计划 %(before)s → %(after)s")
        % {
            "month": found.month,
            "before": figure(before.plan.get(found), indicator.decimals),
            "after": figure(after.plan.get(found), indicator.decimals),
        }
        for found in changed
    ]


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


def lead_reason(reason: Reason, earlier: Indicator | None) -> str:
    """What speaks for a unit as the lead; ``earlier`` is the task that a precedent is."""
    if reason.ground is Ground.PRECEDENT and earlier is not None:
        named = {"year": earlier.report.year, "code": earlier.code, "unit": earlier.lead_department.short_name}
        return _("%(year)s年的同类任务 %(code)s 由%(unit)s牵头") % named
    if reason.ground is Ground.PLACE:
        return _("文中写明“%(place)s”") % {"place": reason.words}
    if reason.ground is Ground.SECTION:
        return _("所在段落的标题与职责“%(duty)s”相合") % {"duty": reason.words}
    return _("职责含“%(duty)s”") % {"duty": reason.words}


def continuation(earlier: Indicator, match: Match) -> str:
    """Why a phrase is taken to go on with an earlier task."""
    named = {"year": earlier.report.year, "code": earlier.code, "words": "、".join(match.words)}
    if match.is_figure_changed:
        return _("与%(year)s年的 %(code)s 同为“%(words)s”，数字有变") % named
    return _("与%(year)s年的 %(code)s 同为“%(words)s”") % named
