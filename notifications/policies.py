"""Who looks after what leaves the house."""

from __future__ import annotations

from accounts.models import Role
from accounts.permissions import Actor

ROBOT_KEEPERS = (Role.SUPERVISOR, Role.SYSTEM_ADMIN)


def may_manage_robots(actor: Actor | None) -> bool:
    """The office, whose messages they are, and the system administrators, who keep the network."""
    return bool(actor) and any(actor.has(role) for role in ROBOT_KEEPERS)
