"""Taking a report apart (拆解): which decision a proposed phrase allows, how phrases are cut and joined, what is open.

The table of decisions is tests/domain/cases/decomposition.csv. A span is a place ``(start, end)`` of the text. Spans
never cross: two are apart, or the very same place that says several numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kpi.domain.errors import DomainError, IllegalTransition

Span = tuple[int, int]
# What a phrase may measure, as of any commitment.
SHORTEST, LONGEST = 2, 300
# What parts one phrase from the next, and so stands outside both.
BETWEEN = " \t\r\n　，、；。：！？,;"
PLACE_TO_CUT = re.compile(r"[，、；：。,;]|(?<=.)(?=[和与及])")


class SpanState(StrEnum):
    """What was decided of a phrase; ``GONE`` is where an own phrase ends that was taken back."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    CONTEXT = "context"
    GONE = "gone"


class SpanVerb(StrEnum):
    ACCEPT = "accept"
    CORRECT = "correct"
    SET_ASIDE = "set_aside"
    REOPEN = "reopen"
    SPLIT = "split"
    MERGE = "merge"
    DROP = "drop"


class Origin(StrEnum):
    """Who found a phrase: the rules, a person, or a person who cut or joined what the rules found."""

    MACHINE = "machine"
    OWN = "own"
    RESHAPED = "reshaped"


S, V = SpanState, SpanVerb

TRANSITIONS: Mapping[tuple[SpanState, SpanVerb], SpanState] = {
    (S.PROPOSED, V.ACCEPT): S.ACCEPTED,
    # To correct is to have looked: what was corrected is wanted.
    (S.PROPOSED, V.CORRECT): S.ACCEPTED,
    (S.PROPOSED, V.SET_ASIDE): S.CONTEXT,
    (S.PROPOSED, V.SPLIT): S.PROPOSED,
    (S.PROPOSED, V.MERGE): S.PROPOSED,
    (S.PROPOSED, V.DROP): S.GONE,
    # What was accepted has details that a cut would lose: it is reopened first.
    (S.ACCEPTED, V.CORRECT): S.ACCEPTED,
    (S.ACCEPTED, V.SET_ASIDE): S.CONTEXT,
    (S.ACCEPTED, V.REOPEN): S.PROPOSED,
    (S.ACCEPTED, V.DROP): S.GONE,
    (S.CONTEXT, V.ACCEPT): S.ACCEPTED,
    (S.CONTEXT, V.REOPEN): S.PROPOSED,
    (S.CONTEXT, V.DROP): S.GONE,
}


def next_state(state: SpanState, verb: SpanVerb, origin: Origin) -> SpanState:
    """The state after a decision. Raises ``IllegalTransition`` ``span_moved`` where the table has none.

    Only an own phrase is dropped: a sentence that the rules found would otherwise vanish from what is open.
    """
    to = TRANSITIONS.get((state, verb))
    if to is None or (verb is V.DROP and origin is not Origin.OWN):
        raise IllegalTransition("span_moved", state=str(state), verb=str(verb))
    return to


def verbs_for(state: SpanState, origin: Origin) -> frozenset[SpanVerb]:
    """The decisions that are open to a phrase."""
    return frozenset(
        verb for found, verb in TRANSITIONS if found is state and (verb is not V.DROP or origin is Origin.OWN)
    )


class Sureness(StrEnum):
    """How far a proposal may be trusted unread."""

    SURE = "sure"
    FAIR = "fair"
    CHECK = "check"


# The confidence of docs/rules/extraction.md: a written number is 0.88 and more, a way of working without one 0.5.
SURE_FROM, FAIR_FROM = 0.85, 0.6


def sureness(confidence: float, *, is_range: bool) -> Sureness:
    """A range is never sure: whether its near or its far end is the target is for a person to say."""
    if is_range or confidence < FAIR_FROM:
        return Sureness.CHECK
    return Sureness.SURE if confidence >= SURE_FROM else Sureness.FAIR


def trimmed(text: str, start: int, end: int) -> Span:
    """The place without the marks and blanks at its ends."""
    while start < end and text[start] in BETWEEN:
        start += 1
    while end > start and text[end - 1] in BETWEEN:
        end -= 1
    return start, end


def places_to_cut(text: str, span: Span) -> list[int]:
    """Where a phrase may be cut in two, both long enough; places of the text, in order."""
    start, end = span
    found = (start + (mark.end() or mark.start()) for mark in PLACE_TO_CUT.finditer(text[start:end]))
    return sorted({at for at in found if start < at < end and _are_long_enough(_parts(text, span, at))})


def cut(text: str, span: Span, at: int) -> tuple[Span, Span]:
    """The two parts of a phrase cut before ``at``, without the marks between them. Raises ``split_place``."""
    parts = _parts(text, span, at) if span[0] < at < span[1] else ()
    if not parts or not _are_long_enough(parts):
        raise DomainError("split_place", field="at")
    return parts


def _parts(text: str, span: Span, at: int) -> tuple[Span, Span]:
    return trimmed(text, span[0], at), trimmed(text, at, span[1])


def _are_long_enough(parts: Iterable[Span]) -> bool:
    return all(end - start >= SHORTEST for start, end in parts)


def joined(first: Span, second: Span) -> Span:
    """The phrase from the beginning of the one to the end of the other. Raises ``merge_too_long``."""
    start, end = min(first[0], second[0]), max(first[1], second[1])
    if end - start > LONGEST:
        raise DomainError("merge_too_long", limit=LONGEST)
    return start, end


def neighbour(spans: Iterable[Span], span: Span, *, step: int) -> Span | None:
    """The place before (``step`` -1) or behind (1) a span among ``spans``; ``None`` at the end."""
    order = sorted({*spans, span})
    at = order.index(span) + step
    return order[at] if 0 <= at < len(order) else None


def do_cross(one: Span, other: Span) -> bool:
    """Whether two places share text without being the same."""
    return one != other and one[0] < other[1] and other[0] < one[1]


def apart(spans: Sequence[Span], taken: Iterable[Span] = ()) -> Iterator[int]:
    """Indices of the spans to keep, in order: those that cross neither what is taken nor one kept before."""
    held = [*taken]
    fixed = len(held)
    for index, span in enumerate(spans):
        if any(do_cross(span, other) for other in held) or span in held[:fixed]:
            continue
        held.append(span)
        yield index


class Standing(StrEnum):
    """What has become of a sentence of the plan."""

    BUILT = "built"
    CONTEXT = "context"
    OPEN = "open"


@dataclass(frozen=True)
class Coverage:
    """Sentences of the plan part with their standing, in order."""

    sentences: Sequence[tuple[Span, Standing]]

    def count(self, standing: Standing) -> int:
        return sum(each is standing for _span, each in self.sentences)

    @property
    def open_ones(self) -> list[Span]:
        return [span for span, standing in self.sentences if standing is Standing.OPEN]


def coverage(sentences: Iterable[Span], decided: Sequence[tuple[Span, SpanState]]) -> Coverage:
    """A sentence is built once one of its phrases becomes a task, context once all of them are; else it is open."""
    return Coverage(
        [(span, _standing([state for place, state in decided if _meet(place, span)])) for span in sentences]
    )


def _meet(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _standing(states: Sequence[SpanState]) -> Standing:
    if S.ACCEPTED in states:
        return Standing.BUILT
    return Standing.CONTEXT if states and set(states) == {S.CONTEXT} else Standing.OPEN
