"""What an act on a whole period would do, spelled out before anybody does it. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.utils.timezone import localtime

from kpi.domain.values import Rag, SubmissionState
from kpi.domain.window import Phase
from kpi.models import Extension, Follow, Period, Submission
from kpi.selectors import periods as period_selector
from kpi.selectors import scoreboard
from kpi.selectors.chasing import Owing, answering_by_unit, owing
from kpi.selectors.scoreboard import FILED, Scoreboard


class DeskAct(StrEnum):
    """What the office does to a whole period; unlocking takes two persons and has a page of its own."""

    OPEN = "open"
    EXTEND = "extend"
    CLOSE = "close"
    LOCK = "lock"
    UNDO = "undo"


# The phases in which each makes sense; undoing depends on what was done.
PHASES = {
    DeskAct.OPEN: (Phase.NOT_OPEN,),
    DeskAct.EXTEND: (Phase.OPEN, Phase.GRACE, Phase.REVIEW),
    DeskAct.CLOSE: (Phase.OPEN, Phase.GRACE),
    DeskAct.LOCK: (Phase.OPEN, Phase.GRACE, Phase.REVIEW),
}


def acts_in(phase: Phase) -> list[DeskAct]:
    """What may be done to a period in a phase, in the order of the page."""
    return [act for act, phases in PHASES.items() if phase in phases]


@dataclass(frozen=True)
class Effect:
    """The period as an act finds it.

    ``owing`` are units with reports to file. ``missing`` of these were never filed, and ``begun`` of them have a draft,
    which nobody can submit any more once the door is shut; the others came back (``returned``): they were filed once,
    and can be filed again until the lock. ``waiting`` counts reports that were filed and not approved, by state.
    ``corrected`` ones are approved and being corrected: what was approved counts. ``running`` are units with time of
    their own. ``changed`` is how many lamps differ from last month's, ``followers`` how many people hear of that (asked
    where the month is locked); ``told`` how many of the owing units hear of it (asked where its window is moved).
    """

    board: Scoreboard
    owing: Sequence[Owing]
    begun: int
    corrected: int
    running: Sequence[Extension]
    asked: int
    told: int
    followers: int
    waiting: Counter[str] = field(default_factory=Counter)

    @property
    def period(self) -> Period:
        return self.board.period

    @property
    def missing(self) -> int:
        return len(_missing(self.owing))

    @property
    def returned(self) -> int:
        return sum(len(unit.rows) for unit in self.owing) - self.missing

    @property
    def for_signature(self) -> int:
        return self.waiting[SubmissionState.SUBMITTED]

    @property
    def for_review(self) -> int:
        return self.waiting[SubmissionState.SIGNED_OFF]

    @property
    def changed(self) -> int:
        return sum(row.has_changed for row in self.board.rows)

    @property
    def earlier_open(self) -> Period | None:
        """A month before that has to be locked first."""
        before = (period for period in self.board.periods if period.code < self.period.code)
        return next((period for period in before if period.locked_at is None), None)

    @property
    def lamps(self) -> list[tuple[Rag, int]]:
        return [(rag, self.board.counts[rag]) for rag in Rag if self.board.counts[rag]]


def effect_on(period: Period, act: DeskAct, now: datetime) -> Effect:
    """What an act would find still open in the period at ``now`` (10 or 11 queries)."""
    is_lock = act is DeskAct.LOCK
    board = scoreboard.build(year=period.report.year, now=now, period_code=period.code)
    units = owing(board)
    states = _states(period)
    missing = _missing(units)
    extensions = list(Extension.objects.filter(period=period).select_related("department").order_by("until"))
    return Effect(
        board=board,
        owing=units,
        begun=sum(pk in missing for pk in states),
        corrected=sum(was_approved and state != SubmissionState.APPROVED for state, was_approved in states.values()),
        running=[each for each in extensions if each.until is not None and each.until > now],
        asked=sum(each.decided_at is None for each in extensions),
        told=0 if is_lock else _told(units, now),
        followers=_followers(board) if is_lock else 0,
        waiting=Counter(state for state, was_approved in states.values() if not was_approved),
    )


def _missing(units: Sequence[Owing]) -> set[int]:
    """Ids of the indicators whose report was never filed."""
    return {row.indicator.pk for unit in units for row in unit.rows if row.current.timeliness not in FILED}


def _states(period: Period) -> dict[int, tuple[str, bool]]:
    """State of each report, and whether it was ever approved, by indicator id."""
    rows = Submission.objects.filter(period=period, indicator__is_active=True)
    return {
        pk: (state, approved_at is not None)
        for pk, state, approved_at in rows.values_list("indicator_id", "state", "approved_at")
    }


def _told(units: Sequence[Owing], now: datetime) -> int:
    people = answering_by_unit([unit.department for unit in units], localtime(now).date())
    return len({found.user.pk for answering in people.values() for found in answering})


def _followers(board: Scoreboard) -> int:
    changed = [row.indicator.pk for row in board.rows if row.has_changed]
    found = Follow.objects.filter(indicator__in=changed, user__is_active=True)
    return found.values("user").distinct().count()


def phase_of(period: Period, now: datetime) -> Phase:
    return period_selector.window(period).phase(now)
