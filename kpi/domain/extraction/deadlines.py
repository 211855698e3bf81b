"""By when: only where the report says it. The month meant is the one at whose end the time is over.

“7月底” is July; “7月前”, “7月1日前” and “国庆前” are over with the month before. The months of lunar feasts are tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Deadline:
    """``month`` is ``YYYY-MM``; the words stand at ``text[start:end]``. ``is_relative``: the words name no year.

    ``day``: where they name one in that month; “10月1日前” is over with September.
    """

    start: int
    end: int
    month: str
    is_relative: bool
    day: int | None = None


@dataclass(frozen=True)
class Governing:
    """The deadline that holds for a number; ``is_carried``: it stands in an earlier clause."""

    deadline: Deadline
    is_carried: bool


_NUMERALS = {letter: number for number, letter in enumerate("一二三四五六七八九十", start=1)} | {
    "两": 2,
    "十一": 11,
    "十二": 12,
}
# The month in which the last day before the feast falls.
_FEBRUARY_SPRINGS = {2015, 2016, 2018, 2019, 2021, 2024, 2026, 2027, 2029, 2030, 2032, 2034, 2035}
_MAY_DRAGON_BOATS = {2017, 2025, 2028, 2033}
_OCTOBER_MID_AUTUMNS = {2017, 2025, 2028}
_MONTHS_BEFORE = {
    **{
        "元旦": 0,
        "两会": 2,
        "清明": 4,
        "五一": 4,
        "“五一”": 4,
        "六一": 5,
        "七一": 6,
        "“七一”": 6,
        "八一": 7,
        "“八一”": 7,
    },
    **{
        "国庆": 9,
        "十一": 9,
        "“十一”": 9,
        "春季开学": 2,
        "秋季开学": 8,
        "春季学期": 2,
        "秋季学期": 8,
        "新学期": 8,
        "高考": 5,
        "主汛期": 5,
        "汛期": 5,
        "汛": 5,
    },
    **{"入冬": 10, "供暖季": 10, "采暖季": 10, "供暖期": 10, "元宵": 2},
}
_PLANS = dict(zip("一二三四五六七", range(2010, 2045, 5), strict=True))
_BEFORE = ("前", "之前", "以前")

_YEAR = r"(?:(?P<year>20[0-9]{2})年|(?P<next>明年|次年)|今年|本年|当年)?(?:的)?"
_MONTH = r"(?P<month>1[0-2]|[1-9]|十[一二]|[一二三四五六七八九十])月"
_NOT_FROM = r"(?<![从自比较至到-])"
_NOT_ON = r"(?!起|开始|至|-|~|以来|到)"
Read = Callable[[re.Match[str], int], str | None]


def _by_month(found: re.Match[str], year: int) -> str | None:
    month = _number(found["month"])
    is_over_before = (found["by"] in _BEFORE or found["by_day"] in _BEFORE) and found["day"] in (None, "1")
    if is_over_before:
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return f"{year}-{month:02}"


def _by_quarter(found: re.Match[str], year: int) -> str | None:
    quarter = _number(found["quarter"]) - (found["by"] in _BEFORE)
    return f"{year}-{quarter * 3:02}" if quarter else f"{year - 1}-12"


def _by_half(found: re.Match[str], year: int) -> str | None:
    return f"{year}-{12 if found['half'] == '下' else 6:02}"


def _by_feast(found: re.Match[str], year: int) -> str | None:
    feast = found["feast"].removesuffix("节")
    if feast == "春":
        return f"{year}-{2 if year in _FEBRUARY_SPRINGS else 1:02}"
    if feast == "端午":
        return f"{year}-{5 if year in _MAY_DRAGON_BOATS else 6:02}"
    if feast == "中秋":
        return f"{year}-{10 if year in _OCTOBER_MID_AUTUMNS else 9:02}"
    return f"{year}-{_MONTHS_BEFORE[feast]:02}" if _MONTHS_BEFORE[feast] else f"{year - 1}-12"


def _by_end(_found: re.Match[str], year: int) -> str | None:
    return f"{year}-12"


def _by_later(found: re.Match[str], year: int) -> str | None:
    """A bare year is when only if it is not the plan's own."""
    return f"{found['later']}-12" if int(found["later"]) > year else None


def _by_plan(found: re.Match[str], _year: int) -> str | None:
    return f"{_PLANS[found['plan']]}-12"


def _in_years(found: re.Match[str], year: int) -> str | None:
    return f"{year + _number(found['span']) - 1}-12"


def _number(numeral: str) -> int:
    return _NUMERALS.get(numeral) or int(numeral)


