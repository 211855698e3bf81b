"""What the words around a number demand of it: 以上 is ≥, 超过 is >, 以内 is ≤, 低于 is <, 左右 is about, bare is =."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kpi.domain.extraction.quantities import Amount, Form
from kpi.domain.values import Comparator


@dataclass(frozen=True)
class Bound:
    """A comparator and the words it was read from; ``is_shared``: they stand at another number of the list."""

    comparator: Comparator
    words: str = ""
    is_shared: bool = False


def _compiled(*rules: tuple[str, Comparator]) -> tuple[tuple[re.Pattern[str], Comparator], ...]:
    return tuple((re.compile(pattern), comparator) for pattern, comparator in rules)


_DOING = r"(?:要|应|需|达到?|新增|新建|建设|建成|培育|引进|有|打造|创建|完成|为)?"
# Right before the number. Between “不少于” or “控制在” and the number a few words may stand: “控制在年均35微克”.
_BEFORE = _compiled(
    (rf"(?:不得?(?:少于|低于|小于|弱于|短于)|至少|最少|最低|起码){_DOING}[^，。；、0-9]{{0,4}}$", Comparator.AT_LEAST),
    (r"(?:不得?(?:超过?|高于|多于|大于|突破|长于)|至多|最多|上限为)[^，。；、0-9]{0,4}$", Comparator.AT_MOST),
    (r"(?:控制|严控|压控|稳控|管控|限制|锁定)在[^，。；、0-9]{0,6}$", Comparator.AT_MOST),
    (r"(?:突?破|超过?|高于|大于|多于|逾|越过|跨过|冲破|高出)(?:了)?$", Comparator.MORE_THAN),
    (r"(?<!不)(?<!不得)(?:低于|少于|小于|不足|不到|短于)$", Comparator.LESS_THAN),
    (r"(?<![最附邻靠就远亲])(?:接近|将近|大约|约|近)$", Comparator.ABOUT),
)
_AFTER = _compiled(
    (r"(?:及|或|（含）)?以上", Comparator.AT_LEAST),
    (r"(?:及|或|（含）)?以[内下]|之内", Comparator.AT_MOST),
    (r"左右|上下", Comparator.ABOUT),
)
_LONGEST_BEFORE = 16
_LIST_MARK = re.compile(r"(?:以上|以内|以下|左右)?(?:[、和与及]|以及)(?:每人?每?[年月]|平均)?")


def bounds(text: str, amounts: Sequence[Amount]) -> list[Bound]:
    """The bound of each amount of a sentence.

    In a bare list (“分别增长7%、8%以上”, “分别突破1万亿元和8000亿元”) the words behind the last one hold for all of it,
    and so do the words before the first.
    """
    own = [bound(text, each) for each in amounts]
    first = 0
    for index in range(1, len(amounts) + 1):
        if index == len(amounts) or not _is_listed(text, amounts[index - 1], amounts[index]):
            own[first:index] = _shared(text, amounts[first:index], own[first:index])
            first = index
    return own


def bound(text: str, amount: Amount) -> Bound:
    """The bound of one amount by its own words."""
    if amount.is_range:
        return Bound(Comparator.RANGE, "区间")
    if amount.form is Form.RANK:
        return Bound(Comparator.RANK, text[amount.start : amount.end])
    if amount.form is Form.FIRST_ONES:
        return Bound(Comparator.AT_LEAST, text[amount.start : amount.end])
    behind, ahead = _behind(text, amount), _ahead(text, amount)
    if amount.is_more:
        return behind or Bound(Comparator.MORE_THAN, "余／多")
    return behind or ahead or Bound(Comparator.EQUAL)


def _behind(text: str, amount: Amount) -> Bound | None:
    matches = ((words.match(text, amount.end), comparator) for words, comparator in _AFTER)
    return next((Bound(comparator, found[0]) for found, comparator in matches if found), None)


def _ahead(text: str, amount: Amount) -> Bound | None:
    window = text[max(0, amount.start - _LONGEST_BEFORE) : amount.start]
    matches = ((words.search(window), comparator) for words, comparator in _BEFORE)
    return next((Bound(comparator, found[0]) for found, comparator in matches if found), None)


def _shared(text: str, run: Sequence[Amount], own: Sequence[Bound]) -> list[Bound]:
    source = _behind(text, run[-1]) or (None if _behind(text, run[0]) else _ahead(text, run[0]))
    if source is None:
        return list(own)
    shared = Bound(source.comparator, source.words, is_shared=True)
    return [shared if each.comparator is Comparator.EQUAL else each for each in own]


def _is_listed(text: str, one: Amount, other: Amount) -> bool:
    """Whether nothing but a list's mark stands between two amounts, of one unit or named one by one (分别)."""
    if one.is_range or other.is_range or not _LIST_MARK.fullmatch(text, one.end, other.start):
        return False
    clause = max(text.rfind(mark, 0, one.start) for mark in "，；。") + 1
    return _plain_unit(one) == _plain_unit(other) or "分别" in text[clause : one.start]


def _plain_unit(amount: Amount) -> str:
    return amount.unit.lstrip("万亿").partition("/")[0]
