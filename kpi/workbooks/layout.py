"""The columns of every workbook, written once: heading, width, how the cell is written and what it holds.

The exports, their preview on the page and, for the columns they share (``SHARED``), the form that departments fill in
are made from these tables. The ledger's columns are the union of those in the cities' published task ledgers.
A further kind of export is a further ``Layout``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpi import labels, wording
from kpi.domain.exporting import ExportKind
from kpi.domain.periods import Period as Month
from kpi.domain.target_changes import ChangeState, ChangeVerb
from kpi.domain.values import Rag
from kpi.models import Indicator, Period, Submission
from kpi.selectors.scoreboard import MonthLamp, Row
from kpi.selectors.streaming import Filed
from kpi.selectors.target_changes import Case
from kpi.selectors.terms import Terms, is_changed_by, original_terms, terms_at
from kpi.workbooks.columns import A3, A4, Column, Layout, Value
from kpi.workbooks.score_layout import UNITS, ScoreCaseLine, ScoreTaskLine, ScoreUnitLine

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


@dataclass(frozen=True)
class ChangeLine:
    """Everything one line about one change of target is written from."""

    number: int
    row: Row
    case: Case

    @property
    def indicator(self) -> Indicator:
        return self.row.indicator

    @property
    def lamp(self) -> Rag:
        return self.row.rag


Line = LedgerLine | DetailLine | ChangeLine | ScoreUnitLine | ScoreTaskLine | ScoreCaseLine


# Headings that the departments' own workbook has too (kpi/workbooks/filing.py).
SHARED: Mapping[str, Promise | str] = {
    "code": gettext_lazy("编号"),
    "name": gettext_lazy("目标任务"),
    "unit": gettext_lazy("单位"),
    "plan": gettext_lazy("序时计划"),
    "target": gettext_lazy("目标值"),
}


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


def _timeliness(month: MonthLamp) -> str:
    return str(labels.TIMELINESS[month.timeliness].text) if month.timeliness else "--"


def _word(rag: Rag | None) -> str:
    return str(labels.RAG[rag or Rag.NOT_DUE].text)


def _local(moment: datetime | None) -> datetime | None:
    return localtime(moment) if moment else None


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
        Column(
            gettext_lazy("按原目标亮灯"),
            lamp,
            "text",
            lambda line: _word(line.row.current.original_rag) if line.row.is_changed else wording.MISSING,
            is_centred=True,
        ),
    )


# Some columns stand in several sheets, in other widths.
def _number(width: float) -> Column:
    return Column(gettext_lazy("序号"), width, "whole", lambda line: line.number, is_centred=True)


def _code(width: float) -> Column:
    return Column(SHARED["code"], width, "text", lambda line: line.indicator.code, is_centred=True)


def _section(width: float) -> Column:
    return Column(gettext_lazy("板块"), width, "text", lambda line: line.indicator.commitment.section, is_centred=True)


def _name(width: float) -> Column:
    return Column(SHARED["name"], width, "text", lambda line: line.indicator.name)


def _target(width: float) -> Column:
    return Column(SHARED["target"], width, "number", lambda line: line.row.target)


def _unit(width: float) -> Column:
    return Column(SHARED["unit"], width, "text", lambda line: line.indicator.unit, is_centred=True)


def _lead(width: float) -> Column:
    return Column(gettext_lazy("牵头单位"), width, "text", lambda line: line.indicator.lead_department.short_name)


def _post(width: float) -> Column:
    return Column(gettext_lazy("责任领导（职务）"), width, "text", lambda line: line.indicator.accountable_post.title)


def _due(width: float) -> Column:
    return Column(
        gettext_lazy("完成时限"), width, "text", lambda line: line.row.terms.final_due_on.isoformat(), is_centred=True
    )


def _standing(figure: float, lamp: float) -> tuple[Column, ...]:
    """How far it is: the figure, the plan, their ratio, the lamp."""
    return (
        Column(gettext_lazy("完成值"), figure, "number", lambda line: line.row.actual),
        Column(SHARED["plan"], figure, "number", lambda line: line.row.expected),
        Column(
            gettext_lazy("完成序时比例"),
            lamp,
            "percent",
            lambda line: line.row.assessment and line.row.assessment.ratio,
        ),
        Column(gettext_lazy("亮灯"), lamp, "lamp", lambda line: _word(line.row.rag)),
    )


def _told(progress: float, reasons: float, measures: float, remark: float) -> tuple[Column, ...]:
    """What was said: progress, problems, next steps, remarks."""
    return (
        Column(gettext_lazy("报送"), 7, "text", lambda line: _timeliness(line.row.current), is_centred=True),
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
    _number(4.5),
    _code(5.5),
    _section(9),
    Column(gettext_lazy("报告原文"), 27, "text", lambda line: line.indicator.commitment.quote),
    _name(20),
    _target(8.5),
    _unit(6),
    Column(gettext_lazy("上年基数"), 8, "number", lambda line: line.indicator.baseline_value),
    _post(12),
    _lead(12),
    Column(gettext_lazy("配合单位"), 18, "text", lambda line: "、".join(line.indicator.supporting_names)),
    Column(gettext_lazy("联络员"), 12, "text", lambda line: line.contacts),
    _due(10.5),
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
    *_standing(9, 8),
    Column(gettext_lazy("是否达序时"), 6, "text", _on_plan, is_centred=True),
    *_first_plan(8.5, 8),
    *_told(34, 9, 28, 28),
)
UNIT: tuple[Column, ...] = (
    _number(4.5),
    _code(5.5),
    _name(20),
    _target(8.5),
    _unit(6),
    _due(10.5),
    *_standing(9, 8.5),
    *_told(28, 9, 22, 20),
)


def heat_columns(periods: Iterable[Period]) -> tuple[Column, ...]:
    """The heat map's: a column for each month of the year."""
    months = tuple(
        Column(_("%(month)s月") % {"month": int(period.code[5:])}, 7.5, "month", _month(place))
        for place, period in enumerate(periods)
    )
    return (_code(5.5), _section(9), _name(26), _lead(14), *months, _target(9), _unit(7), *_standing(9, 9), _due(10.5))


