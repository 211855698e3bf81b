"""Administration's tables as a person handles them: exported, changed in a cell, uploaded, confirmed."""

from __future__ import annotations

import csv
import io
from typing import NamedTuple

from django.contrib import admin
from django.test import Client
from openpyxl import Workbook, load_workbook

from accounts import resources as people
from kpi.admin import tables

XLSX, CSV = 0, 1
MANAGE = "/manage/admin"


class Table(NamedTuple):
    """``place`` is the resource's among those of its page; ``person`` may import."""

    name: str
    person: str
    page: str
    resource: type
    place: int = 0

    @property
    def model(self) -> type:
        return self.resource._meta.model

    @property
    def columns(self) -> list[str]:
        resource = self.resource()
        return [resource.fields[name].column_name for name in resource.get_export_order()]


TABLES = (
    Table("departments", "sysadmin", "accounts/department", people.DepartmentResource),
    Table("users", "sysadmin", "accounts/user", people.UserResource),
    Table("memberships", "secadmin", "accounts/membership", people.MembershipResource),
    Table("indicators", "dcs_1", "kpi/indicator", tables.IndicatorResource),
    Table("plans", "dcs_1", "kpi/indicator", tables.PlanResource, 1),
    Table("targets", "dcs_1", "kpi/target", tables.TargetResource),
    Table("milestones", "dcs_1", "kpi/milestone", tables.MilestoneResource),
    Table("past results", "dcs_1", "kpi/pastresult", tables.PastResultResource),
)


def exported(client: Client, table: Table, form: int, query: str = "") -> bytes:
    """The file with all its columns."""
    page = admin.site._registry[table.model]
    assert page.resource_classes[table.place] is table.resource
    name = table.resource.__name__.lower()
    ticked = {f"{name}_{field}": "on" for field in table.resource().get_export_order()}
    sent = {"format": str(form), "resource": str(table.place), **ticked}
    answer = client.post(f"{MANAGE}/{table.page}/export/{query}", sent)
    assert answer.status_code == 200 and "attachment" in answer.get("Content-Disposition", ""), answer.content[:2000]
    return answer.content


def upload(client: Client, table: Table, data: bytes, form: int):
    file = io.BytesIO(data)
    file.name = f"table.{('xlsx', 'csv')[form]}"
    sent = {"import_file": file, "format": str(form), "resource": str(table.place)}
    return client.post(f"{MANAGE}/{table.page}/import/", sent)


def confirm(client: Client, table: Table, preview, **changed: str):
    return client.post(f"{MANAGE}/{table.page}/process_import/", preview.context["confirm_form"].initial | changed)


def rows_of(data: bytes, form: int) -> list[list[object]]:
    """Cells as they stand in the file, by readers that are not ours."""
    if form == XLSX:
        return [list(row) for row in load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True)]
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def written(rows: list[list[object]], form: int) -> bytes:
    """The cells as a person's own program would save them."""
    if form == XLSX:
        book = Workbook()
        for number, row in enumerate(rows, start=1):
            for place, value in enumerate(row, start=1):
                cell = book.active.cell(number, place)
                cell.value = value
                if isinstance(value, str):
                    cell.data_type = "s"
        buffer = io.BytesIO()
        book.save(buffer)
        return buffer.getvalue()
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def kinds(preview) -> dict[str, int]:
    """How many rows the preview calls new, updated, skipped."""
    result = preview.context["result"]
    assert not result.has_errors(), [str(each.error) for _line, errors in result.row_errors() for each in errors][:5]
    assert not result.has_validation_errors(), [row.error_dict for row in result.invalid_rows][:5]
    return {kind: count for kind, count in result.totals.items() if count}
