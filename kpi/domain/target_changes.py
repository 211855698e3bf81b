"""The life of a change of target (目标调整): which step a state allows and who takes it, whether it was asked for in
time, and from which month it holds.

The tables are tests/domain/cases/target_changes.csv and target_change_window.csv. What becomes of the plan is said in
``kpi.domain.replanning``. A change never touches a locked month; what held before is kept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from kpi.domain.errors import DomainError, IllegalTransition
from kpi.domain.periods import Period

MONTH_AND_DAY = re.compile(r"(\d{2})-(\d{2})", re.ASCII)
# A year that has every day there is.
LEAP_YEAR = 2024


class ChangeState(StrEnum):
    ASKED = "asked"
    SIGNED = "signed"
    AGREED = "agreed"
    RETURNED = "returned"
    APPLIED = "applied"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ChangeVerb(StrEnum):
    """Every entry of a case is one of these steps."""

    ASK = "ask"
    SIGN = "sign"
    AGREE = "agree"
    APPLY = "apply"
    SEND_BACK = "send_back"
    REPAIR = "repair"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class ChangeParty(StrEnum):
    """What a person is to a case; one person may be several. The leader is whoever holds the post in charge."""

    UNIT = "unit"
    HEAD = "head"
    LEADER = "leader"
    OFFICE = "office"


class ChangeReason(StrEnum):
    EXTERNAL = "external"
    POLICY = "policy"
    BASELINE = "baseline"
    DEFINITION = "definition"
    DISASTER = "disaster"
    PROCEDURE = "procedure"
    OTHER = "other"


S, V, P = ChangeState, ChangeVerb, ChangeParty


class Step(NamedTuple):
    """Where a step leads, and who may take it."""

    state: ChangeState
    party: ChangeParty


# The chain in order: each state that waits for somebody, with the step that carries it on.
CHAIN: Mapping[ChangeState, tuple[ChangeVerb, Step]] = {
    S.ASKED: (V.SIGN, Step(S.SIGNED, P.HEAD)),
    S.SIGNED: (V.AGREE, Step(S.AGREED, P.LEADER)),
    S.AGREED: (V.APPLY, Step(S.APPLIED, P.OFFICE)),
}
TRANSITIONS: Mapping[tuple[ChangeState, ChangeVerb], Step] = {
    **{(state, verb): step for state, (verb, step) in CHAIN.items()},
    **{(state, V.SEND_BACK): Step(S.RETURNED, step.party) for state, (_verb, step) in CHAIN.items()},
    # A head who does not sign sends it back; refusing is the business of those who decide.
    (S.SIGNED, V.REFUSE): Step(S.REFUSED, P.LEADER),
    (S.AGREED, V.REFUSE): Step(S.REFUSED, P.OFFICE),
    (S.RETURNED, V.REPAIR): Step(S.ASKED, P.UNIT),
    **{(state, V.WITHDRAW): Step(S.WITHDRAWN, P.UNIT) for state in (*CHAIN, S.RETURNED)},
}
WAITS_FOR: Mapping[ChangeState, ChangeParty] = {
    **{state: step.party for state, (_verb, step) in CHAIN.items()},
    S.RETURNED: P.UNIT,
}
OPEN = frozenset(WAITS_FOR)


def next_state(state: ChangeState, verb: ChangeVerb) -> ChangeState:
    """The state after a step. Raises ``IllegalTransition`` ``target_change_moved`` where the table has none."""
    try:
        return TRANSITIONS[state, verb].state
    except KeyError:
        raise IllegalTransition("target_change_moved", state=str(state), verb=str(verb)) from None


def may(parties: Collection[ChangeParty], state: ChangeState, verb: ChangeVerb) -> bool:
    """Whether somebody who is ``parties`` to a case may take a step in ``state``.

    In a state that does not allow the step, whether they may take it in any: so that the wrong moment is told from the
    wrong person.
    """
    steps = [step for (found, name), step in TRANSITIONS.items() if name is verb]
    here = TRANSITIONS.get((state, verb))
    return any(step.party in parties for step in ([here] if here else steps))


def verbs_for(state: ChangeState, parties: Collection[ChangeParty]) -> frozenset[ChangeVerb]:
    """The steps of ``state`` that are open to somebody who is ``parties`` to the case."""
    return frozenset(verb for (found, verb), step in TRANSITIONS.items() if found is state and step.party in parties)


# When it was asked for


class Timing(StrEnum):
    """``AFTER_WINDOW`` and ``AFTER_DUE`` are overdue: it may still be asked for, and counts as missed."""

    IN_TIME = "in_time"
    AFTER_WINDOW = "after_window"
    AFTER_DUE = "after_due"


@dataclass(frozen=True)
class AskingWindow:
    """The days of the year on which a change is asked for in time, both included; ``(month, day)``.

    Source of the default, 1 January to 31 October: a city forestry bureau's rule that changes be reported before the
    end of October (成都林业局, domain.md §3.4).
    """

    opens: tuple[int, int] = (1, 1)
    closes: tuple[int, int] = (10, 31)

    @classmethod
    def parse(cls, opens: str, closes: str) -> AskingWindow:
        """From ``01-01`` and ``10-31``. Raises ``day_of_year_malformed`` or ``window_ends_before_it_begins``."""
        window = cls(_month_and_day("opens_on", opens), _month_and_day("closes_on", closes))
        if window.closes < window.opens:
            raise DomainError("window_ends_before_it_begins", field="closes_on")
        return window

    def in_year(self, year: int) -> tuple[date, date]:
        """Its first and last day in a year; 29 February is the 28th where there is none."""
        return Period(year, self.opens[0]).day(self.opens[1]), Period(year, self.closes[0]).day(self.closes[1])


def _month_and_day(name: str, text: str) -> tuple[int, int]:
    found = MONTH_AND_DAY.fullmatch(text)
    try:
        day = date(LEAP_YEAR, int(found[1]), int(found[2])) if found else None
    except ValueError:
        day = None
    if day is None:
        raise DomainError("day_of_year_malformed", field=name, value=text)
    return day.month, day.day


def timing(asked_on: date, *, window: AskingWindow, year: int, final_due_on: date) -> Timing:
    """Whether a change of the year's target is asked for in time. Raises ``target_change_too_early`` before the window.

    Source: what is asked for after the deadline counts as overdue (domain.md §2.3).
    """
    opens, closes = window.in_year(year)
    if asked_on < opens:
        raise DomainError("target_change_too_early", opens=opens.isoformat())
    if asked_on > final_due_on:
        return Timing.AFTER_DUE
    return Timing.AFTER_WINDOW if asked_on > closes else Timing.IN_TIME


def applies_from(
    asked_on: date, *, year: int, locked_until: Period | None = None, last_change: Period | None = None
) -> Period:
    """The first month the new plan holds in: the one it was asked for in, after everything that is locked, and not the
    month the change before it begins with. Raises ``target_change_no_month_left``.
    """
    after = [found.next() for found in (locked_until, last_change) if found is not None]
    first = max([Period.of(asked_on), *after])
    if first.year > year:
        raise DomainError("target_change_no_month_left", year=year)
    return first
