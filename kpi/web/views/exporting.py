"""Workbooks for download: choosing one, looking at its first lines, asking for it, and fetching it when it is made."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts import clock
from accounts.models import Department
from accounts.permissions import require
from kpi import labels
from kpi.domain.errors import DomainError, NotPermitted
from kpi.domain.exporting import ExportKind
from kpi.models import ExportJob, Indicator, Period
from kpi.selectors import exporting as export_selector
from kpi.selectors import periods as period_selector
from kpi.selectors import scores
from kpi.selectors.exporting import Choosable
from kpi.services import exporting
from kpi.web.errors import status_of
from kpi.workbooks.columns import Column, Layout
from kpi.workbooks.export import make
from kpi.workbooks.layout import Line, in_words, layout_of, month_look
from kpi.workbooks.lines import first_lines
from kpi.workbooks.order import Order
from kpi.workbooks.scores import first_lines as score_lines

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PREVIEW_LINES = 20
# So many indicators are written within two seconds, and a ledger of them needs no queue.
MOST_WITHOUT_QUEUE = 500
# A character of Excel's own font in pixels, and what stands beside it in a cell.
CHARACTER_PX, PADDING_PX = 7, 5


@dataclass(frozen=True)
class Choice:
    """What the form says, as it was typed; ``unit`` is a code, empty for all."""

    kind: str
    period: str
    unit: str

    @property
    def query(self) -> str:
        return urlencode({"kind": self.kind, "period": self.period, "unit": self.unit})


@dataclass(frozen=True)
class Page:
    """Everything that can be chosen, and what is. ``periods`` are the year's, ``months`` those that have opened."""

    periods: list[Period]
    months: list[Period]
    choosable: Choosable
    choice: Choice

    @property
    def problem(self) -> DomainError | None:
        """What of the choice does not exist."""
        if self.choice.kind not in set(ExportKind):
            return DomainError("export_kind_unknown")
        if self.month is None:
            return DomainError("export_period_unknown", period=self.choice.period[:20] or "--")
        if self.unit is None and not (self.choosable.is_all and not self.choice.unit):
            return DomainError("export_unit_unknown")
        if self.choice.kind == ExportKind.SCORES and scores.in_force(self.month) is None:
            return DomainError("export_no_scores", period=self.month.code)
        return None

    @property
    def month(self) -> Period | None:
        return next((month for month in self.months if month.code == self.choice.period), None)

    @property
    def unit(self) -> Department | None:
        return next((unit for unit in self.choosable.units if unit.code == self.choice.unit), None)


def _page(request: HttpRequest, year: int, typed: Mapping[str, str]) -> Page:
    """404 for a year without a report; 403 for whoever has nothing to export (2 queries)."""
    now, periods = clock.now(), period_selector.of_year(year)
    if not periods:
        raise Http404
    require(
        bool(request.actor.department_ids) or request.actor.is_supervisor or request.actor.is_leader, "not_permitted"
    )
    found = export_selector.choosable(request.actor, year)
    opened = [period for period in periods if period.opens_at <= now] or periods[:1]
    usual = "" if found.is_all or not found.units else found.units[0].code
    choice = Choice(
        kind=typed.get("kind", ExportKind.LEDGER)[:20],
        period=typed.get("period", opened[-1].code)[:20],
        unit=typed.get("unit", usual)[:40],
    )
    return Page(periods, opened, found, choice)


@login_required
def show_exports(request: HttpRequest, year: int) -> HttpResponse:
    """What can be exported and what was; with ``?kind=&period=&unit=`` the first lines of it. A POST asks for it."""
    page = _page(request, year, request.POST if request.method == "POST" else request.GET)
    if request.method != "POST":
        return _show(request, year, page, page.problem, preview="kind" in request.GET)
    if page.problem is not None:
        return _show(request, year, page, page.problem)
    if request.POST.get("action") == "preview":
        return redirect(f"{reverse('exports', args=(year,))}?{page.choice.query}")
    try:
        job = exporting.ask(
            year=year,
            kind=page.choice.kind,
            period=page.choice.period,
            departments=[page.choice.unit] if page.choice.unit else [],
            actor=request.actor,
            language=get_language() or "zh-hans",
            now=clock.now(),
        )
    except NotPermitted:
        raise
    except DomainError as problem:
        return _show(request, year, page, problem)
    messages.success(request, _("已排队，约 10 秒内开始生成；可以离开本页，文件会保存在下面"))
    return redirect(f"{reverse('exports', args=(year,))}#j-{job.pk}")


