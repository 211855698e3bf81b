"""The life of a leader's directive (批示督办): which step a state allows, who takes it, and when an answer is due.

The tables are tests/domain/cases/directives.csv, directives_rights.csv and directives_due.csv. A directive has its own
clock and never changes a lamp or a score.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from enum import StrEnum

from kpi.domain.calendar import WorkCalendar
from kpi.domain.errors import DomainError, IllegalTransition

# Leaders' notes are answered within 5 to 15 days in most cities; seven workdays is this city's default.
ANSWER_WORKDAYS = 7
REDO_WORKDAYS = 3
LONGEST = timedelta(days=366)


class DirectiveKind(StrEnum):
    INSTRUCT = "instruct"
    EXPLAIN = "explain"


class DirectiveState(StrEnum):
    ISSUED = "issued"
    RECEIVED = "received"
    IN_HAND = "in_hand"
    REPLIED = "replied"
    IN_REVIEW = "in_review"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class DirectiveVerb(StrEnum):
    """Every entry of a thread is one of these steps."""

    ISSUE = "issue"
    CORRECT = "correct"
    WITHDRAW = "withdraw"
    RECEIVE = "receive"
    TAKE_IN_HAND = "take_in_hand"
    REPLY = "reply"
    BEGIN_REVIEW = "begin_review"
    SEND_BACK = "send_back"
    CLOSE = "close"
    CLARIFY = "clarify"
    ASK_EXTENSION = "ask_extension"
    GRANT_EXTENSION = "grant_extension"
    REFUSE_EXTENSION = "refuse_extension"


class Party(StrEnum):
    """What a person is to a directive; one person may be several."""

    ISSUER = "issuer"
    OFFICE = "office"
    UNIT = "unit"
    COPIED = "copied"


S, V, P = DirectiveState, DirectiveVerb, Party

TRANSITIONS: Mapping[tuple[DirectiveState, DirectiveVerb], DirectiveState] = {
    (S.ISSUED, V.CORRECT): S.ISSUED,
    (S.ISSUED, V.WITHDRAW): S.WITHDRAWN,
    (S.ISSUED, V.RECEIVE): S.RECEIVED,
    (S.RECEIVED, V.TAKE_IN_HAND): S.IN_HAND,
    # What can be answered at once need not be taken in hand first.
    (S.RECEIVED, V.REPLY): S.REPLIED,
    (S.IN_HAND, V.REPLY): S.REPLIED,
    (S.REPLIED, V.BEGIN_REVIEW): S.IN_REVIEW,
    (S.REPLIED, V.SEND_BACK): S.IN_HAND,
    (S.REPLIED, V.CLOSE): S.CLOSED,
    (S.IN_REVIEW, V.SEND_BACK): S.IN_HAND,
    (S.IN_REVIEW, V.CLOSE): S.CLOSED,
    # After receipt the leader's words stand; what is added is a new entry and moves nothing.
    **{(state, V.CLARIFY): state for state in (S.RECEIVED, S.IN_HAND, S.REPLIED, S.IN_REVIEW)},
    **{
        (state, verb): state
        for state in (S.RECEIVED, S.IN_HAND)
        for verb in (V.ASK_EXTENSION, V.GRANT_EXTENSION, V.REFUSE_EXTENSION)
    },
}

RIGHTS: Mapping[DirectiveVerb, frozenset[Party]] = {
    V.ISSUE: frozenset({P.ISSUER, P.OFFICE}),
    V.CORRECT: frozenset({P.ISSUER}),
    V.WITHDRAW: frozenset({P.ISSUER}),
    V.CLARIFY: frozenset({P.ISSUER}),
    V.RECEIVE: frozenset({P.UNIT}),
    V.TAKE_IN_HAND: frozenset({P.UNIT}),
    V.REPLY: frozenset({P.UNIT}),
    V.ASK_EXTENSION: frozenset({P.UNIT}),
    V.BEGIN_REVIEW: frozenset({P.OFFICE, P.ISSUER}),
    V.SEND_BACK: frozenset({P.OFFICE, P.ISSUER}),
    V.CLOSE: frozenset({P.OFFICE, P.ISSUER}),
    V.GRANT_EXTENSION: frozenset({P.OFFICE, P.ISSUER}),
    V.REFUSE_EXTENSION: frozenset({P.OFFICE, P.ISSUER}),
}

# The track of a directive, in order; a withdrawn one left it at the first node.
NODES = (S.ISSUED, S.RECEIVED, S.IN_HAND, S.REPLIED, S.IN_REVIEW, S.CLOSED)
OPEN = frozenset(NODES) - {S.CLOSED}
# It is the unit's turn: only here a due day can pass.
OWED = frozenset({S.ISSUED, S.RECEIVED, S.IN_HAND})


def next_state(state: DirectiveState, verb: DirectiveVerb) -> DirectiveState:
    """The state after a step. Raises ``IllegalTransition`` ``directive_moved`` where the table has none."""
    try:
        return TRANSITIONS[state, verb]
    except KeyError:
        raise IllegalTransition("directive_moved", state=str(state), verb=str(verb)) from None


def may(parties: Collection[Party], verb: DirectiveVerb) -> bool:
    """Whether somebody who is ``parties`` to a directive may take a step, whatever its state."""
    return bool(RIGHTS[verb] & set(parties))


def verbs_for(state: DirectiveState, parties: Collection[Party]) -> frozenset[DirectiveVerb]:
    """The steps of ``state`` that are open to somebody who is ``parties`` to the directive."""
    return frozenset(verb for found, verb in TRANSITIONS if found is state and may(parties, verb))


def nodes_reached(state: DirectiveState) -> int:
    """How many nodes of the track are behind or under it, 1 to 6."""
    return NODES.index(state) + 1 if state in NODES else 1


def due_by_default(today: date, calendar: WorkCalendar) -> date:
    """The day a directive of ``today`` is to be answered by, that day included."""
    return calendar.add_workdays(today, ANSWER_WORKDAYS)


def check_due(due_on: date, today: date) -> date:
    """A day chosen by hand; any weekday will do. Raises ``due_in_past`` or ``due_too_far``."""
    if due_on < today:
        raise DomainError("due_in_past")
    if due_on > today + LONGEST:
        raise DomainError("due_too_far")
    return due_on


def due_after_grant(due_on: date, *, asked_on: date, until: date) -> date:
    """The due day once more time is granted: moved only where it was asked for on the due day or before.

    Asked for later it stays: consent does not undo that the day was missed. Raises ``until_not_later``.
    """
    if until <= due_on:
        raise DomainError("until_not_later")
    return until if asked_on <= due_on else due_on


def due_after_sending_back(due_on: date, redo_on: date) -> date:
    """A reply that is sent back has until ``redo_on``, or what was left of its time if that is more."""
    return max(due_on, redo_on)


def days_overdue(state: DirectiveState, due_on: date, today: date) -> int:
    """Calendar days since the due day while the unit owes an answer; 0 on the day itself and wherever it owes none."""
    return max((today - due_on).days, 0) if state in OWED else 0
