"""Texts made to become a formula, a link or a number in whatever opens the file (reliability: no live formula)."""

from __future__ import annotations

SIGNS = (
    *("=", "==", "+", "-", "@", "＝", "＋", "－", "＠"),
    *("\t=", "\r=", "\n=", " =", "'=", '"=', "=\t", "文\t=", "文\r="),
)
PAYLOADS = [f"{sign}{rest}" for sign in SIGNS for rest in ("1+1", "cmd|' /C calc'!A0")]
PAYLOADS += ['=HYPERLINK("http://example.invalid","x")', "@SUM(A1:A9)", '=DDE("a";"b";"c")', "http://example.invalid"]
PAYLOADS += [
    *("_x000D_", "_x0041_", "a_x000A_b", "行一\r\n行二", "  前后空格  "),
    *("'单引号", "#N/A", "TRUE", "1E5", "2025-09-01"),
]
