"""In whose name a head's step is taken: what the record of the step says about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import localtime

from accounts.models import Delegation, Role, User
from accounts.permissions import Actor
from kpi.domain.errors import NotPermitted
from kpi.domain.signing import Capacity, Signing, signing


@dataclass(frozen=True)
class Hand:
    """Columns of a step's record: whose signature it is, lent by which delegation, whether they signed their own."""

    on_behalf_of: User | None = None
    delegation: Delegation | None = None
    is_own_submission: bool = False


OWN_HAND = Hand()


def hand_of(*, department_id: int, author_id: int | None, actor: Actor, now: datetime, is_batch: bool = False) -> Hand:
    """The hand that signs for a department what ``author_id`` submitted. What is signed must be locked.

    A delegation is read again, and kept from being revoked until this transaction ends: what the request began with
    may be over. Raises ``NotPermitted`` or ``signer_is_author``.
    """
    found = signing(
        is_head=department_id in actor.departments_as(Role.HEAD),
        is_delegate=department_id in actor.delegated,
        is_submitter=author_id == actor.user.pk,
        is_batch=is_batch,
    )
    return _hand(found, department_id, actor, now)


def returning_hand(*, department_id: int, actor: Actor, now: datetime) -> Hand:
    """The hand that sends something back; whose it is does not matter."""
    is_head = department_id in actor.departments_as(Role.HEAD)
    return _hand(Signing(Capacity.HEAD if is_head else Capacity.DELEGATE), department_id, actor, now)


def _hand(found: Signing, department_id: int, actor: Actor, now: datetime) -> Hand:
    if found.capacity is Capacity.HEAD:
        return OWN_HAND
    lent = Delegation.objects.in_force_on(localtime(now).date()).filter(delegate=actor.user, department=department_id)
    delegation = lent.select_for_update(of=("self",), no_key=True).select_related("head").order_by("id").first()
    if delegation is None:
        raise NotPermitted("delegation_ended")
    return Hand(delegation.head, delegation, found.is_own_submission)
