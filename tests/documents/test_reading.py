"""Reports as people have them: text in any of the usual encodings, Word, PDF; and files that are something else."""

from __future__ import annotations

import io
import zipfile

import pytest
from docx import Document
from pypdf import PdfReader, PdfWriter

from kpi import refusals
from kpi.documents import reading
from kpi.documents.reading import MAX_BYTES, kept_text, read_report
from kpi.documents.reading.child import MOST_PAGES
from kpi.domain.errors import DomainError
from kpi.domain.extraction import extract

PLAN = "2025年重点工作\n力争新增规模以上工业企业10家。\n"
LONG = PLAN + "推动全市经济社会发展，加大项目建设，促进工业和农业。" * 10


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "gbk", "utf-16"])
def test_text_in_the_usual_encodings(encoding):
    assert read_report(LONG.encode(encoding), "报告.txt") == LONG


def test_places_are_those_of_whoever_opens_the_file(tmp_path):
    path = tmp_path / "报告.txt"
    path.write_bytes(("\ufeff" + PLAN).replace("\n", "\r\n").encode())
    with open(path, encoding="utf-8") as file:
        as_opened = file.read()
    text = read_report(path.read_bytes(), path.name)
    assert text == as_opened and text.startswith("\ufeff")
    (found,) = extract(text)
    assert as_opened[found.start : found.end] == found.quote == "力争新增规模以上工业企业10家"


def test_what_is_kept_has_no_mark_and_no_page_breaks(tmp_path):
    assert kept_text(("\ufeff" + PLAN).replace("\n", "\r\n").encode(), "报告.txt") == PLAN
    writer = PdfWriter()
    for line in ("第一页。", "第二页。"):
        writer.append(io.BytesIO(pdf(line)))
    file = io.BytesIO()
    writer.write(file)
    assert kept_text(file.getvalue(), "报告.pdf").split("\n") == ["第一页。", "第二页。"]


def word(*paragraphs: str) -> bytes:
    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    table = document.add_table(rows=1, cols=3)
    for cell, text in zip(table.rows[0].cells, ("序号", "任务", "任务"), strict=True):
        cell.text = text
    table.rows[0].cells[1].merge(table.rows[0].cells[2])
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_word_gives_paragraphs_and_tables_in_their_order():
    text = read_report(word("2025年重点工作", "力争新增规模以上工业企业10家。"), "报告.docx")
    assert text.splitlines() == ["2025年重点工作", "力争新增规模以上工业企业10家。", "序号\t任务 任务"]
    assert [each.value for each in extract(text)] == [10]


def pdf(*lines: str) -> bytes:
    """A page with a text layer as printers make it: glyph numbers, and a table of what they mean."""
    letters = sorted(set("".join(lines)))
    glyphs = {letter: number for number, letter in enumerate(letters, start=1)}
    meanings = "\n".join(f"<{number:04x}> <{letter.encode('utf-16-be').hex()}>" for letter, number in glyphs.items())
    cmap = (
        "begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange "
        f"{len(glyphs)} beginbfchar\n{meanings}\nendbfchar endcmap"
    )
    shown = " T* ".join("<" + "".join(f"{glyphs[letter]:04x}" for letter in line) + "> Tj" for line in lines)
    page = f"BT /F 12 Tf 14 TL 50 700 Td {shown} ET" if lines else ""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        f"<< /Length {len(page)} >>\nstream\n{page}\nendstream",
        "<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /DescendantFonts [7 0 R] "
        "/ToUnicode 6 0 R >>",
        f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /A /DW 1000 "
        "/CIDSystemInfo << /Registry (A) /Ordering (I) /Supplement 0 >> >>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    tail = (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
    )
    return data + f"{tail}startxref\n{len(data)}\n%%EOF\n".encode()


def test_pdf_with_a_text_layer_is_read_and_its_line_ends_inside_words_do_no_harm():
    text = read_report(pdf("2025年重点工作", "力争新增规模以上工业企业10家，新增省级专精特新企", "业8家。"), "报告.pdf")
    assert [(each.value, each.unit) for each in extract(text)] == [(10, "家"), (8, "家")]


def pages(count: int, password: str = "") -> bytes:
    writer = PdfWriter()
    for _page in range(count):
        writer.add_blank_page(width=100, height=100)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_a_pdf_that_only_restricts_printing_is_read():
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("2025年重点工作", "新增企业10家。"))))
    writer.encrypt("", "owner", algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    assert "新增企业10家" in read_report(file.getvalue(), "报告.pdf")


def archive(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr(name, "x")
    return file.getvalue()


BIG5 = "力爭新增規模以上工業企業，推動發展，促進農業建設，加大投資，完善制度。" * 5


@pytest.mark.parametrize(
    ("code", "name", "data"),
    [
        ("report_empty", "空.txt", b""),
        ("report_empty", "空白.txt", "\ufeff \r\n　".encode()),
        ("report_too_large", "大.txt", b"1" * (MAX_BYTES + 1)),
        ("report_too_long", "长.txt", ("新" * 1_000_001).encode()),
        ("report_is_doc", "旧.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600),
        ("report_binary", "程序.txt", b"\x7fELF\x02\x01\x01\x00\x00\xff\xfe"),
        ("report_binary", "控制符.txt", b"abc\x01\x02"),
        ("report_encoding", "繁体.txt", BIG5.encode("big5")),
        ("report_encoding", "西文.txt", ("größere Städte " * 40).encode("latin-1")),
        ("report_encoding", "截断.txt", "新增".encode("gb18030")[:-1]),
        ("report_encrypted", "加密.pdf", pages(1, "secret")),
        ("report_no_text_layer", "扫描.pdf", pages(2)),
        ("report_too_many_pages", "厚.pdf", pages(MOST_PAGES + 1)),
        ("report_damaged", "坏.pdf", b"%PDF-1.4\nnothing"),
        ("evidence_mismatch", "别的.docx", archive("a.txt")),
        ("evidence_mismatch", "截断.docx", word("文")[:200]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_a_reason(code, name, data):
    with pytest.raises(DomainError) as refused:
        read_report(data, name)
    assert refused.value.code == code
    assert name in refusals.refusal(code, refused.value.params)


def test_a_file_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(reading, "TIMEOUT", 0.01)
    with pytest.raises(DomainError) as refused:
        read_report(pdf("新增企业10家。"), "慢.pdf")
    assert refused.value.code == "report_damaged"
