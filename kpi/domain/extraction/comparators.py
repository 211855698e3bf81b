"""What the words around a number demand of it: 以上 is ≥, 超过 is >, 以内 is ≤, 低于 is <, 左右 is about, bare is =."""

from __future__ import annotations

import re

from kpi.domain.extraction.amounts import Amount, Form
from kpi.domain.values import Comparator

# Words right before the number, longest meaning first. Between a bound and its number a few words may stand.
_BEFORE: tuple[tuple[re.Pattern[str], Comparator], ...] = tuple(
    (re.compile(words), comparator)
    for words, comparator in (
        (r"(?:不得?(?:少于|低于|小于|弱于|短于|下于)|至少|最少|最低|起码)(?:要|应|需|达到?|新增|新建|建设|建成|培育|引进|有|打造|创建|完成|为)?[^，。；、0-9]{0,4}$", Comparator.AT_LEAST),
        (r"(?:不得?(?:超过?|高于|多于|大于|突破|长于)|至多|最多|上限为)[^，。；、0-9]{0,4}$", Comparator.AT_MOST),
        (r"(?:控制|严控|压控|稳控|管控|限制|锁定)在[^，。；、0-9]{0,6}$", Comparator.AT_MOST),
        (r"(?:突?破|超过?|高于|大于|多于|逾|越过|跨过|冲破|高出)(?:了)?$", Comparator.MORE_THAN),
        (r"(?<!不)(?:低于|少于|小于|不足|不到|短于)$", Comparator.LESS_THAN),
        (r"(?<![最附邻靠就远亲])(?:接近|将近|大约|约|近)$", Comparator.ABOUT),
    )
)
_AFTER: tuple[tuple[re.Pattern[str], Comparator], ...] = tuple(
    (re.compile(words), comparator)
    for words, comparator in (
        (r"(?:及|或|\(含\)|（含）)?以上|及以上", Comparator.AT_LEAST),
        (r"(?:及|或)?以[内下]|之内|及以下", Comparator.AT_MOST),
        (r"左右|上下|的?水平左右", Comparator.ABOUT),
    )
)


def comparator(text: str, amount: Amount) -> tuple[Comparator, str]:
    """The comparator of one amount and the words it was read from, empty for a bare number."""
    if amount.is_range:
        return Comparator.RANGE, "区间"
    if amount.form is Form.RANK:
        return Comparator.RANK, text[amount.start : amount.end]
    if amount.form is Form.FIRST_ONES:
        return Comparator.AT_LEAST, text[amount.start : amount.end]
    after = _after(text, amount.end)
    before = _before(text, amount.start)
    if after is not None and (before is None or after[0] is not Comparator.AT_MOST or before[0] is Comparator.AT_MOST):
        return after
    if before is not None:
        return before
    return (Comparator.MORE_THAN, "余/多") if amount.is_more else (Comparator.EQUAL, "")


def _after(text: str, end: int) -> tuple[Comparator, str] | None:
    for words, meaning in _AFTER:
        found = words.match(text, end)
        if found:
            return meaning, found[0]
    return None


def _before(text: str, start: int) -> tuple[Comparator, str] | None:
    window = text[max(0, start - 16) : start]
    for words, meaning in _BEFORE:
        found = words.search(window)
        if found:
            return meaning, found[0]
    return None


_LISTED = re.compile(r"(?:[、和与及]|以及|，)(?:每人?每?[年月]|平均)?")
_TAIL = re.compile(r"(?:以上|以内|以下|左右)?")


def shared(text: str, amounts: list[Amount]) -> list[tuple[Comparator, str]]:
    """Comparators of all amounts of a sentence. In a bare list (“分别增长7%、8%以上”) they share theirs."""
    own = [comparator(text, each) for each in amounts]
    for last in range(len(amounts)):
        if last + 1 < len(amounts) and _is_listed(text, amounts[last], amounts[last + 1]):
            continue
        first = last
        while first and _is_listed(text, amounts[first - 1], amounts[first]):
            first -= 1
        if first < last:
            _share(own, range(first, last + 1))
    return own


def _is_listed(text: str, one: Amount, other: Amount) -> bool:
    """Whether nothing but a list's mark stands between two amounts."""
    if one.is_range or other.is_range:
        return False
    start = one.end + len((_TAIL.match(text, one.end) or [""])[0])
    return _LISTED.fullmatch(text, start, other.start) is not None


def _share(own: list[tuple[Comparator, str]], run: range) -> None:
    """The words behind the last one hold for those before it, the words before the first for those behind it."""
    last, first = own[run[-1]], own[run[0]]
    for index in run:
        if own[index][0] is Comparator.EQUAL:
            source = last if last[0] is not Comparator.EQUAL else first
            own[index] = source
