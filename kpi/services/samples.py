"""Small files for the trial's reports: real PDFs and PNGs that say, whoever opens them, that they are samples."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

# A font every reader of PDF brings or replaces; the text is UTF-16.
FONT = "/Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H"
PNG_SIDE = 96


def sample_pdf(lines: Sequence[str]) -> bytes:
    """One page with these lines in large letters."""
    shown = "".join(f"<{line.encode('utf-16-be').hex()}> Tj 0 -40 Td " for line in lines)
    drawn = f"BT /F1 24 Tf 60 760 Td {shown}ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
        f"<< /Type /Font /Subtype {FONT} /DescendantFonts [6 0 R] >>".encode(),
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /FontDescriptor 7 0 R >>",
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0"
        b" /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
    ]
    body, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    return body + head + table + tail


def sample_png(seed: int) -> bytes:
    """A square of stripes in one of 256 shades, which could be taken for no photograph."""
    shade = bytes((seed % 256, 120, 180))
    rows = b"".join(
        b"\0" + b"".join(shade if (x + y) // 12 % 2 else b"\xf3\xf5\xf8" for x in range(PNG_SIDE))
        for y in range(PNG_SIDE)
    )
    header = struct.pack(">IIBBBBB", PNG_SIDE, PNG_SIDE, 8, 2, 0, 0, 0)
    note = b"Comment\0sample, invented for the trial"
    chunks = ((b"IHDR", header), (b"tEXt", note), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
