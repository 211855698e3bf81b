"""What an uploaded file is, judged by its bytes: one of the few kinds an office needs, exactly that and nothing else.

The name only says which kind it claims to be. Nothing is inflated or rendered beyond the one small part that names the
type, so that a file made to exhaust its reader finds none.
"""

from __future__ import annotations

import lzma
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import olefile

from kpi.domain.errors import DomainError

NAME_AT_MOST = 120
MAX_MEMBERS = 5000
MAX_INFLATED = 300 * 1024 * 1024
MAX_RATIO = 200
# Below this a high ratio says nothing: an empty sheet of a kilobyte inflates two hundredfold.
RATIO_FROM = 10 * 1024 * 1024
MAX_PIXELS = 200_000_000
SMALL_PART = 1024 * 1024

OOXML = "application/vnd.openxmlformats-officedocument"
# Content types of the part a document begins with.
MAIN_PARTS = {
    "docx": b"wordprocessingml.document.main+xml",
    "xlsx": b"spreadsheetml.sheet.main+xml",
    "pptx": b"presentationml.presentation.main+xml",
}
# Macros of Office, of Excel 4 and of WPS, and controls that run code, by the part's path.
MACRO_PARTS = ("vbaproject.bin", "vbadata.xml", "macrosheets/", "dialogsheets/", "jdedata.bin", "activex/")
OLE_MAGIC = olefile.MAGIC
OLE_STREAMS = {"doc": ("worddocument",), "xls": ("workbook", "book"), "wps": ("worddocument",)}
OLE_MACROS = {"macros", "_vba_project_cur", "_vba_project", "vba"}
# A file packed into a document as it is, programs included.
OLE_PACKED = "\x01ole10native"
OLE_ENCRYPTED = {"encryptedpackage", "encryptioninfo"}
# Kinds people do send and that are refused for what they carry, not for being unknown.
MACRO_EXTENSIONS = {"docm", "dotm", "xlsm", "xltm", "xlsb", "xlam", "pptm", "ppsm", "potm"}

CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
MARKUP = re.compile(r"<(?:!doctype|html|head|body|script|svg|iframe|object|embed|\?php|\?xml|%@)|javascript:", re.I)
# What a text must not begin with: markup, a script, a program of another kind in letters.
NOT_TEXT = ("<", "#!", "%!", "%PDF", "{\\rtf", "MIME-Version:", "MZ")
JPEG_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


@dataclass(frozen=True)
class FileType:
    """A kind of file that is accepted."""

    content_type: str
    judge: Callable[[BinaryIO, int, str], None]


class Unlike(Exception):
    """The bytes are not of the kind the name claims."""


# What readers raise over bytes that only look like theirs (found by feeding them damaged files, tests/evidence/).
BROKEN = (
    Unlike,
    OSError,
    ValueError,
    LookupError,
    ArithmeticError,
    TypeError,
    AttributeError,
    EOFError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
)


def identify(file: BinaryIO, *, size: int, name: str) -> FileType:
    """The kind of ``file``, if it is one that is accepted and is what its name says.

    Raises ``DomainError``: ``evidence_empty``, ``evidence_type_missing``, ``evidence_type_refused``,
    ``evidence_mismatch``, ``evidence_macros``, ``evidence_encrypted`` or ``evidence_unsafe``, each with the name.
    """
    if size == 0:
        raise DomainError("evidence_empty", name=name)
    extension = extension_of(name)
    if extension in MACRO_EXTENSIONS:
        raise DomainError("evidence_macros", name=name)
    if not extension:
        raise DomainError("evidence_type_missing", name=name)
    if extension not in TYPES:
        raise DomainError("evidence_type_refused", name=name, extension=extension)
    kind = TYPES[extension]
    try:
        file.seek(0)
        kind.judge(file, size, extension)
    except BROKEN as problem:
        raise DomainError("evidence_mismatch", name=name, extension=extension) from problem
    except DomainError as problem:
        raise DomainError(problem.code, name=name) from problem
    finally:
        file.seek(0)
    return kind


