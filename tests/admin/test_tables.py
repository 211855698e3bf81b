"""Administration: who opens what, imports with preview and audit, and files made to hurt."""

from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook

from accounts import spreadsheets
from accounts.models import AuditEntry, Department
from accounts.spreadsheets import SpreadsheetRefused
from kpi.models import Indicator

PAGES = ("accounts/department", "accounts/user", "accounts/membership", "kpi/indicator")
# Columns as PAGES: what each administrator and the office may open.
ACCESS = {
    "sysadmin": (200, 200, 200, 200),
    "secadmin": (200, 200, 200, 403),
    "auditadmin": (200, 403, 200, 200),
    "dcs_1": (200, 403, 403, 200),
    "nyj_staff": (302,) * 4,
    "mayor": (302,) * 4,
}


@pytest.mark.parametrize("person", ACCESS)
def test_three_administrators_stay_three(as_user, person):
    client = as_user(person)
    assert tuple(client.get(f"/manage/admin/{page}/").status_code for page in PAGES) == ACCESS[person]


@pytest.mark.parametrize(("person", "status"), [("sysadmin", 403), ("auditadmin", 403), ("secadmin", 200)])
def test_only_the_security_administrator_grants_roles(as_user, person, status):
    assert as_user(person).get("/manage/admin/accounts/membership/add/").status_code == status


def workbook(*rows: tuple) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


HEADERS = ("code", "name", "short_name", "name_en", "kind", "parent", "ordinal", "duties", "is_active")


def upload(client, model: str, data: bytes):
    file = io.BytesIO(data)
    file.name = "table.xlsx"
    return client.post(f"/manage/admin/{model}/import/", {"import_file": file, "format": "0", "resource": ""})


def confirm(client, model: str, preview):
    form = preview.context["confirm_form"]
    return client.post(f"/manage/admin/{model}/process_import/", form.initial)


def test_an_import_is_previewed_then_written_with_an_audit_entry(as_user):
    data = workbook(HEADERS, ("data", "市数据管理局", "市数据局", "", "city_unit", "", 300, "数据资源", 1))
    client = as_user("sysadmin")
    preview = upload(client, "accounts/department", data)
    assert preview.status_code == 200 and "管理</ins>" in preview.content.decode()
    assert Department.objects.get(code="data").name == "市数据局", "nothing is written before the confirmation"
    assert confirm(client, "accounts/department", preview).status_code == 302
    assert Department.objects.get(code="data").name == "市数据管理局"
    entry = AuditEntry.objects.get(action="department.imported")
    assert (entry.before["name"], entry.after["name"]) == ("市数据局", "市数据管理局")


def test_one_bad_row_keeps_the_whole_file_out(as_user):
    data = workbook(
        HEADERS,
        ("data", "市数据管理局", "市数据局", "", "city_unit", "", 300, "", 1),
        ("new_unit", "新单位", "新单位", "", "planet", "", 301, "", 1),
    )
    preview = upload(as_user("sysadmin"), "accounts/department", data)
    assert preview.context["result"].has_validation_errors() or preview.context["result"].has_errors()
    assert not Department.objects.filter(code="new_unit").exists()


def test_an_unknown_indicator_is_refused_by_row(as_user):
    data = workbook(("code", "name"), ("A30", "没有这一项"))
    preview = upload(as_user("dcs_1"), "kpi/indicator", data)
    assert "找不到任务编号 A30" in preview.content.decode()
    assert not Indicator.objects.filter(code="A30").exists()


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"xl/workbook.xml": b"<x/>", **members}.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def far_corner() -> bytes:
    book = Workbook()
    book.active["A1"] = "code"
    book.active["XFD1048576"] = "x"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


HOSTILE = {
    "text": (b"code,name\n1,2", "not_a_workbook"),
    "empty": (b"", "not_a_workbook"),
    "truncated": (workbook(HEADERS)[:900], "not_a_workbook"),
    "too large": (b"PK" + b"0" * (5 * 1024 * 1024), "file_too_large"),
    "bomb": (zipped(a=b"0" * 30_000_000, b=b"0" * 30_000_000), "workbook_too_complex"),
    "entities": (zipped(a=b'<!DOCTYPE x [<!ENTITY a "b">]>' + bytes(range(256)) * 4), "workbook_unsafe"),
    "macros": (zipped(xl__vbaProject__bin=b"x").replace(b"vbaProject/bin", b"vbaProject.bin"), "workbook_has_macros"),
    "many members": (zipped(**{f"m{n}": b"x" for n in range(150)}), "workbook_too_complex"),
    "hollow": (zipped(), "workbook_unreadable"),
    "too many rows": (workbook(*[("a",)] * 5002), "too_many_rows"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_a_reason(name):
    data, code = HOSTILE[name]
    with pytest.raises(SpreadsheetRefused) as refused:
        spreadsheets.read(data)
    assert refused.value.code == code


def test_a_cell_in_the_far_corner_costs_nothing():
    assert spreadsheets.read(far_corner()) == [["code"]]


def test_a_refused_upload_says_so_on_the_page(as_user):
    answer = upload(as_user("sysadmin"), "accounts/department", HOSTILE["bomb"][0])
    assert "工作簿内容过多" in answer.content.decode()


def fields_of(page) -> dict[str, object]:
    """Everything the change page would post if nothing were touched."""
    formsets = [inline.formset for inline in page.context["inline_admin_formsets"]]
    forms = [page.context["adminform"].form, *(formset.management_form for formset in formsets)]
    forms += [form for formset in formsets for form in formset.forms]
    values = {field.html_name: field.value() for form in forms for field in form}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def test_a_changed_target_or_plan_leaves_an_audit_entry_of_its_own(as_user):
    farmland = Indicator.objects.get(code="A06")
    client, path = as_user("dcs_1"), f"/manage/admin/kpi/indicator/{farmland.pk}/change/"
    posted = fields_of(client.get(path))
    assert posted["plan_points-0-value"] is not None
    point = farmland.plan_points.get(period="2025-01")
    answer = client.post(path, posted | {"plan_points-0-value": "0.25"})
    assert answer.status_code == 302, answer.context["errors"]
    point.refresh_from_db()
    assert str(point.value) == "0.2500"
    entry = AuditEntry.objects.get(action="planpoint.changed")
    assert (entry.before["value"], entry.after["value"], entry.actor.username) == ("0.2000", "0.25", "dcs_1")


def test_nobody_else_changes_a_plan(as_user):
    path = f"/manage/admin/kpi/indicator/{Indicator.objects.get(code='A06').pk}/change/"
    client = as_user("sysadmin")
    assert client.get(path).status_code == 200
    assert client.post(path, {}).status_code == 403
