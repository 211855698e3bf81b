"""Template → LibreOffice → import: what nobody touched is unchanged, what was typed arrives, what is bad is named."""

from __future__ import annotations

import io
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook

from accounts import spreadsheets
from accounts.models import Department
from kpi.models import Submission
from kpi.services import imports, submissions
from kpi.workbooks import filing, importing
from kpi.workbooks.importing import Status
from kpi.workbooks.template import HEAD_ROWS, template
from tests.conftest import NOW
from tests.content import indicator, read
from tests.many import copies
from tests.workbooks.books import rows_of, saved
from tests.workbooks.payloads import PAYLOADS

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(240)]
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
TEXT = "慈利、桑植两县新增验收面积，永定区预计七月中旬验收。"
CODES = [f"A{number}" for number in range(100, 300)]


@pytest.fixture
def clerk(actor):
    return actor("nyj_staff")


@pytest.fixture
def unit(clerk):
    return Department.objects.get(pk=min(clerk.department_ids))


@pytest.fixture
def two_hundred(unit):
    return copies(CODES, unit)


@pytest.fixture
def office(tmp_path):
    """Opens a workbook in LibreOffice and saves it, as bytes in and out."""
    if OFFICE is None:
        pytest.skip("NO LIBREOFFICE: the round trip was not made (Debian: apt install libreoffice-calc)")

    def through(data: bytes) -> bytes:
        source = tmp_path / "in.xlsx"
        source.write_bytes(data)
        profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
        filtered = "xlsx:Calc MS Excel 2007 XML"
        command = [
            OFFICE,
            profile,
            "--headless",
            "--convert-to",
            filtered,
            "--outdir",
            str(tmp_path / "out"),
            str(source),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180)
        found = Path(tmp_path / "out" / "in.xlsx")
        assert found.exists(), done.stderr
        data = found.read_bytes()
        assert b"LibreOffice" in _part(data, "docProps/app.xml"), "written by somebody else"
        return data

    return through


def _part(data: bytes, name: str) -> bytes:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


def edited(data: bytes, cells: dict[str, dict[str, object]], texts: dict[str, dict[str, str]] | None = None) -> bytes:
    """The workbook with cells typed in; what is in ``texts`` is text whatever it looks like."""
    book = load_workbook(io.BytesIO(data))
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[1]}
    lines = {sheet.cell(row, 1).value: row for row in range(HEAD_ROWS + 1, sheet.max_row + 1)}
    for code, values in cells.items():
        for key, value in values.items():
            sheet.cell(lines[code], columns[key]).value = value
    for code, values in (texts or {}).items():
        for key, value in values.items():
            cell = sheet.cell(lines[code], columns[key])
            cell.value, cell.data_type = value, "s"
    return saved(book)


@pytest.fixture
def send(unit, june, clerk):
    def keep(data: bytes):
        rows = spreadsheets.read(data)
        return imports.keep_upload(
            department=unit, period=june, name="六月.xlsx", data=data, rows=rows, actor=clerk, now=NOW
        )

    return keep


GOOD = {
    "A100": {"value": 2.86, "narrative": TEXT, "outlook": "有风险", "deviation_reasons": "天气、资金"},
    "A101": {"catch_up_period": date(2025, 9, 1), "value": 0},
    "A102": {"no_progress": True},
    "A103": {"value": 1234.5},
    "A104": {"value": 0.1 + 0.2},
    "A105": {"is_correction": False, "narrative": "两行\n文字"},
}
GOOD_TEXTS = {"A106": {"value": "2.86"}, "A107": {"value": "1,234.50"}, "A108": {"narrative": "=1+1"}}
BAD = {
    "A110": ({"value": True}, "value", "number_malformed"),
    "A111": ({"value": date(2025, 6, 30)}, "value", "number_malformed"),
    "A112": ({"value": "=1+1"}, "value", "import_formula"),
    "A113": ({"value": "２.８６"}, "value", "number_full_width"),
    "A114": ({"value": "2.86万亩"}, "value", "number_has_unit"),
    "A115": ({"value": 2.865}, "value", "number_too_precise"),
    "A116": ({"value": "=1/0"}, "value", "import_formula"),
    "A117": ({"value": 1e20}, "value", "number_not_plain"),
    "A118": ({"outlook": "大概"}, "outlook", "choice_unknown"),
    "A119": ({"no_progress": 2}, "no_progress", "choice_unknown"),
    "A120": ({"period": "2025-05"}, "period", "import_wrong_period"),
    "A121": ({"value": "1,23"}, "value", "number_malformed"),
}


def test_two_hundred_rows_through_libreoffice(two_hundred, unit, june, clerk, office, send):
    blank = template(department=unit, period=june, actor=clerk, now=NOW)
    before = list(Submission.objects.order_by("pk").values())
    seen = importing.preview(
        upload=send(office(edited(blank, GOOD | {code: cells for code, (cells, *_) in BAD.items()}, GOOD_TEXTS))),
        actor=clerk,
        now=NOW,
    )
    lines = {code: number for number, code in enumerate(rows_of(blank), start=HEAD_ROWS + 1)}
    found = {(row.code, row.number, error.field, error.code) for row in seen.rows for error in row.errors}
    assert found == {(code, lines[code], field, error) for code, (_, field, error) in BAD.items()}
    by_code = {row.code: row.status for row in seen.rows}
    touched = {*GOOD, *GOOD_TEXTS, *BAD}
    assert {by_code[code] for code in (*GOOD, *GOOD_TEXTS)} == {Status.NEW}
    assert {status for code, status in by_code.items() if code not in touched} == {Status.UNCHANGED}
    assert len(by_code) >= 200 and list(Submission.objects.order_by("pk").values()) == before


