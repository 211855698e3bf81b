"""``python -m benchmarks extraction``: how well reports are read whose answers are known. Figures, never a failure.

Composed reports (README.md beside this file) set by set and level by level, the real report of 2025 against its
hand-made answers, how sure the engine is against how often it is right, and how long a megabyte takes.
"""

from __future__ import annotations

import csv
import re
import time
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

from benchmarks.extraction.marked import Marked, load, sets
from benchmarks.extraction.scoring import Score, counted, score
from kpi.domain.extraction import Extracted, extract

ROOT = Path(__file__).resolve().parents[2]
YEAR = 2025
REPORT = (ROOT / "fixtures" / "report-2025.txt").read_text(encoding="utf-8")
LINE = "{:<10} {:<8} {:>8} {:>7} {:>7} {:>7} {:>11} {:>9} {:>7} {:>12}"
HEAD = ("set", "level", "expected", "P", "R", "F1", "comparators", "deadlines", "dated", "from review")
MEGABYTE = 1024 * 1024


def main() -> None:
    print(LINE.format(*HEAD))
    misses: list[str] = []
    for name in sets():
        misses += composed(name)
    real_report()
    calibration()
    speed()
    print("\nmisses:", *(misses or ["none"]), sep="\n  ")


def composed(name: str) -> list[str]:
    """One line for each level of government, one for the whole set, and one for a bare expression."""
    by_level: defaultdict[str, list[Score]] = defaultdict(list)
    reports = list(load(name))
    for report in reports:
        by_level[report.level].append(score(report))
    for level, scores in by_level.items():
        print_score(name, level, counted(scores))
    total = counted([each for scores in by_level.values() for each in scores])
    print_score(name, "all", total)
    print(f"{name:<10} a bare expression for number and unit: F1 {bare_f1(reports):.3f}")
    return total.misses


def print_score(name: str, level: str, found: Score) -> None:
    shares = (found.comparators / max(1, found.right), found.deadlines / max(1, found.right))
    print(
        LINE.format(
            *(name, level, found.expected),
            *(f"{figure:.4f}" for figure in (found.precision, found.recall, found.f1, *shares)),
            *(f"{found.dated_right}/{found.dated}", found.from_review),
        )
    )


BARE = re.compile(
    r"(\d+(?:\.\d+)?)((?:万亿|[万亿])?(?:个百分点|平方米|公里|万?人次|亩|人|户|家|个|项|件|所|座|条|元|吨|斤|%|套|台|张|名|天))"
)


def bare_f1(reports: list[Marked]) -> float:
    """What a regular expression alone reaches: every number with a unit, wherever it stands."""
    right = given = expected = 0
    for report in reports:
        found = Counter((Decimal(value), unit) for value, unit in BARE.findall(report.text))
        wanted = Counter((answer.value, answer.unit) for answer in report.numbers)
        right, given, expected = right + (found & wanted).total(), given + found.total(), expected + wanted.total()
    return 2 * right / (given + expected)


def real_report() -> None:
    """The report of 2025 against ``commitments-2025.csv``: numbers, and how far spans without a number agree."""
    with open(ROOT / "benchmarks" / "extraction" / "commitments-2025.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = extract(REPORT, YEAR)
    spans = {row["id"]: (int(row["char_offset"]), int(row["char_offset"]) + len(row["quote"])) for row in rows}
    quantified = [row for row in rows if row["measurability"] == "定量"]
    right = sum(any(is_answered(each, row, spans[row["id"]]) for each in found) for row in quantified)
    print(f"\nreport of 2025: {right} of {len(quantified)} quantified commitments with value, unit and comparator")
    wanted = [spans[row["id"]] for row in rows if row["measurability"] != "定量"]
    given = [(each.start, each.end) for each in found if each.value is None]
    figures = f"{overlap(wanted, given):.3f} by character, {touching(wanted, given):.3f} by overlap"
    print(f"  spans without a number: F1 {figures}")
    before = [each.quote for each in found if each.start < REPORT.index("2025年工作安排")]
    print(f"  from the review: {'; '.join(before)}")


def is_answered(each: Extracted, row: dict[str, str], span: tuple[int, int]) -> bool:
    comparator = "rank" if row["type"] == "rank" else row["comparator"]
    answer = (Decimal(row["target_value"]), row["unit"], comparator)
    return (each.value, each.unit, each.comparator) == answer and each.start < span[1] and span[0] < each.end


def overlap(wanted: list[tuple[int, int]], given: list[tuple[int, int]]) -> float:
    one, other = ({place for span in spans for place in range(*span)} for spans in (wanted, given))
    return 2 * len(one & other) / (len(one) + len(other))


def touching(wanted: list[tuple[int, int]], given: list[tuple[int, int]]) -> float:
    def share(spans: list[tuple[int, int]], others: list[tuple[int, int]]) -> float:
        return sum(any(start < last and first < end for first, last in others) for start, end in spans) / len(spans)

    recall, precision = share(wanted, given), share(given, wanted)
    return 2 * recall * precision / (recall + precision)


def calibration() -> None:
    """How often proposals of one confidence are right, over all composed reports."""
    bands: defaultdict[str, list[bool]] = defaultdict(list)
    for name in sets():
        for report in load(name):
            for confidence, is_right in score(report).sure:
                bands[
                    "0.95 and more" if confidence >= 0.95 else "0.88 to 0.94" if confidence >= 0.88 else "below 0.88"
                ].append(is_right)
    print("\nconfidence       right of all")
    for band, answers in sorted(bands.items(), reverse=True):
        print(f"  {band:<14} {sum(answers)} of {len(answers)}: {sum(answers) / len(answers):.3f}")


def speed() -> None:
    print("\nprocessor seconds for 1 MB (UTF-8)")
    dense = next(report.text for report in load("dev") if report.name == "phrases_plan")
    worst = {
        "the report of 2025, again and again": REPORT,
        "targets only": dense,
        "one endless list": "力争5个、",
        "no end": "中",
    }
    for name, unit in worst.items():
        text = "2025年重点工作\n" + unit * (MEGABYTE // len(unit.encode()) + 1)
        started = time.process_time()
        extract(text, YEAR)
        print(f"  {name:<36} {time.process_time() - started:.1f}")
