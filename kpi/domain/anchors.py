"""Finding a quotation again in a corrected text, by its words and the words around it.

The table is ``tests/domain/cases/anchors.csv``. Nothing is guessed: where two places answer equally well, or none well
enough, the quotation is lost, and a person decides. Positions count characters of the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

# How much of quotation and context must agree before changed words count as the same sentence.
LEAST_SCORE = 0.75
# However well its surroundings agree, this much of the quotation itself must.
LEAST_QUOTE = 0.6
# Changed words far from where they stood are another sentence: the year's review repeats many of the plan's.
LEAST_NEARBY = 0.3
# Of several places that hold the very words, one must have this much of the old context …
LEAST_CONTEXT = 0.5
# … and in every choice the best place must be ahead of the next by this much.
LEAD = 0.1
# The very words in other surroundings are placed, but a person should look at them.
DOUBTFUL = 0.85
QUOTE_WEIGHT = 3
SEED = 3
MOST_PLACES = 12
# What parts one clause from the next.
BORDERS = re.compile(r"[\s，。；：、！？,.;:!?（）()]")
FIGURES = re.compile(r"\d+(?:\.\d+)?")


class How(StrEnum):
    """By what a quotation was found: its words and its surroundings, its words alone, or words that changed."""

    CONTEXT = "context"
    UNIQUE = "unique"
    FUZZY = "fuzzy"


class Loss(StrEnum):
    """Why it was not: nothing is like it, several places are, or another quotation has its place."""

    GONE = "gone"
    AMBIGUOUS = "ambiguous"
    TAKEN = "taken"


@dataclass(frozen=True)
class Anchor:
    """A quotation with the words before and after it, as they stood in the old text."""

    quote: str
    prefix: str = ""
    suffix: str = ""


@dataclass(frozen=True)
class Place:
    """Where a quotation stands now; ``score`` is 1 for the very words in the very surroundings."""

    start: int
    end: int
    how: How
    score: float

    @property
    def is_doubtful(self) -> bool:
        """Whether the words are the same and what stood around them is mostly not."""
        return self.how is How.UNIQUE and self.score < DOUBTFUL

    def overlaps(self, other: Place) -> bool:
        return self.start < other.end and other.start < self.end


Found = Place | Loss


def place_all(text: str, anchors: Mapping[str, Anchor]) -> dict[str, Found]:
    """Every anchor's place in ``text``, or why it has none; no two places overlap.

    Unchanged words are placed first, and changed ones only where no other quotation stands.
    """
    found: dict[str, Found] = {code: _exact(text, anchor) for code, anchor in anchors.items()}
    found = _without_overlaps(found)
    taken = [place for place in found.values() if isinstance(place, Place)]
    for code, anchor in anchors.items():
        if found[code] is Loss.GONE:
            found[code] = _fuzzy(text, anchor, taken)
    return _without_overlaps(found)


def figures_changed(old: str, new: str) -> bool:
    """Whether a number in the words is not what it was: then the target has to be looked at too."""
    return Counter(FIGURES.findall(old)) != Counter(FIGURES.findall(new))


def _exact(text: str, anchor: Anchor) -> Found:
    """Where the very words stand: the only place, or the one whose surroundings are clearly the old ones."""
    places = [_judged(text, anchor, start, start + len(anchor.quote)) for start in occurrences(text, anchor.quote)]
    if not places:
        return Loss.GONE
    if len(places) == 1:
        return places[0]
    best, second = sorted(places, key=lambda place: place.score, reverse=True)[:2]
    if _context(text, anchor, best) < LEAST_CONTEXT or best.score - second.score < LEAD:
        return Loss.AMBIGUOUS
    return best


def _fuzzy(text: str, anchor: Anchor, taken: Iterable[Place]) -> Found:
    """The place most like the quotation and its surroundings, if it is like them enough and no other is."""
    places = [place for place in _alike(text, anchor) if not any(place.overlaps(other) for other in taken)]
    good = sorted((place for place in places if place.score >= LEAST_SCORE), key=lambda place: place.score)
    if not good:
        return Loss.GONE
    best = good.pop()
    rivals = [place for place in good if not place.overlaps(best)]
    return Loss.AMBIGUOUS if any(best.score - rival.score < LEAD for rival in rivals) else best


def _alike(text: str, anchor: Anchor) -> Iterable[Place]:
    """Places whose words are at least ``LEAST_QUOTE`` the quotation's, with ``LEAST_NEARBY`` of its surroundings."""
    for start in _guesses(text, anchor.quote):
        span = _aligned(text, anchor, start)
        if span is None or _likeness(anchor.quote, text[slice(*span)]) < LEAST_QUOTE:
            continue
        place = _judged(text, anchor, *span)
        if _context(text, anchor, place) >= LEAST_NEARBY:
            yield place


