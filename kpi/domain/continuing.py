"""Which task of last year a phrase of this year goes on with: the same matter in other words or with other figures.

The table is ``tests/domain/cases/continuing.csv``. Verbs and figures do not count: “新建农村公路200公里” does not go on
with “新建高标准厂房20万平方米”. A person decides; what is found is a proposal with the words that both have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kpi.domain.anchors import figures_changed
from kpi.domain.matter import Likeness, common, counted_in, matter, pairs

# Less is another matter that has some words in common.
LEAST = 0.5
# 亩 of the one against 吨 of the other: most often another measure of the same thing.
OTHER_UNIT = 0.75
# A figure against none: “新增规模以上工业企业10家” and “实施新增规模以上工业企业行动” are two tasks.
ONE_FIGURE = 0.9


@dataclass(frozen=True)
class Earlier:
    """A task of last year: its phrase and the name it was given. Several tasks may have one phrase."""

    quote: str
    name: str


@dataclass(frozen=True)
class Match:
    """``place`` in the earlier tasks; ``similarity`` up to 1; the words that both have."""

    place: int
    similarity: float
    words: tuple[str, ...]
    is_figure_changed: bool


def continuing(quotes: Sequence[str], earlier: Sequence[Earlier]) -> Mapping[int, Match]:
    """By place in ``quotes``: what each goes on with, if anything; no earlier task twice.

    The most alike are matched first; of equals those that stand first, so that the answer is always the same. A phrase
    that became several tasks can go on in as many phrases.
    """
    likeness = _Compared(earlier)
    offers = sorted(
        (-similarity, here, there)
        for here, quote in enumerate(quotes)
        for there, similarity in likeness.to(quote).items()
        if similarity >= LEAST
    )
    found: dict[int, Match] = {}
    taken: set[int] = set()
    for similarity, here, there in offers:
        if here not in found and there not in taken:
            found[here] = _match(quotes[here], earlier[there], there, -similarity)
            taken.add(there)
    return dict(sorted(found.items()))


class _Compared:
    """Every earlier task by its phrase and by its name, of which the more alike counts."""

    def __init__(self, earlier: Sequence[Earlier]) -> None:
        self._likeness = Likeness([pairs(matter(text)) for each in earlier for text in (each.quote, each.name)])
        self._units = [counted_in(each.quote) for each in earlier]

    def to(self, quote: str) -> dict[int, float]:
        units = counted_in(quote)
        best: dict[int, float] = {}
        for place, similarity in self._likeness.to(pairs(matter(quote))).items():
            there = place // 2
            found = round(similarity * _of_units(units, self._units[there]), 3)
            best[there] = max(best.get(there, 0.0), found)
        return best


def _of_units(these: frozenset[str], those: frozenset[str]) -> float:
    if bool(these) != bool(those):
        return ONE_FIGURE
    return 1 if these & those or not these else OTHER_UNIT


def _match(quote: str, task: Earlier, place: int, similarity: float) -> Match:
    words = common(matter(quote), pairs((*matter(task.quote), *matter(task.name))))
    return Match(place, similarity, words, figures_changed(task.quote, quote))
