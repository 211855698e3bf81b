"""Filling many reports in Excel: take the template, send it back, look at what it would do, confirm."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import clock, spreadsheets
from accounts.models import Department
from accounts.permissions import require
from accounts.spreadsheets import SpreadsheetRefused
from kpi import refusals
from kpi.domain.errors import DomainError, NotPermitted, StaleVersion
from kpi.models import Period, ReportUpload
from kpi.services import handouts, imports
from kpi.web.errors import status_of
from kpi.web.views.exporting import XLSX
from kpi.workbooks import importing
from kpi.workbooks.importing import ImportRefused, Preview, Status
from kpi.workbooks.template import template

ROWS_A_PAGE = 100


def _period(year: int, code: str) -> Period:
    found = Period.objects.filter(report__year=year, code=code).select_related("report").first()
    if found is None:
        raise Http404
    return found


def _departments(request: HttpRequest) -> list[Department]:
    """The departments the person files for, in official order."""
    require(bool(request.actor.department_ids), "not_permitted")
    return list(Department.objects.filter(pk__in=request.actor.department_ids).order_by("ordinal"))


def _department(request: HttpRequest, code: str | None) -> Department:
    """The one named, else the first; another's does not exist."""
    found = [department for department in _departments(request) if code in (None, "", department.code)]
    if not found:
        raise Http404
    return found[0]


@login_required
def download_template(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """The department's workbook for the period, to fill in."""
    department, month = _department(request, request.GET.get("unit")), _period(year, period)
    now, name = clock.now(), f"reports-{month.code}-{department.code}.xlsx"
    content = template(department=department, period=month, actor=request.actor, now=now)
    handouts.note_file(
        action="template.fetched",
        obj=month,
        name=name,
        data=content,
        actor=request.actor,
        now=now,
        department_code=department.code,
    )
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@login_required
def upload_workbook(request: HttpRequest, year: int, period: str) -> HttpResponse:
    """The two steps, and the file that comes back."""
    month = _period(year, period)
    if request.method != "POST":
        return _show_steps(request, month)
    try:
        upload = _keep(request, month)
    except SpreadsheetRefused as refused:
        return _show_steps(request, month, problem=str(refused), status=422)
    except NotPermitted:
        raise
    except DomainError as refused:
        text = refusals.refusal(refused.code, refused.params)
        return _show_steps(request, month, problem=text, status=status_of(refused))
    return redirect("import-preview", year, period, upload.pk)


def _keep(request: HttpRequest, month: Period) -> ReportUpload:
    department, sent = _department(request, request.POST.get("unit")), request.FILES.get("file")
    if sent is None:
        raise DomainError("file_missing")
    # One byte more than is allowed tells that there is more.
    data = sent.read(spreadsheets.MAX_BYTES + 1)
    rows = spreadsheets.read(data)
    importing.require_template(rows)
    return imports.keep_upload(
        department=department,
        period=month,
        name=sent.name or "",
        data=data,
        rows=rows,
        actor=request.actor,
        now=clock.now(),
    )


def _show_steps(request: HttpRequest, month: Period, *, problem: str = "", status: int = 200) -> HttpResponse:
    context = {"period": month, "departments": _departments(request), "problem": problem, "now": clock.now()}
    return render(request, "kpi/import.html", context, status=status)


@login_required
def confirm_import(request: HttpRequest, year: int, period: str, pk: UUID) -> HttpResponse:
    """What the workbook would do, row by row; a POST does it."""
    uploads = ReportUpload.objects.filter(user=request.user, period__report__year=year, period__code=period)
    # Whoever has left the department sees nothing of it any more.
    uploads = uploads.filter(department__in=request.actor.department_ids)
    upload = uploads.select_related("period__report", "department").filter(pk=pk).first()
    if upload is None:
        # Another person's, or one that a newer file took the place of.
        gone = _("这份预览已经不在了：上传了新的文件，或时间已过。请重新上传")
        return _show_steps(request, _period(year, period), problem=gone, status=404)
    if request.method != "POST":
        return _show_preview(request, upload)
    try:
        written = importing.confirm(
            upload=upload, sha256=request.POST.get("sha256", ""), actor=request.actor, now=clock.now()
        )
    except NotPermitted:
        raise
    except StaleVersion:
        return _show_preview(request, upload, problem=ImportRefused("import_changed"), status=409)
    except DomainError as problem:
        return _show_preview(request, upload, problem=problem, status=409)
    messages.success(request, _("已导入 %(count)s 项，存为草稿；核对后勾选提交") % {"count": written})
    return redirect("report-grid", year, period)


def _show_preview(
    request: HttpRequest, upload: ReportUpload, *, problem: DomainError | None = None, status: int = 200
) -> HttpResponse:
    now = clock.now()
    is_over = upload.applied_at is not None or now >= upload.expires_at
    context = {"upload": upload, "period": upload.period, "problem": problem, "is_over": is_over, "now": now}
    if not is_over:
        context |= _rows(request, importing.preview(upload=upload, actor=request.actor, now=now))
    return render(request, "kpi/import_preview.html", context, status=status)


def _rows(request: HttpRequest, preview: Preview) -> dict[str, object]:
    """One page of the rows; ``?show=`` one status, ``?page=``."""
    name = request.GET.get("show", "")
    if name and name not in set(Status):
        raise Http404
    rows = preview.shown(Status(name) if name else None)
    return {"preview": preview, "show": name, "page": Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))}
