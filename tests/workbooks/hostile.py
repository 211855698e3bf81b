"""Workbooks made to exhaust their reader, and workbooks broken by chance. All of them small enough to be uploaded."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
HEAD = '<?xml version="1.0"?>'

PARTS = {
    "[Content_Types].xml": (
        f'{HEAD}<Types xmlns="{PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHEET_TYPE}.sharedStrings+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SHEET_TYPE}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        f'<sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>'
    ),
    "xl/sharedStrings.xml": f'{HEAD}<sst xmlns="{MAIN}"><si><t>a</t></si></sst>',
}


def workbook(
    sheet: Iterable[str], *, strings: Iterable[str] | None = None, extra: dict[str, str] | None = None
) -> bytes:
    """A workbook whose one sheet holds the given XML after ``<worksheet>``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in (PARTS | (extra or {})).items():
            if not (name == "xl/sharedStrings.xml" and strings is not None):
                archive.writestr(name, text)
        if strings is not None:
            _write(archive, "xl/sharedStrings.xml", [f'{HEAD}<sst xmlns="{MAIN}">', *strings, "</sst>"])
        _write(archive, "xl/worksheets/sheet1.xml", _chain([f'{HEAD}<worksheet xmlns="{MAIN}">'], sheet))
    return buffer.getvalue()


def _chain(first: Iterable[str], then: Iterable[str]) -> Iterator[str]:
    yield from first
    yield from then
    yield "</worksheet>"


def _write(archive: zipfile.ZipFile, name: str, pieces: Iterable[str]) -> None:
    with archive.open(name, "w", force_zip64=True) as member:
        for piece in pieces:
            member.write(piece.encode())


def cells(*places: str) -> str:
    """Rows with one figure each; a place is a reference such as A1."""
    rows = ((place, place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) for place in places)
    return "".join(f'<row r="{row}"><c r="{place}"><v>1</v></c></row>' for place, row in rows)


def sheet_data(text: str) -> list[str]:
    return [f"<sheetData>{text}</sheetData>"]


def far_row() -> bytes:
    """One cell, in the last row there is."""
    return workbook(sheet_data(cells("A1048576")))


def false_dimension() -> bytes:
    return workbook(['<dimension ref="A1:XFD1048576"/>', *sheet_data(cells("A1", "A1048576"))])


def far_corner() -> bytes:
    return workbook(sheet_data(cells("A1", "XFD1048576")))


