"""Which sentences look back and which look ahead.

Past figures stand in the same words as targets, so that mostly only the place tells. Headings say it in so many words;
where there are none, the sentences do: each has some words of looking back or ahead, and the text as a whole changes
sides seldom. The cheapest course through all of them is taken (Viterbi's algorithm over two states), so that a single
odd sentence changes nothing, and a heading everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from kpi.domain.extraction import cues


class Side(StrEnum):
    """``REVIEW``: what was done, and what is wanting. ``PLAN``: what shall be done."""

    REVIEW = "review"
    PLAN = "plan"


class Passage(NamedTuple):
    """A heading or a sentence, folded. ``is_inside``: it does not begin its paragraph."""

    text: str
    is_heading: bool
    is_inside: bool = False


@dataclass(frozen=True)
class Course:
    """The side of each passage. ``is_headed``: headings name the sides."""

    sides: list[Side]
    is_headed: bool


# A heading that names its side outweighs whatever its chapter's sentences seem to say.
HEADING_WEIGHT = 60.0
MOST_PER_SENTENCE = 4.0
# To turn from looking back to looking ahead is the way of every report; back again is rare. Where headings name the
# sides, the sentences between them hardly turn by themselves; inside a paragraph they turn less than at its beginning.
TURN_AHEAD, TURN_BACK, TURN_UNDER_HEADINGS, TURN_INSIDE = 3.0, 9.0, 12.0, 3.0
START_AHEAD = 1.5
# Years are named at the beginning of what they are about.
BEGINNING = 40


def course(passages: Sequence[Passage], year: int | None) -> Course:
    """The side of each passage. ``year`` is the one the report plans for, where it is known."""
    scores = [
        heading_score(each.text, year) if each.is_heading else sentence_score(each.text, year) for each in passages
    ]
    is_headed = any(score for each, score in zip(passages, scores, strict=True) if each.is_heading)
    # Lowest cost so far of standing in each state, and whether the best way there turned.
    review, plan = 0.0, START_AHEAD
    turned: list[tuple[bool, bool]] = []
    for score, passage in zip(scores, passages, strict=True):
        extra = TURN_UNDER_HEADINGS * (is_headed and not passage.is_heading) + TURN_INSIDE * passage.is_inside
        to_review, to_plan = plan + TURN_BACK + extra, review + TURN_AHEAD + extra
        turned.append((to_review < review, to_plan < plan))
        review, plan = min(review, to_review) + max(score, 0.0), min(plan, to_plan) + max(-score, 0.0)
    return Course(_walked_back(turned, is_plan=plan <= review), is_headed)


def _walked_back(turned: Sequence[tuple[bool, bool]], *, is_plan: bool) -> list[Side]:
    found: list[Side] = []
    for review_turned, plan_turned in reversed(turned):
        found.append(Side.PLAN if is_plan else Side.REVIEW)
        is_plan = is_plan != (plan_turned if is_plan else review_turned)
    return found[::-1]


def heading_score(text: str, year: int | None) -> float:
    """Above 0: ahead; below: back; 0: the heading does not say."""
    if not cues.ANY_CUE.search(text):
        return 0.0
    looks_back = cues.PAST_HEADING.search(text) is not None
    if looks_back and cues.BOTH_HEADING.search(text):
        return 0.0
    is_sure = cues.PAST_HEADING_SURE.search(text) is not None
    looks_ahead = cues.AHEAD_HEADING.search(text) is not None and not is_sure
    if is_sure or (looks_back and not looks_ahead):
        return -HEADING_WEIGHT
    named = _named_years(text)
    if named and year is not None and not cues.TITLE.search(text):
        return HEADING_WEIGHT if max(named) >= year else -HEADING_WEIGHT
    return HEADING_WEIGHT if looks_ahead else 0.0


def sentence_score(text: str, year: int | None) -> float:
    """Words of looking ahead less words of looking back, kept within bounds."""
    score = sum(weight for words, weight in cues.AHEAD if words.search(text))
    score -= sum(weight for words, weight in cues.PAST if words.search(text))
    named = _named_years(text[:BEGINNING])
    if named and year is not None:
        score += 1.0 if max(named) >= year else -2.0
    return max(-MOST_PER_SENTENCE, min(MOST_PER_SENTENCE, score))


def _named_years(text: str) -> list[int]:
    """Years, and the last ones of five-year plans."""
    years = [int(found[1]) for found in cues.NAMED_YEAR.finditer(text)]
    return years + [cues.FIVE_YEARS_END[found[1]] for found in cues.FIVE_YEARS.finditer(text)]


HEADING_VOTES = 5
LEADING = 200


def guess_year(passages: Sequence[Passage]) -> int | None:
    """The year a report plans for, from its headings and leading words; ``None`` where nothing says it."""
    votes: Counter[int] = Counter()
    for each in passages:
        votes_each = HEADING_VOTES if each.is_heading else 1
        leading = each.text[:LEADING]
        votes.update({int(found[1]): votes_each for found in cues.PLAN_YEAR.finditer(leading)})
        votes.update({int(found[1]) + 1: votes_each for found in cues.REVIEW_YEAR.finditer(leading)})
    if votes:
        return max(votes, key=lambda year: (votes[year], year))
    title = next((found for each in passages[:6] for found in cues.ANY_YEAR.finditer(each.text[:BEGINNING])), None)
    return int(title[1]) if title else None
