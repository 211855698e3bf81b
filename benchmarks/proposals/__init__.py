"""``python -m benchmarks proposals [-v]``: how often the right unit and the right predecessor are proposed; no servers.

Leads of 2025 (``fixtures/indicators-2025.csv``) from the duties alone, with nothing of that year in what is asked;
phrases of other fields and a following year composed for this (the CSV files beside this file).
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kpi.domain.continuing import Earlier, continuing
from kpi.domain.extraction import Extracted, extract
from kpi.domain.ownership import Owners, Precedent, Unit

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
FIXTURES = ROOT / "fixtures"
LINE = "{:<58} {:>5} {:>12} {:>12} {:>7}"
HEAD = LINE.format("leads", "asked", "first", "first three", "none")
Asked = tuple[str, str, str, str]


def table(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def units() -> list[Unit]:
    rows = table(FIXTURES / "departments.csv")
    return [
        Unit(row["code"], places=_places(row, rows))
        if row["kind"] == "district"
        else Unit(row["code"], duties=tuple(row["duties"].split("、")))
        for row in rows
        if row["kind"] not in ("township", "subdistrict")
    ]


def _places(row: dict[str, str], rows: Sequence[dict[str, str]]) -> tuple[str, ...]:
    own = row["short_name"]
    return own, own[:-1], *(each["short_name"] for each in rows if each["parent"] == row["code"])


def of_2025() -> Iterator[Asked]:
    """Each task of 2025 as the report has it: phrase, what the engine says is measured, headings, and who led it."""
    proposed = extract((FIXTURES / "report-2025.txt").read_text(encoding="utf-8"), 2025)
    commitments = {row["code"]: row for row in table(FIXTURES / "commitments-2025.csv")}
    for row in table(FIXTURES / "indicators-2025.csv"):
        commitment = commitments[row["commitment"]]
        found = _at(proposed, int(commitment["start"]), int(commitment["end"]))
        yield commitment["quote"], found.metric if found else "", found.section if found else "", row["lead"]


def _at(proposed: Sequence[Extracted], start: int, end: int) -> Extracted | None:
    return next((each for each in proposed if each.start < end and start < each.end), None)


def main() -> None:
    is_telling = "-v" in sys.argv
    print(HEAD)
    asked, duties = list(of_2025()), Owners(units())
    told("2025, duties", duties, [(phrase, metric, "", lead) for phrase, metric, _section, lead in asked], is_telling)
    told("2025, duties and headings", duties, asked, is_telling)
    others = [(row["phrase"], "", "", row["lead"]) for row in table(HERE / "owners.csv")]
    told("composed phrases of all fields, duties", duties, others, is_telling)
    lead, count = Counter(lead for *_rest, lead in asked).most_common(1)[0]
    print(f"always {lead}: {count} of the {len(asked)} of 2025")
    following(is_telling)


def told(name: str, owners: Owners, asked: Sequence[Asked], is_telling: bool) -> None:
    first = three = none = 0
    for phrase, metric, section, lead in asked:
        found = owners.of(phrase, metric, section)
        codes = [each.code for each in found]
        first, three, none = first + (codes[:1] == [lead]), three + (lead in codes[:3]), none + (not codes)
        if is_telling and codes[:1] != [lead]:
            print("  ", phrase, "|", lead, "|", [(each.code, each.score, each.reasons[0].words) for each in found[:3]])
    shares = (f"{count} ({count / len(asked):.0%})" for count in (first, three))
    print(LINE.format(name, len(asked), *shares, none))


def following(is_telling: bool) -> None:
    """What goes on in a composed 2026 and in another city; and who leads it, learned from 2025."""
    tasks = table(FIXTURES / "indicators-2025.csv")
    quotes = {row["code"]: row["quote"] for row in table(FIXTURES / "commitments-2025.csv")}
    phrases = table(HERE / "continuing-2026.csv")
    print()
    goes_on(
        "2026",
        [(row["phrase"], row["code"].split(";") if row["code"] else []) for row in phrases],
        {row["code"]: Earlier(quotes[row["commitment"]], row["name"]) for row in tasks},
        is_telling,
    )
    pairs = table(HERE / "another-city.csv")
    goes_on(
        "another city",
        [(row["now"], [row["earlier"]] if row["earlier"] else []) for row in pairs if row["now"]],
        {row["earlier"]: Earlier(row["earlier"], row["earlier"]) for row in pairs if row["earlier"]},
        is_telling,
    )
    learned = Owners(units(), [Precedent(row["lead"], (quotes[row["commitment"]], row["name"])) for row in tasks])
    leads = {row["code"]: row["lead"] for row in tasks}
    asked = [(row["phrase"], "", "", leads[row["code"].split(";")[0]]) for row in phrases if row["code"]]
    print(HEAD)
    told("2026 that goes on, duties and what was led in 2025", learned, asked, is_telling)
    told("2026 that goes on, duties alone", Owners(units()), asked, False)


def goes_on(
    name: str, phrases: Sequence[tuple[str, list[str]]], earlier: Mapping[str, Earlier], is_telling: bool
) -> None:
    """Phrases with the tasks each may go on with, none for a new one; how many were matched rightly."""
    keys, found = list(earlier), continuing([phrase for phrase, _wanted in phrases], list(earlier.values()))
    told: Counter[str] = Counter()
    for place, (phrase, wanted) in enumerate(phrases):
        match = found.get(place)
        outcome = _outcome(keys[match.place] if match else "", wanted)
        told[outcome] += 1
        if is_telling and outcome not in ("right", "new"):
            print("  ", outcome, phrase, wanted, match and (keys[match.place], match.similarity, match.words))
    old = told["right"] + told["wrong"] + told["missed"]
    said = f"{told['right']} right, {told['wrong']} with another task, {told['missed']} missed"
    print(
        f"{name}: of {old} that go on {said}; of {told['new'] + told['invented']} new {told['invented']} taken for old"
    )


def _outcome(got: str, wanted: Sequence[str]) -> str:
    if not wanted:
        return "invented" if got else "new"
    if not got:
        return "missed"
    return "right" if got in wanted else "wrong"
