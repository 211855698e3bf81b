"""The working calendar and the due rule as stored data, turned into the domain's values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from kpi.domain.calendar import Roll, WorkCalendar
from kpi.domain.periods import DueRule
from kpi.models import DueRule as StoredDueRule
from kpi.models import WorkdayOverride


def work_calendar() -> WorkCalendar:
    """The calendar in force (1 query)."""
    return calendar_of(WorkdayOverride.objects.values_list("day", "is_workday"))


def calendar_of(rows: Iterable[tuple[date, bool]]) -> WorkCalendar:
    """A calendar of stored days. A year counts as known once any of its days is stored."""
    days = list(rows)
    return WorkCalendar(
        holidays=frozenset(day for day, is_workday in days if not is_workday),
        makeup_workdays=frozenset(day for day, is_workday in days if is_workday),
        known_years=frozenset(day.year for day, _ in days),
    )


def due_rule(day: date) -> DueRule:
    """The due rule in force on ``day`` (1 query); the domain's default where none is stored."""
    stored = StoredDueRule.objects.filter(effective_from__lte=day).order_by("-effective_from").first()
    if stored is None:
        return DueRule()
    return DueRule(
        day=stored.day,
        month_offset=stored.month_offset,
        at=stored.at,
        roll=Roll(stored.roll),
        grace_workdays=stored.grace_workdays,
        opens_day=stored.opens_day,
    )
