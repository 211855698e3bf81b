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


# A heading that names its side outweighs whatever its chapter's sentences seem to say; others only lean.
SURE, LEANING = 60.0, 4.0
MOST_PER_SENTENCE = 4.0
# To turn from looking back to looking ahead is the way of every report; back again is rare. Where headings name the
# sides, the sentences between them hardly turn by themselves; inside a paragraph they turn less than at its beginning.
TURN_AHEAD, TURN_BACK, TURN_UNDER_HEADINGS, TURN_INSIDE = 2.0, 9.0, 12.0, 3.0


def course(passages: Sequence[Passage], year: int | None) -> Course:
    """The side of each passage. ``year`` is the one the report plans for, where it is known."""
    scores = [
        heading_score(each.text, year) if each.is_heading else sentence_score(each.text, year) for each in passages
    ]
    is_headed = any(abs(score) == SURE for score in scores)
    # Lowest cost so far of standing in each state, and whether the best way there turned.
    review, plan = 0.0, TURN_AHEAD if is_headed else 0.0
    turned: list[tuple[bool, bool]] = []
    for score, passage in zip(scores, passages, strict=True):
        extra = TURN_UNDER_HEADINGS * (is_headed and not passage.is_heading) + TURN_INSIDE * passage.is_inside
        to_review, to_plan = plan + TURN_BACK + extra, review + TURN_AHEAD + extra
        # Of two equally good places the later one: rather too little of the plan than something of the review.
        turned.append((to_review < review, to_plan <= plan))
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
    looks_back, looks_ahead = cues.BACK_SURE.search(text), cues.AHEAD_SURE.search(text)
    if looks_back or looks_ahead:
        return 0.0 if looks_back and cues.BOTH.search(text) else SURE if not looks_back else -SURE
    is_section = cues.SECTION.match(text) is not None
    named = _years(text) if is_section else _years(text) + _plan_ends(text)
    if named and year is not None and not cues.TITLE.search(text):
        return SURE if max(named) >= year else -SURE
    back, ahead = cues.BACK_CHAPTER.search(text), cues.AHEAD_CHAPTER.search(text)
    if (back or ahead) and not (back and ahead) and not is_section:
        return SURE if ahead else -SURE
    leaning = (cues.AHEAD_LEANING.search(text) is not None) - (cues.BACK_LEANING.search(text) is not None)
    return 0.0 if is_section else leaning * LEANING


def sentence_score(text: str, year: int | None) -> float:
    """Words of looking ahead less words of looking back, kept within bounds. A year that leads says it alone."""
    leading = cues.LEADING_YEAR.match(text)
    if leading and year is not None:
        return MOST_PER_SENTENCE if int(leading[1]) >= year else -MOST_PER_SENTENCE
    score = sum(weight for words, weight in cues.AHEAD if words.search(text))
    score -= sum(weight for words, weight in cues.PAST if words.search(text))
    named = _years(text[:BEGINNING]) + _plan_ends(text[:BEGINNING])
    if named and year is not None:
        score += 1.0 if max(named) >= year else -2.0
    return max(-MOST_PER_SENTENCE, min(MOST_PER_SENTENCE, score))


# Years are named at the beginning of what they are about.
BEGINNING = 40


def _years(text: str) -> list[int]:
    return [int(found[1]) for found in cues.NAMED_YEAR.finditer(text)]


def _plan_ends(text: str) -> list[int]:
    """The last years of five-year plans."""
    return [cues.FIVE_YEARS_END[found[1]] for found in cues.FIVE_YEARS.finditer(text)]


def side_year(passages: Sequence[Passage], year: int | None) -> int | None:
    """The year that parts what was from what shall be: the given one, unless the text clearly speaks of another.

    Given and found one year apart, the given one is believed; further apart, the text: all of it would seem to lie in
    the past.
    """
    found = guess_year(passages)
    is_other = found is not None and (year is None or abs(found - year) > 1)
    return found if is_other else year


IN_HEADING, IN_TITLE, IN_TEXT = 5, 3, 1
# A session this late in the year plans the next one.
LATE_MONTH = 11


def guess_year(passages: Sequence[Passage]) -> int | None:
    """The year a report plans for, from its headings and the beginnings of its sentences; ``None`` if none says it."""
    votes: Counter[int] = Counter()
    leading: set[int] = set()
    for each in passages:
        votes.update(_votes(each))
        found = cues.LEADING_YEAR.match(each.text)
        leading |= {int(found[1])} if found else set(_years(each.text)) if each.is_heading else set()
    # Of two years in a row that begin sentences the later one is planned for.
    votes.update({year: IN_TITLE for year in leading if year - 1 in leading})
    return max(votes, key=lambda year: (votes[year], year), default=None)


def _votes(passage: Passage) -> dict[int, int]:
    text = passage.text[:LEADING]
    if not passage.is_heading:
        return {int(found[1]): IN_TEXT for found in cues.PLAN_YEAR.finditer(text)}
    day = cues.DAY.search(text)
    if day:
        return {int(day[1]) + (int(day[2]) >= LATE_MONTH): IN_TITLE}
    named = _years(text)
    if cues.TITLE.search(text) or "上半年" in text or len(set(named)) != 1:
        return {max(named): IN_TITLE} if named else {}
    looks_back = heading_score(text, None) < 0
    return {named[0] + looks_back: IN_HEADING}


# What a long sentence is about stands in front.
LEADING = 200
