"""Every kind of export opened again: text is text, sheets print, and both writers of the detail agree."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.utils.translation import override
from openpyxl import load_workbook
from python_calamine import CalamineSheet, CalamineWorkbook

from accounts.models import Department, User
from accounts.spreadsheets.formats import MAX_CELL
from kpi.domain.exporting import ExportKind
from kpi.models import ExportJob, Indicator, Period, Submission
from kpi.workbooks import export, flat
from kpi.workbooks.cells import sheet_names
from kpi.workbooks.detail_layout import DETAIL
from kpi.workbooks.frame import row_height
from kpi.workbooks.ledger_layout import LEDGER, UNIT, heat_columns
from kpi.workbooks.order import Order
from kpi.workbooks.score_layout import CASES, TASKS, UNITS
from tests.conftest import NOW
from tests.workbooks.payloads import PAYLOADS
from tests.workbooks.test_round_trip import OFFICE

# Of the changes of target there are few lines: tests/workbooks/test_changes.py.
KINDS = tuple(kind for kind in ExportKind if kind is not ExportKind.CHANGES)
# The demo's latest month with scores.
SCORED = "2025-05"
SHEET_OF = {"ledger": "台账", "heat_map": "热力图", "detail": "明细"}
BAD_NAMES = ("=1+1", "@SUM(A1)", "[甲]:乙*丙?丁/戊\\己", "'引号'", "History", "汇总", "A" * 40, "a" * 40)


@pytest.fixture(scope="module")
def nasty(django_db_setup, django_db_blocker) -> Iterator[dict[str, str]]:
    """The demo year with payloads wherever somebody may type, by indicator code; rolled back after the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        typed = {}
        for indicator, text in zip(Indicator.objects.order_by("pk"), PAYLOADS, strict=False):
            Indicator.objects.filter(pk=indicator.pk).update(name=text, unit=text[:20])
            Submission.objects.filter(indicator=indicator, period__code="2025-06").update(narrative=text)
            typed[indicator.code] = text
        for department, name in zip(Department.objects.filter(led_indicators__isnull=False).distinct(), BAD_NAMES,
                                    strict=False):  # fmt: skip
            Department.objects.filter(pk=department.pk).update(short_name=name, name=name)
        User.objects.filter(username="dcs_1").update(display_name='=HYPERLINK("x")&A')
        yield typed
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def books(nasty, django_db_blocker, tmp_path_factory) -> dict[str, Path]:
    """One file of each kind."""
    folder = tmp_path_factory.mktemp("books")
    found = {}
    with django_db_blocker.unblock():
        for kind in KINDS:
            found[kind] = folder / f"{kind}.xlsx"
            export.make(job_of(kind), found[kind], lambda done, total: None, NOW)
    return found


def job_of(kind: str, period: str = "", *units: str) -> ExportJob:
    usual = SCORED if kind == ExportKind.SCORES else "2025-06"
    month = Period.objects.select_related("report").get(code=period or usual)
    user = User.objects.get(username="dcs_1")
    return ExportJob(kind=kind, period=month, departments=list(units), asked_by=user, language="zh-hans")


def names_in(rows: list[list[str]]) -> dict[str, str]:
    head = next(place for place, row in enumerate(rows) if "编号" in row)
    code, name = rows[head].index("编号"), rows[head].index("目标任务")
    return {row[code]: row[name] for row in rows[head + 1 :] if row[name]}


def sheets_of(path: Path) -> list[CalamineSheet]:
    book = CalamineWorkbook.from_path(path)
    return [book.get_sheet_by_name(name) for name in book.sheet_names]


