"""``manage.py extract_commitments``: runs where nothing is set up, prints what it found, says what it cannot read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "fixtures" / "report-2025.txt"
KEYS = "quote start end section kind metric value unit comparator deadline strength confidence why"


def run(*arguments: object) -> str:
    out = StringIO()
    call_command("extract_commitments", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_it_needs_no_database_no_broker_and_no_settings():
    environment = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings.prod"}
    done = subprocess.run(
        [sys.executable, "manage.py", "extract_commitments", str(REPORT), "--year", "2025", "--format", "json"],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    text = REPORT.read_text(encoding="utf-8")
    assert all(list(each) == KEYS.split() and text[each["start"] : each["end"]] == each["quote"] for each in found)
    assert {"value": 6.95, "unit": "万亩", "comparator": "="}.items() <= next(
        e for e in found if e["value"] == 6.95
    ).items()
    assert [type(each["value"]) for each in found if each["value"] in (64, 6.95)] == [int, float]
    assert all(each["unit"] is each["comparator"] is None for each in found if each["value"] is None)


def test_the_table_is_for_reading():
    lines = run(REPORT).splitlines()
    assert lines[0].split() == ["value", "unit", "comparator", "deadline", "strength", "kind", "confidence", "quote"]
    assert any("64" in line and "万吨" in line and ">=" in line and "粮食产量64万吨以上" in line for line in lines)
    assert lines[-1].endswith("planned year: 2025")


def test_the_text_that_places_count_in_can_be_kept(tmp_path):
    kept = tmp_path / "text.txt"
    path = tmp_path / "报告.txt"
    path.write_bytes("重点工作\r\n新增企业10家。".encode("gb18030"))
    (found,) = json.loads(run(path, "--format", "json", "--save-text", kept))
    assert kept.read_text(encoding="utf-8")[found["start"] : found["end"]] == found["quote"] == "新增企业10家"
    assert "planned year: not found" in run(path)


@pytest.mark.parametrize("name", ["missing.txt", "binary.txt", "."])
def test_what_cannot_be_read_ends_with_2_and_a_reason(tmp_path, name):
    (tmp_path / "binary.txt").write_bytes(b"\x00\x01\x02\xff")
    with pytest.raises(CommandError) as refused:
        run(tmp_path / name)
    assert refused.value.returncode == 2 and str(refused.value)
