"""The Excel round trip: template → another program → preview → confirm. Nothing before, all or none after."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from accounts import spreadsheets
from accounts.models import AuditEntry, Department
from kpi.domain.errors import DomainError, NotPermitted
from kpi.models import ReportUpload, Submission
from kpi.services import imports, submissions
from kpi.workbooks import importing
from kpi.workbooks.importing import ImportRefused, Status
from kpi.workbooks.template import template
from tests.conftest import NOW
from tests.content import FARMLAND, indicator, read
from tests.workbooks.books import filled, rows_of, saved

pytestmark = pytest.mark.django_db
TEXT = "慈利、桑植两县新增验收面积，永定区预计七月中旬验收。"


@pytest.fixture
def clerk(actor):
    return actor("nyj_staff")


@pytest.fixture
def unit(clerk):
    return Department.objects.get(pk=min(clerk.department_ids))


@pytest.fixture
def blank(unit, june, clerk) -> bytes:
    return template(department=unit, period=june, actor=clerk, now=NOW)


@pytest.fixture
def send(unit, june, clerk):
    def keep(data: bytes, now=NOW) -> ReportUpload:
        rows = spreadsheets.read(data)
        return imports.keep_upload(
            department=unit, period=june, name="六月.xlsx", data=data, rows=rows, actor=clerk, now=now
        )

    return keep


@pytest.fixture
def look(clerk):
    return lambda upload: importing.preview(upload=upload, actor=clerk, now=NOW)


@pytest.fixture
def confirm(clerk):
    return lambda upload, now=NOW, sha256=None: importing.confirm(
        upload=upload, sha256=upload.sha256 if sha256 is None else sha256, actor=clerk, now=now
    )


def problems(preview) -> list[tuple[int, str, str]]:
    return [(row.number, error.field, error.code) for row in preview.rows for error in row.errors]


def stored() -> list[dict[str, object]]:
    return list(Submission.objects.order_by("pk").values())


def test_the_template_is_locked_but_for_the_open_cells(blank):
    sheet = load_workbook(io.BytesIO(blank)).worksheets[0]
    columns = {cell.value: cell for cell in sheet[1]}
    assert sheet.protection.sheet
    assert sheet.row_dimensions[1].hidden
    assert {key for key in columns if sheet.cell(4, columns[key].column).protection.locked is False} >= {"narrative"}
    assert sheet.cell(4, columns["code"].column).protection.locked
    assert sheet.column_dimensions[columns["stamp"].column_letter].hidden
    lists = {str(found.sqref).split(":")[0][0]: found.formula1 for found in sheet.data_validations.dataValidation}
    assert '"能完成,有风险,难以完成"' in lists.values()


def test_an_untouched_template_changes_nothing(blank, send, look, confirm):
    before = stored()
    upload = send(saved(load_workbook(io.BytesIO(blank))))
    seen = look(upload)
    assert {row.status for row in seen.rows} == {Status.UNCHANGED}
    assert not seen.can_be_confirmed
    with pytest.raises(ImportRefused, match="import_changed"):
        confirm(upload)
    assert stored() == before


def test_a_filled_row_is_previewed_and_then_written_as_a_draft(blank, send, look, confirm):
    upload = send(filled(blank, {"A06": {"value": 2.86, "narrative": TEXT, "outlook": "有风险"}}))
    before, seen = stored(), look(upload)
    assert stored() == before
    touched = next(row for row in seen.rows if row.code == "A06")
    assert (touched.status, touched.number) == (Status.NEW, 4)
    assert confirm(upload) == 1
    found = Submission.objects.get(indicator__code="A06", period__code="2025-06")
    assert (str(found.value), found.narrative, found.outlook) == ("2.8600", TEXT, "at_risk")
    assert AuditEntry.objects.filter(action="import.applied").count() == 1
    with pytest.raises(DomainError, match="import_done"):
        confirm(upload)


def test_what_was_imported_comes_back_unchanged(blank, send, look, confirm, unit, june, clerk):
    confirm(send(filled(blank, {"A06": {"value": 2.86, "narrative": TEXT, "deviation_reasons": "天气、资金"}})))
    again = template(department=unit, period=june, actor=clerk, now=NOW)
    assert rows_of(again)["A06"]["value"] == 2.86
    assert {row.status for row in look(send(filled(again, {}))).rows} == {Status.UNCHANGED}


BAD_ROWS = {
    "a figure with its unit": ({"value": "2.86万亩"}, ("value", "number_has_unit")),
    "a text number in full width": ({"value": "２.86"}, ("value", "number_full_width")),
    "too many decimals": ({"value": 2.8612345}, ("value", "number_too_precise")),
    "a formula": ({"value": "=1+1"}, ("value", "import_formula")),
    "a month that is none": ({"catch_up_period": "下半年"}, ("catch_up_period", "month_malformed")),
    "a word not in the list": ({"outlook": "大概"}, ("outlook", "choice_unknown")),
    "a flag that is neither": ({"no_progress": "也许"}, ("no_progress", "choice_unknown")),
    "another month's row": ({"period": "2025-05"}, ("period", "import_wrong_period")),
    "a stamp wiped out": ({"stamp": None, "narrative": TEXT}, ("stamp", "import_stamp_missing")),
    "a code wiped out": ({"code": None, "narrative": TEXT}, ("code", "import_code_missing")),
    "a code nobody has": ({"code": "A99"}, ("code", "import_code_unknown")),
    "another department's": ({"code": "T01"}, ("code", "import_foreign_department")),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_a_bad_row_is_named_by_number_and_holds_the_whole_sheet(name, blank, send, look, confirm):
    cells, expected = BAD_ROWS[name]
    codes = list(rows_of(blank))
    good = next(code for code in codes if code != "A06")
    upload = send(filled(blank, {"A06": cells, good: {"narrative": "这一行本身没有问题，可以导入。"}}))
    before, seen = stored(), look(upload)
    assert problems(seen) == [(codes.index("A06") + 4, *expected)]
    assert not seen.can_be_confirmed
    with pytest.raises(ImportRefused):
        confirm(upload)
    assert stored() == before


def test_a_code_twice_is_refused_the_second_time(blank, send, look):
    book = load_workbook(io.BytesIO(blank))
    sheet = book.worksheets[0]
    sheet.append([cell.value for cell in sheet[4]])
    assert [code for __, __, code in problems(look(send(saved(book))))] == ["import_code_twice"]


def test_a_row_saved_meanwhile_is_a_conflict_and_an_untouched_one_is_not(blank, send, look, june, clerk):
    version = _version("A06")
    submissions.save_draft(
        indicator=indicator("A06"), period=june, content=read("A06", FARMLAND), version=version, actor=clerk, now=NOW
    )
    touched = look(send(filled(blank, {"A06": {"value": 2.9}})))
    assert problems(touched) == [(list(rows_of(blank)).index("A06") + 4, "row", "import_conflict")]
    assert look(send(blank)).counts[Status.CONFLICT] == 0


def test_a_report_saved_between_preview_and_confirm_stops_the_whole_import(blank, send, look, confirm, june, clerk):
    upload = send(filled(blank, {"A06": {"value": 2.9}}))
    assert look(upload).can_be_confirmed
    submissions.save_draft(
        indicator=indicator("A06"),
        period=june,
        content=read("A06", FARMLAND),
        version=_version("A06"),
        actor=clerk,
        now=NOW,
    )
    before = stored()
    with pytest.raises(ImportRefused, match="import_changed"):
        confirm(upload)
    assert stored() == before


def test_a_preview_is_bound_to_its_file_its_person_and_half_an_hour(blank, send, confirm, actor):
    upload = send(filled(blank, {"A06": {"value": 2.9}}))
    with pytest.raises(DomainError, match="import_differs"):
        confirm(upload, sha256="0" * 64)
    with pytest.raises(DomainError, match="import_expired"):
        confirm(upload, now=NOW + timedelta(minutes=30))
    with pytest.raises(ReportUpload.DoesNotExist):
        importing.confirm(upload=upload, sha256=upload.sha256, actor=actor("nyj_head"), now=NOW)
    assert confirm(upload, now=NOW + timedelta(minutes=29, seconds=59)) == 1


def test_a_stranger_keeps_no_upload_for_the_department(unit, june, actor):
    with pytest.raises(NotPermitted):
        imports.keep_upload(
            department=unit, period=june, name="x", data=b"", rows=[["code"]], actor=actor("gxj_staff"), now=NOW
        )


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "import_not_template"),
        ([["a", "b"]], "import_not_template"),
        ([["code", "period", "stamp"]], "import_empty"),
    ],
)
def test_a_workbook_that_is_no_template_says_so(rows, code, unit, june, clerk, look):
    upload = imports.keep_upload(department=unit, period=june, name="x", data=b"", rows=rows, actor=clerk, now=NOW)
    with pytest.raises(DomainError, match=code):
        look(upload)


def _version(code: str) -> int:
    found = Submission.objects.filter(indicator__code=code, period__code="2025-06").first()
    return found.version if found else 0
