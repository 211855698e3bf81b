"""Line ends of a text that was typed or handed over: editors and forms add carriage returns."""

from __future__ import annotations


def with_line_ends_of(present: str, text: str) -> str:
    """``text`` with the line ends that the present text has: places in it count every character."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return plain.replace("\n", "\r\n") if "\r\n" in present else plain
