"""What a phrase of the report says by itself: figure, unit, comparator, strength, day. For prefilling a form only.

The table is tests/domain/cases/phrases.csv. Simple phrases are read, everything else is left to the person: figures
that are thresholds (过亿元, 5A) or review of the past are easily taken for targets, so that only a figure with a
counting unit counts, and the first one wins.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kpi.domain.values import Accumulation, Comparator, Kind, Polarity, Strength

# The longer before the shorter: 万人次 is not 人.
UNITS = (
    *("万平方米", "亿立方米", "平方公里", "个百分点", "万人次", "万公顷", "万千瓦"),
    *("人次", "公里", "万亩", "万吨", "万元", "亿元", "万户", "万人", "万辆", "万头", "万套"),
    *("%", "％", "家", "个", "户", "人", "名", "条", "件", "项", "场", "座", "处", "所", "套", "辆", "亩", "吨"),
    *("次", "批", "起"),
)
NUMBER = re.compile(
    rf"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>{'|'.join(map(re.escape, UNITS))})(?P<after>以上|以内|左右)?"
)
FIGURE = re.compile(r"\d+(?:\.\d+)?")
PER_UNIT = re.compile(r"每个(?P<scope>乡镇|区县)")
DAY = re.compile(r"(?P<year>\d{4})年(?P<month>1[0-2]|[1-9])月(?:(?P<day>[1-3]?\d)日)?")
# “过10亿元企业” is a threshold, not a target.
THRESHOLD = re.compile(r"(?<!超)(?<!突)过\s*$")
SCOPES = {"乡镇": "township", "区县": "district"}
BEFORE = {
    Comparator.MORE_THAN: ("超过", "突破", "高于", "多于"),
    Comparator.LESS_THAN: ("低于", "少于"),
    Comparator.AT_MOST: ("不超过", "控制在", "不高于"),
    Comparator.AT_LEAST: ("不低于", "不少于", "达到", "至少"),
}
AFTER = {"以上": Comparator.AT_LEAST, "以内": Comparator.AT_MOST, "左右": Comparator.ABOUT}
# How many characters before the figure may say how it is meant.
NEAR = 4
MUST, AIM = ("确保",), ("力争", "争取")
YTD, LOWER = Accumulation.YEAR_TO_DATE, Polarity.LOWER_IS_BETTER


@dataclass(frozen=True)
class Reading:
    """What was read; a field that the phrase does not settle is the usual choice of its kind."""

    kind: Kind = Kind.STAGE
    unit: str = "阶段"
    target: Decimal | None = Decimal(4)
    decimals: int = 0
    comparator: Comparator = Comparator.AT_LEAST
    polarity: Polarity = Polarity.HIGHER_IS_BETTER
    accumulation: Accumulation = Accumulation.POINT_IN_TIME
    coverage_scope: str = ""
    due_on: date | None = None


def strength_of(words: str) -> Strength:
    """确保, 力争, or neither; ``words`` may hold what stands before the phrase, since one verb governs several."""
    for strength, verbs in ((Strength.MUST, MUST), (Strength.AIM, AIM)):
        if any(verb in words for verb in verbs):
            return strength
    return Strength.SUPPORT


def read(phrase: str) -> Reading:
    """The first thing the phrase settles: coverage, rank, bottom line, break-through, figure, day; else a stage."""
    per_unit = PER_UNIT.search(phrase)
    if per_unit:
        scope = SCOPES[per_unit["scope"]]
        return Reading(Kind.COVERAGE, f"个{per_unit['scope']}", None, coverage_scope=scope, accumulation=YTD)
    if "首位" in phrase or "第一" in phrase:
        return Reading(Kind.RANK, "位", Decimal(1), comparator=Comparator.RANK)
    if "全覆盖" in phrase:
        return Reading(Kind.RATIO, "%", Decimal(100), decimals=1, accumulation=Accumulation.RATIO)
    if "坚决遏制" in phrase or "零发生" in phrase:
        return Reading(
            Kind.BOTTOM_LINE, "起", Decimal(0), comparator=Comparator.AT_MOST, accumulation=Accumulation.PERIOD,
            polarity=LOWER,
        )  # fmt: skip
    if "破零" in phrase:
        return Reading(Kind.CUMULATIVE, "个", Decimal(1), accumulation=YTD)
    return _figure(phrase) or _day(phrase) or Reading()


def renamed(name: str, old: str, new: str) -> str:
    """A name with the figures of the new phrase in place of the old one's, where the two have as many.

    “建设高标准农田6.95万亩” becomes “建设高标准农田7.5万亩” with its phrase.
    """
    before, after = FIGURE.findall(old), FIGURE.findall(new)
    if len(before) != len(after):
        return name
    pairs = dict(zip(before, after, strict=True))
    return FIGURE.sub(lambda found: pairs.get(found.group(), found.group()), name)


def _figure(phrase: str) -> Reading | None:
    for found in NUMBER.finditer(phrase):
        before = phrase[max(0, found.start() - NEAR) : found.start()]
        if THRESHOLD.search(before):
            continue
        comparator = _comparator(before, found["after"] or "")
        is_share = found["unit"] in ("%", "％", "个百分点")
        return Reading(
            kind=Kind.RATIO if is_share else Kind.CUMULATIVE,
            unit="%" if is_share else found["unit"],
            target=Decimal(found["number"]),
            decimals=len(found["number"].partition(".")[2]),
            comparator=comparator,
            polarity=LOWER if comparator in (Comparator.AT_MOST, Comparator.LESS_THAN) else Polarity.HIGHER_IS_BETTER,
            accumulation=Accumulation.RATIO if is_share else YTD,
        )
    return None


def _comparator(before: str, after: str) -> Comparator:
    """What the words next to a figure demand; a bare number is judged as “at least” (and written as it stands)."""
    if after:
        return AFTER[after]
    said = [(words, comparator) for comparator, all_words in BEFORE.items() for words in all_words if words in before]
    # “不超过” holds “超过”: the longer words say it.
    return max(said, key=lambda each: len(each[0]))[1] if said else Comparator.EQUAL


def _day(phrase: str) -> Reading | None:
    """A dated deliverable: done or not by that day, or by the end of that month."""
    found = DAY.search(phrase)
    if not found:
        return None
    year, month = int(found["year"]), int(found["month"])
    last = monthrange(year, month)[1]
    day = min(int(found["day"] or last), last)
    return Reading(
        Kind.MILESTONE, "个节点", None, accumulation=YTD, due_on=date(year, month, max(day, 1)),
    )  # fmt: skip
