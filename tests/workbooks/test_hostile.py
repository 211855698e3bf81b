"""Workbooks made to exhaust the reader, and two thousand broken by chance: refused or read, quickly, in little memory.

Files made on purpose go through the reader as the server calls it, one process each. Files broken by chance are cut off
by the same first step; what passes it is read by the child's own function, many in one process under the child's limit
of memory: chance makes no bomb, and two thousand processes would take minutes to start. Some of them go through the
page as well.
"""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from accounts import spreadsheets
from accounts.models import Department
from accounts.spreadsheets import SpreadsheetRefused
from kpi.models import ReportUpload
from kpi.workbooks.template import template
from tests.conftest import NOW
from tests.workbooks import hostile

ROOT = Path(__file__).resolve().parents[2]
REFUSED = {
    "zip_bomb": "workbook_too_complex",
    "lying_directory": "not_a_workbook",
    "shared_strings": "workbook_too_complex",
    "same_row_again": "workbook_too_complex",
    "wide_row": "workbook_too_complex",
    "entities": "workbook_unsafe",
    "wide_entities": "workbook_unreadable",
    "deep": "workbook_too_complex",
    "many_members": "workbook_too_complex",
    "macros": "workbook_has_macros",
    "rows_within_limits": "workbook_too_complex",
    "styles_within_limits": "workbook_too_complex",
    "columns_within_limits": "workbook_too_complex",
    "same_text_everywhere": "too_many_rows",
}


