"""The leader's monthly brief: what changed, what will miss, what needs a decision, how reporting went.

Every list is made from the cockpit's own selectors on one scoreboard, so that both pages say the same numbers. A locked
month is read from its snapshots; directives are those of that month's moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, OuterRef, When
from django.db.models.fields.json import KT
from django.db.models.functions import JSONObject, Left

from kpi.domain.attention import NEAR_DUE_DAYS, Concern
from kpi.domain.forecast import Forecast
from kpi.domain.periods import Period as Month
from kpi.domain.values import SubmissionState
from kpi.models import Extension, Indicator, Submission, Unlock
from kpi.models.querysets import IndicatorQuerySet
from kpi.selectors import attention, cockpit
from kpi.selectors.cockpit import Change, Reporting
from kpi.selectors.directives import Standing
from kpi.selectors.forecasts import forecast_of
from kpi.selectors.scoreboard import Row, Scoreboard

# A red lamp whose final date is this near, or past, will hardly turn.
NEAR = timedelta(days=NEAR_DUE_DAYS)
# How much of a report is quoted.
WORDS = 80
# What a list shows before it refers to the cockpit: the brief is one or two sheets.
MOST = 6


T = TypeVar("T")


@dataclass(frozen=True)
class Listed(Generic[T]):
    """The first ``MOST`` of a list, and how many more there are."""

    shown: Sequence[T]
    more: int

    @classmethod
    def of(cls, found: Sequence[T]) -> Listed[T]:
        return cls(found[:MOST], max(len(found) - MOST, 0))

    @property
    def count(self) -> int:
        return len(self.shown) + self.more


@dataclass(frozen=True)
class Short:
    """An indicator that misses its target at the present pace."""

    row: Row
    forecast: Forecast


@dataclass(frozen=True)
class Overdue:
    """Directives of one indicator whose day has passed without an answer, the longest overdue first."""

    row: Row
    directives: Sequence[Standing]


@dataclass(frozen=True)
class Brief:
    """One month. Every red row is in exactly one of ``new_reds``, ``near`` (its final date is near or past) and
    ``old_reds``. ``rules`` are the lamp rules the assessments were made by, as code and version; ``said`` what the
    approved report behind a row's lamp tells, by indicator code; ``asked`` the requests that wait for the office.
    """

    worse: Listed[Change]
    better: Listed[Change]
    done: Listed[Change]
    first_due: int
    short: Listed[Short]
    near: Listed[Row]
    new_reds: Listed[Row]
    old_reds: Listed[Row]
    ambers: Listed[Row]
    overdue: Listed[Overdue]
    reporting: Reporting
    rules: Sequence[tuple[str, str]]
    said: Mapping[str, str]
    asked: Sequence[Mapping[str, Any]]

    @property
    def pending(self) -> int:
        """Reports asked for that are neither filed nor missing yet."""
        return self.reporting.asked - self.reporting.filed - self.reporting.missing


def indicators_of(year: int, period: str) -> IndicatorQuerySet:
    """A year's indicators with what a brief says beside their rows, so that it needs no query of its own.

    ``said``: the words of every approved report up to the period; ``asked_time`` and ``asked_unlock``: requests about
    the period that nobody has answered, the same on every row.
    """
    approved = Case(When(state=SubmissionState.APPROVED, then=F("narrative")), default=KT("standing__narrative"))
    reports = Submission.objects.ever_approved().with_standing()
    reports = reports.filter(indicator=OuterRef("pk"), period__code__lte=period).order_by()
    about = {"period__code": period, "period__report__year": year, "decided_at__isnull": True}
    row = {"reason": "reason", "at": "asked_at"}
    times = Extension.objects.filter(**about).order_by("department__ordinal", "asked_at")
    unlocks = Unlock.objects.filter(**about, relocked_at__isnull=True).order_by("asked_at")
    return Indicator.objects.of_year(year).annotate(
        said=ArraySubquery(reports.values(row=JSONObject(period="period__code", words=Left(approved, WORDS)))),
        asked_time=ArraySubquery(times.values(row=JSONObject(**row, unit="department__short_name"))),
        asked_unlock=ArraySubquery(unlocks.values(row=JSONObject(**row))),
    )


def brief(board: Scoreboard, overdue: Mapping[int, Sequence[Standing]], day: date) -> Brief:
    """The brief of the board's month (no query).

    The board is of ``indicators_of`` the same month; ``overdue`` are directives by indicator id, as the reader may see;
    ``day`` is that of the moment looked at.
    Of a locked month nothing waits any more: asking for more time ends with the lock.
    """
    changes = {name: Listed.of(found) for name, found in _by_direction(cockpit.changes(board)).items()}
    as_of = Month.parse(board.period.code).last_day
    watched = attention.items(board, day=day)
    reds = [item.row for item in watched if Concern.RED in item.concerns]
    old = [row for row in reds if not is_new(row)]
    any_row = board.rows[0].indicator if board.rows and board.period.locked_at is None else None
    late = [Overdue(row, overdue[row.indicator.pk]) for row in board.rows if row.indicator.pk in overdue]
    return Brief(
        worse=changes["worse"],
        better=changes["better"],
        done=changes["done"],
        first_due=changes["due"].count,
        short=Listed.of(_short(board)),
        overdue=Listed.of(late),
        reporting=cockpit.reporting(board),
        rules=sorted({(row.assessment.rule_code, row.assessment.rule_version) for row in board.rows if row.assessment}),
        near=Listed.of([row for row in old if _is_near(row, as_of)]),
        new_reds=Listed.of([row for row in reds if is_new(row)]),
        old_reds=Listed.of([row for row in old if not _is_near(row, as_of)]),
        ambers=Listed.of([item.row for item in watched if Concern.LONG_AMBER in item.concerns]),
        said={row.indicator.code: _words(row) for row in board.rows},
        asked=[_request(each) for each in [*any_row.asked_time, *any_row.asked_unlock]] if any_row else [],
    )


def _words(row: Row) -> str:
    """What the report that gave the lamp says; empty where none did."""
    source = row.current.source_period
    return next((each["words"] or "" for each in row.indicator.said if each["period"] == source), "")


def _request(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**found, "at": datetime.fromisoformat(found["at"])}


def is_new(row: Row) -> bool:
    """Whether the lamp turned this month."""
    return row.run_length == 1 and row.has_changed


def _by_direction(changes: Iterable[Change]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {"worse": [], "better": [], "done": [], "due": []}
    for change in changes:
        found[change.direction].append(change)
    return found


def _short(board: Scoreboard) -> list[Short]:
    """Forecasts that fall short, the least likely to be met first."""
    found = [Short(row, forecast) for row in board.rows if (forecast := forecast_of(row)) and forecast.is_short]
    return sorted(found, key=lambda each: each.forecast.odds)


def _is_near(row: Row, as_of: date) -> bool:
    return row.terms.final_due_on <= as_of + NEAR
