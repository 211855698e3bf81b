"""Addresses and numbers as they may be shown: enough to recognise, too little to use."""

from __future__ import annotations

import re

EMAIL = re.compile(r"([\w.+-])[\w.+-]*(@[\w-]+(?:\.[\w-]+)+)")
PHONE = re.compile(r"(?<!\d)(\+?\d{2,5})\d{4}(\d{4})(?!\d)")
# A robot's address holds its key: host and path are enough to know which kind it was.
QUERY = re.compile(r"(https?://[^\s?#]+)\?\S+")


def masked(text: str) -> str:
    """The text with e-mail addresses, telephone numbers and the keys in addresses made unreadable."""
    text = QUERY.sub(r"\1?…", text)
    text = EMAIL.sub(r"\1***\2", text)
    return PHONE.sub(r"\1****\2", text)
