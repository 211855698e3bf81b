"""Uploaded workbooks, read within bounds: no library is safe alone against a file made to exhaust it.

First the container is judged without parsing anything, then the sheet is read in a process of its own with little
memory and little time.
"""

from __future__ import annotations

import io
import json
import lzma
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

MAX_BYTES = 5 * 1024 * 1024
MAX_MEMBERS = 100
MAX_INFLATED = 40 * 1024 * 1024
MAX_RATIO = 200
# Reading costs by the element, not by the byte: a filled template of 5,000 rows has up to 550,000, depending on the
# program that saved it. What is neither sheet nor text, above all formats, costs more each.
MAX_TAGS, MAX_OTHER_TAGS = 600_000, 20_000
MAX_ROW_TAGS = 4 * 5000
# Everything the standard library raises over a container that is none, or one that cannot be unpacked.
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, RuntimeError, LookupError)
BROKEN += (NotImplementedError, OverflowError, struct.error, MemoryError)
ROW_TAG = re.compile(rb"[<:]row[\s/>]")
BULK = re.compile(r"xl/(worksheets/|sharedStrings)", re.IGNORECASE)
MAX_ROWS, MAX_COLUMNS = 5000, 60
TIMEOUT = 15
CHUNK = 64 * 1024
FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY")
# Started as a file: importing this package would cost the child more than the reading.
CHILD = Path(__file__).with_name("child.py")


class SpreadsheetRefused(ValueError):
    """The file is not read; the text says why and ``code`` names it."""

    def __init__(self, code: str):
        super().__init__(_messages()[code])
        self.code = code


def _messages() -> Mapping[str, str]:
    return {
        "file_too_large": _("文件超过 5 MB，请拆分后再传"),
        "not_a_csv": _("看不懂这个文件，请存为 CSV（UTF-8 或 GBK，逗号分隔）再传"),
        "not_a_workbook": _("这不是 .xlsx 工作簿，请用 Excel 或 WPS 另存为 .xlsx"),
        "workbook_too_complex": _("工作簿内容过多，请只保留要导入的一张表"),
        "workbook_has_macros": _("不支持带宏的工作簿，请另存为 .xlsx"),
        "workbook_unsafe": _("工作簿含有不允许的内容，没有读取"),
        "workbook_has_formulas": _("工作簿含有公式，请复制后“选择性粘贴—数值”再传"),
        "workbook_unreadable": _("工作簿已损坏或过大，没有读取"),
        "too_many_rows": _("超过 5000 行或 60 列，请拆分后再传"),
        "text_too_long": _("有一格超过 32767 个字符，Excel 放不下，请改用 CSV"),
        "heading_missing": _("第一行应是列名，且不能重复"),
    }


def read(data: bytes) -> list[list[str]]:
    """Rows of the first sheet as text, at most 5,000 × 60; a formula is ``FORMULA``. Raises ``SpreadsheetRefused``."""
    _judge(data)
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(CHILD), str(MAX_ROWS), str(MAX_COLUMNS)],
            input=data,
            capture_output=True,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired as problem:
        raise SpreadsheetRefused("workbook_unreadable") from problem
    if done.returncode:
        raise SpreadsheetRefused("workbook_unreadable")
    answer = json.loads(done.stdout)
    if answer["is_cut"]:
        raise SpreadsheetRefused("too_many_rows")
    return answer["rows"]


def _judge(data: bytes) -> None:
    """Look at the container only: size, magic, members, what they inflate to, and what they must not hold."""
    if len(data) > MAX_BYTES:
        raise SpreadsheetRefused("file_too_large")
    if not data.startswith(b"PK"):
        raise SpreadsheetRefused("not_a_workbook")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _judge_members(archive, len(data))
    except BROKEN as problem:
        if isinstance(problem, SpreadsheetRefused):
            raise
        raise SpreadsheetRefused("not_a_workbook") from problem


def _judge_members(archive: zipfile.ZipFile, packed: int) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise SpreadsheetRefused("workbook_too_complex")
    if any(member.filename.lower().endswith("vbaproject.bin") for member in members):
        raise SpreadsheetRefused("workbook_has_macros")
    if not any(member.filename == "xl/workbook.xml" for member in members):
        raise SpreadsheetRefused("not_a_workbook")
    tally = _Tally(packed)
    for member in members:
        with archive.open(member) as stream:
            before = b""
            # Counted while inflating: what the directory declares is the sender's word.
            while chunk := stream.read(CHUNK):
                tally.count(chunk, is_bulk=BULK.match(member.filename) is not None)
                if any(word in before + chunk for word in FORBIDDEN):
                    raise SpreadsheetRefused("workbook_unsafe")
                before = chunk[-16:]


@dataclass
class _Tally:
    """What a container has come to so far, against what is allowed."""

    packed: int
    inflated: int = 0
    tags: int = 0
    other_tags: int = 0
    rows: int = 0

    def count(self, chunk: bytes, *, is_bulk: bool) -> None:
        self.inflated += len(chunk)
        self.tags += chunk.count(b"<")
        self.other_tags += 0 if is_bulk else chunk.count(b"<")
        self.rows += len(ROW_TAG.findall(chunk))
        is_large = self.inflated > MAX_INFLATED or self.inflated > self.packed * MAX_RATIO
        if is_large or self.tags > MAX_TAGS or self.other_tags > MAX_OTHER_TAGS or self.rows > MAX_ROW_TAGS:
            raise SpreadsheetRefused("workbook_too_complex")
