"""Writes about people: accounts, what they hold, and handing a post over. One transaction and one audit entry each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import transaction

from accounts import audit, lockout, passwords, sessions
from accounts.models import Department, Membership, Post, Role, User


@dataclass(frozen=True)
class Holding:
    """A role in a department or post, from a day on."""

    role: Role
    starts_on: date
    department: Department | None = None
    post: Post | None = None


@transaction.atomic
def create_user(
    *,
    username: str,
    display_name: str,
    password: str,
    holdings: Iterable[Holding],
    actor: User | None,
    now: datetime,
    email: str = "",
    is_staff: bool = False,
) -> User:
    """An account with what it holds; ``is_staff`` opens the administration site.

    Raises ``ValidationError`` for two administrator roles at once.
    """
    user = User.objects.create_user(username, None, display_name=display_name, email=email, is_staff=is_staff)
    passwords.put(user=user, password=password, actor=actor, now=now)
    held = [_grant(user, holding) for holding in holdings]
    after = {"username": username, "holdings": [str(membership) for membership in held]}
    audit.record(action="user.created", obj=user, actor=actor, now=now, after=after)
    return user


@transaction.atomic
def end_membership(*, membership: Membership, last_day: date, actor: User | None, now: datetime) -> None:
    """The person stops holding it; what the department or post owns stays where it is."""
    before = {"ends_on": membership.ends_on}
    membership.ends_on = last_day
    membership.full_clean()
    membership.save(update_fields=["ends_on"])
    audit.record(
        action="membership.ended", obj=membership, actor=actor, now=now, before=before, after={"ends_on": last_day}
    )


@transaction.atomic
def hand_over_post(*, post: Post, successor: User, on: date, actor: User | None, now: datetime) -> Membership:
    """The successor holds the post from ``on``; whoever held it until then stops on the same day."""
    for held in Membership.objects.active_on(on).filter(post=post).exclude(user=successor):
        end_membership(membership=held, last_day=on, actor=actor, now=now)
    membership = _grant(successor, Holding(Role.LEADER, on, post=post))
    audit.record(action="post.handed_over", obj=post, actor=actor, now=now, after={"to": str(successor)})
    return membership


@transaction.atomic
def sign_out_elsewhere(*, user: User, actor: User | None = None, now: datetime, handle: str = "", but: str = "") -> int:
    """End sessions of ``user``: the one named, or all but the one with the key ``but``; how many were ended.

    ``actor`` is who does it, where that is somebody else.
    """
    ended = sessions.end(user, now=now - settings.CLOCK_OFFSET, handle=handle, but=but)
    if ended:
        audit.record(action="session.ended", obj=user, actor=actor or user, now=now, after={"count": ended})
    return ended


@transaction.atomic
def unlock_sign_in(*, user: User, actor: User, now: datetime) -> None:
    """Let somebody try again who mistyped the password too often."""
    addresses = lockout.unlock(user.username)
    audit.record(action="session.unlocked", obj=user, actor=actor, now=now, after={"addresses": addresses})


def _grant(user: User, holding: Holding) -> Membership:
    membership = Membership(
        user=user,
        role=holding.role,
        department=holding.department,
        post=holding.post,
        starts_on=holding.starts_on,
    )
    membership.full_clean()
    membership.save()
    return membership