def _month(place: int) -> Callable[[LedgerLine], Value]:
    """A row's months begin with the year's first; those to come are not in it."""
    return lambda line: line.row.months[place] if place < len(line.row.months) else None


def _figure_of(name: str) -> Callable[[DetailLine], Value]:
    return lambda line: getattr(line.month.assessment, name) if line.month.assessment else None


def _filed(name: str) -> Callable[[DetailLine], Value]:
    return lambda line: _local(getattr(line.filed, name))


def _planned(line: DetailLine) -> Value:
    return line.terms.expected_at(Month.parse(line.month.period.code))


def _first_planned(line: DetailLine) -> Value:
    return line.original.expected_at(Month.parse(line.month.period.code)) if line.original else None


DETAIL: tuple[Column, ...] = (
    Column(gettext_lazy("报告期"), 9, "text", lambda line: line.month.period.code),
    _code(6),
    _name(26),
    _section(12),
    Column(gettext_lazy("承诺事项"), 9, "text", lambda line: line.indicator.commitment.code),
    Column(gettext_lazy("类型"), 13, "text", lambda line: str(labels.KIND[line.indicator.kind].text)),
    Column(gettext_lazy("力度"), 7, "text", lambda line: str(labels.STRENGTH[line.indicator.strength].text)),
    Column(gettext_lazy("方向"), 15, "text", lambda line: str(labels.POLARITY[line.indicator.polarity].text)),
    _lead(14),
    Column(gettext_lazy("单位代码"), 14, "text", lambda line: line.indicator.lead_department.code),
    _post(14),
    _unit(8),
    Column(gettext_lazy("上年基数"), 10, "number", lambda line: line.indicator.baseline_value),
    Column(SHARED["target"], 10, "number", lambda line: line.terms.target),
    Column(gettext_lazy("当月计划"), 10, "number", _planned),
    Column(SHARED["plan"], 10, "number", _figure_of("expected")),
    Column(gettext_lazy("完成值"), 10, "number", _figure_of("actual")),
    Column(gettext_lazy("完成序时比例"), 9, "percent", _figure_of("ratio")),
    Column(gettext_lazy("差距"), 10, "number", _figure_of("gap")),
    Column(gettext_lazy("亮灯"), 8, "lamp", lambda line: _word(line.month.rag)),
    Column(gettext_lazy("计算亮灯"), 8, "text", lambda line: _word(line.month.computed_rag)),
    Column(gettext_lazy("原目标"), 10, "number", lambda line: terms.target if (terms := line.original) else None),
    Column(gettext_lazy("原序时"), 10, "number", _first_planned),
    Column(
        gettext_lazy("按原目标亮灯"),
        9,
        "text",
        lambda line: _word(line.month.original_rag) if line.original else wording.MISSING,
    ),
    Column(gettext_lazy("复核调整"), 8, "text", lambda line: _("是") if line.month.override else _("否")),
    Column(gettext_lazy("数据所属期"), 10, "text", lambda line: line.month.source_period or "--"),
    Column(gettext_lazy("应报"), 6, "text", lambda line: _("是") if line.month.is_asked else _("否")),
    Column(gettext_lazy("报送"), 8, "text", lambda line: _timeliness(line.month)),
    Column(gettext_lazy("首次提交"), 16, "moment", _filed("first_submitted_at")),
    Column(gettext_lazy("最近提交"), 16, "moment", _filed("submitted_at")),
    Column(gettext_lazy("审签时间"), 16, "moment", _filed("signed_off_at")),
    Column(gettext_lazy("审定时间"), 16, "moment", _filed("approved_at")),
    Column(gettext_lazy("规则"), 10, "text", lambda line: _figure_of("rule_code")(line) or "--"),
    Column(gettext_lazy("规则版本"), 9, "text", lambda line: _figure_of("rule_version")(line) or "--"),
)