def test_what_libreoffice_wrote_arrives_to_the_digit(two_hundred, unit, june, clerk, office, send):
    blank = template(department=unit, period=june, actor=clerk, now=NOW)
    upload = send(office(edited(blank, GOOD, GOOD_TEXTS)))
    assert importing.confirm(upload=upload, sha256=upload.sha256, actor=clerk, now=NOW) == len(GOOD) + len(GOOD_TEXTS)
    found = {each.indicator.code: each for each in Submission.objects.filter(indicator__code__in=CODES, period=june)}
    assert set(found) == {*GOOD, *GOOD_TEXTS}
    figures = {code: str(found[code].value) for code in ("A100", "A101", "A103", "A104", "A106", "A107")}
    assert figures == {
        "A100": "2.8600",
        "A101": "0.0000",
        "A103": "1234.5000",
        "A104": "0.3000",
        "A106": "2.8600",
        "A107": "1234.5000",
    }
    assert (found["A102"].value, found["A102"].no_progress) == (None, True)
    assert (found["A101"].catch_up_period, found["A100"].outlook) == ("2025-09", "at_risk")
    assert sorted(found["A100"].deviation_reasons) == ["funding", "weather"]
    assert (found["A105"].narrative, found["A105"].is_correction) == ("两行\n文字", False)
    assert found["A108"].narrative == "=1+1"
    # Exported again, by way of LibreOffice: nothing changed.
    again = template(department=unit, period=june, actor=clerk, now=NOW)
    assert {row.status for row in importing.preview(upload=send(office(again)), actor=clerk, now=NOW).rows} == {
        Status.UNCHANGED
    }


def test_without_its_stamp_an_untouched_row_of_a_changed_report_would_look_edited(
    two_hundred, unit, june, clerk, send, monkeypatch
):
    """The control: the stamp is what tells a row nobody touched from one that says something else by now."""
    blank = template(department=unit, period=june, actor=clerk, now=NOW)
    content = read("A06", {"value": "2.86", "narrative": TEXT})
    submissions.save_draft(indicator=indicator("A100"), period=june, content=content, version=0, actor=clerk, now=NOW)
    upload = send(blank)
    assert status_of(upload, clerk, "A100") is Status.UNCHANGED
    real = filing.STAMP.fullmatch
    monkeypatch.setattr(importing, "STAMP", _Deaf(real))
    assert status_of(upload, clerk, "A100") is Status.CONFLICT


class _Deaf:
    """Reads a stamp's version and not what the row said."""

    def __init__(self, real):
        self.fullmatch = lambda text: real(text[: text.index(":")] + ":" + "0" * 12) if ":" in text else None


def status_of(upload, clerk, code):
    rows = importing.preview(upload=upload, actor=clerk, now=NOW).rows
    return next(row.status for row in rows if row.code == code)


def test_no_text_becomes_a_formula_and_each_comes_back_as_it_was(two_hundred, unit, june, clerk, office, send):
    typed = dict(zip(CODES, PAYLOADS, strict=False))
    for code, text in typed.items():
        content = read("A06", {"narrative": text, "measures": text, "source_note": text[:100]})
        submissions.save_draft(indicator=indicator(code), period=june, content=content, version=0, actor=clerk, now=NOW)
    before = dict(Submission.objects.filter(period=june).values_list("indicator__code", "narrative"))
    data = template(department=unit, period=june, actor=clerk, now=NOW)
    for written in (data, saved(load_workbook(io.BytesIO(data))), office(data)):
        sheet = load_workbook(io.BytesIO(written)).worksheets[0]
        kinds = {
            cell.data_type for row in sheet.iter_rows(min_row=HEAD_ROWS + 1) for cell in row if cell.value is not None
        }
        assert kinds <= {"s", "n"}
        assert all(cell.hyperlink is None for row in sheet.iter_rows() for cell in row)
        rows = importing.preview(upload=send(written), actor=clerk, now=NOW).rows
        assert [(row.code, row.changes) for row in rows if row.status is not Status.UNCHANGED] == []
        # Word for word, not only “unchanged”: every text is typed anew, and no stamp can vouch for it.
        said = {row["code"]: row for row in lines_of(spreadsheets.read(written))}
        for code in typed:
            assert filing.raw_of(said[code])["narrative"] == before[code], code
    assert len(typed) >= 40


def lines_of(rows: list[list[str]]) -> list[dict[str, str]]:
    return [dict(zip(rows[0], row, strict=True)) for row in rows[HEAD_ROWS:]]


def test_a_writer_that_guesses_would_make_a_formula(two_hundred, unit, june, clerk, monkeypatch):
    """The control: the library's own guess turns the first of these texts into a live formula."""
    from kpi.workbooks.cells import Sheet

    content = read("A06", {"narrative": "==1+1"})
    submissions.save_draft(indicator=indicator("A100"), period=june, content=content, version=0, actor=clerk, now=NOW)

    def guess(self, line, column, value, **options):
        self.worksheet.strings_to_formulas = True
        self.worksheet.write(line, column, value, self.style(**options))

    monkeypatch.setattr(Sheet, "text", guess)
    sheet = load_workbook(io.BytesIO(template(department=unit, period=june, actor=clerk, now=NOW))).worksheets[0]
    assert "f" in {cell.data_type for row in sheet.iter_rows() for cell in row}
