"""Answers and findings laid side by side."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.extraction.marked import Answer, Marked
from kpi.domain.extraction import Extracted, extract


@dataclass
class Score:
    """Counts over one report or many. Strict: the quotation holds the place, value and unit are the same."""

    expected: int = 0
    given: int = 0
    right: int = 0
    comparators: int = 0
    deadlines: int = 0
    dated: int = 0
    dated_right: int = 0
    from_review: int = 0
    misses: list[str] = field(default_factory=list)
    # How sure each number given was, and whether it was right.
    sure: list[tuple[float, bool]] = field(default_factory=list)

    def add(self, other: Score) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def precision(self) -> float:
        return self.right / self.given if self.given else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.expected if self.expected else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.given + self.expected) if self.given + self.expected else 1.0


def score(report: Marked) -> Score:
    """What is found in one report against what is marked in it."""
    found = extract(report.text, report.year)
    numbers = [each for each in found if each.value is not None]
    result = Score(expected=len(report.numbers), given=len(numbers))
    left = list(numbers)
    for answer in report.numbers:
        match = next((each for each in left if _is_same(each, answer)), None)
        if match is None:
            result.misses.append(f"{report.name}: missing {answer.value} {answer.unit} at “{_around(report, answer)}”")
        else:
            left.remove(match)
            _compare(report, match, answer, result)
    result.misses += [f"{report.name}: not expected {each.value} {each.unit} in “{each.quote}”" for each in left]
    result.sure = [(each.confidence, each not in left) for each in numbers]
    _dated(report, found, result)
    before = [each.quote for each in found if each.start < report.plan]
    result.from_review = len(before)
    result.misses += [f"{report.name}: from the review “{quote}”" for quote in before]
    return result


def _compare(report: Marked, match: Extracted, answer: Answer, result: Score) -> None:
    result.right += 1
    result.comparators += match.comparator == answer.comparator
    result.deadlines += match.deadline == answer.deadline
    given, wanted = (match.comparator, match.deadline), (answer.comparator, answer.deadline)
    if given != wanted:
        result.misses.append(f"{report.name}: {given} for {wanted} at “{_around(report, answer)}”")


def _dated(report: Marked, found: list[Extracted], result: Score) -> None:
    for answer in report.answers:
        if answer.value is None:
            is_right = any(
                each.value is None and each.start < answer.place <= each.end and each.deadline == answer.deadline
                for each in found
            )
            result.dated += 1
            result.dated_right += is_right
            if not is_right:
                result.misses.append(f"{report.name}: no {answer.deadline} at “{_around(report, answer)}”")


def _is_same(each: Extracted, answer: Answer) -> bool:
    return each.start < answer.place <= each.end and each.value == answer.value and each.unit == answer.unit


def _around(report: Marked, answer: Answer) -> str:
    return report.text[max(0, answer.place - 25) : answer.place + 12].replace("\n", "⏎")


def counted(scores: list[Score]) -> Score:
    total = Score()
    for each in scores:
        total.add(each)
    return total