def zip_bomb(megabytes: int = 1600) -> bytes:
    """A sheet that inflates to the given size: one compressed megabyte, again and again."""
    row = f'<row><c t="inlineStr"><is><t>{"A" * 2000}</t></is></c></row>'
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = (row * (1024 * 1024 // len(row) + 1)).encode()
    head = squeeze.compress(f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>'.encode()) + squeeze.flush(zlib.Z_FULL_FLUSH)
    piece = squeeze.compress(block) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return _declared(head + piece * megabytes + squeeze.flush(), size=megabytes * len(block))


def lying_directory() -> bytes:
    """The directory says that the sheet is empty; its stream is not."""
    return zip_bomb_of(50, size=0)


def zip_bomb_of(megabytes: int, *, size: int) -> bytes:
    data = zip_bomb(megabytes)
    at = data.rfind(b"PK\x01\x02")
    return data[: at + 24] + struct.pack("<I", size) + data[at + 28 :]


def _declared(packed: bytes, *, size: int) -> bytes:
    """A workbook whose sheet, the last member, is stored compressed already; its checksum is not looked after."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
        archive.writestr("xl/worksheets/sheet1.xml", packed, zipfile.ZIP_STORED)
    data = bytearray(buffer.getvalue())
    at = data.rfind(b"PK\x01\x02")
    data[at + 10 : at + 12] = struct.pack("<H", zipfile.ZIP_DEFLATED)
    data[at + 24 : at + 28] = struct.pack("<I", size)
    return bytes(data)


# What does not compress keeps the whole below any ratio.
BALLAST = {"xl/ballast.txt": random.Random(5).randbytes(200_000).hex()}


def within_limits(sheet: Iterable[str], *, strings: Iterable[str] | None = None) -> bytes:
    return workbook(sheet, strings=strings, extra=BALLAST)


# As many elements as are let through: what costs time is the element.
TAGS = 590_000


def strings_within_limits() -> bytes:
    return within_limits(sheet_data(cells("A1")), strings=["<si><t>a</t></si>" * (TAGS // 4)])


def rows_within_limits() -> bytes:
    """Rows that all say they are the first, so that counting by number never ends."""
    return within_limits(sheet_data('<row r="1"/>' * TAGS))


def cells_within_limits() -> bytes:
    return within_limits(sheet_data('<row r="1">' + '<c r="A1"><v>1</v></c>' * (TAGS // 4) + "</row>"))


def columns_within_limits() -> bytes:
    """A cell in the last column of every row."""
    return within_limits(sheet_data('<row><c r="XFD1"><v>1</v></c></row>' * (TAGS // 6)))


def styles_within_limits() -> bytes:
    styles = f'{HEAD}<styleSheet xmlns="{MAIN}"><cellXfs>{"<xf/>" * TAGS}</cellXfs></styleSheet>'
    return workbook(sheet_data(cells("A1")), extra=BALLAST | {"xl/styles.xml": styles})


def text_within_limits() -> bytes:
    """One cell of thirty-seven megabytes."""
    text = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{"长" * 12_500_000}</t></is></c></row>'
    return within_limits(sheet_data(text))


def same_text_everywhere() -> bytes:
    """One text of 32,000 letters, pointed at from 140,000 cells: four gigabytes once it is written out."""
    row = "<row>" + '<c t="s"><v>0</v></c>' * 30 + "</row>"
    return within_limits(sheet_data(row * (TAGS // 122)), strings=[f"<si><t>{'a' * 32_000}</t></si>"])


def shared_strings() -> bytes:
    """Two million strings and no cell: 34 MB of XML."""
    return workbook(sheet_data(cells("A1")), strings=("<si><t>a</t></si>" * 1000 for _ in range(2000)))


def same_row_again() -> bytes:
    """Rows that all say they are the first, so that counting by number never ends."""
    return workbook(sheet_data('<row r="1"/>' * 2_500_000))


def wide_row() -> bytes:
    """A first row of a million cells that all say they are the first."""
    return workbook(sheet_data('<row r="1">' + '<c r="A1"><v>1</v></c>' * 1_000_000 + "</row>"))


def entities() -> bytes:
    """Ten to the eighth letters by expansion."""
    steps = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8))
    kind = f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{steps}]>'
    text = '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&i;</t></is></c></row></sheetData>'
    body = f'{HEAD}{kind}<worksheet xmlns="{MAIN}">{text}</worksheet>'
    return _with_sheet(body.encode())


def wide_entities() -> bytes:
    """The same in UTF-16, where no byte search finds it."""
    body = f'<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "{"a" * 1000}">]>'
    body += f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>{"&a;" * 1000}'
    return _with_sheet((body + "</t></is></c></row></sheetData></worksheet>").encode("utf-16"))


def deep() -> bytes:
    """Elements nested a hundred thousand deep."""
    return workbook(["<a>" * 100_000, "</a>" * 100_000])


def many_members() -> bytes:
    return workbook(sheet_data(cells("A1")), extra={f"xl/x{number}.xml": "" for number in range(500)})


def macros() -> bytes:
    return workbook(sheet_data(cells("A1")), extra={"xl/vbaProject.bin": "x"})


def outside_paths() -> bytes:
    return workbook(sheet_data(cells("A1")), extra={"../../etc/x": "x"})


def _with_sheet(body: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in PARTS.items():
            archive.writestr(name, text)
        archive.writestr("xl/worksheets/sheet1.xml", body)
    return buffer.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    made.__name__: made
    for made in (
        far_row,
        false_dimension,
        far_corner,
        zip_bomb,
        shared_strings,
        same_row_again,
        wide_row,
        entities,
        wide_entities,
        deep,
        strings_within_limits,
        rows_within_limits,
        cells_within_limits,
        columns_within_limits,
        text_within_limits,
        styles_within_limits,
        same_text_everywhere,
        lying_directory,
        many_members,
        macros,
        outside_paths,
    )
}


def mutants(original: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Copies of a workbook broken by chance: bytes of the container, bytes inside a member, members gone or doubled."""
    chance = random.Random(seed)
    with zipfile.ZipFile(io.BytesIO(original)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(count):
        yield chance.choice((_broken_container, _broken_member, _broken_members))(original, members, chance)


def _broken_container(original: bytes, members: dict[str, bytes], chance: random.Random) -> bytes:
    data = _broken(original, chance)
    return data[: chance.randrange(len(data))] if chance.random() < 0.2 else data


def _broken(original: bytes, chance: random.Random) -> bytes:
    data = bytearray(original)
    for _ in range(chance.choice((1, 1, 2, 5, 50))):
        at = chance.randrange(len(data))
        kind = chance.random()
        if kind < 0.6:
            data[at] = chance.randrange(256)
        elif kind < 0.8:
            del data[at : at + chance.randrange(1, 40)]
        else:
            data[at:at] = chance.randbytes(chance.randrange(1, 40))
        if not data:
            return b"PK"
    return bytes(data)


WORDS = (b'r="1048576"', b'r="0"', b'r="-1"', b't="s"', b't="b"', b't="d"', b't="e"', b"<v>1e999</v>", b"<v>NaN</v>")
WORDS += (b'ref="A1:XFD1048576"', b"<f>1</f>", b"<!DOCTYPE x>", b"\x00", b"&#0;", b"&x;", b"</row>", b"<row>")


def _broken_member(original: bytes, members: dict[str, bytes], chance: random.Random) -> bytes:
    name = chance.choice(list(members))
    body = members[name] or b" "
    if chance.random() < 0.5:
        at = chance.randrange(len(body))
        body = body[:at] + chance.choice(WORDS) + body[at + chance.choice((0, 1, 10)) :]
    else:
        body = _broken(body, chance)
    return _zipped(members | {name: body}, chance)


def _broken_members(original: bytes, members: dict[str, bytes], chance: random.Random) -> bytes:
    found = dict(members)
    gone = chance.choice(list(found))
    body = found.pop(gone)
    if chance.random() < 0.5:
        found[chance.choice(list(found))] = body
    return _zipped(found, chance)


def _zipped(members: dict[str, bytes], chance: random.Random) -> bytes:
    buffer = io.BytesIO()
    method = chance.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2))
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return buffer.getvalue()


def checksum(pieces: Iterable[bytes]) -> int:
    """Of all files in order: the same seed must make the same files."""
    total = 0
    for piece in pieces:
        total = zlib.crc32(piece, total)
    return total
