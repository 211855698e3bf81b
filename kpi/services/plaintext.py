"""A text file as people hand it over: UTF-8 with or without a mark, or the GBK family; line ends as the report has."""

from __future__ import annotations

from kpi.domain.errors import DomainError

ENCODINGS = ("utf-8-sig", "gb18030")
MAX_BYTES = 2 * 1024 * 1024


def decode(content: bytes) -> str:
    """The file's text. Raises ``edition_unreadable`` where it is too large, binary or in another encoding."""
    if len(content) > MAX_BYTES or b"\x00" in content:
        raise DomainError("edition_unreadable")
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DomainError("edition_unreadable")


def with_line_ends_of(present: str, text: str) -> str:
    """``text`` with plain line ends where the present text has only those: editors and forms add carriage returns."""
    return text if "\r" in present else text.replace("\r\n", "\n").replace("\r", "\n")
