"""Which unit should lead a task, and why: its duties, the tasks like it that it led before, and places named in it.

The table is ``tests/domain/cases/ownership.csv``. Every proposal names the duty, the earlier task or the place that
speaks for it. A person decides, and next year that decision is itself what speaks: it is the lead on record.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kpi.domain.matter import Likeness, Rarity, matter, pairs, whole

# How much of a duty a phrase must have: “老旧小区改造” is in “改造老旧小区120个”, “文化产业” not in “现代化产业”.
LEAST_OF_DUTY = 0.7
# Where half of ``DUTIES_AT_MOST`` is reached, in pairs of characters that only one unit has.
HALF = 1.6
DUTIES_AT_MOST = 0.85
# Headings say less than the phrase below them.
OF_SECTION = 0.4
# A district named in full, and by its name without “区” or “县”.
PLACE, PLACE_STEM = 0.75, 0.6
WHOLE_NAMES = ("区", "县", "市", "乡", "镇", "街道")
# Tasks less alike than this speak for nobody; the same matter settles it, and an older year says a little less.
LEAST_LIKE, PRECEDENT_AT_MOST, PER_YEAR = 0.3, 0.97, 0.95
LEAST, MOST = 0.1, 5


class Ground(StrEnum):
    """What speaks for a unit."""

    PRECEDENT = "precedent"
    PLACE = "place"
    DUTY = "duty"
    SECTION = "section"


@dataclass(frozen=True)
class Unit:
    """A unit that can lead. ``duties`` are words; ``places`` are names of its territory, by which alone it is proposed
    where it has no duties of its own."""

    code: str
    duties: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class Precedent:
    """A task of an earlier year with the unit that led it in the end; ``age`` in years, 1 for last year."""

    owner: str
    texts: tuple[str, ...]
    age: int = 1


@dataclass(frozen=True)
class Reason:
    """One thing that speaks for a unit, up to 1. ``words``: the duty or place; ``precedent``: its place in the list."""

    ground: Ground
    weight: float
    words: str = ""
    precedent: int | None = None


@dataclass(frozen=True)
class Proposal:
    """A unit with all that speaks for it, the strongest first."""

    code: str
    score: float
    reasons: tuple[Reason, ...]


class Owners:
    """Units and what they led before, read once and asked for many phrases."""

    def __init__(self, units: Sequence[Unit], precedents: Sequence[Precedent] = ()) -> None:
        self._units = units
        self._order = {unit.code: place for place, unit in enumerate(units)}
        self._duties = {unit.code: {duty: pairs(whole(duty)) for duty in unit.duties} for unit in units}
        self._rarity = Rarity(frozenset[str]().union(*duties.values()) for duties in self._duties.values() if duties)
        self._precedents = precedents
        self._owned = [(place, text) for place, each in enumerate(precedents) for text in each.texts]
        self._likeness = Likeness([pairs(matter(text)) for _place, text in self._owned])

    def of(self, phrase: str, metric: str = "", section: str = "") -> list[Proposal]:
        """Units for a phrase, the best first; none where nothing speaks for anybody.

        ``metric``: what is measured, where the phrase does not say it itself; ``section``: the headings above it.
        Independent reasons add up: two of 0.5 make 0.75.
        """
        said = phrase if metric in phrase else f"{metric}，{phrase}"
        found: defaultdict[str, list[Reason]] = defaultdict(list)
        for code, reason in (*self._by_duty(said, section), *self._by_place(said), *self._by_precedent(said)):
            found[code].append(reason)
        proposals = [_proposal(code, reasons) for code, reasons in found.items() if code in self._order]
        likely = [each for each in proposals if each.score >= LEAST]
        return sorted(likely, key=lambda each: (-each.score, self._order[each.code]))[:MOST]

    def _by_duty(self, said: str, section: str) -> Iterable[tuple[str, Reason]]:
        own, above = pairs(whole(said)), pairs(whole(section))
        for code, duties in self._duties.items():
            yield from self._in(own, code, duties, Ground.DUTY, DUTIES_AT_MOST)
            yield from self._in(above, code, duties, Ground.SECTION, DUTIES_AT_MOST * OF_SECTION)

    def _in(
        self, text: frozenset[str], code: str, duties: Mapping[str, frozenset[str]], ground: Ground, at_most: float
    ) -> Iterable[tuple[str, Reason]]:
        """The duties that a text has; what several of them have in common counts once, and the longest is named."""
        had: dict[str, frozenset[str]] = {}
        for duty, words in duties.items():
            shared = words & text
            if shared and self._rarity.of(shared) >= LEAST_OF_DUTY * self._rarity.of(words):
                had[duty] = shared
            elif (last := duty[-2:]) in shared and self._rarity.is_alone(last) and matter(last):
                had[duty] = frozenset([last])
        if had:
            said = self._rarity.of(frozenset[str]().union(*had.values()))
            best = max(had, key=lambda duty: self._rarity.of(had[duty]))
            yield code, Reason(ground, at_most * said / (said + HALF), best)

    def _by_place(self, said: str) -> Iterable[tuple[str, Reason]]:
        """Of each unit the longest name that stands there; several units share what a name says."""
        found = {unit.code: [name for name in unit.places if name in said] for unit in self._units}
        named = {code: max(names, key=len) for code, names in found.items() if names}
        for code, name in named.items():
            weight = PLACE if name.endswith(WHOLE_NAMES) else PLACE_STEM
            yield code, Reason(Ground.PLACE, weight / len(named), name)

    def _by_precedent(self, said: str) -> Iterable[tuple[str, Reason]]:
        """Of each unit the task most like this one."""
        best: dict[str, Reason] = {}
        for at, likeness in self._likeness.to(pairs(matter(said))).items():
            place = self._owned[at][0]
            earlier = self._precedents[place]
            weight = PRECEDENT_AT_MOST * likeness * PER_YEAR ** (earlier.age - 1)
            if likeness >= LEAST_LIKE and (earlier.owner not in best or weight > best[earlier.owner].weight):
                best[earlier.owner] = Reason(Ground.PRECEDENT, weight, precedent=place)
        return best.items()


def _proposal(code: str, reasons: Sequence[Reason]) -> Proposal:
    doubt = 1.0
    for reason in reasons:
        doubt *= 1 - reason.weight
    return Proposal(code, round(1 - doubt, 3), tuple(sorted(reasons, key=lambda each: -each.weight)))
