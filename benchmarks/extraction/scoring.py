"""Answers and findings laid side by side."""

from __future__ import annotations

from collections import Counter
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
    found = extract(report.text, report.year)
    numbers = [each for each in found if each.value is not None]
    result = Score(
        expected=len(report.numbers), given=len(numbers), from_review=sum(each.start < report.plan for each in found)
    )
    left = list(numbers)
    for answer in report.numbers:
        match = next((each for each in left if _is_same(each, answer)), None)
        if match is None:
            result.misses.append(f"{report.name}: missing {answer.value} {answer.unit} at “{_around(report, answer)}”")
            continue
        left.remove(match)
        result.right += 1
        result.comparators += match.comparator == answer.comparator
        result.deadlines += match.deadline == answer.deadline
        if match.comparator != answer.comparator or match.deadline != answer.deadline:
            result.misses.append(
                f"{report.name}: {match.comparator} {match.deadline} for {answer.comparator} {answer.deadline} at “{_around(report, answer)}”"
            )
    result.misses += [
        f"{report.name}: not expected {each.value} {each.unit} {each.comparator} in “{each.quote}”" for each in left
    ]
    _dated(report, found, result)
    result.misses += [f"{report.name}: from the review “{each.quote}”" for each in found if each.start < report.plan]
    return result


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


__all__ = ["Counter", "Score", "counted", "score"]
