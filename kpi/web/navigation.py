"""Where each role starts, and what its menu holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Role
from accounts.permissions import Actor

MONTH = re.compile(r"/\d{4}-\d{2}/")
PERIOD = re.compile(r"\d{4}-\d{2}")
# Pages that every year has, whatever is in it.
LISTS = "cockpit/|kpis/|living-report/|departments/|sectors/|directives/|bulletins/|exports/|todo/|signoff/|desk/"
YEARLY = re.compile(rf"/\d{{4}}/(?P<page>(?:{LISTS})|desk/(?:kpis|years|succession)/)")
# A phone's bottom bar holds five, of which “my account” is one.
IN_BAR = 4


@dataclass(frozen=True)
class NavItem:
    label: Promise | str
    url: str
    is_current: bool = False
    is_in_bar: bool = True


@dataclass(frozen=True)
class Entry:
    """A page of the menu. ``is_as_of``: it can show any month, so the month looked at is kept on the way there.

    ``page`` belongs to the year, unless it begins with a slash.
    """

    label: Promise | str
    page: str
    is_as_of: bool = False
    is_for_desktop: bool = False

    def path(self, year: int) -> str:
        return self.page if self.page.startswith("/") else f"/{year}/{self.page}"


TODO = Entry(_("我的待办"), "todo/")
# A grid of figures is no work for a phone.
GRID = Entry(_("批量填报"), "reports/grid/", is_for_desktop=True)
SIGN_OFF = Entry(_("审签"), "signoff/")
COCKPIT = Entry(_("总览"), "cockpit/", is_as_of=True)
DESK = Entry(_("督查台"), "desk/")
# Searching a hundred rows is desk work too; a phone reaches each from the cockpit.
KPIS = Entry(_("指标"), "kpis/", is_as_of=True, is_for_desktop=True)
LIVING = Entry(_("活报告"), "living-report/", is_as_of=True)
DEPARTMENTS = Entry(_("部门"), "departments/", is_as_of=True)
# Files are made, looked at and passed on at a desk.
EXPORTS = Entry(_("导出"), "exports/", is_for_desktop=True)
DIRECTIVES = Entry(_("批示督办"), "directives/")
BULLETINS = Entry(_("督查通报"), "bulletins/", is_for_desktop=True)
TRAIL = Entry(pgettext_lazy("page", "审计记录"), "/audit/")
ROLES = Entry(_("任职与权限"), "/manage/roles/")

# First match wins: a person with several roles starts where most is waiting for them.
MENUS = (
    (Role.LEADER, (COCKPIT, KPIS, LIVING, DEPARTMENTS, DIRECTIVES, BULLETINS)),
    (Role.SUPERVISOR, (DESK, COCKPIT, DIRECTIVES, LIVING, EXPORTS, BULLETINS)),
    (Role.HEAD, (SIGN_OFF, TODO, COCKPIT, DIRECTIVES, LIVING)),
    (Role.STAFF, (TODO, GRID, COCKPIT, DIRECTIVES, LIVING)),
    (Role.AUDITOR, (TRAIL, ROLES)),
    (Role.SECURITY_ADMIN, (ROLES,)),
)


@lru_cache(maxsize=4096)
def indicator_path(year: int, code: str) -> str:
    """The address of an indicator's page: a board names some hundred, and each is always the same."""
    return reverse("indicator", args=(year, code))


def items_for(actor: Actor, year: int, path: str, period: str = "") -> list[NavItem]:
    """The menu of an actor's roles for a year, without doubles; ``period`` is the month looked at, if not now."""
    entries = list(dict.fromkeys(entry for role, menu in MENUS if _serves_as(actor, role) for entry in menu))
    entries += _own_unit(actor) if entries else []
    in_bar = [entry for entry in entries if not entry.is_for_desktop][:IN_BAR]
    at = f"?period={period}" if PERIOD.fullmatch(period) else ""
    # The month in an address says which page of an entry is looked at, not another entry.
    path = MONTH.sub("/", path)
    current = max((each.path(year) for each in entries if path.startswith(each.path(year))), default="")
    return [
        NavItem(
            label=entry.label,
            url=f"{entry.path(year)}{at if entry.is_as_of else ''}",
            is_current=entry.path(year) == current,
            is_in_bar=entry in in_bar,
        )
        for entry in entries
    ]


def same_page_of(year: int, path: str) -> str:
    """The page of another year that a reader of ``path`` means: the same list, else where work of that year begins.

    An indicator or a report of one year is no other year's.
    """
    page = YEARLY.fullmatch(path)
    return f"/{year}/{page['page']}" if page else f"/{year}/"


def _own_unit(actor: Actor) -> list[Entry]:
    """The page of the unit a person files or signs for; with several units, of the first."""
    own = [found.department for found in actor.memberships if found.role in (Role.STAFF, Role.HEAD)]
    return [Entry(_("本单位任务"), f"departments/{own[0].code}/", is_as_of=True)] if own else []


def _serves_as(actor: Actor, role: Role) -> bool:
    """Whoever signs for a head has the head's menu beside their own."""
    return actor.has(role) or (role is Role.HEAD and bool(actor.delegated))


def home_of(actor: Actor, year: int) -> str:
    """The address a person lands on after signing in; administrators have their own site."""
    for role, menu in MENUS:
        if actor.has(role):
            return menu[0].path(year)
    return "/account/"
