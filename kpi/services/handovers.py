"""The lead of an indicator passes to another unit from a day on (牵头单位变更).

What was filed stays as it was filed. From the day on the new unit files, signs and is reminded; drafts and reports
that wait for a signature pass to it with all that was typed. Directives stay with the unit they were sent to.
"""

from __future__ import annotations

import logging
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import audit
from accounts.models import Department
from accounts.permissions import Actor
from kpi.domain.errors import DomainError, IllegalTransition
from kpi.models import Handover, Indicator
from kpi.selectors.people import answering_for
from kpi.services import indicators, permissions, plans
from kpi.services.content import ContentInvalid, Reader, require_reason
from kpi.services.notices import NOTICE_LANGUAGE
from notifications import outbox
from notifications.outbox import Draft

logger = logging.getLogger(__name__)
KIND = "indicator.handed_over"
LONGEST_REASON = 200


@transaction.atomic
def decide(*, indicator: Indicator, raw: dict[str, Any], actor: Actor, now: datetime) -> Handover:
    """Put a handover on record; done at once where its day is today.

    ``raw``: ``to`` (a department's code), ``effective_on``, ``reason``, ``keeps_supporting``. Raises ``NotPermitted``,
    ``ContentInvalid``, or ``DomainError`` ``handover_waits`` while another is ahead.
    """
    permissions.require_supervisor(actor)
    stored = indicators.held(indicator)
    to, day, reason, keeps = _read(raw, stored, localtime(now).date())
    try:
        with transaction.atomic():
            handover = Handover.objects.create(
                indicator=stored,
                from_department=stored.lead_department,
                to_department=to,
                effective_on=day,
                keeps_supporting=keeps,
                reason=reason,
                decided_by=actor.user,
                decided_at=now,
            )
    except IntegrityError as problem:
        if "handover_one_ahead" not in str(problem):
            raise
        raise DomainError("handover_waits") from problem
    _audit("handover.decided", handover, actor, now)
    _tell(handover, now)
    if day <= localtime(now).date():
        _carry_out(handover, now)
    return handover


def _read(raw: dict[str, Any], indicator: Indicator, today: date) -> tuple[Department, date, str, bool]:
    reader = Reader(raw)
    units = {unit.code: unit for unit in Department.objects.filter(is_active=True)}
    to = units.get(reader.choice("to", units))
    if to is None and not reader.errors:
        reader.fail("to", "lead_required")
    elif to == indicator.lead_department:
        reader.fail("to", "handover_to_itself", unit=indicator.lead_department.short_name)
    day = reader.day("effective_on")
    if day is None and not str(raw.get("effective_on") or "").strip():
        reader.fail("effective_on", "field_required")
    elif day is not None and not today <= day <= date(indicator.report.year + 1, 1, 31):
        reader.fail("effective_on", "handover_day_outside", today=today.isoformat(), year=indicator.report.year)
    reason = ""
    try:
        reason = require_reason(reader.text("reason"))
    except ContentInvalid as problem:
        reader.errors.extend(problem.errors)
    if len(reason) > LONGEST_REASON:
        reader.fail("reason", "text_too_long", limit=LONGEST_REASON, length=len(reason))
    if reader.errors or to is None or day is None:
        raise ContentInvalid(reader.errors)
    return to, day, reason, reader.flag("keeps_supporting")


@transaction.atomic
def withdraw(*, handover: Handover, actor: Actor, now: datetime) -> None:
    """Take back one whose day has not come. Raises ``NotPermitted`` or ``IllegalTransition``."""
    permissions.require_supervisor(actor)
    stored = Handover.objects.select_for_update().get(pk=handover.pk)
    if stored.done_at is not None or stored.withdrawn_at is not None:
        raise IllegalTransition("handover_over")
    stored.withdrawn_at = now
    stored.save(update_fields=["withdrawn_at"])
    _audit("handover.withdrawn", stored, actor, now)


def carry_out_due(*, now: datetime) -> int:
    """Carry out every handover whose day has come; returns how many. Each by itself: one failure keeps no other."""
    today = localtime(now).date()
    due = Handover.objects.filter(effective_on__lte=today, done_at=None, withdrawn_at=None).order_by("effective_on")
    done = 0
    for pk in due.values_list("pk", flat=True):
        try:
            done += _carry_out_once(pk, now)
        except Exception:
            logger.exception("handover %s failed", pk)
    return done


@transaction.atomic
def _carry_out_once(pk: int, now: datetime) -> bool:
    """Whether it was still to be done: of any number of planners one does it."""
    handover = Handover.objects.select_for_update().select_related("indicator__report").get(pk=pk)
    if handover.done_at is not None or handover.withdrawn_at is not None:
        return False
    _carry_out(handover, now)
    return True


def _carry_out(handover: Handover, now: datetime) -> None:
    indicator = indicators.held(handover.indicator)
    with plans.on_record(None, now):
        indicator.lead_department = handover.to_department
        indicator.is_lead_proposed = False
        indicator.save(update_fields=["lead_department", "is_lead_proposed"])
    indicator.supporting_departments.remove(handover.to_department)
    if handover.keeps_supporting:
        indicator.supporting_departments.add(handover.from_department)
    handover.done_at = now
    handover.save(update_fields=["done_at"])
    _audit("handover.done", handover, None, now)


def _tell(handover: Handover, now: datetime) -> None:
    """Whoever files or signs for either unit, once each."""
    indicator, day = handover.indicator, localtime(now).date()
    words = {
        "code": indicator.code,
        "name": indicator.name,
        "old": handover.from_department.short_name,
        "new": handover.to_department.short_name,
        "day": handover.effective_on.isoformat(),
    }
    with override(NOTICE_LANGUAGE):
        title = _("%(code)s %(name)s：%(day)s 起由%(new)s牵头") % words
        body = _("原牵头单位：%(old)s。之后的填报、审签由%(new)s办理，已报的内容不变。") % words
    sides = (handover.from_department, handover.to_department)
    people = [(person, unit) for unit in sides for person in answering_for(unit.pk, day=day)]
    drafts = [
        Draft(
            kind=KIND,
            recipient=person,
            key=f"{KIND}:{handover.pk}:u{person.pk}",
            title=title,
            body=f"{body}\n{handover.reason}",
            url=f"/{indicator.report.year}/kpis/{indicator.code}/",
            context={"indicator": indicator.code},
            subject_code=indicator.code,
            department=unit,
        )
        for person, unit in {person.pk: (person, unit) for person, unit in people}.values()
    ]
    outbox.enqueue_many(drafts, now=now)


def _audit(action: str, handover: Handover, actor: Actor | None, now: datetime) -> None:
    told = {
        "from": handover.from_department.code,
        "to": handover.to_department.code,
        "effective_on": handover.effective_on.isoformat(),
        "keeps_supporting": handover.keeps_supporting,
    }
    audit.record(
        action=action,
        obj=handover.indicator,
        actor=actor.user if actor else None,
        now=now,
        after=told,
        reason=handover.reason,
        department_code=handover.to_department.code,
    )
