"""The columns of the scores' workbook: a line a unit, a line a task, a line a case taken off or added."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpi import labels
from kpi.models import Indicator, ScoreSheet
from kpi.selectors.scores import Cases, Row
from kpi.services.score_notices import name_of
from kpi.services.score_words import answer_in_words, correction_in_words, explain, source_in_words
from kpi.workbooks.columns import A3, A4, Column, Layout, Value


@dataclass(frozen=True)
class ScoreUnitLine:
    """One unit's result; ``place`` only where the scheme ranks."""

    number: int
    sheet: ScoreSheet
    place: int | None
    is_over: bool


@dataclass(frozen=True)
class ScoreTaskLine:
    """One task of one unit."""

    sheet: ScoreSheet
    row: Row

    @property
    def indicator(self) -> Indicator:
        return self.row.line.indicator


@dataclass(frozen=True)
class ScoreCaseLine:
    """One case taken off or added."""

    sheet: ScoreSheet
    cases: Cases
    row: Row


def _unit(width: float) -> Column:
    return Column(gettext_lazy("单位"), width, "text", lambda line: name_of(line.sheet))


def _judged(line: ScoreUnitLine) -> str:
    return _("分管领导") if line.sheet.post_id is not None else _("单位")


def _remark(line: ScoreUnitLine) -> str:
    if line.sheet.total is None:
        return _("没有可以衡量的任务，暂不计分")
    return _("第 %(place)s 名") % {"place": line.place} if line.place else ""


def _share(line: ScoreTaskLine) -> Value:
    share = line.row.share
    return None if share is None else Decimal(share.numerator) / Decimal(share.denominator)


def _yardstick(line: ScoreTaskLine) -> str:
    against = line.row.line.against
    return str(labels.YARDSTICK[against].text) if against else ""


def _role(line: ScoreTaskLine) -> str:
    return str(labels.SCORE_ROLE[line.row.line.role].text)


def _side(line: ScoreCaseLine) -> str:
    return _("扣分") if line.cases.is_deduction else _("加分")


def _of_indicator(name: str):
    """A word of the case's task; empty for what was put on record by hand."""
    return lambda line: getattr(line.row.line.indicator, name) if line.row.line.indicator else ""


UNITS: tuple[Column, ...] = (
    Column(gettext_lazy("序号"), 5, "whole", lambda line: line.number, is_centred=True),
    _unit(22),
    Column(gettext_lazy("类别"), 10, "text", _judged, is_centred=True),
    Column(gettext_lazy("得分"), 9, "points", lambda line: line.sheet.total),
    Column(gettext_lazy("基础分"), 9, "points", lambda line: line.sheet.base),
    Column(gettext_lazy("扣分"), 9, "points", lambda line: line.sheet.deduction),
    Column(gettext_lazy("加分"), 9, "points", lambda line: line.sheet.bonus),
    Column(gettext_lazy("计入权重"), 9, "points", lambda line: line.sheet.measured_weight),
    Column(gettext_lazy("不计权重"), 9, "points", lambda line: line.sheet.left_out_weight),
    Column(gettext_lazy("单位意见"), 16, "text", lambda line: answer_in_words(line.sheet.answer, line.is_over)),
    Column(gettext_lazy("备注"), 26, "text", _remark),
)
TASKS: tuple[Column, ...] = (
    _unit(16),
    Column(gettext_lazy("编号"), 6, "text", lambda line: line.indicator.code, is_centred=True),
    Column(gettext_lazy("目标任务"), 24, "text", lambda line: line.indicator.name),
    Column(gettext_lazy("角色"), 7, "text", _role, is_centred=True),
    Column(gettext_lazy("权重"), 8, "points", lambda line: line.row.line.weight),
    Column(gettext_lazy("完成值"), 10, "number", lambda line: line.row.line.actual),
    Column(gettext_lazy("对照"), 10, "text", _yardstick, is_centred=True),
    Column(gettext_lazy("对照值"), 10, "number", lambda line: line.row.line.yardstick),
    Column(gettext_lazy("份额"), 9, "percent", _share),
    Column(gettext_lazy("得分"), 9, "points", lambda line: line.row.points),
    Column(gettext_lazy("说明"), 36, "text", lambda line: explain(line.row.line)),
    Column(gettext_lazy("更正"), 36, "text", lambda line: correction_in_words(line.row.line)),
    Column(gettext_lazy("出处"), 24, "text", lambda line: source_in_words(line.row.line)),
)
CASES: tuple[Column, ...] = (
    _unit(16),
    Column(gettext_lazy("扣加"), 7, "text", _side, is_centred=True),
    Column(gettext_lazy("事由"), 18, "text", lambda line: str(labels.SCORE_REASON[line.cases.reason].text)),
    Column(gettext_lazy("编号"), 6, "text", _of_indicator("code"), is_centred=True),
    Column(gettext_lazy("目标任务"), 26, "text", _of_indicator("name")),
    Column(gettext_lazy("报告期"), 9, "text", lambda line: line.row.line.month, is_centred=True),
    Column(gettext_lazy("分值"), 9, "points", lambda line: line.row.points),
    Column(gettext_lazy("更正"), 36, "text", lambda line: correction_in_words(line.row.line)),
    Column(gettext_lazy("出处"), 36, "text", lambda line: source_in_words(line.row.line)),
)
TASK_SHEET, CASE_SHEET = Layout(TASKS, frozen=3, paper=A3), Layout(CASES, frozen=3, paper=A4)
