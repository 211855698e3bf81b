"""Who holds a role today. Duties belong to departments and posts, so a successor is found by the same question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, OuterRef

from accounts.models import Delegation, Department, Membership, Role, User


def holding(role: Role, *, day: date, department_id: int | None = None) -> list[User]:
    """Active users with the role on ``day``, optionally in one department (1 query), by user name."""
    memberships = Membership.objects.active_on(day).filter(role=role, user__is_active=True)
    if department_id is not None:
        memberships = memberships.filter(department_id=department_id)
    users = {membership.user_id: membership.user for membership in memberships.select_related("user")}
    return sorted(users.values(), key=lambda user: user.username)


def signing_for(department_id: int, *, day: date) -> list[User]:
    """Heads of a department on ``day`` and whom they lent their signature to (2 queries), by user name."""
    lent = Delegation.objects.in_force_on(day).filter(department_id=department_id).select_related("delegate")
    users = {user.pk: user for user in holding(Role.HEAD, day=day, department_id=department_id)}
    users |= {delegation.delegate_id: delegation.delegate for delegation in lent}
    return sorted(users.values(), key=lambda user: user.username)


def colleagues(department_id: int, *, day: date, but: User) -> list[User]:
    """Active people of a department on ``day`` without one of them (1 query), by user name."""
    held = Membership.objects.active_on(day).filter(department_id=department_id, role__in=(Role.STAFF, Role.HEAD))
    users = User.objects.filter(pk__in=held.values("user"), is_active=True).exclude(pk=but.pk)
    return list(users.order_by("username"))


@dataclass(frozen=True)
class Lent:
    """A delegation as its head looks at it; ``status`` is ``in_force``, ``not_yet``, ``over``, ``revoked`` or ``void``
    (the head left the post, or the delegate the department)."""

    delegation: Delegation
    status: str

    @property
    def can_be_revoked(self) -> bool:
        return self.status in ("in_force", "not_yet", "void")

    @property
    def last_day(self) -> date:
        return self.delegation.ends_on - timedelta(days=1)


def delegations_of(departments: Collection[int], day: date, most: int = 30) -> list[Lent]:
    """What was lent in some departments, the latest first (1 query)."""
    in_force = Delegation.objects.in_force_on(day).filter(pk=OuterRef("pk"))
    found = Delegation.objects.filter(department__in=departments).annotate(is_in_force=Exists(in_force))
    found = found.select_related("head", "delegate", "department")
    return [Lent(each, _status(each, day)) for each in found[:most]]


def _status(delegation: Delegation, day: date) -> str:
    if delegation.revoked_at is not None:
        return "revoked"
    if delegation.is_in_force:
        return "in_force"
    if day < delegation.starts_on:
        return "not_yet"
    return "over" if delegation.ends_on <= day else "void"


def colleagues_by_department(departments: Collection[int], day: date, but: User) -> list[tuple[int, User]]:
    """Active people of some departments without one of them, each with the department (1 query), by user name."""
    held = Membership.objects.active_on(day).filter(department__in=departments, user__is_active=True)
    held = held.filter(role__in=(Role.STAFF, Role.HEAD)).exclude(user=but).select_related("user")
    pairs = {(each.department_id, each.user_id): each.user for each in held.order_by("user__username")}
    return [(department, user) for (department, _user), user in pairs.items()]


def coverage_units(scope: str) -> list[Department]:
    """The units a coverage indicator counts: all districts, or all townships, in official order (1 query)."""
    return list(Department.objects.filter(kind=scope, is_active=True).select_related("parent").order_by("ordinal"))


def contacts_by_department(day: date) -> Mapping[int, list[str]]:
    """Names of the people who file for each department, by department id (1 query)."""
    rows = Membership.objects.active_on(day).filter(role=Role.STAFF, user__is_active=True)
    contacts: dict[int, list[str]] = defaultdict(list)
    for department, name in rows.order_by("user__username").values_list("department_id", "user__display_name"):
        contacts[department].append(name)
    return contacts


class Directory:
    """All active memberships of a day (2 queries), for planning reminders for everyone at once.

    Who signs for a head today hears what the head hears.
    """

    def __init__(self, day: date):
        self._by_department: Mapping[tuple[str, int], set[int]] = defaultdict(set)
        self._by_post: Mapping[int, set[int]] = defaultdict(set)
        self._by_role: Mapping[str, set[int]] = defaultdict(set)
        rows = Membership.objects.active_on(day).filter(user__is_active=True)
        for role, department, post, user in rows.values_list("role", "department_id", "post_id", "user_id"):
            self._by_role[role].add(user)
            if department is not None:
                self._by_department[role, department].add(user)
            if post is not None:
                self._by_post[post].add(user)
        lent = Delegation.objects.in_force_on(day).values_list("department_id", "delegate_id")
        for department, delegate in lent:
            self._by_department[Role.HEAD, department].add(delegate)

    def in_department(self, role: Role, department_id: int) -> tuple[int, ...]:
        return tuple(sorted(self._by_department.get((role, department_id), ())))

    def in_post(self, post_id: int) -> tuple[int, ...]:
        return tuple(sorted(self._by_post.get(post_id, ())))

    def in_role(self, role: Role) -> tuple[int, ...]:
        return tuple(sorted(self._by_role.get(role, ())))
