"""A head lends the signature of a department for some days, and takes it back (委托代签)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.timezone import localtime

from accounts import audit
from accounts.models import Delegation, Department, Role, User
from accounts.permissions import Actor
from kpi.domain.errors import DomainError, NotPermitted
from kpi.selectors.people import colleagues
from kpi.services import review_notices
from kpi.services.content import ContentInvalid, FieldError

REASON_AT_LEAST = 2
REASON_AT_MOST = 200
# Longer than this somebody else is the head: that is a membership, not a delegation.
LONGEST_DAYS = 62


@dataclass(frozen=True)
class Wish:
    """What was asked for; ``None`` where nothing readable was given. ``last_on`` is the last day it holds."""

    delegate: User | None
    starts_on: date | None
    last_on: date | None
    reason: str


@transaction.atomic
def delegate(*, department: Department, wish: Wish, actor: Actor, now: datetime) -> Delegation:
    """Lend the actor's signature for a department.

    Raises ``NotPermitted`` unless the actor heads it in their own right, ``ContentInvalid`` for what the form says,
    ``delegation_overlaps`` where somebody else has it already on one of the days.
    """
    _require_head(actor, department.pk)
    wish = Wish(wish.delegate, wish.starts_on, wish.last_on, wish.reason.strip())
    errors = list(problems(department=department, wish=wish, actor=actor, today=localtime(now).date()))
    if errors:
        raise ContentInvalid(errors)
    assert wish.delegate and wish.starts_on and wish.last_on
    lent = Delegation(
        head=actor.user,
        delegate=wish.delegate,
        department=department,
        starts_on=wish.starts_on,
        ends_on=wish.last_on + timedelta(days=1),
        reason=wish.reason,
        created_by=actor.user,
        created_at=now,
    )
    try:
        with transaction.atomic():
            lent.save(force_insert=True)
    except IntegrityError as problem:
        if "delegation_one_hand_at_a_time" not in str(problem):
            raise
        raise DomainError("delegation_overlaps") from problem
    after = {
        "delegate": wish.delegate.username,
        "department": department.code,
        "starts_on": lent.starts_on,
        "ends_on": lent.ends_on,
    }
    audit.record(
        action="delegation.given",
        obj=lent,
        actor=actor.user,
        now=now,
        after=after,
        reason=lent.reason,
        department_code=department.code,
    )
    review_notices.delegation_given(lent, now=now)
    return lent


@transaction.atomic
def revoke(*, delegation: Delegation, actor: Actor, now: datetime) -> Delegation:
    """Take the signature back from now on; what was signed until now stays signed.

    The head who lent it may, and whoever heads the department by now. Raises ``delegation_revoked_already`` where it
    is over.
    """
    _require_head(actor, delegation.department_id)
    lent = Delegation.objects.select_for_update(of=("self",)).select_related("delegate", "head", "department")
    locked = lent.get(pk=delegation.pk)
    if locked.revoked_at is not None or locked.ends_on <= localtime(now).date():
        raise DomainError("delegation_revoked_already")
    locked.revoked_at, locked.revoked_by = now, actor.user
    locked.save(update_fields=["revoked_at", "revoked_by"])
    audit.record(
        action="delegation.revoked",
        obj=locked,
        actor=actor.user,
        now=now,
        before={"revoked_at": None},
        after={"revoked_at": now.isoformat()},
        department_code=locked.department.code,
    )
    review_notices.delegation_revoked(locked, now=now)
    return locked


def _require_head(actor: Actor, department_id: int) -> None:
    """In their own right: who received a signature cannot pass it on."""
    if department_id not in actor.departments_as(Role.HEAD):
        raise NotPermitted("not_permitted")


def problems(*, department: Department, wish: Wish, actor: Actor, today: date) -> Iterator[FieldError]:
    """Everything that stands against a wish, field by field."""
    if wish.delegate is None:
        yield FieldError("delegate", "delegate_required")
    elif wish.delegate not in colleagues(department.pk, day=max(wish.starts_on or today, today), but=actor.user):
        yield FieldError("delegate", "delegate_not_in_department")
    yield from _problems_of_days(wish, today)
    if len(wish.reason.strip()) < REASON_AT_LEAST:
        yield FieldError("reason", "reason_too_short", {"at_least": REASON_AT_LEAST})
    if len(wish.reason) > REASON_AT_MOST:
        yield FieldError("reason", "text_too_long", {"limit": REASON_AT_MOST, "length": len(wish.reason)})


def _problems_of_days(wish: Wish, today: date) -> Iterator[FieldError]:
    if wish.starts_on is not None and wish.starts_on < today:
        yield FieldError("starts_on", "delegation_in_past", {"today": today.isoformat()})
    for name, day in (("starts_on", wish.starts_on), ("last_on", wish.last_on)):
        if day is None:
            yield FieldError(name, "date_required")
    if wish.starts_on is None or wish.last_on is None:
        return
    if wish.last_on < wish.starts_on:
        yield FieldError("last_on", "delegation_ends_before_start")
    elif (wish.last_on - wish.starts_on).days >= LONGEST_DAYS:
        yield FieldError("last_on", "delegation_too_long", {"limit": LONGEST_DAYS})
