"""The columns of the detail: a line an indicator and month, for whoever goes on calculating."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpi import labels, wording
from kpi.domain.periods import Period as Month
from kpi.domain.values import Rag
from kpi.models import Indicator
from kpi.selectors.scoreboard import MonthLamp, Row
from kpi.selectors.streaming import Filed
from kpi.selectors.terms import Terms, is_changed_by, original_terms, terms_at
from kpi.workbooks.columns import Column, Value
from kpi.workbooks.shared_columns import (
    SHARED,
    code_column,
    lead_column,
    local,
    name_column,
    post_column,
    section_column,
    timeliness,
    unit_column,
    word,
)


@dataclass(frozen=True)
class DetailLine:
    """Everything one line about one indicator in one month is written from."""

    row: Row
    month: MonthLamp
    filed: Filed

    @property
    def indicator(self) -> Indicator:
        return self.row.indicator

    @property
    def lamp(self) -> Rag:
        return self.month.rag or Rag.NOT_DUE

    @property
    def terms(self) -> Terms:
        """What the indicator was held to in that month."""
        return terms_at(self.indicator, Month.parse(self.month.period.code))

    @property
    def original(self) -> Terms | None:
        """What the year began with, where something else held in that month."""
        month = Month.parse(self.month.period.code)
        return original_terms(self.indicator) if is_changed_by(self.indicator, month) else None


def _figure_of(name: str) -> Callable[[DetailLine], Value]:
    return lambda line: getattr(line.month.assessment, name) if line.month.assessment else None


def _filed(name: str) -> Callable[[DetailLine], Value]:
    return lambda line: local(getattr(line.filed, name))


def _planned(line: DetailLine) -> Value:
    return line.terms.expected_at(Month.parse(line.month.period.code))


def _first_planned(line: DetailLine) -> Value:
    return line.original.expected_at(Month.parse(line.month.period.code)) if line.original else None


DETAIL: tuple[Column, ...] = (
    Column(gettext_lazy("报告期"), 9, "text", lambda line: line.month.period.code),
    code_column(6),
    name_column(26),
    section_column(12),
    Column(gettext_lazy("承诺事项"), 9, "text", lambda line: line.indicator.commitment.code),
    Column(gettext_lazy("类型"), 13, "text", lambda line: str(labels.KIND[line.indicator.kind].text)),
    Column(gettext_lazy("力度"), 7, "text", lambda line: str(labels.STRENGTH[line.indicator.strength].text)),
    Column(gettext_lazy("方向"), 15, "text", lambda line: str(labels.POLARITY[line.indicator.polarity].text)),
    lead_column(14),
    Column(gettext_lazy("单位代码"), 14, "text", lambda line: line.indicator.lead_department.code),
    post_column(14),
    unit_column(8),
    Column(gettext_lazy("上年基数"), 10, "number", lambda line: line.indicator.baseline_value),
    Column(SHARED["target"], 10, "number", lambda line: line.terms.target),
    Column(gettext_lazy("当月计划"), 10, "number", _planned),
    Column(SHARED["plan"], 10, "number", _figure_of("expected")),
    Column(gettext_lazy("完成值"), 10, "number", _figure_of("actual")),
    Column(gettext_lazy("完成序时比例"), 9, "percent", _figure_of("ratio")),
    Column(gettext_lazy("差距"), 10, "number", _figure_of("gap")),
    Column(gettext_lazy("亮灯"), 8, "lamp", lambda line: word(line.month.rag)),
    Column(gettext_lazy("计算亮灯"), 8, "text", lambda line: word(line.month.computed_rag)),
    Column(gettext_lazy("原目标"), 10, "number", lambda line: terms.target if (terms := line.original) else None),
    Column(gettext_lazy("原序时"), 10, "number", _first_planned),
    Column(
        gettext_lazy("按原目标亮灯"),
        9,
        "text",
        lambda line: word(line.month.original_rag) if line.original else wording.MISSING,
    ),
    Column(gettext_lazy("复核调整"), 8, "text", lambda line: _("是") if line.month.override else _("否")),
    Column(gettext_lazy("数据所属期"), 10, "text", lambda line: line.month.source_period or "--"),
    Column(gettext_lazy("应报"), 6, "text", lambda line: _("是") if line.month.is_asked else _("否")),
    Column(gettext_lazy("报送"), 8, "text", lambda line: timeliness(line.month)),
    Column(gettext_lazy("首次提交"), 16, "moment", _filed("first_submitted_at")),
    Column(gettext_lazy("最近提交"), 16, "moment", _filed("submitted_at")),
    Column(gettext_lazy("审签时间"), 16, "moment", _filed("signed_off_at")),
    Column(gettext_lazy("审定时间"), 16, "moment", _filed("approved_at")),
    Column(gettext_lazy("规则"), 10, "text", lambda line: _figure_of("rule_code")(line) or "--"),
    Column(gettext_lazy("规则版本"), 9, "text", lambda line: _figure_of("rule_version")(line) or "--"),
)
