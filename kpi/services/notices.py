"""Which people hear of what, in the transaction of the event: words and recipients for the outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Department, Role, User
from kpi.models import Extension, Indicator, Period, Submission, Unlock
from kpi.selectors.people import holding, signing_for
from notifications import outbox

# Notices are stored text, read later by someone else: they are written in the product's own language.
NOTICE_LANGUAGE = "zh-hans"


def report_url(indicator: Indicator, period: Period) -> str:
    return f"/{period.report.year}/reports/{period.code}/{indicator.code}/"


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


def extension_asked(extension: Extension, *, now: datetime) -> None:
    office = holding(Role.SUPERVISOR, day=localtime(now).date())
    url = f"/{extension.period.report.year}/desk/periods/{extension.period.code}/extensions/"
    words = _in_own_language(lambda: _("%(unit)s申请延期：%(period)s 期") % _named(extension))
    _tell_of_window(office, "extension.asked", extension, words, extension.reason, url, now)


def extension_answered(extension: Extension, *, now: datetime) -> None:
    day = localtime(now).date()
    people = [
        person
        for role in (Role.STAFF, Role.HEAD)
        for person in holding(role, day=day, department_id=extension.department_id)
    ]
    url = f"/{extension.period.report.year}/todo/"
    if extension.until is None:
        words = _in_own_language(lambda: _("延期未批准：%(period)s 期") % _named(extension))
        _tell_of_window(people, "extension.refused", extension, words, extension.answer, url, now)
        return
    until = localtime(extension.until)
    words = _in_own_language(
        lambda: _("%(period)s 期可填报至 %(until)s") % {**_named(extension), "until": f"{until:%m-%d %H:%M}"}
    )
    _tell_of_window(people, "extension.granted", extension, words, extension.answer, url, now)


def unlock_asked(unlock: Unlock, *, now: datetime) -> None:
    office = holding(Role.SUPERVISOR, day=localtime(now).date())
    others = [person for person in office if person.pk != unlock.asked_by_id]
    words = _in_own_language(lambda: _("申请解锁 %(period)s 期，请确认") % {"period": unlock.period.code})
    _tell_of_window(others, "period.unlock_asked", unlock, words, unlock.reason, _page_of(unlock), now)


def unlock_answered(unlock: Unlock, *, now: datetime) -> None:
    text = (lambda: _("%(period)s 期已解锁")) if unlock.is_confirmed else (lambda: _("%(period)s 期未同意解锁"))
    words = _in_own_language(lambda: text() % {"period": unlock.period.code})
    _tell_of_window([unlock.asked_by], "period.unlock_answered", unlock, words, unlock.reason, _page_of(unlock), now)


def _page_of(unlock: Unlock) -> str:
    return f"/{unlock.period.report.year}/desk/periods/{unlock.period.code}/unlock/"


def _named(extension: Extension) -> dict[str, str]:
    return {"unit": extension.department.short_name, "period": extension.period.code}


def _in_own_language(words: Callable[[], str]) -> str:
    with override(NOTICE_LANGUAGE):
        return words()


def _tell_of_window(
    people: Iterable[User], kind: str, subject: Extension | Unlock, title: str, body: str, url: str, now: datetime
) -> None:
    department = subject.department if isinstance(subject, Extension) else None
    for person in people:
        outbox.enqueue(
            kind=kind,
            recipient=person,
            key=f"{kind}:{subject.pk}:u{person.pk}",
            title=title,
            body=body,
            url=url,
            context={"period": subject.period.code},
            now=now,
            period=subject.period.code,
            department=department,
        )


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
    name = f"{submission.indicator.code} {submission.indicator.name}"
    words = _in_own_language(lambda: title(name))
    lead = submission.indicator.lead_department
    tell(people, kind, submission, f"v{submission.version}", words, body, url, lead, now)


def tell(
    people: Iterable[User],
    kind: str,
    submission: Submission,
    occasion: str,
    title: str,
    body: str,
    url: str,
    department: Department,
    now: datetime,
) -> None:
    """One notice about a report to each person, once for an ``occasion``; ``department`` is the one it concerns."""
    indicator, period = submission.indicator, submission.period
    for person in people:
        outbox.enqueue(
            kind=kind,
            recipient=person,
            key=f"{kind}:{indicator.code}:{period.code}:u{person.pk}:{occasion}",
            title=title,
            body=body,
            url=url,
            context={"indicator": indicator.code, "period": period.code},
            now=now,
            cycle=submission.cycle,
            subject_code=indicator.code,
            period=period.code,
            department=department,
        )
