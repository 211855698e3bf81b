"""In whose name a head's step is taken: what the record of the step says about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import localtime

from accounts.models import Delegation, Role, User
from accounts.permissions import Actor
from kpi.domain.errors import NotPermitted
from kpi.domain.signing import Capacity, Signing, signing
from kpi.models import Submission


@dataclass(frozen=True)
class Hand:
    """Columns of ``Review``: whose signature it is, lent by which delegation, and whether they signed their own."""

    on_behalf_of: User | None = None
    delegation: Delegation | None = None
    is_own_submission: bool = False


OWN_HAND = Hand()


def hand_of(*, submission: Submission, actor: Actor, now: datetime, is_batch: bool = False) -> Hand:
    """The hand that signs a report. ``submission`` must be locked.

    A delegation is read again, and kept from being revoked until this transaction ends: what the request began with
    may be over. Raises ``NotPermitted`` or ``signer_is_author``.
    """
    found = signing(
        is_head=_is_head(submission, actor),
        is_delegate=submission.indicator.lead_department_id in actor.delegated,
        is_submitter=submission.author_id == actor.user.pk,
        is_batch=is_batch,
    )
    return _hand(found, submission, actor, now)


def returning_hand(*, submission: Submission, actor: Actor, now: datetime) -> Hand:
    """The hand that sends a report back; whose report it is does not matter."""
    is_head = _is_head(submission, actor)
    return _hand(Signing(Capacity.HEAD if is_head else Capacity.DELEGATE), submission, actor, now)


def _is_head(submission: Submission, actor: Actor) -> bool:
    return submission.indicator.lead_department_id in actor.departments_as(Role.HEAD)


def _hand(found: Signing, submission: Submission, actor: Actor, now: datetime) -> Hand:
    if found.capacity is Capacity.HEAD:
        return OWN_HAND
    lent = Delegation.objects.in_force_on(localtime(now).date()).filter(
        delegate=actor.user, department=submission.indicator.lead_department_id
    )
    delegation = lent.select_for_update(of=("self",), no_key=True).select_related("head").order_by("id").first()
    if delegation is None:
        raise NotPermitted("delegation_ended")
    return Hand(delegation.head, delegation, found.is_own_submission)
