"""What a phrase of the report says by itself, as the fields of a task's form. For prefilling only: a person decides.

The table is tests/domain/cases/phrases.csv. Numbers, kinds and times are read as ``kpi.domain.extraction`` reads them
in a whole report; here they are put the way tasks are judged. What cannot be judged so is left to the person.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from kpi.domain.anchors import FIGURES
from kpi.domain.extraction.deadlines import Deadline, deadlines
from kpi.domain.extraction.folding import fold
from kpi.domain.extraction.obligations import Obligation, obligations
from kpi.domain.extraction.strength import firmness
from kpi.domain.values import Accumulation, Comparator, Kind, Polarity, Strength

PERCENT = ("%", "个百分点", "百分点", "个点")
# Whose coverage can be filed: “家/乡镇” is one row for each township.
SCOPES = {"township": ("乡", "镇", "街道"), "district": ("区", "县")}  # how the word begins: not 社区, 园区
SCOPE_UNITS = {"township": "个乡镇", "district": "个区县"}
COUNTED = {
    Kind.CUMULATIVE: Accumulation.YEAR_TO_DATE,
    Kind.POINT_IN_TIME: Accumulation.POINT_IN_TIME,
    Kind.RATIO: Accumulation.RATIO,
}
LOWER = (Comparator.AT_MOST, Comparator.LESS_THAN)


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


def strength_of(phrase: str, before: str = "") -> Strength:
    """确保, 力争, or neither; ``before`` is what stands before it in its sentence, since one verb governs several."""
    words = fold(before + phrase)
    found = firmness(words, len(before), len(words))
    return found.grade if found else Strength.SUPPORT


def read(phrase: str, year: int | None = None) -> Reading:
    """The first number of the phrase, else what must not happen, else the day it names, else a stage.

    ``year`` is the plan's: without it “9月底前” says no day.
    """
    text = fold(phrase).replace("\n", "")
    promised, told = obligations(text, year, is_headed=True), deadlines(text, year)
    number = next((each for each in promised if each.value is not None), None)
    if number is not None:
        return replace(_figure(number, number.value or Decimal(0)), due_on=_day_of(number, told))
    if any(each.kind is Kind.BOTTOM_LINE for each in promised):
        return _bottom_line("起", Decimal(0))
    if told:
        return Reading(
            Kind.MILESTONE, "个节点", None, accumulation=Accumulation.YEAR_TO_DATE, due_on=last_day(told[-1]),
        )  # fmt: skip
    return Reading()


def renamed(name: str, old: str, new: str) -> str:
    """A name with the figures of the new phrase in place of the old one's, where the two have as many.

    “建设高标准农田6.95万亩” becomes “建设高标准农田7.5万亩” with its phrase.
    """
    before, after = FIGURES.findall(old), FIGURES.findall(new)
    if len(before) != len(after):
        return name
    pairs = dict(zip(before, after, strict=True))
    return FIGURES.sub(lambda found: pairs.get(found.group(), found.group()), name)


def last_day(due: Deadline) -> date:
    """The day a time is over: the one it names, else the last of its month."""
    year, month = int(due.month[:4]), int(due.month[-2:])
    last = monthrange(year, month)[1]
    return date(year, month, max(1, min(due.day or last, last)))


def _figure(number: Obligation, value: Decimal) -> Reading:
    unit, _sign, scope = number.unit.partition("/")
    if number.kind is Kind.COVERAGE:
        return _of_each(scope) if scope else _share(Decimal(100))
    if number.kind is Kind.RANK:
        return Reading(Kind.RANK, "位", value, comparator=Comparator.RANK)
    if number.kind is Kind.BOTTOM_LINE:
        return _bottom_line(unit, value)
    if number.kind is Kind.RATIO and unit not in PERCENT:
        return Reading()
    comparator = number.comparator or Comparator.EQUAL
    return Reading(
        kind=number.kind,
        unit="%" if number.kind is Kind.RATIO else number.unit,
        target=value,
        decimals=max(0, -int(value.as_tuple().exponent)),
        comparator=comparator,
        polarity=Polarity.LOWER_IS_BETTER if comparator in LOWER else Polarity.HIGHER_IS_BETTER,
        accumulation=COUNTED[number.kind],
    )


def _of_each(whose: str) -> Reading:
    """One row for each township or district; what else has to be reached each by each is the person's to say."""
    scope = next((scope for scope, words in SCOPES.items() if whose.startswith(words)), "")
    if not scope:
        return Reading()
    return Reading(
        Kind.COVERAGE, SCOPE_UNITS[scope], None, coverage_scope=scope, accumulation=Accumulation.YEAR_TO_DATE,
    )  # fmt: skip


def _share(value: Decimal) -> Reading:
    return Reading(Kind.RATIO, "%", value, decimals=1, accumulation=Accumulation.RATIO)


def _bottom_line(unit: str, value: Decimal) -> Reading:
    return Reading(
        Kind.BOTTOM_LINE, unit, value, comparator=Comparator.AT_MOST, accumulation=Accumulation.PERIOD,
        polarity=Polarity.LOWER_IS_BETTER,
    )  # fmt: skip


def _day_of(number: Obligation, told: Sequence[Deadline]) -> date | None:
    return next((last_day(each) for each in told if each.month == number.deadline), None)
