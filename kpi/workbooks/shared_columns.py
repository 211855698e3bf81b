"""Columns and words that several sheets share, each in its own width."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy

from kpi import labels, wording
from kpi.domain.values import Rag
from kpi.selectors.scoreboard import MonthLamp
from kpi.workbooks.columns import Column

# Headings that the departments' own workbook has too (kpi/workbooks/filing.py).
SHARED: Mapping[str, Promise | str] = {
    "code": gettext_lazy("编号"),
    "name": gettext_lazy("目标任务"),
    "unit": gettext_lazy("单位"),
    "plan": gettext_lazy("序时计划"),
    "target": gettext_lazy("目标值"),
}


def timeliness(month: MonthLamp) -> str:
    """Whether the month was reported in time, in a word."""
    return str(labels.TIMELINESS[month.timeliness].text) if month.timeliness else "--"


def word(rag: Rag | None) -> str:
    """A lamp in a word."""
    return str(labels.RAG[rag or Rag.NOT_DUE].text)


def local(moment: datetime | None) -> datetime | None:
    """The moment as clocks here show it."""
    return localtime(moment) if moment else None


# Some columns stand in several sheets, in other widths.
def number_column(width: float) -> Column:
    return Column(gettext_lazy("序号"), width, "whole", lambda line: line.number, is_centred=True)


def code_column(width: float) -> Column:
    return Column(SHARED["code"], width, "text", lambda line: line.indicator.code, is_centred=True)


def section_column(width: float) -> Column:
    return Column(gettext_lazy("板块"), width, "text", lambda line: line.indicator.commitment.section, is_centred=True)


def name_column(width: float) -> Column:
    return Column(SHARED["name"], width, "text", lambda line: line.indicator.name)


def target_column(width: float) -> Column:
    return Column(SHARED["target"], width, "number", lambda line: line.row.target)


def unit_column(width: float) -> Column:
    return Column(SHARED["unit"], width, "text", lambda line: line.indicator.unit, is_centred=True)


def lead_column(width: float) -> Column:
    return Column(gettext_lazy("牵头单位"), width, "text", lambda line: line.indicator.lead_department.short_name)


def post_column(width: float) -> Column:
    return Column(gettext_lazy("责任领导（职务）"), width, "text", lambda line: line.indicator.accountable_post.title)


def due_column(width: float) -> Column:
    return Column(
        gettext_lazy("完成时限"), width, "text", lambda line: line.row.terms.final_due_on.isoformat(), is_centred=True
    )


def standing_columns(figure: float, lamp: float) -> tuple[Column, ...]:
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
        Column(gettext_lazy("亮灯"), lamp, "lamp", lambda line: word(line.row.rag)),
    )


def original_lamp_column(width: float) -> Column:
    """The lamp by the plan the year began with, where another one holds."""
    return Column(
        gettext_lazy("按原目标亮灯"),
        width,
        "text",
        lambda line: word(line.row.current.original_rag) if line.row.is_changed else wording.MISSING,
        is_centred=True,
    )
