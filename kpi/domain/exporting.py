"""The life of an export: which step a state allows. The table is tests/domain/cases/exports.csv.

An export is a file made later, by a worker; the row is the truth and the worker may die at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from kpi.domain.errors import IllegalTransition

# A worker that died takes no note with it: whatever kills three workers in a row is not tried a fourth time.
MOST_ATTEMPTS = 3


class ExportKind(StrEnum):
    LEDGER = "ledger"
    HEAT_MAP = "heat_map"
    UNITS = "units"
    DETAIL = "detail"
    SCORES = "scores"
    CHANGES = "changes"


class ExportState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class ExportVerb(StrEnum):
    CLAIM = "claim"
    FINISH = "finish"
    FAIL = "fail"
    PUT_BACK = "put_back"
    CANCEL = "cancel"
    RETRY = "retry"
    EXPIRE = "expire"


S, V = ExportState, ExportVerb

TRANSITIONS: Mapping[tuple[ExportState, ExportVerb], ExportState] = {
    (S.QUEUED, V.CLAIM): S.RUNNING,
    # The lease of whoever had it ran out.
    (S.RUNNING, V.CLAIM): S.RUNNING,
    (S.RUNNING, V.FINISH): S.DONE,
    (S.QUEUED, V.FAIL): S.FAILED,
    (S.RUNNING, V.FAIL): S.FAILED,
    (S.RUNNING, V.PUT_BACK): S.QUEUED,
    (S.QUEUED, V.CANCEL): S.CANCELLED,
    (S.RUNNING, V.CANCEL): S.CANCELLED,
    (S.FAILED, V.RETRY): S.QUEUED,
    (S.CANCELLED, V.RETRY): S.QUEUED,
    (S.EXPIRED, V.RETRY): S.QUEUED,
    (S.DONE, V.EXPIRE): S.EXPIRED,
}
UNFINISHED = (S.QUEUED, S.RUNNING)


def next_state(state: ExportState, verb: ExportVerb) -> ExportState:
    """The state after a step; raises ``IllegalTransition`` ``export_moved`` for one the state does not allow."""
    found = TRANSITIONS.get((state, verb))
    if found is None:
        raise IllegalTransition("export_moved", state=str(state), verb=str(verb))
    return found


def may(state: ExportState, verb: ExportVerb) -> bool:
    """Whether the state allows the step."""
    return (state, verb) in TRANSITIONS
