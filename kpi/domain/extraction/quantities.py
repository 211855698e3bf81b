"""Every number with a unit that stands in a sentence, whatever it is about.

Forms: figures (“7.7万人”), Chinese numerals (“十万亩”), fractions (“三分之二”), multiples (“翻一番”), places (“前三位”)
and words that are a number: 全覆盖 is 100 %, 破零 at least 1, 零增长 0 %.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum, auto
from typing import NamedTuple

from kpi.domain.extraction.folding import DIGITS
from kpi.domain.extraction.numerals import CHINESE, MAGNITUDES, ONES, TENS, arabic, chinese
from kpi.domain.extraction.rhetoric import is_meant
from kpi.domain.extraction.units import MAGNITUDE, UNIT


class Form(Enum):
    """How a number is written."""

    FIGURE = auto()
    WORDS = auto()
    FRACTION = auto()
    MULTIPLE = auto()
    COVERAGE = auto()
    FIRST_ONES = auto()
    NO_GROWTH = auto()
    RANK = auto()


# A tuple, because a long text has many of them.
class Amount(NamedTuple):
    """A number and its unit at ``text[start:end]``. ``is_more``: 余 or 多 is in it. ``is_range``: one end of two."""

    start: int
    end: int
    value: Decimal
    unit: str
    form: Form
    is_more: bool = False
    is_range: bool = False


# More numbers than this in one sentence make a table, not a promise.
MOST = 80
# No numeral is longer, and what is written in one must not be searched again and again.
_LONGEST = 12
_FIGURE = re.compile(
    r"(?<![0-9A-Za-z.'])(?P<number>[0-9]+(?:'[0-9]{3})*(?:\.[0-9]+)?)(?P<more>余|多)?"
    rf"(?P<magnitude>{MAGNITUDE})?(?P<later>余|多)?(?P<unit>{UNIT})?"
)
_TO = re.compile(r"[-~至到]{1,2}")
# The 千 of 千瓦 and 千米 belongs to the unit.
_LETTER = rf"(?:[{CHINESE.replace('千', '')}]|千(?![瓦克米伏]))"
_WORDS = re.compile(
    rf"(?<![第{CHINESE}])(?P<number>{_LETTER}{{1,{_LONGEST}}}(?:点[{ONES}]{{1,4}})?)(?P<more>余|多)?(?P<unit>{UNIT})?"
)
_SMALL = rf"[{ONES}{TENS}]{{1,6}}"
_FRACTION = re.compile(
    rf"(?<![{CHINESE}])(?P<whole>{_SMALL})分之(?P<part>{_SMALL}(?:点[{ONES}]{{1,4}})?)|(?P<half>一半|半数)(?=以上|左右)"
)
_MULTIPLE = re.compile(r"翻(?:了)?(?P<times>[一两二三四])?番|(?:增长|提高|增加|扩大)(?P<folds>[一两二三四五])倍")
_IDIOMS = (
    (re.compile(r"(?:全|100%)面?覆盖(?!面|率[^，。；、]{0,4}[0-9])"), Form.COVERAGE, Decimal(100), "%"),
    (re.compile(r"破零|零的?突破"), Form.FIRST_ONES, Decimal(1), ""),
    (re.compile(r"零增长"), Form.NO_GROWTH, Decimal(0), "%"),
)
_PLACE = rf"[0-9]{{1,4}}|[{ONES[1:]}{TENS}]{{1,4}}"
_RANK = re.compile(
    rf"(?<![提目之以当年月底日节季度期午会汛空史])前(?P<place>{_PLACE})(?P<unit>位次|位|名|强|%)?(?![0-9年月日天个次期批届任季轮])"
    # First among others, and nothing behind it (首位产业, 第一人民医院); “摆在首位” is no place among others.
    r"|(?:(?<!摆在)(?<!放在)(?<!置于)(?<!作为)(?:首位|榜首|第一[位名])|(?<=[国省市州县区流类名居列争是持统])第一)(?=$|[，。；、）：！])"
    rf"|第(?P<nth>{_PLACE})(?P<nth_unit>位|名)"
)


# What every rarer form has in it: most sentences have none.
_RARE = re.compile(r"前[0-9一-十]|首位|榜首|第|分之|半|番|倍|覆盖|零")


def amounts(text: str) -> list[Amount]:
    """All of them in their order; none overlaps another."""
    found: list[Amount] = []
    taken: set[int] = set()
    rare = (*_ranks(text), *_fractions(text), *_multiples(text), *_idioms(text)) if _RARE.search(text) else ()
    for each in (*rare, *_figures(text), *_words(text)):
        places = range(each.start, each.end)
        if taken.isdisjoint(places):
            found.append(each)
            taken.update(places)
    return sorted(found)[:MOST]


def _ranks(text: str) -> Iterator[Amount]:
    for found in _RANK.finditer(text):
        numeral = found["place"] or found["nth"] or "一"
        value = (arabic(numeral), "") if numeral[0] in DIGITS else chinese(numeral)
        unit = (found["unit"] or found["nth_unit"] or "位").removesuffix("次")
        if value is not None:
            yield Amount(*found.span(), value[0], unit, Form.RANK)


def _fractions(text: str) -> Iterator[Amount]:
    for found in _FRACTION.finditer(text):
        # 一半 is 二分之一.
        whole, part = chinese(found["whole"] or "二"), chinese(found["part"] or "一")
        if whole is not None and part is not None and 0 < part[0] <= whole[0]:
            share = (part[0] * 100 / whole[0]).quantize(Decimal("0.01"), ROUND_HALF_UP)
            yield Amount(*found.span(), share, "%", Form.FRACTION)


def _multiples(text: str) -> Iterator[Amount]:
    for found in _MULTIPLE.finditer(text):
        value = Decimal("一二三四五".index((found["folds"] or found["times"] or "一").replace("两", "二")) + 1)
        start = found.start("folds") if found["folds"] else found.start()
        yield Amount(start, found.end(), value, "倍" if found["folds"] else "番", Form.MULTIPLE)


def _idioms(text: str) -> Iterator[Amount]:
    for words, form, value, unit in _IDIOMS:
        yield from (Amount(*found.span(), value, unit, form) for found in words.finditer(text))


def _figures(text: str) -> Iterator[Amount]:
    """Figures with a unit. The first end of a range (“6-8个”) has the unit of the second."""
    matches = list(_FIGURE.finditer(text))
    read = [_figure(found) for found in matches]
    is_second = False
    for index, (found, own) in enumerate(zip(matches, read, strict=True)):
        following = read[index + 1] if index + 1 < len(read) else None
        if following is not None and _is_range(text, own, found.end(), following):
            yield following._replace(start=found.start(), end=found.end(), value=arabic(found["number"]), is_range=True)
            is_second = True
        else:
            if own is not None:
                yield own._replace(is_range=is_second)
            is_second = False


def _is_range(text: str, first: Amount | None, end: int, second: Amount) -> bool:
    """Whether only a dash or 至 stands between two figures of one unit; the first may leave it to the second."""
    is_alike = first is None or second.unit.endswith(first.unit) or first.unit in MAGNITUDES
    return is_alike and _TO.fullmatch(text, end, second.start) is not None


def _figure(found: re.Match[str]) -> Amount | None:
    unit = (found["magnitude"] or "") + (found["unit"] or "")
    if not unit:
        return None
    return Amount(*found.span(), arabic(found["number"]), unit, Form.FIGURE, bool(found["more"] or found["later"]))


def _words(text: str) -> Iterator[Amount]:
    for found in _WORDS.finditer(text):
        value = chinese(found["number"])
        unit = (value[1] if value else "") + (found["unit"] or "")
        if (
            value is not None
            and unit
            and is_meant(text, found.start(), found.end(), found["number"], found["unit"] or "")
        ):
            yield Amount(*found.span(), value[0], unit, Form.WORDS, bool(found["more"]))
