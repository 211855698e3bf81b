"""The long flat sheet for analysis: one line an indicator and month, written by the fast writer where it is there.

``rustpy-xlsxwriter`` writes it some ten times as fast as XlsxWriter in the same memory (docs/adr/0017). It is one
person's work and young, so that everything about it is in this file, and the slower writer can take its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from xlsxwriter import Workbook

from accounts.spreadsheets.formats import PLAIN
from kpi import labels, wording
from kpi.selectors.streaming import Scope
from kpi.services.exporting import Tell
from kpi.workbooks.cells import FILLS, Sheet, fitting
from kpi.workbooks.closing import facts, write_rules
from kpi.workbooks.detail_layout import DETAIL, DetailLine
from kpi.workbooks.frame import HEAD_ROWS, Frame
from kpi.workbooks.layout import layout_of
from kpi.workbooks.lines import detail_lines
from kpi.workbooks.order import Order
from kpi.workbooks.tally import Tally

try:
    import rustpy_xlsxwriter as rust
except ImportError:  # a platform without a wheel
    rust = None

FONT, GRID = "微软雅黑", "#D8DEE6"
PATTERNS = {"moment": "yyyy-mm-dd hh:mm", "percent": "0.0%", "number": "General"}


def write(order: Order, path: Path, tell: Tell, total: int) -> Tally:
    """The lines of the scope, up to the order's period, and the sheet of rules."""
    tally = Tally()
    lines = _counted(order.scope, tally, tell, total * order.month.month)
    first = next(lines, None)
    # A sheet without a line has no head in the fast writer.
    if rust is None or first is None:
        by_xlsxwriter(order, path, chain([first] if first else [], lines), tally)
    else:
        by_rust(order, path, chain([first], lines), tally)
    return tally


def _counted(scope: Scope, tally: Tally, tell: Tell, total: int) -> Iterator[DetailLine]:
    for line in detail_lines(scope, tally):
        tally.lines += 1
        tell(tally.lines, total)
        yield line


def by_xlsxwriter(order: Order, path: Path, lines: Iterable[DetailLine], tally: Tally) -> None:
    """The designed writer: a fill for each lamp, the decimals of each indicator."""
    with Workbook(str(path), {**PLAIN, "constant_memory": True}) as workbook:
        frame = Frame(workbook, str(labels.EXPORT_KIND[order.kind].text), layout_of(order.kind), order)
        for line in lines:
            frame.line(line, is_folded=False)
        frame.close()
        write_rules(Sheet(workbook, workbook.add_worksheet(_("口径与规则"))), order, tally)


def by_rust(order: Order, path: Path, lines: Iterable[DetailLine], tally: Tally) -> None:
    """The fast writer: lamps are filled by rule, figures keep their own digits."""
    sheet, rules = str(labels.EXPORT_KIND[order.kind].text), _("口径与规则")
    last = len(DETAIL) - 1
    rust.write_worksheets(
        [(sheet, _records(lines)), (rules, _facts(order, tally))],
        str(path),
        header_row={sheet: HEAD_ROWS - 1},
        header_format={sheet: _format(bold=True, fill="#E8F0F7"), rules: _format(bold=True, fill="#E8F0F7")},
        merge_ranges={
            sheet: [
                (0, 0, 0, last, order.title, rust.Format().set_bold().set_font_size(16).set_font_name(FONT)),
                (1, 0, 1, last, f"{order.units}　{order.as_of}", rust.Format().set_font_name(FONT)),
            ]
        },
        freeze_panes={sheet: {"row": HEAD_ROWS, "col": layout_of(order.kind).frozen}},
        column_widths={sheet: [column.width for column in DETAIL], rules: [22, 90]},
        column_formats={
            sheet: [_format(pattern=PATTERNS.get(column.form)) for column in DETAIL],
            rules: [_format(bold=True), _format(wraps=True)],
        },
        autofilter={sheet: True},
        conditional_formats={sheet: {str(column.heading): _lamp_rules() for column in DETAIL if column.form == "lamp"}},
        page_setup={sheet: _page(order), rules: {"paper_size": 9, "fit_to_pages": (1, 0)}},
    )


def _records(lines: Iterable[DetailLine]) -> Iterator[dict[str, Any]]:
    columns = [(str(column.heading), column.form, column.value) for column in DETAIL]
    for line in lines:
        yield {heading: _cell(form, value(line)) for heading, form, value in columns}


def _cell(form: str, value: Any) -> Any:
    """As the fast writer takes it: text as text, figures and moments as they are, “--” for what there is not."""
    if value is None:
        return wording.MISSING
    if form == "moment":
        return value.replace(tzinfo=None)
    return fitting(value) if isinstance(value, str) else value


def _facts(order: Order, tally: Tally) -> Iterator[dict[str, str]]:
    """Read when the lines have all been written, so that the sums are complete."""
    for name, text in facts(order, tally):
        yield {_("项目"): name, _("内容"): text}


def _format(*, pattern: str | None = None, bold: bool = False, wraps: bool = False, fill: str | None = None):
    found = rust.Format().set_font_name(FONT).set_font_size(10).set_border("thin").set_border_color(GRID)
    found = found.set_align("vertical_center")
    if pattern:
        found = found.set_num_format(pattern)
    if bold:
        found = found.set_bold()
    if wraps:
        found = found.set_text_wrap()
    return found.set_background_color(fill) if fill else found


def _lamp_rules() -> list[dict[str, Any]]:
    """The word decides the fill."""
    rules = []
    for rag, label in labels.RAG.items():
        background, ink = FILLS[rag]
        look = rust.Format().set_background_color(background).set_font_color(ink)
        rules.append({"type": "text", "criteria": "contains", "value": str(label.text), "format": look})
    return rules


def _page(order: Order) -> dict[str, Any]:
    return {
        "landscape": True,
        "paper_size": layout_of(order.kind).paper,
        "fit_to_pages": (1, 0),
        "repeat_rows": (0, HEAD_ROWS - 1),
        "margins": {"left": 0.4, "right": 0.4, "top": 0.5, "bottom": 0.6},
        "footer": order.footer,
    }
