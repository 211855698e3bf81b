"""Small forms of an official document (GB/T 9704): ordinals, number, date, and text that is nothing but text."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

DIGITS = "零一二三四五六七八九"
# Marks that turn the direction of what follows: text could be made to read as something else.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Control characters, halves of characters, and what is not assigned.
UNPRINTABLE = ("Cc", "Cs", "Cn", "Co")


def numeral(number: int) -> str:
    """An ordinal of a heading, from 1 to 99: 一, 十, 十一, 二十, 九十九; beyond that plain digits."""
    if not 1 <= number <= 99:
        return str(number)
    tens, ones = divmod(number, 10)
    if not tens:
        return DIGITS[ones]
    return ("" if tens == 1 else DIGITS[tens]) + "十" + (DIGITS[ones] if ones else "")


def document_number(series: str, year: int, number: int) -> str:
    """“张政督〔2025〕6号”: hexagonal brackets, no leading zero, no 第."""
    return f"{series}〔{year}〕{number}号"


def official_date(day: date) -> str:
    """“2025年7月10日”: Arabic figures, no leading zeros."""
    return f"{day.year}年{day.month}月{day.day}日"


def plain_text(text: str) -> str:
    """What may stand in a document: line ends as “\\n”, a tab as a blank, no control character.

    Braces, equals signs and angle brackets stay: they are text wherever they go.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(each for each in lines if each == "\n" or _is_printable(each)).strip()


def one_line(text: str) -> str:
    """The same in one line."""
    return " ".join(plain_text(text).split())


def _is_printable(each: str) -> bool:
    return each not in TURNING and unicodedata.category(each) not in UNPRINTABLE


def width(text: str) -> float:
    """How many full characters wide a line is: what is not Chinese takes half."""
    return sum(1.0 if unicodedata.east_asian_width(each) in "WFA" else 0.5 for each in text)


BETWEEN = re.compile(r"(?<=[0-9%)]) (?=[\u4e00-\u9fff])|(?<=[\u4e00-\u9fff]) (?=[0-9−])")


def tight(text: str) -> str:
    """Without the half blanks that screens put between Chinese and figures: “2.31 万亩” → “2.31万亩”."""
    return BETWEEN.sub("", text)
