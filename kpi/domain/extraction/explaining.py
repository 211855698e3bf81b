"""Why a number was read as it was, in the words of the report, and how sure that is."""

from __future__ import annotations

from kpi.domain.extraction.comparators import Bound
from kpi.domain.extraction.deadlines import Governing
from kpi.domain.extraction.quantities import Amount, Form
from kpi.domain.extraction.targets import Target
from kpi.domain.values import Comparator

_MEANINGS = {
    Comparator.AT_LEAST: "不少于",
    Comparator.MORE_THAN: "超过",
    Comparator.AT_MOST: "不超过",
    Comparator.LESS_THAN: "低于",
    Comparator.ABOUT: "左右",
    Comparator.EQUAL: "等于",
    Comparator.RANGE: "区间的一端",
    Comparator.RANK: "位次",
}
# The rule of confidence, calibrated in docs/rules/extraction.md.
FIGURE, WORDS, IDIOM = 0.98, 0.9, 0.88
SHARED_BOUND, CARRIED_DEADLINE, NAMED_UNIT, NO_HEADINGS = 0.05, 0.05, 0.05, 0.1
DATED, RESULT, QUALITATIVE = 0.8, 0.6, 0.5


def confidence(target: Target, bound: Bound, due: Governing | None, *, is_headed: bool) -> float:
    """From 0 to 1: how the number is written, less something for whatever was not read at the number itself."""
    form = target.amount.form
    base = FIGURE if form is Form.FIGURE else WORDS if form in (Form.WORDS, Form.FRACTION, Form.RANK) else IDIOM
    doubts = (
        SHARED_BOUND * bound.is_shared
        + CARRIED_DEADLINE * (due is not None and due.is_carried)
        + NAMED_UNIT * bool(target.unit_from)
        + NO_HEADINGS * (not is_headed)
    )
    return round(base - doubts, 2)


def why(text: str, target: Target, bound: Bound, due: Governing | None) -> str:
    """One line in Chinese: number, unit where it is not plain, comparator, deadline."""
    unit = f"单位按“{target.unit_from}”取{target.amount.unit}" if target.unit_from else ""
    return "；".join(part for part in (_number(text, target.amount), unit, _bound(bound), _due(text, due)) if part)


def why_without_number(text: str, due: Governing | None) -> str:
    return f"没有数字；{_due(text, due)}"


def _number(text: str, amount: Amount) -> str:
    written = text[amount.start : amount.end]
    if amount.form is Form.FIGURE:
        return f"数字取自“{written}”"
    return f"“{written}”读作{amount.value.normalize():f}{amount.unit}"


def _bound(bound: Bound) -> str:
    meaning = f"{_MEANINGS[bound.comparator]}（{bound.comparator}）"
    if not bound.words:
        return f"没有限定词，读作{meaning}"
    return f"“{bound.words}”{'由并列各数共用，' if bound.is_shared else ''}读作{meaning}"


def _due(text: str, due: Governing | None) -> str:
    if due is None:
        return "未写明时限"
    words = text[due.deadline.start : due.deadline.end]
    return f"时限{'沿用前文' if due.is_carried else '取自'}“{words}”"
