"""Who is acting: a person with the roles they hold today. Built once per request, passed down as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db.models import Exists, OuterRef

from accounts.models import Delegation, Membership, Role, User


class PermissionRefused(Exception):
    """The wrong person (403), with a stable code."""

    def __init__(self, code: str, **params: object):
        super().__init__(code)
        self.code = code
        self.params: Mapping[str, object] = params


@dataclass(frozen=True)
class Actor:
    """A user with today's memberships. ``department_ids`` are the departments whose drafts they may see.

    A membership knows whether a head's signature for its department ``is_lent`` to them today.
    """

    user: User
    today: date
    memberships: tuple[Membership, ...]

    @cached_property
    def roles(self) -> frozenset[str]:
        return frozenset(membership.role for membership in self.memberships)

    def has(self, role: Role) -> bool:
        return role in self.roles

    def departments_as(self, role: Role) -> frozenset[int]:
        return frozenset(
            found.department_id for found in self.memberships if found.role == role and found.department_id
        )

    @cached_property
    def department_ids(self) -> frozenset[int]:
        return self.departments_as(Role.STAFF) | self.departments_as(Role.HEAD)

    @cached_property
    def post_ids(self) -> frozenset[int]:
        return frozenset(membership.post_id for membership in self.memberships if membership.post_id)

    def is_staff_of(self, department_id: int) -> bool:
        return department_id in self.departments_as(Role.STAFF)

    def is_head_of(self, department_id: int) -> bool:
        """Whether they sign for the department, in their own right or by delegation."""
        return department_id in self.signs_for

    @cached_property
    def signs_for(self) -> frozenset[int]:
        """Departments they sign for today: as their head, or while a head's signature is lent to them."""
        return self.departments_as(Role.HEAD) | self.delegated

    @cached_property
    def delegated(self) -> frozenset[int]:
        """Departments whose head lent them the signature today."""
        return frozenset(found.department_id for found in self.memberships if getattr(found, "is_lent", False))

    @property
    def is_leader(self) -> bool:
        return self.has(Role.LEADER)

    @property
    def is_supervisor(self) -> bool:
        return self.has(Role.SUPERVISOR)


def actor_for(user: User, today: date) -> Actor:
    """The person with what they hold on ``today`` (1 query)."""
    # Signatures are lent inside a department only, so that each hangs on a membership.
    lent = Delegation.objects.in_force_on(today).filter(delegate=user, department=OuterRef("department"))
    memberships = Membership.objects.active_on(today).filter(user=user).annotate(is_lent=Exists(lent))
    return Actor(user, today, tuple(memberships.select_related("department", "post")))


def require(condition: bool, code: str, **params: object) -> None:
    """Raise ``PermissionRefused`` unless the condition holds."""
    if not condition:
        raise PermissionRefused(code, **params)