def measured(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.workbooks.measure", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def answer_of(process: subprocess.Popen[str]) -> dict[str, object]:
    output, _ = process.communicate(timeout=110)
    assert process.returncode == 0
    return json.loads(output)


@pytest.fixture(scope="module")
def largest(tmp_path_factory) -> Path:
    """As much as an honest department could send: 5,000 rows of a template with a text of its own in each."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for number in range(spreadsheets.MAX_ROWS):
        sheet.append(
            [f"A{number}", "建设高标准农田", "万亩", *(1.25,) * 8, f"第 {number} 项按计划推进", *("文字",) * 7]
        )
    path = tmp_path_factory.mktemp("books") / "largest.xlsx"
    book.save(path)
    return path


def test_hostile_workbooks_cost_no_more_than_the_largest_honest_one(largest):
    """Time is held against an honest file of the largest size read in the same run: machines differ, and tests share
    them. The small ones stay below a second of work on any.
    """
    found = answer_of(measured("bombs", str(largest)))
    _, outcome, *honest, memory = found.pop("honest")
    assert (outcome, memory < 160) == (f"read {spreadsheets.MAX_ROWS}", True)
    for name, (size, outcome, server, reader, memory) in found.items():
        assert size < spreadsheets.MAX_BYTES, name
        assert server + reader < (2 * sum(honest) if size > 100_000 else 1), (name, server, reader, honest)
        assert memory < 300, (name, memory)
        assert outcome == REFUSED.get(name, outcome), name
    assert {name for name in found if found[name][1].startswith("read")} == set(found) - set(REFUSED)


def test_the_stock_reader_does_not_survive_the_smallest_of_them(tmp_path):
    """The control: one cell in the last row, 1.7 KB, read as the library would: killed after three seconds of work."""
    path = tmp_path / "far.xlsx"
    path.write_bytes(hostile.far_row())
    stock = (
        "import sys, tablib, resource; resource.setrlimit(resource.RLIMIT_CPU, (3, 3));"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30));"
        "tablib.Dataset().load(open(sys.argv[1], 'rb').read(), 'xlsx')"
    )
    done = subprocess.run([sys.executable, "-c", stock, str(path)], capture_output=True, timeout=60)
    assert done.returncode != 0


CONTROLS = {
    "zip_bomb": ("MAX_INFLATED", "MAX_RATIO", "MAX_TAGS", "MAX_ROW_TAGS"),
    "shared_strings": ("MAX_RATIO", "MAX_TAGS"),
    "rows_within_limits": ("MAX_ROW_TAGS",),
    "styles_within_limits": ("MAX_OTHER_TAGS",),
    "many_members": ("MAX_MEMBERS",),
    "entities": ("FORBIDDEN",),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_each_limit_is_the_one_that_stops_its_bomb(name, monkeypatch):
    """The control: with its limit switched off, the bomb passes the first step."""
    data = hostile.zip_bomb_of(60, size=60 << 20) if name == "zip_bomb" else hostile.BOMBS[name]()
    with pytest.raises(SpreadsheetRefused):
        spreadsheets._judge(data)
    for limit in CONTROLS[name]:
        monkeypatch.setattr(spreadsheets, limit, () if limit == "FORBIDDEN" else 10**12)
    if name == "zip_bomb":
        # Its checksum is not looked after: read to the end it is no archive, which is soon enough in the test.
        with pytest.raises(SpreadsheetRefused, match="这不是"):
            spreadsheets._judge(data)
    else:
        spreadsheets._judge(data)


def test_the_child_is_ended_by_its_own_limits(monkeypatch, tmp_path):
    """A reader that goes on for ever, or asks for all memory, is over after its seconds and megabytes."""
    for work in ("while True: pass", "x = bytearray(1 << 30)"):
        greedy = tmp_path / "child.py"
        source = Path(spreadsheets.CHILD).read_text(encoding="utf-8").replace("CPU_SECONDS = 10", "CPU_SECONDS = 1")
        greedy.write_text(source.replace("    book = load_workbook", f"    {work}\n    book = load_workbook"))
        monkeypatch.setattr(spreadsheets, "CHILD", greedy)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with pytest.raises(SpreadsheetRefused, match="已损坏或过大"):
            spreadsheets.read(hostile.far_corner())
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2.5


@pytest.fixture
def blank(actor, june) -> bytes:
    clerk = actor("nyj_staff")
    return template(department=Department.objects.get(pk=min(clerk.department_ids)), period=june, actor=clerk, now=NOW)


@pytest.mark.django_db
def test_two_thousand_broken_workbooks_are_refused_or_read(blank, tmp_path):
    path = tmp_path / "blank.xlsx"
    path.write_bytes(blank)
    found = [answer_of(process) for process in [measured("mutants", str(path), str(seed), "1000") for seed in (1, 2)]]
    for half in found:
        assert half["faults"] == []
        assert sum(half["outcomes"].values()) == 1000
        # Chance has really broken them, in more than one way, and has left some readable.
        assert len(half["outcomes"]) >= 4 and 0 < half["outcomes"]["read"] < 900, half["outcomes"]
        assert half["slowest"] < 1 and half["memory"] < 300, half
    assert found[0]["checksum"] != found[1]["checksum"]


@pytest.mark.django_db
def test_a_narrower_net_would_let_a_broken_stream_through(blank, monkeypatch):
    """The control: what the standard library raises over a broken stream is more than “bad archive”."""
    monkeypatch.setattr(spreadsheets, "BROKEN", (hostile.zipfile.BadZipFile,))
    escaped = set()
    for data in hostile.mutants(blank, 300, seed=1):
        try:
            spreadsheets._judge(data)
        except SpreadsheetRefused:
            continue
        except Exception as fault:
            escaped.add(type(fault).__name__)
    assert "error" in escaped, "zlib's own"


@pytest.mark.django_db
def test_the_page_answers_broken_workbooks_and_keeps_none_it_refused(as_user, blank):
    client, answers = as_user("nyj_staff"), set()
    for data in hostile.mutants(blank, 40, seed=3):
        before = ReportUpload.objects.count()
        answer = client.post("/2025/reports/2025-06/import/", {"file": SimpleUploadedFile("六月.xlsx", data)})
        answers.add(answer.status_code)
        if answer.status_code == 302:
            assert client.get(answer["Location"]).status_code == 200
        else:
            assert "没有读取" in answer.content.decode()
            assert ReportUpload.objects.count() == before
    assert answers == {302, 422}


def test_truth_values_dates_errors_and_long_texts_are_read_as_they_stand():
    book = Workbook()
    sheet = book.active
    sheet.append([True, False, "文" * 30_000, 1.1, 128.60000000000001, 10**15, "#N/A"])
    buffer = io.BytesIO()
    book.save(buffer)
    assert load_workbook(buffer).active["A1"].value is True
    row = spreadsheets.read(buffer.getvalue())[0]
    assert row[:2] == ["TRUE", "FALSE"] and len(row[2]) == 30_000
    assert row[3:] == ["1.1", "128.6", "1000000000000000", "#N/A"]
