"""Signatures lent between the demo people."""

from __future__ import annotations

from datetime import date, timedelta

from accounts.models import Delegation, Department, User
from tests.conftest import NOW

TODAY = NOW.date()


def lend(
    head: str = "nyj_head",
    delegate: str = "nyj_staff",
    department: str = "agriculture",
    *,
    first: date = TODAY,
    last: date = TODAY + timedelta(days=5),
) -> Delegation:
    """Put a delegation on record as it is, whatever a service would say."""
    giver = User.objects.get(username=head)
    return Delegation.objects.create(
        head=giver,
        delegate=User.objects.get(username=delegate),
        department=Department.objects.get(code=department),
        starts_on=first,
        ends_on=last + timedelta(days=1),
        reason="外出学习",
        created_by=giver,
        created_at=NOW,
    )
