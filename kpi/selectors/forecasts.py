"""Forecasts from rows of the scoreboard, hints beside their lamps, and the forecasts' own record. No query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from kpi.domain.forecast import Course, Forecast, Silence, paces_of, project, reach_of
from kpi.domain.periods import Period as Month
from kpi.domain.runs import Hint, hints
from kpi.domain.values import Comparator, Kind, Polarity, Rag
from kpi.selectors.scoreboard import MonthLamp, Row
from kpi.selectors.terms import terms_at

# Fewer judged calls than these say nothing about the method.
LEAST_RECORD = 10


def forecast_of(row: Row) -> Forecast | None:
    """Where the row ends as of its own month; ``None`` where the figures do not allow a forecast."""
    found = outlook_of(row)
    return found if isinstance(found, Forecast) else None


def outlook_of(row: Row) -> Forecast | Silence:
    """The forecast, or why there is none."""
    return project(course_of(row))


def hints_of(row: Row) -> tuple[Hint, ...]:
    """What the months say beside the present lamp."""
    forecast = forecast_of(row)
    assessments = [month.assessment for month in row.months if month.is_own and month.assessment]
    return hints(
        lamps=[month.rag or Rag.NOT_DUE for month in row.months],
        shares=[found.ratio for found in assessments if found.ratio is not None],
        paces=paces_of(course_of(row)),
        is_short=forecast is not None and forecast.is_short,
    )


def course_of(row: Row) -> Course:
    """What the row's months say: figures of their own, the curve and the target that hold in the month shown."""
    indicator = row.indicator
    return Course(
        kind=Kind(indicator.kind),
        comparator=Comparator(indicator.comparator),
        polarity=Polarity(indicator.polarity),
        decimals=indicator.decimals,
        target=row.target,
        plan=row.terms.trajectory.points,
        figures=_figures(row.months),
        as_of=Month.parse(row.current.period.code),
        final_due_on=row.terms.final_due_on,
        is_unpublished=row.current.is_unpublished,
    )


def _figures(months: Iterable[MonthLamp]) -> dict[Month, Decimal]:
    return {
        Month.parse(month.period.code): month.assessment.actual
        for month in months
        if month.is_own and month.assessment and month.assessment.actual is not None
    }


@dataclass(frozen=True)
class Record:
    """How forecasts made earlier fared with the next figure: inside the range, and right about meeting its plan."""

    count: int
    inside: int
    right: int

    @property
    def is_enough(self) -> bool:
        return self.count >= LEAST_RECORD

    @property
    def inside_share(self) -> Decimal:
        return Decimal(self.inside) / self.count

    @property
    def right_share(self) -> Decimal:
        return Decimal(self.right) / self.count


def hit_rate(rows: Sequence[Row]) -> Record:
    """The record over the rows: each forecast as it would have been made a figure earlier, from the same history.

    Only the next figure is judged, so that one surprise counts once. Corrections since then are in the history.
    """
    outcomes = [outcome for row in rows for outcome in _outcomes(row)]
    return Record(len(outcomes), sum(inside for inside, _right in outcomes), sum(right for _inside, right in outcomes))


def _outcomes(row: Row) -> Iterable[tuple[bool, bool]]:
    last = course_of(row)
    for earlier, later in pairwise(last.usable):
        course = _known_in(earlier, row, last)
        reach = reach_of(course, later) if later in course.plan else None
        if reach is None:
            continue
        actual, planned = course.figures[later], course.plan[later]
        is_lower = course.polarity is Polarity.LOWER_IS_BETTER

        def meets(value: Decimal, planned: Decimal = planned, is_lower: bool = is_lower) -> bool:
            return value <= planned if is_lower else value >= planned

        yield reach.low <= actual <= reach.high, meets(reach.likely) == meets(actual)


def _known_in(month: Month, row: Row, course: Course) -> Course:
    """The course as it was known in a month: by the plan that held then."""
    known = replace(course, as_of=month, is_unpublished=False)
    return replace(known, plan=terms_at(row.indicator, month).trajectory.points) if row.is_changed else known
