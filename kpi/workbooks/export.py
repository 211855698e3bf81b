"""The workbooks for download: a designed one for people, a long flat one for analysis. Written row by row to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import override
from xlsxwriter import Workbook

from accounts.models import Department
from accounts.spreadsheets.formats import PLAIN
from kpi import labels
from kpi.domain.exporting import ExportKind
from kpi.models import ExportJob
from kpi.selectors.streaming import Scope
from kpi.services.exporting import Made, Tell
from kpi.workbooks import flat, scores
from kpi.workbooks.cells import Sheet, sheet_names
from kpi.workbooks.change_layout import ChangeLine
from kpi.workbooks.closing import open_summary, write_rules, write_summary
from kpi.workbooks.frame import Frame
from kpi.workbooks.layout import layout_of
from kpi.workbooks.ledger_layout import LedgerLine
from kpi.workbooks.lines import change_lines, ledger_lines
from kpi.workbooks.order import Order
from kpi.workbooks.tally import Tally

Step = Callable[[], None]


def make(job: ExportJob, path: Path, tell: Tell, now) -> Made:
    """The maker that ``services.exporting`` is given: the job's workbook, in the asker's language."""
    with override(job.language):
        order = Order.of(job, now)
        if order.kind is ExportKind.SCORES:
            return Made(*scores.write(order, path, tell), order.file_name)
        tally = write(order, path, tell)
        return Made(tally.lines, tally.fingerprint.hexdigest(), order.file_name)


def write(order: Order, path: Path, tell: Tell = lambda done, total: None) -> Tally:
    """Write the workbook to ``path``; what it sums up. The words are those of the language in force."""
    total = order.scope.count()
    if order.kind is ExportKind.DETAIL:
        return flat.write(order, path, tell, total)
    tally = Tally()

    def step() -> None:
        tally.lines += 1
        tell(tally.lines, total)

    with Workbook(str(path), {**PLAIN, "constant_memory": True}) as workbook:
        if order.kind is ExportKind.UNITS:
            _write_units(workbook, order, tally, step)
        else:
            _write_all(workbook, order, tally, step)
    return tally


def _write_all(workbook: Workbook, order: Order, tally: Tally, step: Step) -> None:
    """Everything on one sheet, by chapter, with the sums after it."""
    frame = Frame(workbook, str(labels.EXPORT_KIND[order.kind].text), layout_of(order.kind, order.periods), order)
    lines = change_lines if order.kind is ExportKind.CHANGES else ledger_lines
    _fill(frame, lines(order.scope, tally), step)
    write_summary(open_summary(workbook, order, _("汇总")), order, tally)
    write_rules(Sheet(workbook, workbook.add_worksheet(_("口径与规则"))), order, tally)


def _write_units(workbook: Workbook, order: Order, tally: Tally, step: Step) -> None:
    """The sums first, then a sheet for each lead department in official order."""
    leads = order.scope.indicators().order_by().values("lead_department")
    units = list(Department.objects.filter(pk__in=leads).order_by("ordinal", "code"))
    fixed = [_("汇总"), _("口径与规则")]
    names = sheet_names([*fixed, *(unit.short_name for unit in units)])
    summary = open_summary(workbook, order, names[0])
    for unit, name in zip(units, names[2:], strict=True):
        whose = _("填报单位：%(unit)s") % {"unit": unit.name}
        frame = Frame(workbook, name, layout_of(order.kind), order, whose=whose)
        scope = Scope(order.scope.year, order.period.code, order.now, [unit.code])
        _fill(frame, ledger_lines(scope, tally), step)
    write_summary(summary, order, tally)
    write_rules(Sheet(workbook, workbook.add_worksheet(names[1])), order, tally)


def _fill(frame: Frame, lines: Iterable[LedgerLine | ChangeLine], step: Step) -> None:
    section = None
    for line in lines:
        if line.indicator.commitment.section != section:
            section = line.indicator.commitment.section
            frame.section(section)
        frame.line(line)
        step()
    if section is None:
        frame.note(_("没有目标调整") if frame.order.kind is ExportKind.CHANGES else _("没有任务"))
    frame.close()
