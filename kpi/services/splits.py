"""The target split among districts and townships (分解到区县、乡镇); the difference to it is shown, not refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import Department
from accounts.permissions import Actor
from kpi.domain.errors import StaleVersion
from kpi.models import Indicator, UnitTarget
from kpi.selectors import splitting
from kpi.services import indicators, permissions, plans
from kpi.services.content import ContentInvalid, Reader

Raw = Mapping[str, Any]


@transaction.atomic
def change(*, indicator: Indicator, raw: Raw, stamp: str, actor: Actor, now: datetime) -> None:
    """Set every unit's share; ``raw`` maps the units' codes to figures, a blank one has no share of its own.

    Raises ``NotPermitted``, ``StaleVersion`` or ``ContentInvalid`` at each unit.
    """
    permissions.require_supervisor(actor)
    stored = indicators.held(indicator)
    before = splitting.split_of(stored)
    if before.stamp != stamp:
        raise StaleVersion("split_stale", given=stamp, current=before.stamp)
    units = [share.unit for share in before.shares]
    shares = _read(raw, units, before.decimals)
    with plans.on_record(actor, now):
        _write(stored, units, shares)
    told = {code: str(value) for code, value in shares.items()}
    if told != before.as_json():
        audit.record(
            action="split.changed",
            obj=stored,
            actor=actor.user,
            now=now,
            before=before.as_json(),
            after=told,
            department_code=stored.lead_department.code,
        )


def _read(raw: Raw, units: Sequence[Department], decimals: int) -> dict[str, Decimal]:
    reader = Reader(raw)
    shares: dict[str, Decimal] = {}
    for unit in units:
        value = reader.number(unit.code, decimals=decimals)
        if value is None:
            continue
        if value < 0:
            reader.fail(unit.code, "number_negative")
        shares[unit.code] = value
    if reader.errors:
        raise ContentInvalid(reader.errors)
    return shares


def _write(indicator: Indicator, units: Sequence[Department], shares: Mapping[str, Decimal]) -> None:
    stored = {share.department_id: share for share in UnitTarget.objects.filter(indicator=indicator)}
    UnitTarget.objects.filter(
        indicator=indicator, department__in=[unit.pk for unit in units if unit.code not in shares]
    ).delete()
    for unit in units:
        if unit.code not in shares:
            continue
        share = stored.get(unit.pk) or UnitTarget(indicator=indicator, department=unit)
        if share.pk is None or share.value != shares[unit.code]:
            share.value = shares[unit.code]
            share.save()
