"""The reminder rules in versions: a new one from a day to come, edited or withdrawn until that day, never after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import localtime

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.errors import IllegalTransition, StaleVersion
from kpi.models import ReminderPolicy, ReminderStep
from kpi.services import permissions, policy_content
from kpi.services.content import ContentInvalid, FieldError
from kpi.services.policy_content import PolicyContent


@transaction.atomic
def add(*, raw: policy_content.Raw, actor: Actor, now: datetime) -> ReminderPolicy:
    """A new version. Raises ``NotPermitted`` or ``ContentInvalid``, also for a day that has a version already."""
    permissions.require_supervisor(actor)
    content = policy_content.read(raw, today=localtime(now).date())
    with _one_a_day(content):
        policy = ReminderPolicy.objects.create(**content.as_fields(), created_by=actor.user)
    _write_steps(policy, content)
    _audit("reminder_policy.created", policy, actor, now, after=_as_json(policy))
    return policy


@transaction.atomic
def change(
    *, policy: ReminderPolicy, version: int, raw: policy_content.Raw, actor: Actor, now: datetime
) -> ReminderPolicy:
    """A version that has not begun says something else. Raises besides, ``StaleVersion`` or ``policy_begun``."""
    permissions.require_supervisor(actor)
    stored = _locked(policy, version, now)
    content = policy_content.read(raw, today=localtime(now).date())
    before = _as_json(stored)
    for name, value in content.as_fields().items():
        setattr(stored, name, value)
    stored.version += 1
    with _one_a_day(content):
        stored.save()
    stored.steps.all().delete()
    _write_steps(stored, content)
    _audit("reminder_policy.changed", stored, actor, now, before=before, after=_as_json(stored))
    return stored


@transaction.atomic
def withdraw(*, policy: ReminderPolicy, version: int, actor: Actor, now: datetime) -> None:
    """A version that has not begun will not begin; its history and the audit entry keep what it said."""
    permissions.require_supervisor(actor)
    stored = _locked(policy, version, now)
    _audit("reminder_policy.withdrawn", stored, actor, now, before=_as_json(stored))
    stored.delete()


def _locked(policy: ReminderPolicy, version: int, now: datetime) -> ReminderPolicy:
    """The row, locked, provided it has not begun and is still what the form showed."""
    stored = ReminderPolicy.objects.select_for_update().filter(pk=policy.pk).first()
    if stored is None:
        raise StaleVersion("policy_gone")
    if stored.effective_from <= localtime(now).date():
        raise IllegalTransition("policy_begun", day=stored.effective_from.isoformat())
    if stored.version != version:
        raise StaleVersion("policy_changed", given=version, current=stored.version)
    return stored


@contextmanager
def _one_a_day(content: PolicyContent) -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except IntegrityError as problem:
        if "effective_from" not in str(problem):
            raise
        day = content.effective_from.isoformat()
        raise ContentInvalid([FieldError("effective_from", "policy_day_taken", {"day": day})]) from problem


def _write_steps(policy: ReminderPolicy, content: PolicyContent) -> None:
    levels: dict[str, int] = {}
    rows = []
    for step in content.steps:
        levels[step.ladder] = levels.get(step.ladder, 0) + 1
        rows.append(
            ReminderStep(
                policy=policy,
                ladder=step.ladder,
                level=levels[step.ladder],
                offset_workdays=step.offset_workdays,
                at=step.at,
                audience=list(step.audience),
                is_pushed=step.is_pushed,
                passes_quiet_hours=step.passes_quiet_hours,
                drafts_directive=step.drafts_directive,
            )
        )
    ReminderStep.objects.bulk_create(rows)


def _as_json(policy: ReminderPolicy) -> dict[str, Any]:
    return policy_content.raw_of(policy, list(ReminderStep.objects.filter(policy=policy)))


def _audit(action: str, policy: ReminderPolicy, actor: Actor, now: datetime, **states: dict[str, Any]) -> None:
    audit.record(action=action, obj=policy, actor=actor.user, now=now, reason=policy.basis, **states)
