"""Departments and chapters: the cockpit's rows limited to one unit. Official order; nobody is ranked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts import clock
from accounts.models import Department
from kpi.domain.values import Rag
from kpi.models import Indicator
from kpi.selectors import cockpit, units
from kpi.selectors.directives import Standing
from kpi.selectors.scoreboard import Row, worst_first
from kpi.services.permissions import may_export
from kpi.web.look import Look, lamp_asked_for, later, look, open_directives, tiles
from kpi.web.rendering import render

KEPT = ("role", "lamp", "scope", "sort")
ROLES = ("lead", "supporting")


@login_required
@require_safe
def list_departments(request: HttpRequest, year: int) -> HttpResponse:
    """All departments with a part in the year, in official order."""
    seen = look(request, year, keeps=())
    lines = units.lines(cockpit.units(seen.board), units.supporting(year))
    return render(request, "kpi/departments.html", {"look": seen, "board": seen.board, "now": seen.now, "lines": lines})


@login_required
@require_safe
def show_department(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """One department: what it leads, or what it supports."""
    department = get_object_or_404(Department, code=code)
    role = request.GET.get("role", ROLES[0])
    if role not in ROLES:
        raise Http404
    indicators = units.involving(department, year).with_directives(request.actor, clock.now())
    seen = look(request, year, keeps=KEPT, indicators=indicators)
    led = seen.of(row for row in seen.board.rows if row.indicator.lead_department_id == department.pk)
    supported = seen.of(row for row in seen.board.rows if row.indicator.lead_department_id != department.pk)
    chosen = led if role == "lead" else supported
    context = {
        "department": department,
        "role": role,
        "roles": [
            {"name": "lead", "count": len(led.board.rows), "url": seen.address(role=None, lamp=None)},
            {
                "name": "supporting",
                "count": len(supported.board.rows),
                "url": seen.address(role="supporting", lamp=None),
            },
        ],
        # Who leads an indicator reports on it, so the share is the leads' whichever rows are looked at.
        "on_time": units.rates_by_month(led.board),
        "led": led.board,
        "may_export": bool(led.board.rows) and may_export(request.actor, [department.code]),
    }
    shown = context | _rows(request, chosen, units.chapters) | _directives(request, chosen)
    return render(request, "kpi/department.html", shown)


@login_required
@require_safe
def list_sectors(request: HttpRequest, year: int) -> HttpResponse:
    """The chapters of the report, in its order."""
    seen = look(request, year, keeps=())
    lines = [(group, seen.of(group.rows).board) for group in units.chapters(seen.board.rows)]
    return render(request, "kpi/sectors.html", {"look": seen, "board": seen.board, "now": seen.now, "lines": lines})


@login_required
@require_safe
def show_sector(request: HttpRequest, year: int, code: str) -> HttpResponse:
    """One chapter, addressed by the code of a commitment in it: codes stay what they are when chapters are added."""
    title = units.chapter_of(year, code)
    if title is None:
        raise Http404
    indicators = Indicator.objects.of_year(year).filter(commitment__section=title)
    indicators = indicators.with_directives(request.actor, clock.now())
    seen = look(request, year, keeps=KEPT, indicators=indicators)
    context = {"title": title, "on_time": units.rates_by_month(seen.board), "led": seen.board}
    shown = context | _rows(request, seen, units.parts_of_chapter) | _directives(request, seen)
    return render(request, "kpi/sector.html", shown)


def _rows(request: HttpRequest, seen: Look, grouped: Callable[[Iterable[Row]], list[units.Group]]) -> dict[str, object]:
    """Tiles and rows of a unit as the address narrows and orders them."""
    lamp, rows = lamp_asked_for(request), seen.board.rows
    is_behind, by_severity = request.GET.get("scope") == "behind", request.GET.get("sort") == "severity"
    shown = [row for row in rows if _is_shown(row, lamp, is_behind)]
    return {
        "look": seen,
        "board": seen.board,
        "now": seen.now,
        "lamp": lamp,
        "tiles": tiles(seen.board, seen, lamp),
        "groups": _one_group(shown) if by_severity else grouped(shown),
        "is_narrowed": len(shown) < len(rows),
        "is_behind": is_behind,
        "by_severity": by_severity,
        "behind_url": seen.address(scope=None if is_behind else "behind", lamp=None),
        "sort_url": seen.address(sort=None if by_severity else "severity"),
        "all_url": seen.address(lamp=None, scope=None),
    }


def _directives(request: HttpRequest, seen: Look) -> dict[str, object]:
    """The open directives on the rows looked at, worst first."""

    def in_order() -> list[Standing]:
        found = open_directives(seen, request.actor)
        return sorted((each for rows in found.values() for each in rows), key=attrgetter("urgency"))

    return {"directives": later(in_order)}


def _is_shown(row: Row, lamp: Rag | None, is_behind: bool) -> bool:
    if lamp is not None:
        return row.rag is lamp
    return row.rag in cockpit.BAD or not is_behind


def _one_group(rows: Iterable[Row]) -> list[units.Group]:
    found = worst_first(rows)
    return [units.Group("", found)] if found else []