def _guesses(text: str, quote: str) -> list[int]:
    """Where the quotation might begin: the starts that most of its short pieces agree on."""
    votes: Counter[int] = Counter()
    size = min(SEED, len(quote))
    for offset in range(len(quote) - size + 1):
        for position in occurrences(text, quote[offset : offset + size]):
            votes[position - offset] += 1
    return [start for start, _count in votes.most_common(MOST_PLACES)]


def _aligned(text: str, anchor: Anchor, guess: int) -> tuple[int, int] | None:
    """The new limits of the quotation near ``guess``: old and new words laid side by side.

    What was added just before or after it is taken in as far as no punctuation parts it from the quotation.
    """
    old = anchor.prefix + anchor.quote + anchor.suffix
    slack = len(anchor.quote) // 4 + 8
    first = max(0, guess - len(anchor.prefix) - slack)
    window = text[first : guess + len(anchor.quote) + len(anchor.suffix) + slack]
    steps = SequenceMatcher(None, old, window, autojunk=False).get_opcodes()
    begin, end = len(anchor.prefix), len(anchor.prefix) + len(anchor.quote)
    start, stop = _first_of(steps, begin), _end_of(steps, end - 1)
    if anchor.prefix:
        start -= len(BORDERS.split(window[_end_of(steps, begin - 1) : start])[-1])
    if anchor.suffix:
        stop += len(BORDERS.split(window[stop : _first_of(steps, end)])[0])
    return (first + start, first + stop) if start < stop else None


Step = tuple[str, int, int, int, int]


def _first_of(steps: Iterable[Step], position: int) -> int:
    """Where an old character begins in the new words."""
    _tag, old_first, _old_end, new_first, new_end = _step_at(steps, position)
    return min(new_first + position - old_first, new_end)


def _end_of(steps: Iterable[Step], position: int) -> int:
    """Where an old character ends in the new words, counted from the end of its step."""
    _tag, _old_first, old_end, new_first, new_end = _step_at(steps, position)
    return max(new_end - (old_end - 1 - position), new_first)


def _step_at(steps: Iterable[Step], position: int) -> Step:
    """The step an old character belongs to: every one belongs to exactly one."""
    return next(step for step in steps if step[1] <= position < step[2])


def _judged(text: str, anchor: Anchor, start: int, end: int) -> Place:
    """The place with its score and how it was found."""
    words = text[start:end]
    place = Place(start, end, How.FUZZY, 0)
    context = _context(text, anchor, place)
    likeness = _likeness(anchor.quote, words)
    unchanged = How.CONTEXT if context == 1 else How.UNIQUE
    how = unchanged if words == anchor.quote else How.FUZZY
    return Place(start, end, how, round((QUOTE_WEIGHT * likeness + context) / (QUOTE_WEIGHT + 1), 3))


def _context(text: str, anchor: Anchor, place: Place) -> float:
    """How much of the old surroundings stands around a place: 0 to 1; 1 where there were none to compare."""
    old = anchor.prefix + anchor.suffix
    before = text[max(0, place.start - len(anchor.prefix)) : place.start]
    after = text[place.end : place.end + len(anchor.suffix)]
    if not old or (before, after) == (anchor.prefix, anchor.suffix):
        return 1.0
    kept = _matching(anchor.prefix, before) + _matching(anchor.suffix, after)
    return kept / len(old)


def _likeness(old: str, new: str) -> float:
    """Twice the characters in common, by the lengths of both: 1 for the very words."""
    return SequenceMatcher(None, old, new, autojunk=False).ratio()


def _matching(old: str, new: str) -> int:
    """Characters in common, in their order, in runs of two or more: single ones agree by chance."""
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks if block.size > 1)


def occurrences(text: str, words: str) -> list[int]:
    """Every position of ``words`` in ``text``, overlapping ones included."""
    found, position = [], text.find(words)
    while position >= 0:
        found.append(position)
        position = text.find(words, position + 1)
    return found


def _without_overlaps(found: Mapping[str, Found]) -> dict[str, Found]:
    """Of places that overlap the better one stays; of equally good ones none."""
    kept = dict(found)
    places = {code: place for code, place in found.items() if isinstance(place, Place)}
    for code, place in places.items():
        rivals = (other for name, other in places.items() if name != code and place.overlaps(other))
        if any(rival.score >= place.score for rival in rivals):
            kept[code] = Loss.TAKEN
    return kept
