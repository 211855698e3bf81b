"""Which people hear of what, in the transaction of the event: words and recipients for the outbox."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Role, User
from kpi.models import Indicator, Period, Submission
from kpi.selectors.people import holding, signing_for
from notifications import outbox

# Notices are stored text, read later by someone else: they are written in the product's own language.
NOTICE_LANGUAGE = "zh-hans"
DUE_KINDS = ("report.due", "report.overdue")


def report_url(indicator: Indicator, period: Period) -> str:
    return f"/{period.report.year}/reports/{period.code}/{indicator.code}/"


def cancel_due(*, indicator: Indicator, period: Period, now: datetime) -> None:
    """Filed: whatever still reminds of it is void, in the same transaction."""
    outbox.cancel(subject_code=indicator.code, period=period.code, kinds=DUE_KINDS, now=now)


def submitted(submission: Submission, *, now: datetime) -> None:
    signers = signing_for(submission.indicator.lead_department_id, day=localtime(now).date())
    _tell(signers, "submission.submitted", submission, now, _title_submitted, url=f"/{_year(submission)}/signoff/")


def signed_off(submission: Submission, *, now: datetime) -> None:
    office = holding(Role.SUPERVISOR, day=localtime(now).date())
    url = f"/{_year(submission)}/desk/review/{submission.pk}/"
    _tell(office, "submission.signed_off", submission, now, _title_signed_off, url=url)


def approved(submission: Submission, *, now: datetime) -> None:
    staff = _of_lead(Role.STAFF, submission, now)
    url = f"/{_year(submission)}/kpis/{submission.indicator.code}/"
    _tell(staff, "submission.approved", submission, now, _title_approved, url=url)


def returned(submission: Submission, *, reason: str, now: datetime) -> None:
    staff = _of_lead(Role.STAFF, submission, now)
    url = report_url(submission.indicator, submission.period)
    _tell(staff, "submission.returned", submission, now, _title_returned, url=url, body=reason)


def _of_lead(role: Role, submission: Submission, now: datetime) -> list[User]:
    day = localtime(now).date()
    return holding(role, day=day, department_id=submission.indicator.lead_department_id)


def _year(submission: Submission) -> int:
    return submission.period.report.year


def _title_submitted(name: str) -> str:
    return _("待审签：%(name)s") % {"name": name}


def _title_signed_off(name: str) -> str:
    return _("待复核：%(name)s") % {"name": name}


def _title_approved(name: str) -> str:
    return _("已审定：%(name)s") % {"name": name}


def _title_returned(name: str) -> str:
    return _("退回修改：%(name)s") % {"name": name}


def _tell(
    people: Iterable[User], kind: str, submission: Submission, now: datetime, title, *, url: str, body: str = ""
) -> None:
    indicator, period = submission.indicator, submission.period
    with override(NOTICE_LANGUAGE):
        words = title(f"{indicator.code} {indicator.name}")
    for person in people:
        outbox.enqueue(
            kind=kind,
            recipient=person,
            key=f"{kind}:{indicator.code}:{period.code}:u{person.pk}:v{submission.version}",
            title=words,
            body=body,
            url=url,
            context={"indicator": indicator.code, "period": period.code},
            now=now,
            cycle=submission.cycle,
            subject_code=indicator.code,
            period=period.code,
            department=indicator.lead_department,
        )