_FEASTS = "|".join(
    sorted(("春节", "端午节?", "中秋节?", *(f"{name}节?" for name in _MONTHS_BEFORE)), key=len, reverse=True)
)
_RULES: tuple[tuple[re.Pattern[str], Read], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (
            rf"{_NOT_FROM}{_YEAR}(?<![0-9]){_MONTH}(?:(?P<day>[0-9]{{1,2}})日(?P<by_day>之前|以前|前)?|份?(?P<by>底前|底之前|底|末前|末|之前|以前|前|内|[上中下]旬前?)?(?![0-9])){_NOT_ON}",
            _by_month,
        ),
        (
            rf"{_NOT_FROM}{_YEAR}(?<!前)第?(?P<quarter>[一二三四1-4])季度(?P<by>末前?|底前?|之?前|内)?{_NOT_ON}",
            _by_quarter,
        ),
        (
            rf"{_NOT_FROM}{_YEAR}(?:(?P<half>[上下])半年[末底]?前?|年中前)",
            _by_half,
        ),
        (rf"{_NOT_FROM}{_YEAR}(?P<feast>{_FEASTS})(?:假期)?(?:来临)?之?前", _by_feast),
        (
            r"(?:(?P<year>20[0-9]{2})|(?P<next>明)|今)年(?:年?底|年?末)之?前?|(?<!20[0-9]{2})年(?:底|末)(?:之前|以前|前)?|年内",
            _by_end,
        ),
        (r"(?<=[，；：。])(?P<later>20[0-9]{2})年(?=达到?|突破|超过|实现|全面|基本|建成|力争|提高|翻)", _by_later),
        (
            r"(?:到|至|力争|在|截至)(?P<year>20[0-9]{2})年(?![底末]|[0-9一-十]{1,2}月|[上下]半|[一二三四]季)|(?P<year3>20[0-9]{2})年(?:以前|之?前|内)",
            _by_end,
        ),
        (r"“?十(?P<plan>[一二三四五六七])五”?(?:规划)?(?:期?末|时期末?|期间|期内)", _by_plan),
        (r"(?<![0-9一二三四五六七八九十])(?P<span>[0-9一两二三四五])年(?:之?内|时间内?)", _in_years),
    )
)
# “六月六” is a feast's name, no month.
_QUOTED = re.compile(r"“[^“”]*”")
# Most sentences say no time at all.
_ANY = re.compile(r"[月季半前底末内]|年|十[一二三四五六七]五")


def deadlines(text: str, year: int | None) -> list[Deadline]:
    """All of them in a sentence, in their order. Without ``year`` only those that name theirs."""
    if not _ANY.search(text):
        return []
    found = [made for pattern, read in _RULES for match in pattern.finditer(text) if (made := _made(match, read, year))]
    kept: list[Deadline] = []
    for each in sorted(found, key=lambda each: each.start - each.end):
        if not any(each.start < other.end and other.start < each.end for other in kept):
            kept.append(each)
    quoted = [found.span() for found in _QUOTED.finditer(text)]
    in_names = {each for each in kept if any(start < each.start and each.end < end for start, end in quoted)}
    return sorted((each for each in kept if each not in in_names), key=lambda each: each.start)


def _made(found: re.Match[str], read: Read, year: int | None) -> Deadline | None:
    groups = found.groupdict()
    stated = next((int(groups[name]) for name in ("year", "year3") if groups.get(name)), None)
    base = stated if stated is not None else year
    if read is _by_plan:
        base = 0
    if base is None or (stated is not None and year is not None and stated < year):
        return None
    base += groups.get("next") is not None
    month = read(found, base)
    if month is None:
        return None
    is_its_own = groups.get("day") and int(month[-2:]) == _number(found["month"])
    return Deadline(*found.span(), month, stated is None, int(found["day"]) if is_its_own else None)


def governing(text: str, place: int, found: Sequence[Deadline]) -> Governing | None:
    """The deadline that holds at ``place``: the nearest of its clause, else one that opened an earlier clause."""
    start = max(text.rfind(mark, 0, place) for mark in "，；：") + 1
    end = min((at for mark in "，；" if (at := text.find(mark, place)) >= 0), default=len(text))
    inside = [each for each in found if start <= each.start < end]
    before = [each for each in inside if each.start <= place]
    if before:
        return Governing(before[-1], is_carried=False)
    if inside:
        # Behind the number it holds, unless another item of the list begins between them.
        return None if "、" in text[place : inside[0].start] else Governing(inside[0], is_carried=False)
    openers = [each for each in found if each.start < place and _holds_on(text, each, place, start)]
    return Governing(openers[-1], is_carried=True) if openers else None


_HEAD = re.compile(
    r"(?:[一二三四五六七八九十]是|[-●•◆■□▲△★▪·]|（[^）]{1,3}）|[0-9]{1,2}[.、。]|力争|确保|争取|在|于|到|至|预计|计划|今年|其中|抓紧|抓住|用|利用|通过)*"
)
# A clause that begins with what is done has a time of its own, or none.
_ACT = re.compile(
    r"新增|新建|完成|建成|开工|竣工|实施|改造|引进|培育|推进|推动|加快|建设|创建|打造|举办|启动|发放|开展|争取|实现|投用|发展|提高|提升|扩大|办好"
)


def _holds_on(text: str, deadline: Deadline, place: int, clause: int) -> bool:
    """Whether a time at the head of an earlier clause holds for ``place``, whose clause begins at ``clause``.

    “到2027年，…” holds for the sentence or, standing inside it, up to the next “；”; “年内建成…，” only for clauses
    behind that have no verb of their own. “全年” ends both.
    """
    begin = max(text.rfind(mark, 0, deadline.start) for mark in "，；：。") + 1
    if _HEAD.fullmatch(text, begin, deadline.start) is None or "全年" in text[deadline.end : place]:
        return False
    if text[deadline.end : deadline.end + 1] == "，":
        return begin == 0 or text[begin - 1] == "：" or "；" not in text[deadline.end : place]
    return "；" not in text[deadline.end : place] and _ACT.match(text, clause) is None
