"""The lines of a workbook, one after the other: rows of the scoreboard with what is said beside them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from kpi.domain.exporting import ExportKind
from kpi.selectors import cockpit
from kpi.selectors.people import contacts_by_department
from kpi.selectors.scoreboard import Scoreboard
from kpi.selectors.streaming import NEVER, Scope, filing_times
from kpi.selectors.target_changes import by_indicator
from kpi.workbooks.change_layout import ChangeLine
from kpi.workbooks.detail_layout import DetailLine
from kpi.workbooks.layout import Line
from kpi.workbooks.ledger_layout import LedgerLine
from kpi.workbooks.order import Order
from kpi.workbooks.tally import Tally


def ledger_lines(scope: Scope, tally: Tally) -> Iterator[LedgerLine]:
    """A line an indicator, numbered in report order; ``tally`` sums up what passed."""
    contacts, number = contacts_by_department(scope.now.date()), 0
    for board in scope.boards():
        tally.add(board)
        said = cockpit.explanations(board.rows, board.period.locked_at or scope.now)
        for row in board.rows:
            number += 1
            names = "、".join(contacts.get(row.indicator.lead_department_id, ()))
            yield LedgerLine(number, row, said.get(row.indicator.code), names)


def detail_lines(scope: Scope, tally: Tally) -> Iterator[DetailLine]:
    """A line an indicator and month, up to the period asked for."""
    for board in scope.boards():
        tally.add(board)
        yield from _months_of(board)


def _months_of(board: Scoreboard) -> Iterator[DetailLine]:
    times = filing_times(board)
    for row in board.rows:
        for month in row.months:
            yield DetailLine(row, month, times.get((row.indicator.pk, month.period.code), NEVER))


def change_lines(scope: Scope, tally: Tally) -> Iterator[ChangeLine]:
    """A line a change of target, by indicator in report order; the whole scope is summed up all the same."""
    cases, number = by_indicator(scope.year, scope.now), 0
    for board in scope.boards():
        tally.add(board)
        for row in board.rows:
            for case in cases.get(row.indicator.pk, ()):
                number += 1
                yield ChangeLine(number, row, case)


def first_lines(order: Order, most: int) -> list[Line]:
    """The lines the first sheet begins with, for a preview (8 queries, however many lines there are)."""
    scope = order.scope
    if order.kind is ExportKind.CHANGES:
        return list(islice(change_lines(scope, Tally()), most))
    keys = list(scope.indicators().values_list("pk", flat=True)[:most])
    board = scope.board_of(keys)
    if order.kind is ExportKind.DETAIL:
        return list(islice(_months_of(board), most))
    said = cockpit.explanations(board.rows, board.period.locked_at or scope.now)
    contacts = contacts_by_department(scope.now.date())
    return [
        LedgerLine(
            number,
            row,
            said.get(row.indicator.code),
            "、".join(contacts.get(row.indicator.lead_department_id, ())),
        )
        for number, row in enumerate(board.rows, start=1)
    ]
