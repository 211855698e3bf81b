"""Texts of the far end, made fit for the record: no telephone numbers, no keys."""

from __future__ import annotations

import re

# A Chinese mobile number however it is written, also inside longer words such as a mailbox's name.
MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}(?!\d)")
# Keys of robots are 32 or more letters and digits; no word with a digit in it is nearly that long.
KEY = re.compile(r"(?=[A-Za-z+/_=%-]*[0-9])[A-Za-z0-9+/_=%-]{20,}")
HIDDEN = "***"


def redacted(text: str, *secrets: str) -> str:
    """``text`` without ``secrets``, mobile numbers and whatever looks like a key."""
    for secret in filter(None, secrets):
        text = text.replace(secret, HIDDEN)
    return KEY.sub(HIDDEN, MOBILE.sub(HIDDEN, text))
