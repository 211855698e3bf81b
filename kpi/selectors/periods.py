"""Which reporting months exist, which are open, and which one “now” means."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Min, OuterRef, QuerySet
from django.db.models.functions import JSONObject

from kpi.domain.window import Extension as MoreTime
from kpi.domain.window import Window
from kpi.models import Extension, Period, Report


def years() -> list[tuple[int, datetime | None]]:
    """Every year that has a report, latest first, with the moment its first month opens (1 query)."""
    return list(Report.objects.order_by("-year").values_list("year").annotate(begins_at=Min("periods__opens_at")))


def current_year(known: list[tuple[int, datetime | None]], now: datetime) -> int | None:
    """The latest of ``years`` whose first month has opened: a year that is being prepared is not where people start.

    The earliest one while none has; ``None`` before the first report is loaded.
    """
    begun = [year for year, begins_at in known if begins_at is not None and begins_at <= now]
    return begun[0] if begun else (known[-1][0] if known else None)


def of_year(year: int) -> list[Period]:
    """All periods of a year in order, each with its ``granted`` extensions (1 query)."""
    return list(with_granted(Period.objects.filter(report__year=year)))


def with_granted(periods: QuerySet[Period]) -> QuerySet[Period]:
    """In order, with their reports and the ``granted`` extensions that ``window`` asks for."""
    granted = Extension.objects.filter(period=OuterRef("pk"), until__isnull=False).values(
        granted=JSONObject(department="department_id", granted_at="decided_at", until="until")
    )
    return periods.select_related("report").order_by("code").annotate(granted=ArraySubquery(granted))


def current(periods: list[Period], now: datetime) -> Period:
    """The latest period that has opened; the first one while none has. ``periods`` must not be empty."""
    opened = [period for period in periods if period.opens_at <= now]
    return opened[-1] if opened else periods[0]


def open_ones(periods: list[Period], now: datetime) -> list[Period]:
    """Periods a department may still file for: opened and not locked, oldest first."""
    return [period for period in periods if period.opens_at <= now and period.locked_at is None]


def window(period: Period, department_id: int | None = None) -> Window:
    """The period's window: the general one, or the one of a department (then ``period`` comes from ``of_year``)."""
    granted = period.granted if department_id is not None else []
    return Window(
        opens_at=period.opens_at,
        due_at=period.due_at,
        grace_ends_at=period.grace_ends_at,
        locked_at=period.locked_at,
        extensions=[
            MoreTime(datetime.fromisoformat(found["granted_at"]), datetime.fromisoformat(found["until"]))
            for found in granted
            if found["department"] == department_id
        ],
    )


def window_for(period: Period, department_id: int) -> Window:
    """The period's window as it is for one department, read anew (1 query)."""
    fresh = next(found for found in of_year(period.report.year) if found.pk == period.pk)
    return window(fresh, department_id)
