"""The tick: what is due and not filed → who must hear of it → notices written once.

Safe to run at any moment, any number of times and by several processes at once: the database keeps each notice
unique, and the plan says “due and not recorded”, never “due today”.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Role, User
from kpi.domain.reminders import DEFAULT_POLICY, Obligation, PlannedNotice, plan
from kpi.models import Period, Unlock
from kpi.selectors import periods as period_selector
from kpi.selectors import scoreboard
from kpi.selectors.calendar import work_calendar
from kpi.selectors.people import Directory
from kpi.selectors.scoreboard import MonthLamp, Row
from kpi.services.notices import DUE_KINDS, NOTICE_LANGUAGE, report_url
from notifications import outbox
from notifications.models import Notice

Due = tuple[Row, MonthLamp]


@transaction.atomic
def tick(*, now: datetime) -> int:
    """Plan and record every reminder that is due; returns how many notices were new."""
    directory = Directory(localtime(now).date())
    due = {(row.indicator.code, month.period.code): (row, month) for row, month in open_reports(now)}
    obligations = [_obligation(row, month, directory) for row, month in due.values()]
    sent = frozenset(Notice.objects.filter(kind__in=DUE_KINDS).values_list("key", flat=True))
    planned = plan(obligations, now=now, policy=DEFAULT_POLICY, calendar=work_calendar(), sent_keys=sent)
    people = User.objects.in_bulk({notice.recipient for notice in planned})
    with override(NOTICE_LANGUAGE):
        return sum(_record(notice, due, people, now) for notice in planned)


def open_reports(now: datetime) -> Iterator[Due]:
    """Every report that is asked for in an open period and not filed."""
    years = Period.objects.filter(locked_at__isnull=True, opens_at__lte=now).values_list("report__year", flat=True)
    for year in sorted(set(years)):
        board = scoreboard.build(year=year, now=now)
        # A reopened month is corrected, not filed anew: what was missing then is not called for again.
        reopened = Unlock.objects.filter(is_confirmed=True, relocked_at__isnull=True).values_list("period", flat=True)
        open_ones = period_selector.open_ones(list(board.periods), now)
        still_open = {period.pk for period in open_ones} - set(reopened)
        for row in board.rows:
            for month in row.months:
                if month.period.pk in still_open and month.is_unfiled:
                    yield row, month


def _obligation(row: Row, month: MonthLamp, directory: Directory) -> Obligation:
    lead = row.indicator.lead_department_id
    return Obligation(
        indicator=row.indicator.code,
        period=month.period.code,
        due_at=localtime(_due_at(month)),
        recipients={
            "staff": directory.in_department(Role.STAFF, lead),
            "head": directory.in_department(Role.HEAD, lead),
            "supervisor": directory.in_role(Role.SUPERVISOR),
            "leader": directory.in_post(row.indicator.accountable_post_id),
        },
        cycle=month.cycle,
    )


def _due_at(month: MonthLamp) -> datetime:
    """When the report is due for its department, extensions included."""
    return month.window.due_for_unit if month.window else month.period.due_at


def _record(notice: PlannedNotice, due: dict[tuple[str, str], Due], people: dict[int, User], now: datetime) -> bool:
    row, month = due[notice.indicator, notice.period]
    outbox.supersede(keys=notice.supersedes, now=now)
    created = outbox.enqueue(
        kind="report.overdue" if notice.days_left < 0 else "report.due",
        recipient=people[notice.recipient],
        key=notice.key,
        title=_title(notice, row),
        body=_body(month),
        url=report_url(row.indicator, month.period),
        context={"indicator": notice.indicator, "period": notice.period, "days_left": notice.days_left},
        now=now,
        not_before=notice.not_before,
        level=notice.level,
        cycle=notice.cycle,
        subject_code=notice.indicator,
        period=notice.period,
        department=row.indicator.lead_department,
    )
    return created is not None


def _title(notice: PlannedNotice, row: Row) -> str:
    name = f"{row.indicator.code} {row.indicator.name}"
    if notice.days_left < 0:
        return _("已逾期 %(days)s 个工作日：%(name)s") % {"days": -notice.days_left, "name": name}
    if notice.days_left == 0:
        return _("今天截止：%(name)s") % {"name": name}
    return _("还剩 %(days)s 个工作日：%(name)s") % {"days": notice.days_left, "name": name}


def _body(month: MonthLamp) -> str:
    due = localtime(_due_at(month))
    return _("%(period)s 期尚未提交，%(month)s月%(day)s日 %(time)s 截止。") % {
        "period": month.period.code,
        "month": due.month,
        "day": due.day,
        "time": due.strftime("%H:%M"),
    }
