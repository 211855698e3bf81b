"""What a numeral says: Arabic, Chinese, or both with 万 and 亿, which stay with the unit.

“7.7万人” is 7.7 of 万人, “三十亿斤” 30 of 亿斤, “千亿元” 1000 of 亿元: the number as it is written, in figures.
"""

from __future__ import annotations

from decimal import Decimal

from kpi.domain.extraction.folding import GROUP

ONES = "零一二两三四五六七八九"
TENS = "十百千"
CHINESE = f"{ONES}{TENS}万亿"
_VALUES = dict(zip(ONES, (0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_PLACES = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}
_NO_PLACE = 10**4
# What may stand between a number and its unit, longest first.
MAGNITUDES = ("万亿", "千万", "百万", "十万", "千亿", "百亿", "十亿", "亿", "万", "千", "百")


def arabic(numeral: str) -> Decimal:
    """``1'200.50`` → 1200.50."""
    return Decimal(numeral.replace(GROUP, ""))


def chinese(numeral: str) -> tuple[Decimal, str] | None:
    """Value and magnitude of a Chinese numeral; ``None`` where it is no number (“二三十”, “一百百”).

    A final 万, 亿 or 万亿 is the magnitude: “十万” → (10, 万), “万亿” → (1, 万亿), “一万二” → (12000, "").
    """
    whole, point, decimals = numeral.partition("点")
    magnitude = "" if point else next((each for each in ("万亿", "亿", "万") if whole.endswith(each)), "")
    value = _whole(whole.removesuffix(magnitude)) if whole != magnitude else 1
    if value is None or not all(digit in _VALUES for digit in decimals):
        return None
    digits = "".join(str(_VALUES[digit]) for digit in decimals)
    return Decimal(f"{value}.{digits}" if digits else value), magnitude


def _whole(numeral: str) -> int | None:
    """“三百二十” → 320, “一万二” → 12000, “二零二五” → 2025."""
    if len(numeral) > 1 and all(letter in _VALUES for letter in numeral):
        # Digits one by one: a year has four of them; “三五” is a guess, not a number.
        return int("".join(str(_VALUES[letter]) for letter in numeral)) if len(numeral) == 4 else None
    total = section = 0
    digit: int | None = None
    place = _NO_PLACE
    for letter in numeral:
        if letter in _VALUES:
            if digit:
                return None
            digit, is_short = _VALUES[letter], digit is None
        elif letter in _PLACES:
            if _PLACES[letter] >= place:
                return None
            place = _PLACES[letter]
            section += place * (1 if digit is None else digit)
            digit = None
        else:
            total = (total + section + (digit or 0)) * _MYRIADS[letter]
            section, digit, place = 0, None, _NO_PLACE * (_MYRIADS[letter] // 10**4)
    # The last digit may stand for the next place: “三百二” is 320, “一万二” 12000; “三百零二” is 302.
    next_place = place // 10 if digit and is_short and numeral[-2:-1] in ("百", "千", "万", "亿") else 1
    return total + section + (digit or 0) * next_place
