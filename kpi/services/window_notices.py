"""Who hears that a period's window was moved: everybody who files, answers or signs for a unit it concerns."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Department
from kpi import wording
from kpi.domain.window_acts import WindowAct
from kpi.models import Period, WindowChange
from kpi.selectors import scoreboard
from kpi.selectors.chasing import answering_by_unit, owing
from kpi.services.notices import NOTICE_LANGUAGE
from notifications import outbox
from notifications.outbox import Draft

KIND = {WindowAct.OPEN: "period.opened", WindowAct.EXTEND: "period.extended", WindowAct.CLOSE: "period.closed"}
UNDONE = "period.restored"


def units_told(period: Period, now: datetime) -> list[Department]:
    """Units that still owe a report of the period, in official order: for the others nothing changes."""
    board = scoreboard.build(year=period.report.year, now=now, period_code=period.code)
    return [unit.department for unit in owing(board)]


def changed(change: WindowChange, *, now: datetime) -> None:
    """In the transaction of the act or of taking it back."""
    units = units_told(change.period, now)
    people = answering_by_unit(units, localtime(now).date())
    kind = UNDONE if change.undone_at else KIND[WindowAct(change.act)]
    with override(NOTICE_LANGUAGE):
        title, body = _title(change), _body(change)
    outbox.enqueue_many(_drafts(change, kind, title, body, units, people), now=now)


def _drafts(
    change: WindowChange, kind: str, title: str, body: str, units: Collection[Department], people: dict
) -> list[Draft]:
    period = change.period
    return [
        Draft(
            kind=kind,
            recipient=person.user,
            key=f"{kind}:{change.pk}:d{unit.pk}:u{person.user.pk}",
            title=title,
            body=body,
            url=f"/{period.report.year}/todo/",
            context={"period": period.code},
            period=period.code,
            department=unit,
        )
        for unit in units
        for person in people.get(unit.pk, ())
    ]


def _title(change: WindowChange) -> str:
    period = change.period
    words = {"period": period.code, "due": _at(period.due_at), "grace": _at(period.grace_ends_at)}
    if change.undone_at:
        return _("%(period)s 期报送时限恢复：%(due)s 截止，宽限至 %(grace)s") % words
    if change.act == WindowAct.OPEN:
        return _("%(period)s 期已提前开放，%(due)s 截止") % words
    if change.act == WindowAct.CLOSE:
        return _("%(period)s 期已提前关闭，未交的记为缺报") % words
    if change.due_at == change.was_due_at:
        return _("%(period)s 期可补报至 %(grace)s，记为迟报") % words
    return _("%(period)s 期延期：%(due)s 截止，宽限至 %(grace)s") % words


def _body(change: WindowChange) -> str:
    return change.undone_because if change.undone_at else change.reason


def _at(moment: datetime) -> str:
    return wording.moment(localtime(moment))