def extension_of(name: str) -> str:
    """``验收单.PDF`` → “pdf”; empty where there is none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def clean_name(given: str) -> str:
    """A name fit to be shown and offered: no folders, no characters that hide or reorder others, not too long."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    spaced = re.sub(r"\s+", " ", last)
    shown = "".join(letter for letter in spaced if unicodedata.category(letter)[0] != "C")
    plain = re.sub(r'[<>:"|?*]', "_", shown).strip().rstrip(" .")
    stem, dot, extension = plain.rpartition(".")
    if not dot:
        return plain[:NAME_AT_MOST] or "_"
    return f"{stem[: NAME_AT_MOST - len(extension) - 1].strip() or '_'}.{extension}"[-NAME_AT_MOST:]


def _judge_pdf(file: BinaryIO, size: int, _extension: str) -> None:
    if file.read(5) != b"%PDF-":
        raise Unlike
    file.seek(max(size - 2048, 0))
    if b"%%EOF" not in file.read():
        raise Unlike
    _refuse_archive(file)


def _judge_jpeg(file: BinaryIO, _size: int, _extension: str) -> None:
    """Walk the segments up to the one that gives the picture's size."""
    if file.read(2) != b"\xff\xd8":
        raise Unlike
    for _segment in range(1000):
        marker = file.read(2)
        if marker[0] != 0xFF:
            raise Unlike
        (length,) = struct.unpack(">H", file.read(2))
        if length < 2:
            raise Unlike
        if marker[1] in JPEG_SIZES:
            height, width = struct.unpack(">xHH", file.read(5))
            _refuse_huge(width, height)
            return _refuse_archive(file)
        file.seek(length - 2, 1)
    raise Unlike


def _judge_png(file: BinaryIO, size: int, _extension: str) -> None:
    """Walk the chunks: the picture's size first, the end last, and nothing behind it."""
    if file.read(8) != b"\x89PNG\r\n\x1a\n":
        raise Unlike
    length, name, width, height = struct.unpack(">I4sII", file.read(16))
    if (length, name) != (13, b"IHDR"):
        raise Unlike
    _refuse_huge(width, height)
    file.seek(8)
    while name != b"IEND":
        length, name = struct.unpack(">I4s", file.read(8))
        file.seek(length + 4, 1)
    if file.tell() != size:
        raise Unlike


def _refuse_huge(width: int, height: int) -> None:
    if width * height == 0:
        raise Unlike
    if width * height > MAX_PIXELS:
        raise DomainError("evidence_unsafe")


def _refuse_archive(file: BinaryIO) -> None:
    """A picture or a PDF that opens as an archive as well is two files in one."""
    if zipfile.is_zipfile(file):
        raise DomainError("evidence_unsafe")


def _judge_text(file: BinaryIO, _size: int, _extension: str) -> None:
    text = _decode(file.read())
    if CONTROLS.search(text):
        raise Unlike
    if text.lstrip().startswith(NOT_TEXT) or MARKUP.search(text):
        raise DomainError("evidence_unsafe")


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def _judge_ooxml(file: BinaryIO, size: int, extension: str) -> None:
    if file.read(8) == OLE_MAGIC:
        _judge_ole(file, size, extension)
    with _container(file, size) as archive:
        types = _small_part(archive, "[Content_Types].xml")
        if b"macroenabled" in types.lower() or b"vbaproject" in types.lower():
            raise DomainError("evidence_macros")
        if MAIN_PARTS[extension] not in types:
            raise Unlike


def _judge_ofd(file: BinaryIO, size: int, _extension: str) -> None:
    """The fixed-layout format of GB/T 33190: a zip whose entry is OFD.xml."""
    with _container(file, size) as archive:
        if b"ofdspec.org" not in _small_part(archive, "OFD.xml"):
            raise Unlike


