"""Who hears of delegations, adjusted lamps and co-signatures: words and recipients for the outbox."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Delegation, Department, Role, User
from kpi import wording
from kpi.domain.cosigning import Stance
from kpi.models import CoSignature, Indicator, RagOverride, Submission
from kpi.selectors import cosigning
from kpi.selectors.people import holding, signing_for
from kpi.services.notices import NOTICE_LANGUAGE, tell
from notifications import outbox

COSIGN_KINDS = ("cosign.asked", "cosign.objected")


def delegation_given(lent: Delegation, *, now: datetime) -> None:
    with override(NOTICE_LANGUAGE):
        title = _("%(head)s 委托你代签") % {"head": lent.head}
        body = _("%(unit)s，%(days)s。事由：%(reason)s") % {
            "unit": lent.department.name,
            "days": wording.delegation_days(lent),
            "reason": lent.reason,
        }
    _tell_delegate("delegation.given", lent, title, body, now)


def delegation_revoked(lent: Delegation, *, now: datetime) -> None:
    outbox.supersede(keys=[_key("delegation.given", lent)], now=now)
    with override(NOTICE_LANGUAGE):
        title = _("%(head)s 的委托代签已撤销") % {"head": lent.head}
        body = _("%(unit)s，%(days)s。撤销后不能再代签。") % {
            "unit": lent.department.name,
            "days": wording.delegation_days(lent),
        }
    _tell_delegate("delegation.revoked", lent, title, body, now)


def _tell_delegate(kind: str, lent: Delegation, title: str, body: str, now: datetime) -> None:
    outbox.enqueue(
        kind=kind,
        recipient=lent.delegate,
        key=_key(kind, lent),
        title=title,
        body=body,
        url="/",
        now=now,
        department=lent.department,
    )


def _key(kind: str, lent: Delegation) -> str:
    return f"{kind}:{lent.pk}"


def lamp_overridden(row: RagOverride, *, now: datetime) -> None:
    with override(NOTICE_LANGUAGE):
        title = _("亮灯已调整：%(name)s") % {"name": _name(row.submission)}
    _tell_unit("lamp.overridden", row, title, now)


def lamp_restored(row: RagOverride, *, now: datetime) -> None:
    with override(NOTICE_LANGUAGE):
        title = _("亮灯调整已撤回：%(name)s") % {"name": _name(row.submission)}
    _tell_unit("lamp.restored", row, title, now)


def _tell_unit(kind: str, row: RagOverride, title: str, now: datetime) -> None:
    submission = row.submission
    lead = submission.indicator.lead_department
    with override(NOTICE_LANGUAGE):
        body = wording.override(row)
    tell(_people_of(lead, now), kind, submission, f"o{row.pk}", title, body, _kpi_url(submission), lead, now)


def ask_for_cosignatures(submission: Submission, *, now: datetime) -> None:
    """Just filed: every supporting unit is asked, once for each filing."""
    with override(NOTICE_LANGUAGE):
        title = _("请会签：%(name)s") % {"name": _name(submission)}
        body = _("%(unit)s牵头，你单位配合。请确认本单位部分，或写明异议。") % {
            "unit": submission.indicator.lead_department.short_name
        }
    for unit in cosigning.of_submission(submission).missing:
        people, version = _people_of(unit, now), f"d{unit.pk}:v{submission.version}"
        tell(people, "cosign.asked", submission, version, title, body, _cosign_url(submission), unit, now)


def forget_cosignatures(submission: Submission, *, now: datetime) -> None:
    """Returned or withdrawn: what was asked and objected is void."""
    if submission.indicator.needs_cosign:
        _cancel(submission, COSIGN_KINDS, now)


def cosigned(row: CoSignature, *, now: datetime) -> None:
    """A unit has spoken: it need not be asked any more, and an objection reaches the lead unit and the office."""
    submission, unit = row.submission, row.department
    if row.stance == Stance.CONFIRMED:
        _cancel(submission, ("cosign.asked",), now, unit)
        _cancel(submission, ("cosign.objected",), now, unit)
        return
    with override(NOTICE_LANGUAGE):
        title = _("会签有异议：%(name)s") % {"name": _name(submission)}
        body = f"{unit.short_name}：{row.comment}"
    people = {person.pk: person for person in _people_of(submission.indicator.lead_department, now)}
    people |= {person.pk: person for person in holding(Role.SUPERVISOR, day=localtime(now).date())}
    tell(people.values(), "cosign.objected", submission, f"c{row.pk}", title, body, _kpi_url(submission), unit, now)


def _cancel(submission: Submission, kinds: Iterable[str], now: datetime, unit: Department | None = None) -> None:
    outbox.cancel(
        subject_code=submission.indicator.code, period=submission.period.code, kinds=kinds, now=now, department=unit
    )


def _people_of(department: Department, now: datetime) -> list[User]:
    """Staff and signers of a unit, each once."""
    day = localtime(now).date()
    staff = holding(Role.STAFF, day=day, department_id=department.pk)
    return list({person.pk: person for person in (*staff, *signing_for(department.pk, day=day))}.values())


def _name(submission: Submission) -> str:
    indicator: Indicator = submission.indicator
    return f"{indicator.code} {indicator.name}"


def _kpi_url(submission: Submission) -> str:
    return f"/{submission.period.report.year}/kpis/{submission.indicator.code}/"


def _cosign_url(submission: Submission) -> str:
    return f"/{submission.period.report.year}/cosign/{submission.pk}/"
