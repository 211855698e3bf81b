"""Where each role starts, and what its menu holds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Role
from accounts.permissions import Actor

MONTH = re.compile(r"/\d{4}-\d{2}/")


@dataclass(frozen=True)
class NavItem:
    label: Promise | str
    url: str
    is_current: bool = False


TODO = (_("我的待办"), "todo/")
GRID = (_("批量填报"), "reports/grid/")
SIGN_OFF = (_("审签"), "signoff/")
COCKPIT = (_("总览"), "cockpit/")
DESK = (_("督查台"), "desk/")
KPIS = (_("指标"), "kpis/")
LIVING = (_("活报告"), "living-report/")

# First match wins: a person with several roles starts where most is waiting for them.
MENUS = (
    (Role.LEADER, (COCKPIT, KPIS, LIVING)),
    (Role.SUPERVISOR, (DESK, COCKPIT, LIVING)),
    (Role.HEAD, (SIGN_OFF, TODO, COCKPIT, LIVING)),
    (Role.STAFF, (TODO, GRID, COCKPIT, LIVING)),
)


def items_for(actor: Actor, year: int, path: str) -> list[NavItem]:
    """The menu of an actor's roles for a year, without doubles."""
    entries = dict.fromkeys(entry for role, menu in MENUS if _serves_as(actor, role) for entry in menu)
    urls = [(label, f"/{year}/{page}") for label, page in entries]
    # The month in an address says which page of an entry is looked at, not another entry.
    path = MONTH.sub("/", path)
    return [NavItem(label, url, path.startswith(url)) for label, url in urls]


def _serves_as(actor: Actor, role: Role) -> bool:
    """Whoever signs for a head has the head's menu beside their own."""
    return actor.has(role) or (role is Role.HEAD and bool(actor.delegated))


def home_of(actor: Actor, year: int) -> str:
    """The address a person lands on after signing in; administrators have their own site."""
    for role, menu in MENUS:
        if actor.has(role):
            return f"/{year}/{menu[0][1]}"
    return "/account/"
