"""The text of a report as people have it: a text file, a Word document or a PDF with a text layer.

What the file is shows in its first bytes, not in its name. Word and PDF are taken apart in a process of their own with
little memory and little time, because a file may be made to exhaust its reader.

``read_report`` returns a text file as ``open(path, encoding=…).read()`` gives it: line ends as ``\\n``, a byte order
mark left. Places in it are therefore the same for whoever reads the file that way. ``kept_text`` is what a year keeps.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

from kpi.documents.reading.child import MOST_PAGES
from kpi.domain.errors import DomainError
from kpi.services import inspection

MAX_BYTES = 10 * 1024 * 1024
MAX_CHARACTERS = 1_000_000
TIMEOUT = 60
MEGABYTE = 1024 * 1024
# Started as a file: importing the packages above it would cost the child more than the reading.
CHILD = Path(__file__).with_name("child.py")
OLE, ZIP, PDF = inspection.OLE_MAGIC, b"PK\x03\x04", b"%PDF-"
BYTE_ORDER_MARK, PAGE_BREAK = "\ufeff", "\n\f\n"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
LINE_ENDS = re.compile(r"\r\n?")
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
CHINESE = re.compile("[一-鿿]")
# Among enough Chinese characters these are never rare; where they are, the bytes were decoded wrongly.
COMMON = re.compile("[的和一在是发展工业建设全市县省年新加大推进项目中国人民]")
ENOUGH, LEAST_COMMON = 50, 0.05


def read_report(data: bytes, name: str) -> str:
    """The text of the file ``name`` with the bytes ``data``.

    Raises ``DomainError``: ``report_empty``, ``report_too_large``, ``report_too_long``, ``report_is_doc``,
    ``report_binary``, ``report_encoding``, ``report_encrypted``, ``report_no_text_layer``, ``report_damaged``, or what
    ``inspection.identify`` refuses in a Word document.
    """
    if not data.strip():
        raise DomainError("report_empty", name=name)
    if len(data) > MAX_BYTES:
        raise DomainError("report_too_large", name=name, limit=MAX_BYTES // MEGABYTE)
    if data.startswith(OLE):
        raise DomainError("report_is_doc", name=name)
    if data.startswith(ZIP):
        inspection.identify(io.BytesIO(data), size=len(data), name=f"{name.removesuffix('.docx')}.docx")
        text = _taken_apart(data, "docx", name)
    else:
        text = _taken_apart(data, "pdf", name) if data.lstrip()[:1024].startswith(PDF) else decode(data, name)
    if len(text) > MAX_CHARACTERS:
        raise DomainError("report_too_long", name=name, limit=MAX_CHARACTERS, length=len(text))
    if not text.replace(BYTE_ORDER_MARK, "").strip():
        raise DomainError("report_empty", name=name)
    return text


def kept_text(data: bytes, name: str) -> str:
    """The text as a year's report keeps it: without byte order mark, pages joined. Raises as ``read_report``."""
    return read_report(data, name).removeprefix(BYTE_ORDER_MARK).replace(PAGE_BREAK, "\n")


def decode(data: bytes, name: str) -> str:
    """Bytes of a text file: UTF-8, UTF-16 with its mark, or GB18030 (which GBK and GB2312 are part of)."""
    text = _utf_8(data) if not data.startswith(UTF_16) else data.decode("utf-16", errors="replace")
    if text is None:
        if b"\x00" in data:
            raise DomainError("report_binary", name=name)
        text = _gb18030(data, name)
    if CONTROLS.search(text):
        raise DomainError("report_binary", name=name)
    return LINE_ENDS.sub("\n", text)


def _utf_8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _gb18030(data: bytes, name: str) -> str:
    """Most bytes can be read as GB18030; only what comes out as Chinese is."""
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as problem:
        raise DomainError("report_encoding", name=name) from problem
    chinese = CHINESE.findall(text)
    is_doubtful = len(chinese) > ENOUGH and len(COMMON.findall(text)) < LEAST_COMMON * len(chinese)
    if is_doubtful or 2 * len(chinese) < sum(not letter.isascii() for letter in text):
        raise DomainError("report_encoding", name=name)
    return text


def _taken_apart(data: bytes, kind: str, name: str) -> str:
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(CHILD), kind], input=data, capture_output=True, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired as problem:
        raise DomainError("report_damaged", name=name) from problem
    if done.returncode:
        raise DomainError("report_damaged", name=name)
    answer = json.loads(done.stdout)
    if answer["refused"]:
        raise DomainError(answer["refused"], name=name, limit=MOST_PAGES)
    return str(answer["text"])