def _show(
    request: HttpRequest, year: int, page: Page, problem: DomainError | None, *, preview: bool = False
) -> HttpResponse:
    context = {
        "page": page,
        "problem": problem,
        "kinds": labels.EXPORT_KIND,
        "hints": labels.EXPORT_HINT,
        "preview": _preview(request, page) if preview and problem is None else None,
        "units": {unit.code: unit.short_name for unit in page.choosable.units},
        "kept_days": settings.EXPORTS_KEPT_DAYS,
        **_jobs(request, year),
    }
    return render(request, "kpi/exports.html", context, status=status_of(problem) if problem else 200)


@dataclass(frozen=True)
class Preview:
    """The beginning of the workbook's first sheet of rows, its columns as wide as there, in pixels."""

    order: Order
    headings: list[str]
    widths: list[int]
    rows: list[list[tuple[str, str]]]

    @property
    def width(self) -> int:
        return sum(self.widths)


def _preview(request: HttpRequest, page: Page) -> Preview:
    kind, month = ExportKind(page.choice.kind), page.month
    assert month is not None
    order = Order(
        kind, month, page.periods, [page.unit] if page.unit else [], str(request.user), localtime(clock.now())
    )
    if kind is ExportKind.UNITS and page.unit is None and page.choosable.units:
        # Its sheets are in official order; the first one is shown.
        order = replace(order, departments=page.choosable.units[:1])
    layout = layout_of(kind, page.periods)
    first = score_lines if kind is ExportKind.SCORES else first_lines
    lines = first(order, PREVIEW_LINES)
    return Preview(
        order,
        [str(column.heading) for column in layout.columns],
        _widths(layout),
        [[(in_words(column, line), _look(column, line)) for column in layout.columns] for line in lines],
    )


def _look(column: Column, line: Line) -> str:
    """The class of a cell: figures to the right, lamps in their colour, short words in the middle."""
    if column.form == "lamp":
        return f"xl-{labels.RAG[line.lamp].css}"
    if column.form == "month":
        month = column.value(line)
        rag = month_look(month)[1] if month is not None else None
        return f"xl-{labels.RAG[rag].css}" if rag else "mid"
    if column.form in ("number", "percent", "points"):
        return "num"
    return "mid" if column.is_centred or column.form in ("whole", "moment") else ""


def _widths(layout: Layout) -> list[int]:
    return [round(column.width * CHARACTER_PX + PADDING_PX) for column in layout.columns]


def _jobs(request: HttpRequest, year: int) -> dict[str, object]:
    jobs, now = export_selector.jobs_of(request.actor, year), clock.now()
    return {"jobs": jobs, "waiting": sum(job.is_unfinished for job in jobs), "now": now}


@login_required
@require_GET
def list_jobs(request: HttpRequest, year: int) -> HttpResponse:
    """The list alone, for the page that waits for it."""
    names = dict(Department.objects.values_list("code", "short_name"))
    context = {"nav_year": year, "units": names, **_jobs(request, year)}
    return render(request, "kpi/parts/export_jobs.html", context)


@login_required
def one_export(request: HttpRequest, year: int, pk: UUID) -> HttpResponse:
    """The file, for the person who asked for it; a POST cancels it or asks for it again. Another's does not exist."""
    mine = ExportJob.objects.filter(asked_by=request.user, period__report__year=year)
    job = mine.select_related("period__report", "asked_by").filter(pk=pk).first()
    if job is None:
        raise Http404
    if request.method == "POST":
        act = exporting.retry if request.POST.get("action") == "retry" else exporting.cancel
        act(job=job, actor=request.actor, now=clock.now())
        return redirect(f"{reverse('exports', args=(year,))}#j-{job.pk}")
    return _file(exporting.fetch(job=job, actor=request.actor, now=clock.now()), job.name)


@login_required
@require_GET
def download_ledger(request: HttpRequest, year: int) -> HttpResponse:
    """The ledger of ``?period=`` (default: the current one) at once, for the office and the leaders: the same maker
    as the queue's. A year too large for that is queued."""
    require(request.actor.is_supervisor or request.actor.is_leader, "not_permitted")
    page = _page(request, year, {name: value for name, value in request.GET.items() if name == "period"})
    if page.month is None:
        raise Http404
    if Indicator.objects.of_year(year).count() > MOST_WITHOUT_QUEUE:
        return redirect(f"{reverse('exports', args=(year,))}?{page.choice.query}")
    now = clock.now()
    job = ExportJob(
        kind=ExportKind.LEDGER, period=page.month, asked_by=request.user, language=get_language() or "zh-hans"
    )
    # Gone as soon as it is sent.
    file = tempfile.NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115 — the response closes it
    made = make(job, Path(file.name), lambda done, total: None, now)
    exporting.note_download(job=job, made=made, actor=request.actor, now=now)
    return _file(file, made.name)


def _file(content, name: str) -> FileResponse:
    """A name in Chinese goes out as RFC 5987 wants it; the file stays in nobody's cache."""
    response = FileResponse(content, as_attachment=True, filename=name, content_type=XLSX)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
