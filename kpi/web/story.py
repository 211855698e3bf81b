"""What the KPI page shows of one indicator, as it stood at the end of the month asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpi import wording
from kpi.domain import rag
from kpi.domain.forecast import Forecast, Silence
from kpi.domain.periods import Period as Month
from kpi.domain.target_changes import ChangeState
from kpi.domain.values import Kind, Rag
from kpi.models import Indicator, Review, Submission
from kpi.selectors import forecasts, history, story
from kpi.selectors.scoreboard import MonthLamp, Row, Scoreboard
from kpi.selectors.target_changes import Case
from kpi.selectors.terms import Terms, original_terms
from kpi.web import forecasting

RECENT_STEPS = 60
# Lines of the record that are open; the rest is one tap away.
OPEN_STEPS = 6
# Kinds that have no curve: they are told by nodes, stages, places or events.
NO_CURVE = (Kind.MILESTONE, Kind.STAGE, Kind.RANK, Kind.BOTTOM_LINE)


@dataclass(frozen=True)
class Node:
    """A milestone with both its dates.

    ``days_late`` counts from the planned day to the day it was done, or to the end of the month looked at. A day counts
    as ended: a node due on that very day and not done is late by 0 days. ``moved_from`` is the day it was due by the
    year's first plan, where that was another.
    """

    node: rag.Node
    done_on: date | None
    days_late: int
    moved_from: date | None = None

    @property
    def rag(self) -> Rag:
        if self.done_on:
            return Rag.DONE
        return Rag.RED if self.days_late >= 0 else Rag.NOT_DUE


@dataclass(frozen=True)
class MonthLine:
    """One line of the table beside the curve."""

    month: Month
    lamp: MonthLamp | None
    plan: Decimal | None
    original: Decimal | None
    actual: Decimal | None
    target: Decimal | None
    forecast: tuple[Decimal, Decimal, Decimal] | None


@dataclass(frozen=True)
class Story:
    """One indicator's page. ``steps`` are all the reader may see; ``cutoff`` is the moment it is told of."""

    row: Row
    board: Scoreboard
    siblings: Sequence[Row]
    all_steps: Sequence[Review]
    cutoff: datetime
    is_past: bool
    cases: Sequence[Case] = ()

    @property
    def indicator(self) -> Indicator:
        return self.row.indicator

    @property
    def month(self) -> Month:
        """The month the page is about."""
        return Month.parse(self.row.current.period.code)

    @property
    def kind(self) -> Kind:
        return Kind(self.indicator.kind)

    @property
    def is_curve(self) -> bool:
        return self.kind not in NO_CURVE

    @cached_property
    def steps(self) -> list[Review]:
        return [step for step in self.all_steps if step.at <= self.cutoff]

    @property
    def later_steps(self) -> int:
        return len(self.all_steps) - len(self.steps)

    @cached_property
    def entries(self) -> list[history.Entry]:
        return [entry for entry in history.log_of(self.steps) if entry.at <= self.cutoff][:RECENT_STEPS]

    @property
    def recent_entries(self) -> list[history.Entry]:
        return self.entries[:OPEN_STEPS]

    @property
    def earlier_entries(self) -> list[history.Entry]:
        return self.entries[OPEN_STEPS:]

    @cached_property
    def explanation(self) -> Submission | None:
        return history.explanation(self.steps, self.row.current.source_period)

    @cached_property
    def outlook(self) -> Forecast | Silence:
        return forecasts.outlook_of(self.row)

    @property
    def forecast(self) -> Forecast | None:
        return self.outlook if isinstance(self.outlook, Forecast) else None

    @property
    def is_told(self) -> bool:
        """Whether the curve has a sentence of its own to stand over it."""
        return self.is_curve and (self.forecast is not None or self.outlook is Silence.REACHED)

    @property
    def title(self) -> str:
        return forecasting.title(self.row, self.outlook)

    @property
    def summary(self) -> str:
        return forecasting.summary(self.row, self.forecast) if self.forecast else ""

    @cached_property
    def targets(self) -> Mapping[Month, Decimal]:
        """The target in force at each month's end; of a past month only what was in force by then."""
        day = self.month.last_day
        changes = [found for found in story.targets_of(self.indicator) if found.effective_on <= day]
        known = {
            month: value
            for month, value in story.target_by_month(self.indicator, day.year).items()
            if month.last_day <= day
        }
        last = changes[-1].value if changes else None
        ahead = Month.range(Month.of(day).next(), Month(day.year, 12)) if last is not None else ()
        return known | dict.fromkeys(ahead, last)

    @cached_property
    def dated_targets(self) -> list[tuple[story.DatedTarget, bool]]:
        """Newest first, each with whether it came after the month looked at; those of a case are told with it."""
        day, told = self.month.last_day, {row["replaced_from"] for row in self.indicator.former_rows}
        found = [each for each in story.targets_of(self.indicator) if not each.before or _month_of(each) not in told]
        return [(each, each.effective_on > day) for each in reversed(found)]

    @cached_property
    def applied(self) -> list[tuple[Case, bool]]:
        """Changes of target that were made, newest first, each with whether it holds after the month looked at."""
        made = [case for case in self.cases if case.state is ChangeState.APPLIED]
        return [(case, case.first > self.month) for case in reversed(made)]

    @property
    def in_force(self) -> list[Case]:
        """Those that hold in the month looked at, oldest first."""
        return [case for case, is_later in reversed(self.applied) if not is_later]

    @property
    def open_case(self) -> Case | None:
        """The change that is asked for and not decided, where the reader may know of it; none for a past month."""
        return next((case for case in self.cases if case.is_open and not self.is_past), None)

    @cached_property
    def original(self) -> Terms | None:
        """What the year began with, where something else holds in the month looked at."""
        return original_terms(self.indicator) if self.row.is_changed else None

    @cached_property
    def plan_changes(self) -> list[tuple[story.PlanChange, bool]]:
        """Newest first, each with whether it came after the cut-off."""
        return [(found, found.at > self.cutoff) for found in story.plan_changes(self.indicator)]

    @cached_property
    def terms(self) -> Terms:
        """What held in the month looked at; of a month that is closed, as it was known then."""
        if self.is_past and self.board.period.locked_at is not None:
            return story.terms_as_known(self.indicator, self.month, self.cutoff)
        return self.row.terms

    @cached_property
    def past(self) -> list[story.PastYear]:
        """Results of years before, the latest first."""
        return story.past_of(self.indicator)

    @cached_property
    def against_last_year(self) -> str:
        """“较去年同期 +0.35 万亩”: where both figures are there, to date, in the same unit."""
        before = story.same_month_last_year(self.indicator, self.month)
        actual = self.row.actual if self.row.current.is_own else None
        if before is None or actual is None:
            return ""
        change = wording.signed(actual - before.value, self.indicator.decimals)
        words = {"before": wording.figure(before.value, self.indicator.decimals), "unit": self.indicator.unit}
        return _("去年同期 %(before)s %(unit)s，本期 %(change)s %(unit)s") % {**words, "change": change}

    @cached_property
    def coverage(self) -> story.Coverage | None:
        if self.kind is not Kind.COVERAGE:
            return None
        return story.coverage_of(self.indicator, self.steps, self.row.current.period.code)

    @cached_property
    def nodes(self) -> list[Node]:
        done = self.explanation.completed_nodes if self.explanation else {}
        day, first = self.month.last_day, self.original.held.nodes if self.original else {}
        return [_node(node, done.get(str(node.ordinal)), day, first.get(node.ordinal)) for node in self.terms.nodes()]

    @cached_property
    def lines(self) -> list[MonthLine]:
        """The table twin of the curve: every month of the year that has anything."""
        lamps = {Month.parse(lamp.period.code): lamp for lamp in self.row.months}
        plan, first_plan = self.terms.trajectory.points, self.original.trajectory.points if self.original else {}
        ahead = {
            reach.period: (reach.low, reach.likely, reach.high)
            for reach in (self.forecast.months if self.forecast else ())
        }
        found = []
        for month in Month.range(Month(self.month.year, 1), Month(self.month.year, 12)):
            lamp = lamps.get(month)
            actual = lamp.assessment.actual if lamp and lamp.is_own and lamp.assessment else None
            line = MonthLine(
                month,
                lamp,
                plan.get(month),
                first_plan.get(month),
                actual,
                self.targets.get(month),
                ahead.get(month),
            )
            found.append(line)
        return found

    @cached_property
    def files(self) -> list[tuple[str, datetime, history.StepFile]]:
        """Evidence the reader may know of: month, moment and file, newest first, each file once."""
        seen: dict[tuple[str, str], tuple[str, datetime, history.StepFile]] = {}
        for step in self.steps:
            for file in step.files:
                seen.setdefault(
                    (step.submission.period.code, file.pk or file.name), (step.submission.period.code, step.at, file)
                )
        return list(seen.values())

    @property
    def chart(self) -> str:
        """The curve's data for the script, as JSON. Floats are for drawing only: the words beside them are exact."""
        indicator, forecast = self.indicator, self.forecast
        start = forecast.since if forecast else None

        def of(line: MonthLine, place: int) -> Decimal | None:
            return line.actual if line.month == start else (line.forecast[place] if line.forecast else None)

        lines = self.lines
        data = {
            "months": [_("%(month)s月") % {"month": line.month.month} for line in lines],
            "plan": [_float(line.plan) for line in lines],
            "original": [_float(line.original) for line in lines],
            "actual": [_float(line.actual) for line in lines],
            "target": [_float(line.target) for line in lines],
            "low": [_float(of(line, 0)) for line in lines],
            "likely": [_float(of(line, 1)) for line in lines],
            "high": [_float(of(line, 2)) for line in lines],
            "now": self.month.month - 1,
            "tips": [self._tip(line) for line in lines],
            "names": {
                "plan": _("序时计划"),
                "original": _("原计划"),
                "actual": _("完成"),
                "target": f"{_('全年目标')} {wording.with_unit(self.row.target, indicator)}",
                "likely": f"{_('预计')} {wording.with_unit(forecast.likely, indicator)}" if forecast else "",
            },
            "say": ". ".join(said for said in (self.title, self.summary) if said),
            "locale": "EN" if (get_language() or "").startswith("en") else "ZH",
        }
        return json.dumps(data, ensure_ascii=False)

    def _tip(self, line: MonthLine) -> str:
        """What is said of one month under the pointer."""
        said = [wording.month(str(line.month))]
        for name, value in ((_("完成"), line.actual), (_("序时计划"), line.plan), (_("原计划"), line.original)):
            if value is not None:
                said.append(f"{name} {wording.with_unit(value, self.indicator)}")
        if line.forecast:
            low, likely, high = (wording.figure(value, self.indicator.decimals) for value in line.forecast)
            said.append(_("预计 %(likely)s（%(low)s 至 %(high)s）") % {"likely": likely, "low": low, "high": high})
        return "\n".join(said)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _month_of(target: story.DatedTarget) -> str:
    return str(Month.of(target.effective_on))


def _node(node: rag.Node, done: str | None, today: date, first: date | None) -> Node:
    done_on = date.fromisoformat(done) if done else None
    moved_from = first if first != node.due_on else None
    return Node(node, done_on, ((done_on or today) - node.due_on).days, moved_from)