def _change(name: str) -> Callable[[ChangeLine], Value]:
    return lambda line: getattr(line.case.change, name)


def _step_at(verb: ChangeVerb) -> Callable[[ChangeLine], Value]:
    """When the step was taken last, since the case was asked for last."""
    return lambda line: _local(line.case.taken.get(verb))


def _yardstick(line: ChangeLine) -> str:
    if line.case.state is not ChangeState.APPLIED:
        return wording.MISSING
    return _("原目标") if line.case.change.is_overdue else _("新目标")


CHANGES: tuple[Column, ...] = (
    _number(4.5),
    _code(5.5),
    _section(9),
    _name(20),
    _lead(12),
    _post(12),
    Column(gettext_lazy("状态"), 11, "text", lambda line: str(labels.CHANGE_STATE[line.case.state].text)),
    Column(gettext_lazy("原目标"), 8.5, "number", lambda line: line.case.before.target),
    Column(gettext_lazy("新目标"), 8.5, "number", lambda line: line.case.after.target),
    _unit(6),
    Column(
        gettext_lazy("原完成时限"),
        10.5,
        "text",
        lambda line: line.case.before.final_due_on.isoformat(),
        is_centred=True,
    ),
    Column(
        gettext_lazy("新完成时限"), 10.5, "text", lambda line: line.case.after.final_due_on.isoformat(), is_centred=True
    ),
    Column(gettext_lazy("调整内容"), 30, "text", lambda line: "；".join(line.case.lines)),
    Column(gettext_lazy("原因"), 10, "text", lambda line: str(labels.CHANGE_REASON[line.case.change.reason].text)),
    Column(gettext_lazy("情况说明"), 34, "text", _change("text")),
    Column(gettext_lazy("申请日"), 10.5, "text", lambda line: line.case.change.asked_on.isoformat(), is_centred=True),
    Column(gettext_lazy("申请时机"), 12, "text", lambda line: str(labels.CHANGE_TIMING[line.case.change.timing].text)),
    Column(gettext_lazy("审签时间"), 16, "moment", _step_at(ChangeVerb.SIGN)),
    Column(gettext_lazy("领导审定时间"), 16, "moment", _step_at(ChangeVerb.AGREE)),
    Column(gettext_lazy("办理时间"), 16, "moment", _step_at(ChangeVerb.APPLY)),
    Column(
        gettext_lazy("自何期适用"),
        9,
        "text",
        lambda line: line.case.change.former.replaced_from if line.case.change.former else wording.MISSING,
        is_centred=True,
    ),
    Column(gettext_lazy("亮灯"), 8, "lamp", lambda line: _word(line.row.rag)),
    *_first_plan(8.5, 8)[2:],
    Column(gettext_lazy("考核依据"), 8, "text", _yardstick, is_centred=True),
)


def layout_of(kind: ExportKind, periods: Iterable[Period] = ()) -> Layout:
    """The sheet that holds a kind's rows; ``periods`` are the year's, for the heat map."""
    if kind is ExportKind.HEAT_MAP:
        return Layout(heat_columns(periods), frozen=3, paper=A3)
    return {
        ExportKind.LEDGER: Layout(LEDGER, frozen=5, paper=A3),
        ExportKind.UNITS: Layout(UNIT, frozen=3, paper=A4),
        ExportKind.DETAIL: Layout(DETAIL, frozen=3, paper=A3),
        ExportKind.SCORES: Layout(UNITS, frozen=2, paper=A4),
        ExportKind.CHANGES: Layout(CHANGES, frozen=4, paper=A3),
    }[kind]


def month_look(month: MonthLamp) -> tuple[str, Rag | None, bool]:
    """A cell of the heat map: its word, the lamp that fills it, and whether that is a month's own figure.

    The same distinctions as on the page (kpi/web/heatmap.py): what was not reported shows no lamp of its own.
    """
    rag = month.rag
    match month.mark:
        case "own":
            return _word(rag) + ("＊" if month.override else ""), rag, True
        case "carried":
            return f"（{_word(rag)}）", rag, False
        case "unpublished":
            return _("未公布"), rag, False
        case "unapproved":
            return _("未审定"), None, False
        case "missing":
            return _("缺报"), None, False
        case "pending":
            return _("待报"), None, False
        case _:
            return "–", Rag.NOT_DUE, False


def in_words(column: Column, line: Line) -> str:
    """What a cell says, for a page that shows it."""
    value = column.value(line)
    if column.form == "month":
        return "" if value is None else month_look(value)[0]
    if value is None:
        return wording.MISSING
    if column.form == "number":
        return wording.figure(value, line.indicator.decimals)
    if column.form == "points":
        return wording.figure(value, 2)
    if column.form == "percent":
        return wording.percent(value)
    if column.form == "moment":
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value)
