"""Real files of every accepted kind, made here, and the hostile ones made from them."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping

from django.core.files.uploadedfile import SimpleUploadedFile

from kpi.services.samples import sample_pdf, sample_png

DOC_TYPES = "application/vnd.openxmlformats-officedocument"
MAIN = {
    "docx": ("word/document.xml", f"{DOC_TYPES}.wordprocessingml.document.main+xml"),
    "xlsx": ("xl/workbook.xml", f"{DOC_TYPES}.spreadsheetml.sheet.main+xml"),
    "pptx": ("ppt/presentation.xml", f"{DOC_TYPES}.presentationml.presentation.main+xml"),
}
MARKUP = b"<!doctype html><html><script>alert(document.cookie)</script></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def pdf(text: str = "验收单") -> bytes:
    return sample_pdf([text])


def png(seed: int = 1) -> bytes:
    return sample_png(seed)


def jpeg(width: int = 8, height: int = 8) -> bytes:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0" + frame + b"\xff\xd9"


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def office(kind: str, extra: Mapping[str, bytes] | None = None, types: bytes = b"") -> bytes:
    path, main = MAIN[kind]
    content = f'<Types><Override PartName="/{path}" ContentType="{main}"/></Types>'.encode()
    return zipped({"[Content_Types].xml": types or content, path: b"<x/>", **(extra or {})})


def ofd(entry: bytes = b'<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"/>') -> bytes:
    return zipped({"OFD.xml": entry, "Doc_0/Document.xml": b"<x/>"})


def ole(*paths: str) -> bytes:
    """A compound file with one empty stream per path; ``Macros/`` is a storage."""
    names = ["Root Entry", *paths]
    entries = b"".join(_entry(place, name, len(names)) for place, name in enumerate(names))
    entries += _blank() * (-len(names) % 4)
    sectors = len(entries) // 512
    fat = [0xFFFFFFFD, *(place + 2 for place in range(sectors))]
    fat[-1] = 0xFFFFFFFE
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0)
    header += b"\xff\xff\xff\xff" * 108
    table = b"".join(struct.pack("<I", place) for place in fat).ljust(512, b"\xff")
    return header + table + entries


def _entry(place: int, name: str, count: int) -> bytes:
    """The root's child is the first stream; each stream's right neighbour is the next."""
    is_storage = name.endswith("/")
    kind = 5 if place == 0 else (1 if is_storage else 2)
    text = name.rstrip("/").encode("utf-16-le") + b"\0\0"
    right = place + 1 if 0 < place < count - 1 else 0xFFFFFFFF
    child = 1 if place == 0 and count > 1 else 0xFFFFFFFF
    links = struct.pack("<III", 0xFFFFFFFF, right, child)
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBB", len(text), kind, 1)
        + links
        + bytes(36)
        + struct.pack("<IQ", 0xFFFFFFFE, 0)
    )


def _blank() -> bytes:
    return bytes(68) + b"\xff" * 12 + bytes(48)


def encrypted(data: bytes) -> bytes:
    """The same zip with every member flagged as encrypted, in its own header and in the directory."""
    changed = bytearray(data)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = changed.find(mark)
        while start >= 0:
            changed[start + place] |= 1
            start = changed.find(mark, start + 4)
    return bytes(changed)


def declaring(data: bytes, size: int) -> bytes:
    """The same zip whose directory says that every member inflates to ``size`` bytes."""
    changed = bytearray(data)
    start = changed.find(b"PK\x01\x02")
    while start >= 0:
        changed[start + 24 : start + 28] = struct.pack("<I", size)
        start = changed.find(b"PK\x01\x02", start + 4)
    return bytes(changed)


def renamed_member(data: bytes, old: str, new: str) -> bytes:
    assert len(old) == len(new)
    return data.replace(old.encode(), new.encode())


GOOD: dict[str, bytes] = {
    "验收单.pdf": pdf(),
    "现场.JPG": jpeg(),
    "现场.jpeg": jpeg(16, 9),
    "截图.png": png(),
    "说明.docx": office("docx"),
    "花名册.xlsx": office("xlsx"),
    "汇报.pptx": office("pptx"),
    "批复.ofd": ofd(),
    "旧文.doc": ole("WordDocument", "1Table"),
    "旧表.xls": ole("Workbook"),
    "更旧的表.xls": ole("Book"),
    "金山.wps": ole("WordDocument"),
    "口径.txt": "按验收面积统计，万亩。\n".encode(),
    "国标.txt": "按验收面积统计，万亩。\n".encode("gb18030"),
    "明细.csv": "县区,面积\r\n慈利,0.31\r\n".encode("utf-8-sig"),
}

BOMB = zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b"0" * 40_000_000})
# Name → (bytes, the code of the refusal).
HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty.pdf": (b"", "evidence_empty"),
    "no extension": (pdf(), "evidence_type_missing"),
    "page.html": (MARKUP, "evidence_type_refused"),
    "picture.svg": (SVG, "evidence_type_refused"),
    "tool.exe": (b"MZ" + bytes(200), "evidence_type_refused"),
    "run.bat": (b"del *.*", "evidence_type_refused"),
    "run.js": (b"alert(1)", "evidence_type_refused"),
    "run.sh": (b"#!/bin/sh\n", "evidence_type_refused"),
    "pack.zip": (zipped({"a": b"x"}), "evidence_type_refused"),
    "pack.rar": (b"Rar!\x1a\x07\0", "evidence_type_refused"),
    "double.pdf.exe": (pdf(), "evidence_type_refused"),
    "hidden\u202efdp.exe": (pdf(), "evidence_type_refused"),
    "page as.pdf": (MARKUP, "evidence_mismatch"),
    "page as.png": (MARKUP, "evidence_mismatch"),
    "page as.txt": (MARKUP, "evidence_unsafe"),
    "page deep in.txt": ("说明\n".encode() * 50 + MARKUP, "evidence_unsafe"),
    "svg as.png": (SVG, "evidence_mismatch"),
    "svg as.txt": (SVG, "evidence_unsafe"),
    "svg as.csv": (b"\xef\xbb\xbf \n" + SVG, "evidence_unsafe"),
    "script as.txt": (b"#!/bin/sh\nrm -rf /\n", "evidence_unsafe"),
    "php as.txt": (b"<?php system($_GET[0]);", "evidence_unsafe"),
    "program as.pdf": (b"MZ" + bytes(2000), "evidence_mismatch"),
    "program as.txt": (b"MZ\x90\0\x03" + bytes(200), "evidence_mismatch"),
    "program as.doc": (b"MZ" + bytes(2000), "evidence_mismatch"),
    "picture as.pdf": (png(), "evidence_mismatch"),
    "pdf as.png": (pdf(), "evidence_mismatch"),
    "pdf as.docx": (pdf(), "evidence_mismatch"),
    "sheet as.docx": (office("xlsx"), "evidence_mismatch"),
    "zip as.docx": (zipped({"a.txt": b"x"}), "evidence_mismatch"),
    "zip as.ofd": (zipped({"OFD.xml": b"<x/>"}), "evidence_mismatch"),
    "text as.xlsx": (b"a,b,c\n", "evidence_mismatch"),
    "message as.doc": (ole("__properties_version1.0"), "evidence_mismatch"),
    "sheet as.doc": (ole("Workbook"), "evidence_mismatch"),
    "cut.pdf": (pdf()[:-60], "evidence_mismatch"),
    "cut.png": (png()[:-5], "evidence_mismatch"),
    "cut.jpg": (jpeg()[:24], "evidence_mismatch"),
    "cut.docx": (office("docx")[:-30], "evidence_mismatch"),
    "cut.doc": (ole("WordDocument")[:700], "evidence_mismatch"),
    "noise.jpg": (b"\xff\xd8" + b"\xab" * 400, "evidence_mismatch"),
    "wide characters.txt": ("表格".encode("utf-16"), "evidence_mismatch"),
    "controls.csv": (b"a\x1b[31mb", "evidence_mismatch"),
    "nul.txt": (b"a\0b", "evidence_mismatch"),
    "huge.png": (png()[:16] + struct.pack(">II", 60000, 60000) + png()[24:], "evidence_unsafe"),
    "huge.jpg": (jpeg(65000, 65000), "evidence_unsafe"),
    "pdf and zip.pdf": (pdf() + zipped({"a": b"x"}), "evidence_unsafe"),
    "jpeg and zip.jpg": (jpeg() + zipped({"a": b"x"}), "evidence_unsafe"),
    "png and zip.png": (png() + zipped({"a": b"x"}), "evidence_mismatch"),
    "png and page.png": (png() + MARKUP, "evidence_mismatch"),
    "program and zip.docx": (b"MZ" + office("docx"), "evidence_mismatch"),
    "macros.xlsm": (office("xlsx"), "evidence_macros"),
    "macros.docm": (office("docx"), "evidence_macros"),
    "vba.xlsx": (office("xlsx", {"xl/vbaProject.bin": b"x"}), "evidence_macros"),
    "vba moved.docx": (office("docx", {"customXml/VBAPROJECT.BIN": b"x"}), "evidence_macros"),
    "excel4.xlsx": (office("xlsx", {"xl/macrosheets/sheet1.xml": b"<x/>"}), "evidence_macros"),
    "wps macros.docx": (office("docx", {"word/JDEData.bin": b"x"}), "evidence_macros"),
    "declared.docx": (
        office("docx", types=b"application/vnd.ms-word.document.macroEnabled.main+xml"),
        "evidence_macros",
    ),
    "vba.doc": (ole("WordDocument", "Macros/"), "evidence_macros"),
    "vba.xls": (ole("Workbook", "_VBA_PROJECT_CUR/"), "evidence_macros"),
    "packed program.doc": (ole("WordDocument", "\x01Ole10Native"), "evidence_unsafe"),
    "locked.docx": (ole("EncryptionInfo", "EncryptedPackage"), "evidence_encrypted"),
    "locked zip.docx": (encrypted(office("docx")), "evidence_encrypted"),
    "locked.ofd": (encrypted(ofd()), "evidence_encrypted"),
    "bomb.docx": (BOMB, "evidence_unsafe"),
    "declared bomb.docx": (declaring(office("docx"), 4_000_000_000), "evidence_unsafe"),
    "many members.xlsx": (office("xlsx", {f"m{n}": b"" for n in range(6000)}), "evidence_unsafe"),
    "big type part.docx": (office("docx", types=b" " * 2_000_000), "evidence_unsafe"),
    "entities.docx": (office("docx", types=b'<!DOCTYPE x [<!ENTITY a "b">]>'), "evidence_unsafe"),
    "entities.ofd": (ofd(b'<!DOCTYPE x [<!ENTITY a "b">]>ofdspec.org'), "evidence_unsafe"),
    "slip.docx": (office("docx", {"../../../etc/passwd": b"x"}), "evidence_unsafe"),
    "absolute.docx": (office("docx", {"/etc/passwd": b"x"}), "evidence_unsafe"),
    "backslash.docx": (office("docx", {"..\\evil": b"x"}), "evidence_unsafe"),
    "twice.docx": (office("docx", {"WORD/document.xml": b"x"}), "evidence_unsafe"),
    "nul member.docx": (renamed_member(office("docx", {"aZb.xml": b"x"}), "aZb.xml", "a\0b.xml"), "evidence_unsafe"),
}


def upload(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)
