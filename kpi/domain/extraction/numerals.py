"""What a numeral says: Arabic, Chinese, or both with 万 and 亿, which stay with the unit.

“7.7万人” is 7.7 of 万人, “三十亿斤” 30 of 亿斤, “千亿元” 1000 of 亿元: the number as it is written, in figures.
"""

from __future__ import annotations

from decimal import Decimal

from kpi.domain.extraction.folding import GROUP

_DIGITS = dict(zip("零一二三四五六七八九两", (*range(10), 2), strict=True))
_PLACES = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}
CHINESE = "零一二三四五六七八九十百千万亿两"
# Longest first: what may stand between a number and its unit.
MAGNITUDES = ("万亿", "千万", "百万", "十万", "千亿", "百亿", "十亿", "亿", "万", "千", "百")


def arabic(numeral: str) -> Decimal:
    """``1'200.50`` → 1200.50."""
    return Decimal(numeral.replace(GROUP, ""))


def chinese(numeral: str) -> tuple[Decimal, str] | None:
    """Value and magnitude of a Chinese numeral; ``None`` where it is no number (“二三十”, “一百百”).

    A final 万, 亿 or 万亿 is the magnitude: “十万” → (10, 万), “万亿” → (1, 万亿), “一万二” → (12000, "").
    """
    whole, point, decimals = numeral.partition("点")
    magnitude = next((each for each in ("万亿", "亿", "万") if whole.endswith(each) and not point), "")
    head = whole.removesuffix(magnitude)
    value = _whole(head) if head else 1
    if value is None or (point and not all(digit in _DIGITS for digit in decimals)):
        return None
    digits = "".join(str(_DIGITS[digit]) for digit in decimals)
    return (Decimal(f"{value}.{digits}") if digits else Decimal(value)), magnitude


def _whole(numeral: str) -> int | None:
    """“三百二十” → 320, “一万二千” → 12000, “二〇二五” → 2025."""
    if len(numeral) > 1 and all(letter in _DIGITS for letter in numeral):
        # Digits one by one: a year has four of them; “三五” is a guess, not a number.
        return int("".join(str(_DIGITS[letter]) for letter in numeral)) if len(numeral) == 4 else None
    total = section = 0
    digit: int | None = None
    last_place = 10_000
    for letter in numeral:
        if letter in _DIGITS:
            if digit not in (None, 0):
                return None
            digit = _DIGITS[letter]
        elif letter in _PLACES:
            if _PLACES[letter] >= last_place:
                return None
            last_place = _PLACES[letter]
            section += last_place * (1 if digit is None else digit)
            digit = None
        else:
            total = (total + section + (digit or 0)) * _MYRIADS[letter]
            section, digit, last_place = 0, None, 10_000
    return total + section + (digit or 0) * (last_place // 10 if _is_short(numeral, last_place) else 1)


def _is_short(numeral: str, last_place: int) -> bool:
    """Whether the last digit stands for the next place: “三百二” is 320, “三百零二” 302."""
    return 10 < last_place < 10_000 and numeral[-1] in _DIGITS and numeral[-2] in "百千"
