"""Indicators that go on, year beside year: targets and results, and this year's figure beside the same month before.

Only what was published counts, so that two years are compared on the same ground.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Subquery, TextField
from django.db.models.functions import Cast, Coalesce, JSONObject

from kpi.domain.values import Rag
from kpi.models import AssessmentSnapshot, Indicator, Period, Target
from kpi.models.querysets import IndicatorQuerySet
from kpi.selectors.succession import Result, results

# How many years back a page goes.
MOST_YEARS = 4


@dataclass(frozen=True)
class YearOf:
    """An indicator in one year of its chain; ``target`` is the one at the year's end."""

    indicator: Indicator
    result: Result | None

    @property
    def year(self) -> int:
        return self.indicator.report.year

    @property
    def target(self) -> Decimal | None:
        return self.indicator.target_value


@dataclass(frozen=True)
class Chain:
    """An indicator with its predecessors by year; ``now`` and ``then`` are the figures of the same month, this year
    and last year."""

    current: YearOf
    earlier: Mapping[int, YearOf]
    now: Decimal | None
    then: Decimal | None

    @property
    def last(self) -> YearOf:
        """The year before in the chain."""
        return self.earlier[max(self.earlier)]

    @property
    def is_comparable(self) -> bool:
        """Whether both years count the same thing in the same unit."""
        this, last = self.current.indicator, self.last.indicator
        return (this.kind, this.unit) == (last.kind, last.unit)

    @property
    def change(self) -> Decimal | None:
        """This year's figure less that of the same month last year."""
        if self.now is None or self.then is None or not self.is_comparable:
            return None
        return self.now - self.then


@dataclass(frozen=True)
class Comparison:
    """Chains in report order; ``years`` before this one, oldest first; ``month`` is the last one published (1–12)."""

    year: int
    years: Sequence[int]
    month: int | None
    chains: Sequence[Chain]


def compare(year: int) -> Comparison:
    """Every active indicator of a year that continues one of an earlier year (5 queries)."""
    found = {each.pk: each for each in _indicators(year)}
    published = Period.objects.filter(report__year=year, locked_at__isnull=False).order_by("-code")
    last_month = published.values_list("code", flat=True).first()
    month = int(last_month[5:]) if last_month else None
    came_to = results(found)
    figures = _figures(found, year, month)
    chains = [
        _chain(each, found, came_to, figures)
        for each in found.values()
        if each.report.year == year and each.is_active and each.predecessor_id in found
    ]
    years = sorted({earlier for chain in chains for earlier in chain.earlier})
    return Comparison(year, years, month, chains)


def _indicators(year: int) -> Iterable[Indicator]:
    # An indicator's targets all lie in its own year, so that the last day of the last year finds each one's last.
    years = range(year - MOST_YEARS, year + 1)
    found = Indicator.objects.filter(report__year__in=years).with_target(date(year, 12, 31))
    return found.select_related("report", "commitment", "lead_department").order_by("commitment__start", "code")


def _figures(found: Iterable[int], year: int, month: int | None) -> dict[int, Decimal | None]:
    """The figure of the same month, this year and last year, by indicator; the last edition of each counts."""
    if month is None:
        return {}
    codes = [f"{each}-{month:02d}" for each in (year - 1, year)]
    rows = AssessmentSnapshot.objects.filter(indicator__in=list(found), period__code__in=codes)
    return dict(rows.exclude(source_period="").order_by("edition").values_list("indicator", "actual"))


def _chain(
    current: Indicator,
    found: Mapping[int, Indicator],
    came_to: Mapping[int, Result],
    figures: Mapping[int, Decimal | None],
) -> Chain:
    earlier: dict[int, YearOf] = {}
    before = found.get(current.predecessor_id)
    last = before
    while before is not None:
        earlier[before.report.year] = YearOf(before, came_to.get(before.pk))
        before = found.get(before.predecessor_id)
    then = figures.get(last.pk) if last is not None and last.report.year == current.report.year - 1 else None
    return Chain(YearOf(current, came_to.get(current.pk)), earlier, figures.get(current.pk), then)


@dataclass(frozen=True)
class MonthOf:
    """One month of last year, as it was published."""

    month: int
    actual: Decimal | None
    expected: Decimal | None
    rag: Rag


@dataclass(frozen=True)
class LastYear:
    """What the KPI page tells of the indicator that this one continues; ``result`` is its last published month."""

    year: int
    code: str
    name: str
    kind: str
    unit: str
    decimals: int
    target: Decimal | None
    months: Sequence[MonthOf]

    @property
    def result(self) -> MonthOf | None:
        return self.months[-1] if self.months else None

    def is_comparable_with(self, indicator: Indicator) -> bool:
        return (self.kind, self.unit) == (indicator.kind, indicator.unit)


def with_last_year(indicators: IndicatorQuerySet) -> IndicatorQuerySet:
    """Annotate what ``last_year_of`` reads, without a query of its own."""
    before = Indicator.objects.filter(pk=OuterRef("predecessor"))
    target = Target.objects.filter(indicator=OuterRef("pk")).order_by("-effective_on").values("value")[:1]
    about = JSONObject(
        **{name: name for name in ("code", "name", "kind", "unit", "decimals")},
        year="report__year",
        target=Cast(Subquery(target), TextField()),
    )
    months = AssessmentSnapshot.objects.filter(indicator=OuterRef("predecessor"))
    later = months.model.objects.filter(
        indicator=OuterRef("indicator"), period=OuterRef("period"), edition__gt=OuterRef("edition")
    )
    row = JSONObject(
        period="period__code",
        actual=Cast("actual", TextField()),
        expected=Cast("expected", TextField()),
        rag=Coalesce("override__reviewed_rag", "rag"),
    )
    last = months.filter(~Exists(later)).exclude(source_period="").order_by("period__code")
    return indicators.annotate(
        said_last_year=Subquery(before.values(row=about)), said_last_months=ArraySubquery(last.values(row=row))
    )


def last_year_of(indicator: Indicator) -> LastYear | None:
    """The predecessor of an indicator that was read ``with_last_year``; ``None`` for one that begins this year."""
    said = indicator.said_last_year
    if not said:
        return None
    months = [
        MonthOf(int(row["period"][5:]), _figure(row["actual"]), _figure(row["expected"]), Rag(row["rag"]))
        for row in indicator.said_last_months
    ]
    target = _figure(said["target"])
    names = ("year", "code", "name", "kind", "unit", "decimals")
    return LastYear(target=target, months=months, **{name: said[name] for name in names})


def _figure(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
