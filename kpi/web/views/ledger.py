"""The supervisor's ledger as a file."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from accounts import clock
from accounts.permissions import require
from kpi.models import Indicator
from kpi.selectors import cockpit
from kpi.selectors.people import contacts_by_department
from kpi.web.look import board_or_404
from kpi.workbooks.export import ledger
from kpi.workbooks.layout import LedgerLine

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@login_required
def download(request: HttpRequest, year: int) -> HttpResponse:
    """The ledger of ``?period=`` (default: the current one), for the office and the leaders."""
    require(request.actor.is_supervisor or request.actor.is_leader, "not_permitted")
    now = clock.now()
    board = board_or_404(request, year, indicators=Indicator.objects.of_year(year).with_supporting())
    explanations = cockpit.explanations(board.rows, board.period.locked_at or now)
    contacts = contacts_by_department(now.date())
    lines = [
        LedgerLine(
            number,
            row,
            explanations.get(row.indicator.code),
            "、".join(contacts.get(row.indicator.lead_department_id, ())),
        )
        for number, row in enumerate(board.rows, start=1)
    ]
    content = ledger(board, lines, made_by=str(request.user), now=now)
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="ledger-{board.period.code}.xlsx"'
    return response
