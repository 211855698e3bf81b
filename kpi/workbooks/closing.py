"""The sheets that every workbook ends with: sums with charts to look at, rules and sources to check by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import ceil

from django.utils.translation import gettext as _
from xlsxwriter import Workbook

from kpi import labels, wording
from kpi.domain.values import Rag
from kpi.workbooks.cells import FILLS, Sheet
from kpi.workbooks.columns import A4
from kpi.workbooks.frame import HEAD_ROWS, QUIET, chart_fill, lamp_head, row_height
from kpi.workbooks.order import Order
from kpi.workbooks.tally import Tally

LAMPS = tuple(labels.RAG)
LAST = len(LAMPS) + 1
# A row and a column of a sheet on the screen, by which charts are kept from covering each other.
ROW_PX, COLUMN_PX, CHART_ROWS, CHART_PX = 20, 64, 15, 700


def open_summary(workbook: Workbook, order: Order, name: str) -> Sheet:
    """The sheet of sums, empty yet: it is counted while the others are written."""
    sheet = Sheet(workbook, workbook.add_worksheet(name))
    worksheet = sheet.worksheet
    worksheet.set_column(0, 0, 18)
    worksheet.set_column(1, LAST, 8)
    worksheet.set_landscape()
    worksheet.set_paper(A4)
    worksheet.fit_to_pages(1, 0)
    worksheet.set_footer(order.footer)
    return sheet


def write_summary(sheet: Sheet, order: Order, tally: Tally) -> None:
    """Lamps month by month and by department in official order: a table and a chart each."""
    worksheet = sheet.worksheet
    worksheet.set_row(0, 30)
    worksheet.write_string(0, 0, order.title, sheet.style(bold=True, font_size=16, border=0))
    worksheet.write_string(1, 0, order.as_of, sheet.style(**QUIET))
    months = [(wording.month(code), counts) for code, counts in tally.monthly]
    line = _table(sheet, HEAD_ROWS, _("各月亮灯"), months)
    _chart(sheet, "column", _("各月亮灯（项）"), HEAD_ROWS, len(months), at=HEAD_ROWS - 1, chart_rows=CHART_ROWS)
    # Below the first chart, whichever of table and chart is longer.
    line = max(line + 2, HEAD_ROWS + CHART_ROWS + 1)
    units = [(unit.short_name, counts) for unit, counts in tally.units]
    if units:
        _table(sheet, line, _("牵头单位"), units)
        # A bar for each and room for the title, the axis and the legend.
        rows = max(CHART_ROWS, ceil(len(units) * 1.3) + 6)
        _chart(
            sheet, "bar", _("各牵头单位亮灯（项，按机构序列，不排名）"), line, len(units), at=line - 1, chart_rows=rows
        )
        line += rows
    worksheet.print_area(0, 0, line + 1, LAST + 1 + ceil(CHART_PX / COLUMN_PX))


def _table(sheet: Sheet, line: int, first: str, rows: list[tuple[str, Counter[Rag]]]) -> int:
    """A table of counts from a line on; the line after it."""
    lamp_head(sheet, line, first)
    for place, (name, counts) in enumerate(rows, start=line + 1):
        sheet.text(place, 0, name)
        for number, rag in enumerate(LAMPS, start=1):
            sheet.number(place, number, counts[rag], "0")
        sheet.number(place, LAST, sum(counts.values()), "0")
    return line + 1 + len(rows)


def _chart(sheet: Sheet, kind: str, title: str, head: int, count: int, *, at: int, chart_rows: int) -> None:
    """The table below ``head`` as stacked bars, beside it; ``chart_rows`` high."""
    if not count:
        return
    chart = sheet.workbook.add_chart({"type": kind, "subtype": "stacked"})
    name, first, last = sheet.worksheet.get_name(), head + 1, head + count
    for number, rag in enumerate(LAMPS, start=1):
        chart.add_series(
            {
                "name": [name, head, number],
                "categories": [name, first, 0, last, 0],
                "values": [name, first, number, last, number],
                "gap": 40,
                **chart_fill(rag),
            }
        )
    chart.set_title({"name": title, "name_font": {"size": 12}, "overlay": False})
    chart.set_legend({"position": "bottom"})
    grid = {"major_gridlines": {"visible": True, "line": {"color": "#D8DEE6"}}, "num_format": "0"}
    if kind == "bar":
        # First department on top; the axis of numbers, which would follow to the top, stays below.
        chart.set_y_axis({"reverse": True, "crossing": "max", "interval_unit": 1, "num_font": {"size": 9}})
        chart.set_x_axis(grid)
    else:
        chart.set_y_axis(grid)
    chart.set_size({"width": CHART_PX, "height": chart_rows * ROW_PX})
    sheet.worksheet.insert_chart(at, LAST + 1, chart, {"x_offset": 12, "y_offset": 4})


def write_rules(sheet: Sheet, order: Order, tally: Tally) -> None:
    """Where the figures come from, by which rule, and how to find out whether they are still the same."""
    write_facts(sheet, order, facts(order, tally))


def write_facts(sheet: Sheet, order: Order, said: Iterable[tuple[str, str]]) -> None:
    """What there is to say, a line each: its name and what it is; lamps on their fill."""
    worksheet = sheet.worksheet
    worksheet.set_column(0, 0, 22)
    worksheet.set_column(1, 1, 90)
    worksheet.set_paper(A4)
    worksheet.fit_to_pages(1, 0)
    worksheet.set_footer(order.footer)
    for line, (name, value) in enumerate(said):
        worksheet.set_row(line, row_height([(90, value)]))
        sheet.text(line, 0, name, bold=True)
        sheet.text(line, 1, value)
        if name in _lamp_words():
            background, ink = FILLS[_lamp_words()[name]]
            sheet.text(line, 0, name, bold=True, bg_color=background, font_color=ink)


def _lamp_words() -> dict[str, Rag]:
    return {str(label.text): rag for rag, label in labels.RAG.items()}


def facts(order: Order, tally: Tally) -> list[tuple[str, str]]:
    """What the sheet of rules says, line by line (1 query)."""
    said = {
        _("报告期"): wording.month(order.period.code),
        _("填报单位"): "、".join(unit.name for unit in order.departments) or _("各牵头单位（市政府督查室汇总）"),
        _("截至日期"): order.month.last_day.isoformat(),
        _("生成时间"): f"{order.now:%Y-%m-%d %H:%M}",
        _("制表"): order.made_by,
        _("快照"): order.snapshot,
        _("数据校验值"): tally.fingerprint.hexdigest(),
        _("校验值算法"): _(
            "SHA-256。每个指标一行 JSON（接口 /api/v1/ 的字段加各月亮灯），按编号排序后再取一次；"
            "详见 docs/rules/exports.md。同一时刻、同一范围的各种表，校验值相同"
        ),
        _("任务"): _("%(count)s 项") % {"count": tally.rows},
        **{str(label.text): _("%(count)s 项") % {"count": tally.counts[rag]} for rag, label in labels.RAG.items()},
        _("亮灯调整"): _("%(count)s 项经复核调整，备注列注明") % {"count": tally.adjusted},
        _("亮灯依据"): _("只用已审定的数据；锁定的月份按锁定时的快照，不再改动"),
        _("完成值"): _("最近一期已审定的数据；本期未报或未要求报送的沿用上期，备注列注明"),
        _("热力图记号"): _("（ ）沿用上期；＊ 经复核调整；缺报、待报、未审定、未公布：本期没有自己的数据"),
        _("迟报和缺报"): _("单列，不影响亮灯"),
        _("目标调整"): _(
            "各月按当月适用的目标和计划亮灯；调整过的另列原目标、原序时和按原目标亮灯，没有调整的为“--”。"
            "按时申请的考核按新目标，逾期申请的仍按原目标；详见 docs/rules/target-changes.md"
        ),
    }
    rules = tally.rules.rule_sets if tally.rules else ()
    return [
        *said.items(),
        *((f"{rule.code} v{rule.version}", _rule_words(rule)) for rule in rules),
    ]


def _rule_words(rule) -> str:
    return _("%(name)s（%(day)s 起）。%(source)s") % {
        "name": rule.name,
        "day": rule.effective_from,
        "source": rule.source,
    }
