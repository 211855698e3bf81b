"""Every number with a unit that stands in a sentence, whatever it is about.

Forms: figures (“7.7万人”), Chinese numerals (“十万亩”), fractions (“三分之二”), multiples (“翻一番”), places (“前三位”),
and words that are a number: 全覆盖 is 100 %, 破零 at least 1, 零增长 0 %.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum, auto

from kpi.domain.extraction.folding import DIGITS
from kpi.domain.extraction.numerals import CHINESE, MAGNITUDES, arabic, chinese
from kpi.domain.extraction.units import MAGNITUDE, UNIT, is_count, is_time


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


@dataclass(frozen=True)
class Amount:
    """A number and its unit at ``text[start:end]``. ``is_more``: 余 or 多 stands in it. ``is_range``: one end of two."""

    start: int
    end: int
    value: Decimal
    unit: str
    form: Form
    is_more: bool = False
    is_range: bool = False


_FIGURE = re.compile(
    r"(?<![0-9A-Za-z.'])(?P<number>[0-9]+(?:'[0-9]{3})*(?:\.[0-9]+)?)(?P<more>余|多)?"
    rf"(?P<magnitude>{MAGNITUDE})?(?P<later>余|多)?(?P<unit>{UNIT})?"
)
_TO = re.compile(r"[-~至到]{1,2}")
_WORDS = re.compile(rf"(?<![第{CHINESE}])(?P<number>[{CHINESE}]+(?:点[{CHINESE[:10]}]+)?)(?P<more>余|多)?(?P<unit>{UNIT})?")
_FRACTION = re.compile(rf"(?P<whole>[{CHINESE[:13]}]+)分之(?P<part>[{CHINESE[:13]}]+(?:点[{CHINESE[:10]}]+)?)|(?P<half>一半|半数)(?!的?是)")
_MULTIPLE = re.compile(r"翻(?P<times>[一两二三四])?番|(?:增长|提高|增加|扩大)(?P<folds>[一两二三四五])倍")
_COVERAGE = re.compile(r"(?:全|100%)(?:面)?覆盖(?!面|率[^，。；、]{0,4}[0-9])")
_FIRST_ONES = re.compile(r"破零|零(?:的)?突破|实现零突破")
_NO_GROWTH = re.compile(r"零增长")
_PLACE = rf"[0-9]+|[{CHINESE[1:13]}]+"
_RANK = re.compile(
    rf"(?<![提目之以当年月底日节季度期午会汛空史])前(?P<place>{_PLACE})(?P<unit>位次|个名次|位|名|强|%)?(?![0-9年月日天个次期批届任季轮届])"
    r"|(?<!摆在)(?<!放在)(?<!置于)(?<!作为)(?:首位(?!度)|榜首|第一[位名])"
    r"|(?:(?<=[国省市州县区流类名居列争是持])|(?<=系统)|(?<=地区))第一"
    r"(?![一-龥]{0,2}(?:方阵|梯队|时间|线|责任|要务|书记|批|产业|档|集团|步|轮|季|议题|资源|动力|支柱|期|阶段|课|家|座|条|个|大))"
    rf"|第(?P<nth>{_PLACE})(?P<nth_unit>位|名)"
)
# Numerals of one to nine are mostly rhetoric (“一条新路”, “三大行动”); after these words they count.
_COUNTING = re.compile(
    r"(?:新建|新增|新改建|新开|改建|扩建|改造|建成|建设|建好|引进|招引|引育|培育|创建|开工|竣工|投产|投用|办好|办实|完成|实施|打造|净增|组建|设立|举办|选树|评选"
    r"|申报|认定|突破|超过|达到|达|至少|不少于|不低于|每年|再|争取|新认定|获批|落地|布局)(?:了)?$"
)
_ONE_COUNTING = re.compile(r"(?:新建|新增|新改建|改扩建|引进|建成|开工建设|至少|不少于|每[^，。；]{1,8}(?:建设|建成|建|有|打造|培育|创建|引进|新增|新建))$")
_RHETORIC = re.compile(r"(?:方面|任务|工作|原则|坚持|统筹|转变|体系|关系|确保|着力|环节|维度|层面|阶段|战略|理念|重点|一|字|好|新)")
_LARGE = re.compile(rf"[{CHINESE[11:]}]$")


def amounts(text: str) -> list[Amount]:
    """All of them in their order; none overlaps another."""
    found = [*_special(text)]
    taken = [(each.start, each.end) for each in found]
    for each in (*_figures(text), *_words(text)):
        if not any(start < each.end and each.start < end for start, end in taken):
            found.append(each)
            taken.append((each.start, each.end))
    return sorted(found, key=lambda each: each.start)


def _special(text: str) -> Iterator[Amount]:
    for found in _RANK.finditer(text):
        yield from _rank(found)
    for found in _FRACTION.finditer(text):
        yield from _fraction(found)
    for found in _MULTIPLE.finditer(text):
        numeral, unit = (found["folds"], "倍") if found["folds"] else (found["times"] or "一", "番")
        value = chinese(numeral)
        assert value is not None
        start = found.start("folds") if found["folds"] else found.start()
        yield Amount(start, found.end(), value[0], unit, Form.MULTIPLE)
    for words, form, value_, unit in (
        (_COVERAGE, Form.COVERAGE, Decimal(100), "%"),
        (_FIRST_ONES, Form.FIRST_ONES, Decimal(1), ""),
        (_NO_GROWTH, Form.NO_GROWTH, Decimal(0), "%"),
    ):
        yield from (Amount(found.start(), found.end(), value_, unit, form) for found in words.finditer(text))


def _rank(found: re.Match[str]) -> Iterator[Amount]:
    numeral = found["place"] or found["nth"] or "一"
    value = (arabic(numeral), "") if numeral[0] in DIGITS else chinese(numeral)
    unit = found["unit"] or found["nth_unit"] or "位"
    if value is not None:
        yield Amount(found.start(), found.end(), value[0], unit[-1], Form.RANK)


def _fraction(found: re.Match[str]) -> Iterator[Amount]:
    if found["half"]:
        yield Amount(found.start(), found.end(), Decimal(50), "%", Form.FRACTION)
        return
    whole, part = chinese(found["whole"]), chinese(found["part"])
    if whole is not None and part is not None and 0 < part[0] <= whole[0]:
        share = (part[0] * 100 / whole[0]).quantize(Decimal("0.01"), ROUND_HALF_UP)
        yield Amount(found.start(), found.end(), share, "%", Form.FRACTION)


def _figures(text: str) -> Iterator[Amount]:
    """Figures with a unit. The first end of a range (“6-8个”) has the unit of the second."""
    matches = list(_FIGURE.finditer(text))
    read = [_figure(found) for found in matches]
    ended = False
    for index, (found, here) in enumerate(zip(matches, read, strict=True)):
        there = read[index + 1] if index + 1 < len(read) else None
        begins = there is not None and _is_range(text, here, found.end(), there, matches[index + 1].start())
        if begins and there is not None:
            here = replace(there, start=found.start(), end=found.end(), value=arabic(found["number"]))
        if here is not None:
            yield replace(here, is_range=begins or ended)
        ended = begins


def _is_range(text: str, first: Amount | None, end: int, second: Amount, start: int) -> bool:
    """Whether only a dash or 至 stands between two figures of one unit; the first may leave it to the second."""
    is_alike = first is None or second.unit.endswith(first.unit) or first.unit in MAGNITUDES
    return is_alike and _TO.fullmatch(text, end, start) is not None


def _figure(found: re.Match[str]) -> Amount | None:
    unit = (found["magnitude"] or "") + (found["unit"] or "")
    if not unit:
        return None
    is_more = bool(found["more"] or found["later"])
    return Amount(found.start(), found.end(), arabic(found["number"]), unit, Form.FIGURE, is_more=is_more)


def _words(text: str) -> Iterator[Amount]:
    for found in _WORDS.finditer(text):
        value = chinese(found["number"])
        if value is not None and (value[1] or found["unit"]) and _counts(text, found):
            unit = value[1] + (found["unit"] or "")
            yield Amount(found.start(), found.end(), value[0], unit, Form.WORDS, is_more=bool(found["more"]))


def _counts(text: str, found: re.Match[str]) -> bool:
    """Whether a Chinese numeral is a number to be reached, and not a way of speaking or part of a name."""
    before, after, numeral = text[max(0, found.start() - 12) : found.start()], text[found.end() :], found["number"]
    has_bound = re.match(r"以上|以内|以下|左右", after) is not None
    if is_time(found["unit"] or "") or after[:1] in "级型大":
        return False
    if numeral == "一":
        return has_bound or _ONE_COUNTING.search(before) is not None
    if numeral[0] in "百千万亿":
        # A bare magnitude describes (“千亿元产业”) unless something is to pass or to reach it.
        return re.search(r"(?:突破|超过?|破|达到?|过|逾|迈上|跨越|跃上|跨入|冲刺|站稳|迈向|挺进|登上|跨上)$", before) is not None and (
            re.match(r"以上$|左右$|$|[，。；、）]|以上[，。；、]|大关|台阶|新台阶|目标|规模", after) is not None
        )
    if _RHETORIC.match(after):
        return False
    if not is_count(found["unit"] or ""):
        return len(numeral) > 1 or has_bound
    is_last = after == "" or after[0] in "，。；、）"
    return has_bound or _COUNTING.search(before) is not None or (is_last and len(numeral) > 1)
