"""The bulletin as a Word document: the layout of GB/T 9704 in its XML, text that stays text, and what a renderer makes
of it."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kpi.documents.docx import ORDER, write
from kpi.documents.official import Chapter, Document, Line, mark_size
from kpi.domain.bulletin_record import AnnexRow

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MM = 1440 / 25.4  # twips
HOSTILE = '{ INCLUDETEXT "c:/x" } =1+1 <w:fldSimple w:instr="DATE"/> \x13 PAGE \x15 甲\x00\x0b乙\u202e &amp;'
SHOWN = '{ INCLUDETEXT "c:/x" } =1+1 <w:fldSimple w:instr="DATE"/> PAGE 甲乙 &amp;'
LONG = "测" * 28 * 30


def document(**more: object) -> Document:
    row = AnnexRow("T07", HOSTILE, "市商务局", "累计3家，序时计划4家，差1家", "红灯", "用地", HOSTILE, "2025年9月")
    values = {
        "mark": "张家界市人民政府督查室文件",
        "number": "张政督〔2025〕6号",
        "title": "关于2025年《政府工作报告》目标任务6月进展情况的通报",
        "addressed_to": "各区县人民政府，市直有关单位",
        "chapters": [
            Chapter("一、总体情况", [Line("", "任务共32项。"), Line("", LONG)]),
            Chapter("二、滞后事项", [Line("（一）聚谷产业园。", HOSTILE), Line("", LONG)]),
        ],
        "annex_title": "2025年6月欠序时进度任务表",
        "annex": [row] * 12,
        "signer": "张家界市人民政府督查室",
        "day": "2025年7月10日",
        "copied_to": "市委办公室",
        "is_draft": False,
        "made_at": datetime(2025, 7, 10, 1, tzinfo=UTC),
    }
    return Document(**values | more)


def parts(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if name.endswith((".xml", ".rels"))}


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return parts(write(document()))


@pytest.fixture(scope="module")
def body(made) -> ElementTree.Element:
    return ElementTree.fromstring(made["word/document.xml"])


def values(found: ElementTree.Element) -> dict[str, str]:
    return {name.removeprefix(W): value for name, value in found.attrib.items()}


def test_the_page_is_a4_with_the_margins_and_the_grid_of_the_standard(body):
    margins = values(body.find(f".//{W}pgMar"))
    sides = {side: int(margins[side]) / MM for side in ("top", "bottom", "left", "right")}
    assert sides == pytest.approx({"top": 37, "bottom": 35, "left": 28, "right": 26}, abs=0.05)
    size = values(body.find(f".//{W}pgSz"))
    assert (int(size["w"]) / MM, int(size["h"]) / MM) == pytest.approx((210, 297), abs=0.1)
    pitch = int(values(body.find(f".//{W}docGrid"))["linePitch"])
    assert 22 * pitch / MM <= 225 < 23 * pitch / MM, "22 lines fit, 23 do not"


def test_the_body_is_16_pt_fangsong_at_28_to_29_pt_and_28_characters_fit(made):
    styles = ElementTree.fromstring(made["word/styles.xml"])
    normal = styles.find(f".//{W}style[@{W}styleId='Normal']")
    assert values(normal.find(f".//{W}sz"))["val"] == "32"
    assert values(normal.find(f".//{W}rFonts"))["eastAsia"] == "仿宋_GB2312"
    line = values(normal.find(f"{W}pPr/{W}spacing"))
    assert line["lineRule"] == "exact" and 28 <= int(line["line"]) / 20 <= 29
    tighter = int(values(normal.find(f"{W}rPr/{W}spacing"))["val"]) / 20
    assert 28 * (16 + tighter) <= 156 / 25.4 * 72 < 29 * (16 + tighter)


def runs(body: ElementTree.Element) -> dict[str, ElementTree.Element]:
    return {"".join(each.itertext()): each for each in body.iter(f"{W}r")}


@pytest.mark.parametrize(
    ("text", "face", "half_points"),
    [
        ("关于2025年《政府工作报告》目标任务6月进展情况的通报", "方正小标宋简体", "44"),
        ("张家界市人民政府督查室文件", "方正小标宋简体", "68"),
        ("一、总体情况", "黑体", None),
        ("（一）聚谷产业园。", "楷体_GB2312", None),
        ("附件", "黑体", None),
    ],
)
def test_title_and_headings_have_their_own_faces(body, text, face, half_points):
    properties = runs(body)[text].find(f"{W}rPr")
    assert values(properties.find(f"{W}rFonts"))["eastAsia"] == face
    size = properties.find(f"{W}sz")
    assert (values(size)["val"] if size is not None else None) == half_points


def test_the_head_is_red_with_a_red_line_below_the_number(body):
    assert values(runs(body)["张家界市人民政府督查室文件"].find(f".//{W}color"))["val"] == "FF0000"
    number = next(each for each in body.iter(f"{W}p") if "〔2025〕6号" in "".join(each.itertext()))
    line = values(number.find(f".//{W}pBdr/{W}bottom"))
    assert (line["color"], line["val"]) == ("FF0000", "single")
    assert (mark_size("督查通报"), mark_size("很长" * 20), mark_size("")) == (48, 22, 48)


def test_page_numbers_stand_right_on_odd_and_left_on_even_pages(made):
    assert "<w:evenAndOddHeaders/>" in made["word/settings.xml"]
    sides = {}
    relations = dict(re.findall(r'Id="(rId\d+)"[^>]*Target="(footer\d\.xml)"', made["word/_rels/document.xml.rels"]))
    relations |= {
        b: a for a, b in re.findall(r'Target="(footer\d\.xml)"[^>]*Id="(rId\d+)"', made["word/_rels/document.xml.rels"])
    }
    for kind, key in re.findall(r'<w:footerReference w:type="(\w+)" r:id="(\w+)"', made["word/document.xml"]):
        footer = ElementTree.fromstring(made[f"word/{relations[key]}"])
        sides[kind] = values(footer.find(f".//{W}jc"))["val"]
        assert "".join(footer.itertext()) == "—  PAGE 1 —"
        assert values(footer.find(f".//{W}sz"))["val"] == "28"
    assert sides == {"default": "right", "even": "left"}


def test_the_only_field_is_the_page_number(made, body):
    """Whatever people typed is text."""
    assert not {f"{W}instrText", f"{W}fldSimple", f"{W}fldChar", f"{W}hyperlink"} & {each.tag for each in body.iter()}
    codes = [code for name, text in made.items() for code in re.findall(r"<w:instrText[^>]*>([^<]*)<", text)]
    assert codes == [" PAGE ", " PAGE "]
    words = "\n".join("".join(each.itertext()) for each in body.iter(f"{W}p"))
    assert words.count(SHOWN) == 1 + 2 * 12
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u202e]", words)


def test_missing_faces_are_named_with_what_takes_their_place(made):
    fonts = ElementTree.fromstring(made["word/fontTable.xml"])
    instead = {values(each)["name"]: values(each.find(f"{W}altName"))["val"] for each in fonts}
    assert "FangSong" in instead["仿宋_GB2312"] and "SimSun" in instead["方正小标宋简体"]
    used = set(re.findall(r'w:eastAsia="([^"]+)"', made["word/document.xml"] + made["word/footer1.xml"]))
    assert used <= set(instead)


def test_properties_stand_in_the_standards_order(made):
    """Word refuses a file with them in any other."""
    for name, order in ORDER.items():
        places = {f"{W}{each}": number for number, each in enumerate(order.split())}
        for text in made.values():
            for each in ElementTree.fromstring(text).iter(f"{W}{name}"):
                known = [places[child.tag] for child in each if child.tag in places]
                assert known == sorted(known)


def test_a_draft_says_that_it_is_one_and_has_no_number():
    words = "".join(
        ElementTree.fromstring(parts(write(document(is_draft=True, number="", day="")))["word/document.xml"]).itertext()
    )
    assert words.startswith("草稿，未经签发，不得外传") and "（发文字号在签发时编定）" in words


def can_render() -> bool:
    """LibreOffice Writer, not only Calc, and the tool that measures the result."""
    program = shutil.which("soffice")
    writer = program and (Path(program).resolve().parent / "libswlo.so").exists()
    return bool(writer and shutil.which("pdftotext"))


@pytest.mark.skipif(not can_render(), reason="NO LIBREOFFICE WRITER: the document was not rendered")
def test_libreoffice_lays_it_out_as_the_standard_asks(tmp_path):
    (tmp_path / "b.docx").write_bytes(write(document()))
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    command = [
        "soffice",
        home,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "b.docx"),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    found = subprocess.run(
        ["pdftotext", "-bbox-layout", str(tmp_path / "b.pdf"), "-"], check=True, capture_output=True, text=True
    ).stdout
    pages = found.split("<page ")[1:]
    second = [
        (*map(float, place), "".join(re.findall(r">([^<]+)</word>", line)))
        for *place, line in re.findall(
            r'<line xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</line>', pages[1], re.S
        )
    ]
    full = [line for line in second if line[4] == "测" * 28]
    assert len(full) >= 15, "28 characters a line"
    point = 25.4 / 72
    assert min(line[0] for line in full) * point == pytest.approx(28, abs=0.5)
    assert 210 - max(line[2] for line in full) * point == pytest.approx(26, abs=1)
    assert len([line for line in second if not line[4].startswith("—")]) == 22, "22 lines a page"
    assert "".join(second[-1][4].split()) == "—2—" and second[-1][0] * point < 60, "an even page's number stands left"
    signed = next(page for page in pages if "督查室" in page and "欠序时进度任务表" in page)
    assert "测测测" in signed, "a page holds nothing but the signature"
