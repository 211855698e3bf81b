"""Filling in bulk: all reports a department owes for a month in one table, line by line filed or kept as drafts."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import clock
from accounts.permissions import require
from kpi import labels
from kpi.domain.errors import DomainError, IllegalTransition, PeriodClosed, StaleVersion
from kpi.models import Period
from kpi.selectors import periods as period_selector
from kpi.services import submissions
from kpi.services.content import ContentInvalid
from kpi.services.examining import FigureInDoubt
from kpi.web import grid as grids
from kpi.web.forms import storable
from kpi.web.grid import Grid, Line

REFUSALS = (StaleVersion, PeriodClosed, IllegalTransition)


@login_required
def current_grid(request: HttpRequest, year: int) -> HttpResponse:
    """The grid of the month that is being filed."""
    found = period_selector.of_year(year)
    if not found:
        raise Http404
    return redirect("report-grid", year, period_selector.current(found, clock.now()).code)


@login_required
def fill_grid(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """The table; ``action`` of a POST is row (one line saves itself), save or submit.

    ``?check=A06,A12`` are lines that were to be submitted: what became of each is read from the database and what
    still keeps it is looked for again, so that the answer is the same after a reload.
    """
    require(bool(request.actor.department_ids), "not_permitted")
    if request.method != "POST":
        checked = [code for code in request.GET.get("check", "").split(",") if code]
        return _show(request, _load(request, year, period, checked=checked))
    actions = {"row": _keep_one, "save": _save, "submit": _submit}
    action = actions.get(request.POST.get("action", "save"))
    if action is None:
        raise Http404
    return action(request, year, period)


def _load(
    request: HttpRequest, year: int, period: str, *, code: str | None = None, checked: Collection[str] = ()
) -> Grid:
    try:
        return grids.load(
            actor=request.actor, year=year, period_code=period, now=clock.now(), code=code, checked=checked
        )
    except Period.DoesNotExist as problem:
        raise Http404 from problem


def _posted(request: HttpRequest, year: int, period: str, *, code: str | None = None) -> Grid:
    grid = _load(request, year, period, code=code)
    grids.take_posted(grid, request.POST)
    return grid


def _keep_one(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """One line as it is now; the answer is the line's own row, of which the page takes what is not being typed in."""
    code = request.POST.get("row", "")
    grid = _posted(request, year, period, code=code)
    if not grid.lines:
        raise Http404
    line = grid.lines[0]
    _keep(request, line)
    if line.refusal is not None:
        return _show_row(request, _as_refused(_load(request, year, period, code=code), grid), status=409)
    fresh = _load(request, year, period, code=code, checked=[code] if line.is_checked else [])
    fresh.lines[0].is_picked = line.is_picked
    return _show_row(request, fresh)


def _save(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """Keep every line that was touched, what cannot be read included."""
    grid = _posted(request, year, period)
    touched = [line for line in grid.lines if line.is_touched]
    for line in touched:
        _keep(request, line)
    if any(line.refusal for line in touched) or any(line.content[1] for line in touched):
        return _answer(request, year, period, grid)
    messages.success(request, _("已保存 %(count)s 项草稿") % {"count": len(touched)})
    return redirect(request.path)


def _submit(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """File the ticked lines one by one; one that cannot be filed stays as a draft and holds no other back."""
    grid = _posted(request, year, period)
    for line in grid.lines:
        if line.is_picked and line.posted is not None:
            _file(request, line)
        elif line.is_touched:
            _keep(request, line)
    if any(line.refusal for line in grid.lines):
        return _answer(request, year, period, grid)
    picked = [line.code for line in grid.lines if line.is_picked]
    if not picked:
        messages.error(request, _("请先勾选要提交的任务；已填的内容都已存为草稿"))
        return redirect(request.path)
    return redirect(f"{request.path}?{urlencode({'check': ','.join(picked)}, safe=',')}")


def _file(request: HttpRequest, line: Line) -> None:
    line.is_checked = True
    content, errors = line.content
    is_sure = content.value is not None and line.sure_given == line.sure_text
    try:
        if errors:
            raise ContentInvalid(errors)
        submissions.submit(content=content, sure_of=content.value if is_sure else None, **_written(request, line))
    except (ContentInvalid, FigureInDoubt):
        if line.is_touched:
            _keep(request, line)
    except REFUSALS as problem:
        line.refusal = problem


def _keep(request: HttpRequest, line: Line) -> None:
    content, errors = line.content
    typed = storable(line.raw) if errors else {}
    try:
        submissions.save_draft(content=content, typed=typed, **_written(request, line))
    except REFUSALS as problem:
        line.refusal = problem


def _written(request: HttpRequest, line: Line) -> dict[str, object]:
    return {
        "indicator": line.indicator,
        "period": line.period,
        "version": line.version_given,
        "editor": _editor(request),
        "actor": request.actor,
        "now": clock.now(),
    }


def _editor(request: HttpRequest) -> UUID:
    """The open page, named when it is first shown and kept through every answer to it."""
    try:
        return UUID(request.POST.get("editor", ""))
    except ValueError:
        raise DomainError("version_missing") from None


def _answer(request: HttpRequest, year: int, period: str, sent: Grid) -> HttpResponse:
    """The table after some lines could not be written or read: those still say what was typed."""
    checked = [line.code for line in sent.lines if line.is_checked]
    fresh = _as_refused(_load(request, year, period, checked=checked), sent)
    unreadable = {line.code for line in sent.lines if line.posted is not None and line.content[1]}
    for line in fresh.lines:
        line.is_checked = line.is_checked or line.code in unreadable
    return _show(request, fresh, status=409 if any(line.refusal for line in fresh.lines) else 422)


def _as_refused(fresh: Grid, sent: Grid) -> Grid:
    """What is stored now, and over it what was typed into lines that were refused."""
    refused = {line.code: line for line in sent.lines if line.refusal is not None}
    for line in fresh.lines:
        if line.code in refused:
            old = refused[line.code]
            line.posted, line.stamp_given, line.refusal = old.posted, old.stamp_given, old.refusal
            line.is_picked = old.is_picked
    return fresh


def _show_row(request: HttpRequest, grid: Grid, *, status: int = 200) -> HttpResponse:
    context = _context(request, grid) | {"line": grid.lines[0], "is_answer": True}
    return render(request, "kpi/parts/grid_row.html", context, status=status)


def _show(request: HttpRequest, grid: Grid, *, status: int = 200) -> HttpResponse:
    context = _context(request, grid) | {"has_one_unit": len(request.actor.department_ids) == 1}
    return render(request, "kpi/grid.html", context, status=status)


def _context(request: HttpRequest, grid: Grid) -> dict[str, object]:
    return {
        "grid": grid,
        "period": grid.period,
        "editor": request.POST.get("editor") or uuid4(),
        "now": clock.now(),
        "outlooks": labels.OUTLOOK,
        "stages": labels.STAGE,
    }
