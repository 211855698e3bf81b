"""Mobile numbers: one form to send to, one to show."""

from __future__ import annotations

import re

MOBILE = re.compile(r"(?:\+|00)?(?:86)?(1[3-9][0-9]{9})", re.ASCII)


def normalised(typed: str) -> str:
    """``138 0000 0000`` or ``+86-138…`` as ``+86138…``; empty where it is no mobile number of mainland China."""
    found = MOBILE.fullmatch(re.sub(r"[\s()-]", "", typed))
    return f"+86{found[1]}" if found else ""


def masked(typed: str) -> str:
    """``138****1234``; of anything else nothing is shown."""
    number = normalised(typed).removeprefix("+86")
    return f"{number[:3]}****{number[-4:]}" if number else ("****" if typed else "")
