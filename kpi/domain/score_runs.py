"""The life of a period's scores: which step a state allows, who may see and answer, what makes them final.

The tables are tests/domain/cases/score_runs.csv and score_rights.csv. What is final never changes: a new edition takes
its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kpi.domain.errors import DomainError, IllegalTransition, NotPermitted


class ScoreState(StrEnum):
    DRAFT = "draft"
    OPINION = "opinion"
    FINAL = "final"
    SUPERSEDED = "superseded"
    DISCARDED = "discarded"


class ScoreVerb(StrEnum):
    """``SUPERSEDE`` is taken by the next edition, never by a person."""

    DRAFT = "draft"
    OPEN = "open"
    DISCARD = "discard"
    ACCEPT = "accept"
    OBJECT = "object"
    REPLY = "reply"
    CORRECT = "correct"
    ADD = "add"
    FINALISE = "finalise"
    SUPERSEDE = "supersede"


S, V = ScoreState, ScoreVerb

TRANSITIONS: Mapping[tuple[ScoreState, ScoreVerb], ScoreState] = {
    (S.DRAFT, V.CORRECT): S.DRAFT,
    (S.DRAFT, V.ADD): S.DRAFT,
    (S.DRAFT, V.OPEN): S.OPINION,
    (S.DRAFT, V.DISCARD): S.DISCARDED,
    # The month was reopened meanwhile, and drafted anew.
    (S.DRAFT, V.SUPERSEDE): S.SUPERSEDED,
    (S.OPINION, V.ACCEPT): S.OPINION,
    (S.OPINION, V.OBJECT): S.OPINION,
    (S.OPINION, V.REPLY): S.OPINION,
    (S.OPINION, V.CORRECT): S.OPINION,
    (S.OPINION, V.ADD): S.OPINION,
    (S.OPINION, V.FINALISE): S.FINAL,
    (S.OPINION, V.SUPERSEDE): S.SUPERSEDED,
    (S.FINAL, V.SUPERSEDE): S.SUPERSEDED,
}
UNDER_WAY = frozenset({S.DRAFT, S.OPINION})
ANSWERS = (V.ACCEPT, V.OBJECT)


class Answer(StrEnum):
    """How far a unit and the office have come with each other."""

    NONE = "none"
    ACCEPTED = "accepted"
    OBJECTED = "objected"
    REPLIED = "replied"


def answer_of(verbs: Iterable[str]) -> Answer:
    """From the steps about one sheet, oldest first: the unit's last word, and what the office said after it."""
    said = Answer.NONE
    for verb in verbs:
        if verb == V.ACCEPT:
            said = Answer.ACCEPTED
        elif verb == V.OBJECT:
            said = Answer.OBJECTED
        elif verb == V.REPLY and said is Answer.OBJECTED:
            said = Answer.REPLIED
    return said


class CorrectionReason(StrEnum):
    """What a correction of a line may rest on. A figure that is wrong is corrected in its report, and scored anew."""

    NOT_ATTRIBUTABLE = "not_attributable"
    COUNTED_TWICE = "counted_twice"
    RULE_MISAPPLIED = "rule_misapplied"
    CIRCUMSTANCES = "circumstances"
    CARRIED_OVER = "carried_over"


def next_state(state: ScoreState, verb: ScoreVerb) -> ScoreState:
    """The state after a step. Raises ``IllegalTransition`` ``score_moved`` where the table has none."""
    try:
        return TRANSITIONS[state, verb]
    except KeyError:
        raise IllegalTransition("score_moved", state=str(state), verb=str(verb)) from None


@dataclass(frozen=True)
class Viewer:
    """Who looks at a sheet: of the office, a city leader, of the unit it judges, and whether they speak for that unit
    (its head, whoever signs for the head, the leader whose post it is)."""

    is_office: bool
    is_leader: bool
    is_of_unit: bool
    speaks: bool

    def may_see(self, *, was_opened: bool) -> bool:
        """A draft is the office's alone; then the unit's own people and the city's leaders see the sheet."""
        return self.is_office or (was_opened and (self.is_leader or self.is_of_unit))


def check_answer(viewer: Viewer, *, now: datetime, until: datetime) -> None:
    """Raises ``NotPermitted`` ``score_not_yours``, or ``DomainError`` ``score_answer_late`` after the window."""
    if not viewer.speaks:
        raise NotPermitted("score_not_yours")
    if now > until:
        raise DomainError("score_answer_late")


def check_final(*, is_preparer: bool, is_over: bool, waiting: int, unanswered: int) -> None:
    """Whoever prepared the scores does not make them final; nor does anybody while units may still answer
    (``waiting`` of them, unless the window ``is_over``) or an objection is ``unanswered``.

    Raises ``NotPermitted`` ``score_takes_two``, ``DomainError`` ``score_objection_open`` or ``score_window_open``.
    """
    if is_preparer:
        raise NotPermitted("score_takes_two")
    if unanswered:
        raise DomainError("score_objection_open", count=unanswered)
    if waiting and not is_over:
        raise DomainError("score_window_open", count=waiting)