def _container(file: BinaryIO, size: int) -> zipfile.ZipFile:
    """A zip that begins at the first byte and whose directory declares nothing outrageous."""
    file.seek(0)
    if file.read(4) != b"PK\x03\x04":
        raise Unlike
    archive = zipfile.ZipFile(file)
    members = archive.infolist()
    if any(member.flag_bits & 0x1 for member in members):
        raise DomainError("evidence_encrypted")
    inflated = sum(member.file_size for member in members)
    is_bomb = inflated > MAX_INFLATED or (inflated > RATIO_FROM and inflated > size * MAX_RATIO)
    if len(members) > MAX_MEMBERS or is_bomb or not all(_is_plain(member) for member in members):
        raise DomainError("evidence_unsafe")
    names = [member.filename.lower() for member in members]
    if len(set(names)) < len(names):
        raise DomainError("evidence_unsafe")
    if any(part in name for name in names for part in MACRO_PARTS):
        raise DomainError("evidence_macros")
    return archive


def _is_plain(member: zipfile.ZipInfo) -> bool:
    """A path that stays inside, no link, and the name the member itself carries."""
    path = member.filename
    is_inside = not path.startswith("/") and ".." not in path.split("/") and "\\" not in path and ":" not in path
    return is_inside and member.orig_filename == path and not stat.S_ISLNK(member.external_attr >> 16)


def _small_part(archive: zipfile.ZipFile, name: str) -> bytes:
    """One part, inflated as far as a part of its kind may reach. ``KeyError`` where there is none."""
    with archive.open(name) as part:
        data = part.read(SMALL_PART + 1)
    if len(data) > SMALL_PART or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise DomainError("evidence_unsafe")
    return data


def _judge_ole(file: BinaryIO, _size: int, extension: str) -> None:
    """Names of streams tell a compound file's kind. A locked DOCX or XLSX is one, too, with its package encrypted."""
    file.seek(0)
    if file.read(8) != OLE_MAGIC:
        raise Unlike
    with olefile.OleFileIO(file) as document:
        paths = [[part.lower() for part in path] for path in document.listdir(streams=True, storages=True)]
    parts = {part for path in paths for part in path}
    if parts & OLE_ENCRYPTED:
        raise DomainError("evidence_encrypted")
    if parts & OLE_MACROS:
        raise DomainError("evidence_macros")
    if OLE_PACKED in parts:
        raise DomainError("evidence_unsafe")
    if not any([stream] in paths for stream in OLE_STREAMS.get(extension, ())):
        raise Unlike


PDF = FileType("application/pdf", _judge_pdf)
JPEG = FileType("image/jpeg", _judge_jpeg)
PNG = FileType("image/png", _judge_png)
DOCX = FileType(f"{OOXML}.wordprocessingml.document", _judge_ooxml)
XLSX = FileType(f"{OOXML}.spreadsheetml.sheet", _judge_ooxml)
PPTX = FileType(f"{OOXML}.presentationml.presentation", _judge_ooxml)
OFD = FileType("application/ofd", _judge_ofd)
DOC = FileType("application/msword", _judge_ole)
XLS = FileType("application/vnd.ms-excel", _judge_ole)
WPS = FileType("application/kswps", _judge_ole)
TEXT = FileType("text/plain", _judge_text)
CSV = FileType("text/csv", _judge_text)

# By extension; the order is the one people are told.
TYPES: Mapping[str, FileType] = {
    "pdf": PDF,
    "jpg": JPEG,
    "jpeg": JPEG,
    "png": PNG,
    "docx": DOCX,
    "xlsx": XLSX,
    "pptx": PPTX,
    "ofd": OFD,
    "doc": DOC,
    "xls": XLS,
    "wps": WPS,
    "txt": TEXT,
    "csv": CSV,
}
# What a browser may show in its own window: pictures only. Its PDF viewer does not start under our sandbox.
SHOWN_INLINE = frozenset({JPEG.content_type, PNG.content_type})
