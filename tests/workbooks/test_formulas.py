"""Forty and more texts made to become formulas, on every way out of the product: each stays text, and each comes back.

One test over all ways; the controls break each kind of writer once and are found by the same look.
"""

from __future__ import annotations

import csv
import html
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from docx import Document
from openpyxl import load_workbook

from accounts import spreadsheets
from accounts.models import Department, User
from accounts.permissions import actor_for
from accounts.spreadsheets import formats
from kpi.documents.docx import write
from kpi.domain.bulletin_record import AnnexRow
from kpi.domain.exporting import ExportKind
from kpi.domain.official import one_line
from kpi.domain.target_changes import ChangeReason, ChangeState, Timing
from kpi.models import ExportJob, Indicator, Milestone, PastResult, Period, Submission, Target, TargetChange
from kpi.selectors.target_changes import present_terms
from kpi.workbooks import export
from kpi.workbooks.cells import Sheet
from kpi.workbooks.template import template
from tests.admin.books import CSV, TABLES, XLSX, exported, kinds, upload
from tests.conftest import NOW
from tests.documents.test_docx import document
from tests.workbooks.payloads import PAYLOADS

Texts = Mapping[str, str]
FARMING = "agriculture"


@pytest.fixture(scope="module")
def typed(django_db_setup, django_db_blocker) -> Iterator[Texts]:
    """The texts wherever somebody may type, by indicator code; rolled back after the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        found = {}
        asker, indicators = User.objects.get(username="nyj_staff"), Indicator.objects.select_related("report")
        for indicator, text in zip(indicators.order_by("pk"), PAYLOADS, strict=False):
            Indicator.objects.filter(pk=indicator.pk).update(name=text, unit=text[:20], definition=text)
            Submission.objects.filter(indicator=indicator, period__code="2025-06").update(narrative=text)
            found[indicator.code] = text
            PastResult.objects.create(
                indicator=indicator, year=2024, value=Decimal("-1.5"), unit=text[:20], source=text, note=text
            )
            a_case(indicator, text, asker)
        assert len(found) == len(PAYLOADS) >= 40
        for rows, field in ((Target, "reason"), (Milestone, "name"), (Department, "duties")):
            for pk, text in zip(rows.objects.order_by("pk").values_list("pk", flat=True), PAYLOADS, strict=False):
                rows.objects.filter(pk=pk).update(**{field: text})
        User.objects.bulk_create(
            User(username=f"u{place}", display_name=text, password="!") for place, text in enumerate(PAYLOADS)
        )
        yield found
        transaction.set_rollback(True)


def a_case(indicator: Indicator, text: str, asker: User) -> None:
    """A change of target that was asked for with these words, and withdrawn."""
    TargetChange.objects.create(
        indicator=indicator,
        reason=ChangeReason.OTHER,
        text=text,
        final_due_on=date(2025, 12, 30),
        held=present_terms(indicator).as_row(),
        asked_on=NOW.date(),
        asked_at=NOW,
        timing=Timing.IN_TIME,
        state=ChangeState.WITHDRAWN,
        form_key=uuid4(),
        filed_by=asker,
    )


def signed_in(username: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client


# Each way gives the file's bytes.


# Scores are of a month that has been scored, which June has not.
OF_A_MONTH = [kind for kind in ExportKind if kind is not ExportKind.SCORES]


def made(kind: ExportKind) -> bytes:
    month = Period.objects.select_related("report").get(code="2025-06")
    job = ExportJob(kind=kind, period=month, asked_by=User.objects.get(username="dcs_1"), language="zh-hans")
    with io.BytesIO() as buffer:
        path = Scratch.path(kind)
        export.make(job, path, lambda done, total: None, NOW)
        buffer.write(path.read_bytes())
        return buffer.getvalue()


class Scratch:
    """Where files are made; set by a fixture."""

    folder = None

    @classmethod
    def path(cls, name: str):
        return cls.folder / f"{name}.xlsx"


@pytest.fixture(scope="module", autouse=True)
def scratch(tmp_path_factory) -> None:
    Scratch.folder = tmp_path_factory.mktemp("ways")


def ledger_page() -> bytes:
    return b"".join(signed_in("dcs_1").get("/2025/exports/ledger.xlsx?period=2025-06").streaming_content)


def filing() -> bytes:
    """The template of a department that leads all of them, with nothing filed."""
    unit = Department.objects.get(code=FARMING)
    june = Period.objects.select_related("report").get(code="2025-06")
    with transaction.atomic():
        of_it = Indicator.objects.filter(name__in=PAYLOADS)
        Submission.objects.filter(indicator__in=of_it, period=june).update(state="draft", approved_at=None)
        of_it.update(lead_department=unit, kind="cumulative", frequency="monthly")
        data = template(
            department=unit, period=june, actor=actor_for(User.objects.get(username="nyj_staff"), NOW.date()), now=NOW
        )
        transaction.set_rollback(True)
    return data


def administration(place: int, form: int) -> Callable[[], bytes]:
    table = TABLES[place]
    return lambda: exported(signed_in(table.person), table, form)


WORKBOOKS: dict[str, Callable[[], bytes]] = {
    **{f"{kind} job": lambda kind=kind: made(kind) for kind in OF_A_MONTH},
    "ledger page": ledger_page,
    "filing template": filing,
    **{f"admin {table.name} xlsx": administration(place, XLSX) for place, table in enumerate(TABLES)},
}
TEXT_FILES = {f"admin {table.name} csv": administration(place, CSV) for place, table in enumerate(TABLES)}
# Roles are codes and days: nobody types a text there.
WITHOUT_TEXT = {"admin memberships xlsx", "admin memberships csv"}
UNIT_SHOWN = {ExportKind.CHANGES: ""}
PREVIEWS = [f"/2025/exports/?kind={kind}&period=2025-06&unit={UNIT_SHOWN.get(kind, 'tourism')}" for kind in OF_A_MONTH]
# What is uploaded again, through the reader of uploads; the others' strings stand in their cells.
READ_AGAIN = {way for way in WORKBOOKS if way.startswith(("admin", "filing"))}


def live_cells(data: bytes) -> list[str]:
    """Cells of a workbook that are not plain text, figures or days, and links and names that would act."""
    book = load_workbook(io.BytesIO(data))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert len(cells) > 60
    live = [f"{cell.coordinate} {cell.value!r}" for cell in cells if cell.data_type not in ("s", "n", "d")]
    live += [f"link {cell.coordinate}" for cell in cells if cell.hyperlink]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        live += [name for name in archive.namelist() if re.search(r"externalLink|vbaProject|connections", name)]
    return live + [f"name {name}" for name in book.defined_names if not name.startswith("_xlnm")]


def risky_fields(data: bytes) -> list[str]:
    """Fields of a CSV file that a spreadsheet would take for a formula."""
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    looks = re.compile(r"[\s\u3000\"]*[=+\-@＝＋－＠]|[\t\r\n]")
    return [cell for row in rows for cell in row if looks.match(cell) and not formats.NUMBER.fullmatch(cell)]


@pytest.mark.parametrize("way", [*WORKBOOKS, *TEXT_FILES, "bulletin", *PREVIEWS])
def test_every_text_stays_text_on_every_way_out_and_comes_back_as_it_was(typed: Texts, way: str):
    if way in WORKBOOKS:
        data = WORKBOOKS[way]()
        assert live_cells(data) == []
        back = {cell for row in spreadsheets.read(data) for cell in row} if way in READ_AGAIN else texts_in(data)
    elif way in TEXT_FILES:
        data = TEXT_FILES[way]()
        assert risky_fields(data) == []
        dataset = formats.BoundedCSV().create_dataset(data)
        back = {cell for row in dataset for cell in row}
    elif way == "bulletin":
        assert {one_line(text) for text in bulletin()} == {one_line(text) for text in PAYLOADS}
        return
    else:
        page = signed_in("dcs_1").get(way).content.decode()
        back = {html.unescape(cell) for cell in re.findall(r"<td[^>]*>([^<]*)</td>", page)}
        assert len([text for text in PAYLOADS if text in back]) >= 3
        assert not any(
            html.escape(text) in re.sub(r"<td[^>]*>[^<]*</td>", "", page) for text in PAYLOADS if "(" in text
        )
        return
    if way not in WITHOUT_TEXT:
        assert {text for text in PAYLOADS if text not in back} == set()


def texts_in(data: bytes) -> set[str]:
    """Every text of every sheet, by a reader that undoes the escapes of strings that stand in their cells."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]
    return {str(cell) for sheet in sheets for row in sheet for cell in row}


