"""What waits for whom: reports to file, to sign, to review. Each list costs one scoreboard (7 queries)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from accounts.permissions import Actor
from kpi.domain.directives import OWED
from kpi.domain.values import Rag, SubmissionState, Timeliness
from kpi.models import Directive, Indicator, Period
from kpi.models.querysets import IndicatorQuerySet
from kpi.selectors import directives, scoreboard
from kpi.selectors.directives import Standing
from kpi.selectors.scoreboard import SEVERITY, MonthLamp, Row, Scoreboard

# Worst first: what came back, what nobody began, what is begun, what is on its way, what is finished.
ORDER = ("returned", "unfiled", "draft", "submitted", "approved")
GROUP_OF = {
    SubmissionState.RETURNED: "returned",
    SubmissionState.DRAFT: "draft",
    SubmissionState.SUBMITTED: "submitted",
    SubmissionState.SIGNED_OFF: "submitted",
    SubmissionState.APPROVED: "approved",
}


@dataclass(frozen=True)
class Task:
    """One report for one month."""

    row: Row
    month: MonthLamp

    @property
    def indicator(self) -> Indicator:
        return self.row.indicator

    @property
    def period(self) -> Period:
        return self.month.period

    @property
    def last(self) -> MonthLamp | None:
        """The month before, for “last time”."""
        position = self.row.months.index(self.month)
        return self.row.months[position - 1] if position else None

    @property
    def due_at(self) -> datetime:
        """When it is due for its department, extensions included."""
        return self.month.window.due_for_unit if self.month.window else self.period.due_at

    @property
    def is_missing(self) -> bool:
        """Whether the grace is over and nobody filed it: it can only be asked for."""
        return self.month.timeliness is Timeliness.MISSING

    @property
    def group(self) -> str:
        return GROUP_OF[SubmissionState(self.month.submission.state)] if self.month.submission else "unfiled"

    def run_with(self, rag: Rag) -> int:
        """How many months in a row would have this lamp, the task's own included."""
        return run_with(self.row, self.month, rag)


@dataclass(frozen=True)
class Worklist:
    """The reports a department owes, in groups that are never empty when named."""

    board: Scoreboard
    groups: dict[str, list[Task]]
    directives: Sequence[Standing] = ()

    @property
    def open_count(self) -> int:
        return sum(len(self.groups.get(name, ())) for name in ("returned", "unfiled", "draft"))

    def neighbours(self, code: str, period: str) -> tuple[Task | None, Task | None, int, int]:
        """The tasks before and after one, its place from 1, and how many there are; place 0 when it is not listed."""
        tasks = [task for name in ORDER for task in self.groups.get(name, ())]
        places = [n for n, task in enumerate(tasks) if (task.indicator.code, task.period.code) == (code, period)]
        if not places:
            return None, None, 0, len(tasks)
        place = places[0]
        after = tasks[place + 1] if place + 1 < len(tasks) else None
        return (tasks[place - 1] if place else None), after, place + 1, len(tasks)


def run_with(row: Row, month: MonthLamp, rag: Rag) -> int:
    """How many months in a row have ``rag`` if ``month`` gets it."""
    length = 1
    for earlier in reversed(row.months[: row.months.index(month)]):
        if earlier.rag is not rag:
            break
        length += 1
    return length


def todo(*, actor: Actor, year: int, now: datetime) -> Worklist:
    """Everything the actor's departments owe for periods that are open, and the directives they owe an answer to."""
    board = scoreboard.build(year=year, now=now, actor=actor, indicators=_concerning(year, actor, now))
    tasks = [task for task in _open_tasks(board, now) if task.indicator.lead_department_id in actor.department_ids]
    groups: dict[str, list[Task]] = {}
    for task in sorted(tasks, key=_urgency):
        groups.setdefault(task.group, []).append(task)
    owed = directives.owed_by(actor, (row.indicator for row in board.rows), now)
    return Worklist(board, {name: groups[name] for name in ORDER if name in groups}, owed)


def _concerning(year: int, actor: Actor, now: datetime) -> IndicatorQuerySet:
    """What the actor's departments lead, and what they were asked about by a leader."""
    addressed = Directive.objects.filter(indicator=OuterRef("pk"), department__in=actor.department_ids)
    mine = Q(lead_department_id__in=actor.department_ids) | Q(Exists(addressed.filter(state__in=OWED)))
    return Indicator.objects.of_year(year).filter(mine).with_directives(actor, now)


def _led(year: int, departments: frozenset[int]) -> IndicatorQuerySet:
    return Indicator.objects.of_year(year).led_by(departments)


def _open_tasks(board: Scoreboard, now: datetime) -> Iterator[Task]:
    for row in board.rows:
        for month in row.months:
            is_open = month.period.locked_at is None and month.period.opens_at <= now
            if is_open and (month.is_asked or month.submission):
                yield Task(row, month)


def _urgency(task: Task) -> tuple[str, int]:
    """Older periods first, then the worse lamp of last month."""
    lamp = task.last.rag if task.last else None
    return task.period.code, SEVERITY[lamp] if lamp else len(SEVERITY)


def awaiting_sign_off(*, actor: Actor, year: int, now: datetime) -> list[Task]:
    """Submitted reports of the departments the actor signs for, oldest first."""
    board = scoreboard.build(year=year, now=now, actor=actor, indicators=_led(year, actor.signs_for))
    return _in_state(board, now, SubmissionState.SUBMITTED)


def awaiting_review(board: Scoreboard, now: datetime) -> list[Task]:
    """Signed reports for the supervision office, oldest first."""
    return _in_state(board, now, SubmissionState.SIGNED_OFF)


def _in_state(board: Scoreboard, now: datetime, state: SubmissionState) -> list[Task]:
    found = [task for task in _open_tasks(board, now) if task.month.submission and task.month.submission.state == state]
    return sorted(found, key=lambda task: (task.period.code, task.month.submission.submitted_at))
