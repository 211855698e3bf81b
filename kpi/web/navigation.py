"""Where each role starts, and what its menu holds."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Role
from accounts.permissions import Actor

# Year-scoped addresses: the product rolls over to the next report every January.
YEAR = 2025


@dataclass(frozen=True)
class NavItem:
    label: Promise | str
    url: str
    is_current: bool = False


TODO = (_("我的待办"), f"/{YEAR}/todo/")
SIGN_OFF = (_("审签"), f"/{YEAR}/signoff/")
COCKPIT = (_("总览"), f"/{YEAR}/cockpit/")
DESK = (_("督查台"), f"/{YEAR}/desk/")
LIVING = (_("活报告"), f"/{YEAR}/living-report/")

# First match wins: a person with several roles starts where most is waiting for them.
MENUS = (
    (Role.LEADER, (COCKPIT, LIVING)),
    (Role.SUPERVISOR, (DESK, COCKPIT, LIVING)),
    (Role.HEAD, (SIGN_OFF, TODO, COCKPIT, LIVING)),
    (Role.STAFF, (TODO, COCKPIT, LIVING)),
)


def items_for(actor: Actor, path: str) -> list[NavItem]:
    """The menu of an actor's roles, without doubles, in the order of the roles they hold."""
    entries = dict.fromkeys(entry for role, menu in MENUS if actor.has(role) for entry in menu)
    return [NavItem(label, url, path.startswith(url)) for label, url in entries]


def home_of(actor: Actor) -> str:
    """The address a person lands on after signing in; administrators have their own site."""
    for role, menu in MENUS:
        if actor.has(role):
            return menu[0][1]
    return "/account/"
