"""The transition table of a submission. Who may take a step is another question (see services.permissions)."""

from __future__ import annotations

from collections.abc import Mapping

from kpi.domain.errors import IllegalTransition
from kpi.domain.values import SubmissionState, Verb

S, V = SubmissionState, Verb

TRANSITIONS: Mapping[tuple[SubmissionState, Verb], SubmissionState] = {
    (S.DRAFT, V.SAVE): S.DRAFT,
    (S.DRAFT, V.SUBMIT): S.SUBMITTED,
    (S.SUBMITTED, V.WITHDRAW): S.DRAFT,
    (S.SUBMITTED, V.SIGN_OFF): S.SIGNED_OFF,
    (S.SUBMITTED, V.RETURN): S.RETURNED,
    (S.SIGNED_OFF, V.APPROVE): S.APPROVED,
    (S.SIGNED_OFF, V.RETURN): S.RETURNED,
    (S.RETURNED, V.SAVE): S.RETURNED,
    (S.RETURNED, V.SUBMIT): S.SUBMITTED,
    (S.APPROVED, V.CORRECT): S.DRAFT,
    # A correction given up: only where an approved version is in force, which the service knows.
    (S.DRAFT, V.ABANDON): S.APPROVED,
    (S.RETURNED, V.ABANDON): S.APPROVED,
}


def next_state(state: SubmissionState, verb: Verb) -> SubmissionState:
    """The state after a step. Raises ``IllegalTransition`` where the table has none."""
    try:
        return TRANSITIONS[state, verb]
    except KeyError:
        raise IllegalTransition("illegal_transition", state=str(state), verb=str(verb)) from None


def allowed_verbs(state: SubmissionState) -> frozenset[Verb]:
    """Steps the table knows from ``state``."""
    return frozenset(verb for found, verb in TRANSITIONS if found is state)