def bulletin() -> set[str]:
    """What the table of a bulletin's annex says of tasks with these names; no field in it but the page's number."""
    rows = [AnnexRow("T07", text, "市商务局", "", "红灯", "", "", "") for text in PAYLOADS]
    data = write(document(annex=rows, chapters=[]))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith((".xml", ".rels"))}
    said = {code.strip() for part in parts.values() for code in re.findall(r"<w:instrText[^>]*>([^<]*)<", part)}
    assert said == {"PAGE"} and not any("<w:fldSimple" in part or "<w:hyperlink" in part for part in parts.values())
    table = Document(io.BytesIO(data)).tables[0]
    return {row.cells[1].text.removeprefix("T07 ") for row in table.rows[1:]}


@pytest.mark.parametrize("form", [XLSX, CSV], ids=["xlsx", "csv"])
@pytest.mark.parametrize("name", ["departments", "past results"])
def test_imported_again_nothing_changes(typed: Texts, name: str, form: int):
    table = next(table for table in TABLES if table.name == name)
    client = signed_in(table.person)
    preview = upload(client, table, exported(client, table, form), form)
    assert set(kinds(preview)) == {"skip"} and preview.context["result"].total_rows >= len(PAYLOADS)


# The controls


def test_a_workbook_writer_that_guesses_is_found(typed: Texts, monkeypatch):
    def guess(self, line, column, value, **options):
        self.worksheet.strings_to_formulas = True
        self.worksheet.write(line, column, value, self.style(**options))

    monkeypatch.setattr(Sheet, "text", guess)
    assert any("'=" in cell for cell in live_cells(made(ExportKind.LEDGER)))


def test_the_librarys_own_workbook_is_found(typed: Texts, monkeypatch):
    monkeypatch.setattr(formats.BoundedXLSX, "export_data", formats.XLSX.export_data)
    assert any("'=" in cell for cell in live_cells(WORKBOOKS["admin past results xlsx"]()))


def test_a_csv_file_without_its_apostrophes_is_found(typed: Texts, monkeypatch):
    monkeypatch.setattr(formats, "escaped", lambda text: text)
    assert risky_fields(TEXT_FILES["admin past results csv"]())


@pytest.mark.parametrize("text", [*PAYLOADS, "", "-1.5", "+86", "''=1", "'=1", "'-1", "'a", "1'=2"])
def test_an_apostrophe_is_given_and_taken_back(text: str):
    assert formats.unescaped(formats.escaped(text)) == text