def rows_of(sheet: CalamineSheet) -> list[list[str]]:
    return [[str(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]


def test_a_text_nobody_could_show_is_cut_and_the_file_still_opens(db, tmp_path):
    Submission.objects.filter(indicator__code="A02", period__code="2025-06").update(narrative="长" * 40_000)
    export.make(job_of("ledger"), tmp_path / "x.xlsx", lambda done, total: None, NOW)
    longest = max(len(str(value)) for row in load_workbook(tmp_path / "x.xlsx")["台账"].values for value in row)
    assert longest == MAX_CELL


def test_libreoffice_opens_every_kind_and_finds_the_same_sheets_and_texts(nasty, books, tmp_path):
    if OFFICE is None:
        pytest.skip("NO LIBREOFFICE: no export was opened in it (Debian: apt install libreoffice-calc)")
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = [OFFICE, profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path)]
    done = subprocess.run([*command, *map(str, books.values())], capture_output=True, text=True, timeout=180)
    for kind, path in books.items():
        ours, theirs = load_workbook(path), load_workbook(tmp_path / path.name)
        assert theirs.sheetnames == ours.sheetnames, done.stderr
        for sheet in theirs:
            assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n", "d"}, (kind, sheet.title)
        if kind in SHEET_OF:
            read = names_in(rows_of(sheets_of(tmp_path / path.name)[0]))
            # It has one sign for the end of a line.
            assert {code: read[code] for code in nasty} == {c: text.replace("\r\n", "\n") for c, text in nasty.items()}


@pytest.mark.parametrize(("kind", "paper"), [("ledger", 8), ("heat_map", 8), ("units", 9), ("detail", 8)])
def test_it_prints_and_scrolls(books, kind, paper):
    book = load_workbook(books[kind])
    sheet = book.worksheets[1] if kind == "units" else book.worksheets[0]
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", paper)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage and int(sheet.page_setup.fitToHeight) == 0
    assert sheet.print_title_rows == "$1:$3" and sheet.freeze_panes.endswith("4")
    assert sheet.auto_filter.ref.startswith("A3:") and sheet["A1"].value.startswith("2025年政府工作报告目标任务")
    if kind != "detail":
        assert sheet.print_area and {sheet.row_dimensions[5].outlineLevel, sheet.row_dimensions[4].outlineLevel} == {
            0,
            1,
        }
        assert "填报单位：" in sheet["A2"].value
        assert any("截至日期：2025-06-30" in str(cell.value) for cell in sheet[2])
        assert len(book["汇总"]._charts) == 2, "charts for those who look"


def test_sheets_are_named_after_departments_however_those_are_called(books):
    names = load_workbook(books["units"]).sheetnames
    assert names[0] == "汇总" and names[-1] == "口径与规则" and len(names) == len({name.casefold() for name in names})
    assert "汇总(2)" in names and "History(2)" in names and max(map(len, names)) <= 31


@pytest.mark.parametrize(
    ("titles", "names"),
    [
        (["市农业农村局"], ["市农业农村局"]),
        (["a/b", "a\\b", "A:B"], ["a·b", "a·b(2)", "A·B(3)"]),
        (["", "'", "\n"], ["--", "--(2)", "--(3)"]),
        (["x" * 31, "x" * 32], ["x" * 31, "x" * 28 + "(2)"]),
        (["𠀀" * 20], ["𠀀" * 15]),
    ],
)
def test_a_sheets_name_is_safe_short_and_its_own(titles, names):
    assert sheet_names(titles) == names


def test_both_writers_of_the_detail_write_the_same(db, tmp_path, monkeypatch):
    found = []
    for writer in ("rust", "xlsxwriter"):
        if writer == "xlsxwriter":
            monkeypatch.setattr(flat, "rust", None)
        path = tmp_path / f"{writer}.xlsx"
        made = export.make(job_of("detail"), path, lambda done, total: None, NOW)
        sheet = load_workbook(path)["明细"]
        found.append(([list(row) for row in sheet.iter_rows(min_row=3, values_only=True)], made))
    assert flat.rust is None and found[0][1] == found[1][1]
    for ours, theirs in zip(found[0][0], found[1][0], strict=True):
        assert ours == theirs
    assert len(found[0][0]) == 1 + 103 * 6


def test_what_a_writer_tells_reaches_whoever_reads_it_and_stopping_it_stops_it(db, tmp_path):
    """Also through the writer that is not written in Python."""
    told = []

    def tell(done: int, total: int) -> None:
        told.append((done, total))
        if done == 100:
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        export.make(job_of("detail"), tmp_path / "x.xlsx", tell, NOW)
    assert told[-1] == (100, 618)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not ExportKind.SCORES])
def test_a_scope_without_a_row_gives_a_file_that_says_so(db, tmp_path, kind):
    Indicator.objects.filter(lead_department__code="agriculture").update(is_active=False)
    made = export.make(job_of(kind, "2025-06", "agriculture"), tmp_path / "x.xlsx", lambda done, total: None, NOW)
    assert made.rows == 0 and load_workbook(tmp_path / "x.xlsx")["口径与规则"]["A1"].value == "报告期"


def test_a_locked_month_names_its_snapshot(db, tmp_path):
    export.make(job_of("heat_map", "2025-05"), tmp_path / "x.xlsx", lambda done, total: None, NOW)
    rules = dict(load_workbook(tmp_path / "x.xlsx")["口径与规则"].values)
    assert rules["快照"].startswith("2025-05 第 1 版（编号 ") and "default v1.0" in rules


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_two_columns_of_a_sheet_have_one_heading(db, language):
    """The fast writer knows a column by its heading."""
    with override(language):
        order = Order.of(job_of("heat_map"), NOW)
        for columns in (LEDGER, UNIT, DETAIL, UNITS, TASKS, CASES, heat_columns(order.periods)):
            headings = [str(column.heading) for column in columns]
            assert len(set(headings)) == len(headings), headings


@pytest.mark.parametrize(
    ("text", "width", "lines"), [("", 5, 1), ("长" * 10, 20, 1), ("长" * 11, 20, 2), ("a\nb\nc", 20, 3), (None, 5, 1)]
)
def test_a_row_is_as_high_as_its_longest_text(text, width, lines):
    assert row_height([(width, text), (50, "短")]) == lines * 14 + 5


def test_the_page_shows_what_the_file_holds(as_user: Callable[[str], Client], books, nasty):
    page = as_user("dcs_1").get("/2025/exports/?kind=heat_map&period=2025-06&unit=").content.decode()
    sheet = load_workbook(books["heat_map"])["热力图"]
    widths = [round(sheet.column_dimensions[letter].width - 0.71, 1) for letter in "ABCDE"]
    shown = [int(part.split('"')[1]) for part in page.split("<col ")[1:6]]
    assert [round((pixels - 5) / 7, 1) for pixels in shown] == pytest.approx(widths, abs=0.2)
    assert page.count("<tr>") == 1 + 20 and "=HYPERLINK(&quot;x&quot;)&amp;A" in page


def test_nothing_is_left_open_in_the_temporary_folder(db, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    export.make(job_of("units"), tmp_path / "x.xlsx", lambda done, total: None, NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["x.xlsx"]
    shutil.rmtree(tmp_path, ignore_errors=True)
