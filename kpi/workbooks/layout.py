"""The ledger's columns: heading, width, how the cell is written and what it holds.

Columns are the union of those in the cities' published task ledgers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpi import labels, wording
from kpi.domain.values import Rag
from kpi.models import Submission
from kpi.selectors.scoreboard import Row
from kpi.selectors.standing import trajectory_of

Value = str | int | Decimal | None
QUARTER_ENDS = ("03", "06", "09", "12")


@dataclass(frozen=True)
class LedgerLine:
    """Everything one line is written from."""

    number: int
    row: Row
    explanation: Submission | None
    contacts: str

    @property
    def indicator(self):
        return self.row.indicator


@dataclass(frozen=True)
class Column:
    """``form`` is ``text``, ``number`` (the indicator's own decimals), ``percent``, ``whole`` or ``lamp``."""

    heading: Promise | str
    width: int
    form: str
    value: Callable[[LedgerLine], Value]


def _quarter(position: int) -> Callable[[LedgerLine], Value]:
    def planned(line: LedgerLine) -> Value:
        points = {str(month): value for month, value in trajectory_of(line.indicator).points.items()}
        year = line.row.current.period.code[:4]
        return points.get(f"{year}-{QUARTER_ENDS[position]}")

    return planned


def _on_plan(line: LedgerLine) -> str:
    # Against the plan stands the figure, whatever lamp the office set.
    computed = line.row.current.computed_rag
    if computed is None or computed is Rag.NOT_DUE:
        return "--"
    return _("否") if computed in (Rag.RED, Rag.AMBER) else _("是")


def _reasons(line: LedgerLine) -> str:
    if line.explanation is None:
        return ""
    return "、".join(labels.words(labels.DEVIATION, line.explanation.deviation_reasons))


def _remark(line: LedgerLine) -> str:
    notes = [wording.reason(line.row.assessment, line.indicator)]
    if line.row.current.override is not None:
        notes.append(wording.override(line.row.current.override))
    if line.row.current.source_period and not line.row.current.is_own:
        notes.append(_("沿用 %(period)s 期数据") % {"period": line.row.current.source_period})
    if line.indicator.is_lead_proposed:
        notes.append(_("牵头单位为建议"))
    if line.explanation is not None and line.explanation.is_sample:
        notes.append(_("示例数据"))
    return "；".join(notes)


def _timeliness(line: LedgerLine) -> str:
    found = line.row.current.timeliness
    return str(labels.TIMELINESS[found].text) if found else "--"


LEDGER: tuple[Column, ...] = (
    Column(gettext_lazy("序号"), 5, "whole", lambda line: line.number),
    Column(gettext_lazy("编号"), 6, "text", lambda line: line.indicator.code),
    Column(gettext_lazy("板块"), 14, "text", lambda line: line.indicator.commitment.section),
    Column(gettext_lazy("报告原文"), 34, "text", lambda line: line.indicator.commitment.quote),
    Column(gettext_lazy("目标任务"), 26, "text", lambda line: line.indicator.name),
    Column(gettext_lazy("目标值"), 9, "number", lambda line: line.row.target),
    Column(gettext_lazy("单位"), 8, "text", lambda line: line.indicator.unit),
    Column(gettext_lazy("上年基数"), 9, "number", lambda line: line.indicator.baseline_value),
    Column(gettext_lazy("责任领导（职务）"), 16, "text", lambda line: line.indicator.accountable_post.title),
    Column(gettext_lazy("牵头单位"), 14, "text", lambda line: line.indicator.lead_department.short_name),
    Column(gettext_lazy("配合单位"), 22, "text", lambda line: "、".join(line.indicator.supporting_names)),
    Column(gettext_lazy("联络员"), 18, "text", lambda line: line.contacts),
    Column(gettext_lazy("完成时限"), 11, "text", lambda line: line.indicator.final_due_on.isoformat()),
    *(
        Column(heading, 9, "number", _quarter(position))
        for position, heading in enumerate(
            (
                gettext_lazy("一季度节点"),
                gettext_lazy("二季度节点"),
                gettext_lazy("三季度节点"),
                gettext_lazy("四季度节点"),
            )
        )
    ),
    Column(gettext_lazy("完成值"), 10, "number", lambda line: line.row.actual),
    Column(gettext_lazy("序时计划"), 10, "number", lambda line: line.row.expected),
    Column(gettext_lazy("完成序时比例"), 9, "percent", lambda line: line.row.assessment and line.row.assessment.ratio),
    Column(gettext_lazy("亮灯"), 8, "lamp", lambda line: str(labels.RAG[line.row.rag].text)),
    Column(gettext_lazy("是否达序时"), 8, "text", _on_plan),
    Column(gettext_lazy("报送"), 8, "text", _timeliness),
    Column(gettext_lazy("当前进展"), 40, "text", lambda line: line.explanation.narrative if line.explanation else ""),
    Column(gettext_lazy("存在问题"), 16, "text", _reasons),
    Column(gettext_lazy("下一步措施"), 30, "text", lambda line: line.explanation.measures if line.explanation else ""),
    Column(gettext_lazy("备注"), 30, "text", _remark),
)

# Word and fill agree with the pages: (background, ink).
FILLS: Mapping[Rag, tuple[str, str]] = {
    Rag.RED: ("#B3202A", "#FFFFFF"),
    Rag.AMBER: ("#F6C552", "#4A2F00"),
    Rag.GREEN: ("#DDF1E7", "#0F5A42"),
    Rag.DONE: ("#E2EDFA", "#1C4C86"),
    Rag.NOT_DUE: ("#ECEFF3", "#4A5563"),
}
