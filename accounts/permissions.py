"""Who is acting: a person with the roles they hold today. Built once per request, passed down as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from accounts.models import Membership, Role, User


class PermissionRefused(Exception):
    """The wrong person (403), with a stable code."""

    def __init__(self, code: str, **params: object):
        super().__init__(code)
        self.code = code
        self.params: Mapping[str, object] = params


@dataclass(frozen=True)
class Actor:
    """A user with today's memberships. ``department_ids`` are the departments whose drafts they may see."""

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
        return department_id in self.departments_as(Role.HEAD)

    @property
    def is_leader(self) -> bool:
        return self.has(Role.LEADER)

    @property
    def is_supervisor(self) -> bool:
        return self.has(Role.SUPERVISOR)


def actor_for(user: User, today: date) -> Actor:
    """The person with what they hold on ``today`` (1 query)."""
    memberships = Membership.objects.active_on(today).filter(user=user).select_related("department", "post")
    return Actor(user, today, tuple(memberships))


def require(condition: bool, code: str, **params: object) -> None:
    """Raise ``PermissionRefused`` unless the condition holds."""
    if not condition:
        raise PermissionRefused(code, **params)
