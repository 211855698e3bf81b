"""The columns of what is written by indicator: the ledger, a unit's sheet, the heat map.

The ledger's columns are the union of those in the cities' published task ledgers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpi import labels, wording
from kpi.domain.periods import Period as Month
from kpi.domain.values import Rag
from kpi.models import Indicator, Period, Submission
from kpi.selectors.scoreboard import Row
from kpi.selectors.terms import Terms, original_terms
from kpi.workbooks.columns import Column, Value
from kpi.workbooks.shared_columns import (
    code_column,
    due_column,
    lead_column,
    name_column,
    number_column,
    original_lamp_column,
    post_column,
    section_column,
    standing_columns,
    target_column,
    timeliness,
    unit_column,
)

QUARTER_ENDS = ("03", "06", "09", "12")


@dataclass(frozen=True)
class LedgerLine:
    """Everything one line about one indicator is written from."""

    number: int
    row: Row
    explanation: Submission | None
    contacts: str

    @property
    def indicator(self) -> Indicator:
        return self.row.indicator

    @property
    def lamp(self) -> Rag:
        return self.row.rag


def _quarter(position: int) -> Callable[[LedgerLine], Value]:
    def planned(line: LedgerLine) -> Value:
        year = line.row.current.period.code[:4]
        return line.row.terms.expected_at(Month.parse(f"{year}-{QUARTER_ENDS[position]}"))

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
    if line.row.is_changed:
        month = wording.month(line.indicator.former_rows[0]["replaced_from"])
        notes.append(_("自 %(month)s期起目标调整") % {"month": month})
    if line.row.current.override is not None:
        notes.append(wording.override(line.row.current.override))
    if line.row.current.source_period and not line.row.current.is_own:
        notes.append(_("沿用 %(period)s 期数据") % {"period": line.row.current.source_period})
    if line.indicator.is_lead_proposed:
        notes.append(_("牵头单位为建议"))
    if line.explanation is not None and line.explanation.is_sample:
        notes.append(_("示例数据"))
    return "；".join(notes)


def _original(line: LedgerLine) -> Terms | None:
    """The year's first plan, where another one holds."""
    return original_terms(line.indicator) if line.row.is_changed else None


def _first_plan(target: float, lamp: float) -> tuple[Column, ...]:
    """By the plan the year began with, where another one holds: target, planned value, lamp."""

    def planned(line: LedgerLine) -> Value:
        terms = _original(line)
        return terms.expected_at(Month.parse(line.row.current.period.code)) if terms else None

    return (
        Column(
            gettext_lazy("原目标"), target, "number", lambda line: terms.target if (terms := _original(line)) else None
        ),
        Column(gettext_lazy("原序时"), target, "number", planned),
        original_lamp_column(lamp),
    )


def _told(progress: float, reasons: float, measures: float, remark: float) -> tuple[Column, ...]:
    """What was said: progress, problems, next steps, remarks."""
    return (
        Column(gettext_lazy("报送"), 7, "text", lambda line: timeliness(line.row.current), is_centred=True),
        Column(
            gettext_lazy("当前进展"),
            progress,
            "text",
            lambda line: line.explanation.narrative if line.explanation else "",
        ),
        Column(gettext_lazy("存在问题"), reasons, "text", _reasons),
        Column(
            gettext_lazy("下一步措施"),
            measures,
            "text",
            lambda line: line.explanation.measures if line.explanation else "",
        ),
        Column(gettext_lazy("备注"), remark, "text", _remark),
    )


LEDGER: tuple[Column, ...] = (
    number_column(4.5),
    code_column(5.5),
    section_column(9),
    Column(gettext_lazy("报告原文"), 27, "text", lambda line: line.indicator.commitment.quote),
    name_column(20),
    target_column(8.5),
    unit_column(6),
    Column(gettext_lazy("上年基数"), 8, "number", lambda line: line.indicator.baseline_value),
    post_column(12),
    lead_column(12),
    Column(gettext_lazy("配合单位"), 18, "text", lambda line: "、".join(line.indicator.supporting_names)),
    Column(gettext_lazy("联络员"), 12, "text", lambda line: line.contacts),
    due_column(10.5),
    *(
        Column(heading, 7.5, "number", _quarter(position))
        for position, heading in enumerate(
            (
                gettext_lazy("一季度节点"),
                gettext_lazy("二季度节点"),
                gettext_lazy("三季度节点"),
                gettext_lazy("四季度节点"),
            )
        )
    ),
    *standing_columns(9, 8),
    Column(gettext_lazy("是否达序时"), 6, "text", _on_plan, is_centred=True),
    *_first_plan(8.5, 8),
    *_told(34, 9, 28, 28),
)
UNIT: tuple[Column, ...] = (
    number_column(4.5),
    code_column(5.5),
    name_column(20),
    target_column(8.5),
    unit_column(6),
    due_column(10.5),
    *standing_columns(9, 8.5),
    *_told(28, 9, 22, 20),
)


def heat_columns(periods: Iterable[Period]) -> tuple[Column, ...]:
    """The heat map's: a column for each month of the year."""
    months = tuple(
        Column(_("%(month)s月") % {"month": int(period.code[5:])}, 7.5, "month", _month(place))
        for place, period in enumerate(periods)
    )
    return (
        code_column(5.5),
        section_column(9),
        name_column(26),
        lead_column(14),
        *months,
        target_column(9),
        unit_column(7),
        *standing_columns(9, 9),
        due_column(10.5),
    )


def _month(place: int) -> Callable[[LedgerLine], Value]:
    """A row's months begin with the year's first; those to come are not in it."""
    return lambda line: line.row.months[place] if place < len(line.row.months) else None
