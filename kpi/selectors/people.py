"""Who holds a role today. Duties belong to departments and posts, so a successor is found by the same question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import JSONObject

from accounts.models import Delegation, Department, Membership, Role, User


def holding(role: Role, *, day: date, department_id: int | None = None) -> list[User]:
    """Active users with the role on ``day``, optionally in one department (1 query), by user name."""
    memberships = Membership.objects.active_on(day).filter(role=role, user__is_active=True)
    if department_id is not None:
        memberships = memberships.filter(department_id=department_id)
    users = {membership.user_id: membership.user for membership in memberships.select_related("user")}
    return sorted(users.values(), key=lambda user: user.username)


def holding_post(post_id: int, *, day: date) -> list[User]:
    """Active users who hold a leader's post on ``day`` (1 query), by user name."""
    held = Membership.objects.active_on(day).filter(role=Role.LEADER, post_id=post_id)
    return list(User.objects.filter(pk__in=held.values("user"), is_active=True).order_by("username"))


def answering_for(department_id: int, *, day: date) -> list[User]:
    """Staff of a department and whoever signs for it on ``day`` (3 queries), each once, by user name."""
    users = {user.pk: user for user in holding(Role.STAFF, day=day, department_id=department_id)}
    users |= {user.pk: user for user in signing_for(department_id, day=day)}
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


@dataclass(frozen=True)
class Lending:
    """What was lent in some departments, the latest first, and whom a signature may be lent to, with the department."""

    lent: list[Lent]
    colleagues: list[tuple[int, User]]


LENT_COLUMNS = ("id", "department_id", "head_id", "starts_on", "ends_on", "revoked_at", "reason")
LENT_ROW = JSONObject(
    **{name: name for name in LENT_COLUMNS}, head_name="head__display_name", is_in_force="is_in_force"
)


def lending(*, departments: Collection[int], own: Collection[int], but: User, day: date, most: int = 30) -> Lending:
    """Delegations in ``departments`` and people of the departments that are ``own``, without oneself (1 query)."""
    in_force = Delegation.objects.in_force_on(day).filter(pk=OuterRef("pk"))
    received = Delegation.objects.filter(delegate=OuterRef("pk"), department__in=departments)
    received = received.annotate(is_in_force=Exists(in_force))
    held = Membership.objects.active_on(day).filter(user=OuterRef("pk"), role__in=(Role.STAFF, Role.HEAD))
    held = held.filter(department__in=own).order_by("department_id")
    users = User.objects.filter(Q(Exists(received)) | Q(Exists(held))).order_by("username")
    found = list(
        users.annotate(
            received=ArraySubquery(received.values(row=LENT_ROW)),
            works_in=ArraySubquery(held.values("department_id").distinct()),
        )
    )
    lent = [_lent(row, user, day) for user in found for row in user.received or ()]
    lent.sort(key=lambda each: (each.delegation.starts_on, each.delegation.pk), reverse=True)
    colleagues = [(unit, user) for user in found for unit in user.works_in or () if user.is_active and user != but]
    return Lending(lent[:most], colleagues)


def _lent(row: Mapping[str, Any], delegate: User, day: date) -> Lent:
    delegation = Delegation(
        id=row["id"],
        department_id=row["department_id"],
        head=User(pk=row["head_id"], display_name=row["head_name"]),
        delegate=delegate,
        starts_on=date.fromisoformat(row["starts_on"]),
        ends_on=date.fromisoformat(row["ends_on"]),
        reason=row["reason"],
    )
    if row["revoked_at"] is not None:
        return Lent(delegation, "revoked")
    return Lent(delegation, "in_force" if row["is_in_force"] else _status(delegation, day))


def _status(delegation: Delegation, day: date) -> str:
    """Why one that is not revoked does not hold."""
    if day < delegation.starts_on:
        return "not_yet"
    return "over" if delegation.ends_on <= day else "void"


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
    """All active memberships of a day (1 query), for planning reminders for everyone at once.

    Who signs for a head today hears what the head hears.
    """

    def __init__(self, day: date):
        self._by_department: Mapping[tuple[str, int], set[int]] = defaultdict(set)
        self._by_post: Mapping[int, set[int]] = defaultdict(set)
        self._by_role: Mapping[str, set[int]] = defaultdict(set)
        self._contacts: Mapping[int, set[int]] = defaultdict(set)
        # Signatures are lent inside a department only, so that each hangs on a membership.
        lent = Delegation.objects.in_force_on(day).filter(
            delegate=OuterRef("user"), department=OuterRef("department"), delegate__is_active=True
        )
        rows = Membership.objects.active_on(day).filter(user__is_active=True).annotate(is_lent=Exists(lent))
        columns = ("role", "department_id", "post_id", "user_id", "is_contact", "is_lent")
        for role, department, post, user, is_contact, is_lent in rows.order_by().values_list(*columns):
            self._by_role[role].add(user)
            if department is not None:
                self._by_department[role, department].add(user)
                if is_lent:
                    self._by_department[Role.HEAD, department].add(user)
                if is_contact:
                    self._contacts[department].add(user)
            if post is not None and role == Role.LEADER:
                self._by_post[post].add(user)

    def in_department(self, role: Role, department_id: int) -> tuple[int, ...]:
        return tuple(sorted(self._by_department.get((role, department_id), ())))

    def contacts_of(self, department_id: int) -> tuple[int, ...]:
        return tuple(sorted(self._contacts.get(department_id, ())))

    def in_post(self, post_id: int) -> tuple[int, ...]:
        return tuple(sorted(self._by_post.get(post_id, ())))

    def in_role(self, role: Role) -> tuple[int, ...]:
        return tuple(sorted(self._by_role.get(role, ())))

    def answers_for(self, department_id: int | None) -> frozenset[int]:
        """Everybody of a department a notice may be meant for: staff, contact, heads and who signs for them."""
        if department_id is None:
            return frozenset()
        return frozenset(
            (
                *self._by_department.get((Role.STAFF, department_id), ()),
                *self._by_department.get((Role.HEAD, department_id), ()),
                *self._contacts.get(department_id, ()),
            )
        )
