"""A target's shares by district and township, with what they add up to beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, Subquery, TextField
from django.db.models.functions import Cast, JSONObject

from accounts.models import Department
from accounts.models.departments import DepartmentKind
from kpi.domain.plan_shapes import difference
from kpi.domain.values import WHOLE_KINDS
from kpi.models import Indicator, UnitTarget
from kpi.models.querysets import IndicatorQuerySet
from kpi.selectors.planning import stamp

DISTRICT = DepartmentKind.DISTRICT
BELOW = (DepartmentKind.TOWNSHIP, DepartmentKind.SUBDISTRICT)


@dataclass(frozen=True)
class Share:
    """One unit with its share, if it has one."""

    unit: Department
    value: Decimal | None

    @property
    def is_district(self) -> bool:
        return self.unit.kind == DISTRICT


@dataclass(frozen=True)
class DistrictSplit:
    """A district's share with those of its townships and streets."""

    district: Share
    below: Sequence[Share]

    @property
    def given(self) -> list[Decimal]:
        return [share.value for share in self.below if share.value is not None]

    @property
    def total(self) -> Decimal | None:
        """What its townships add up to; ``None`` where none has a share."""
        return sum(self.given, Decimal(0)) if self.given else None

    @property
    def difference(self) -> Decimal | None:
        """What the townships have beyond the district's own share."""
        return difference(self.given, self.district.value)


@dataclass(frozen=True)
class Split:
    """Every district and township in official order, with what each is given of ``target``."""

    indicator: Indicator
    target: Decimal | None
    shares: Sequence[Share]

    @property
    def decimals(self) -> int:
        return 0 if self.indicator.kind in WHOLE_KINDS else self.indicator.decimals

    @cached_property
    def districts(self) -> list[DistrictSplit]:
        return [
            DistrictSplit(share, [each for each in self.shares if each.unit.parent_id == share.unit.pk])
            for share in self.shares
            if share.is_district
        ]

    @property
    def given(self) -> list[Decimal]:
        """The districts' shares, or the townships' where no district has one: both at once would count twice."""
        by_district = [share.value for share in self.shares if share.is_district and share.value is not None]
        return by_district or [share.value for share in self.shares if share.value is not None]

    @property
    def total(self) -> Decimal | None:
        return sum(self.given, Decimal(0)) if self.given else None

    @property
    def difference(self) -> Decimal | None:
        """What is given out beyond the city's target (negative: short of it)."""
        return difference(self.given, self.target)

    @property
    def stamp(self) -> str:
        return stamp(self.as_json())

    def as_json(self) -> dict[str, str]:
        return {share.unit.code: f"{share.value:.{self.decimals}f}" for share in self.shares if share.value is not None}


@dataclass(frozen=True)
class Given:
    """One share of the KPI page; ``group`` is a township's district."""

    name: str
    group: str
    value: Decimal
    is_district: bool


@dataclass(frozen=True)
class GivenOut:
    """What has been given out of a target, in official order; townships where no district has a share."""

    target: Decimal | None
    rows: Sequence[Given]

    @property
    def _values(self) -> list[Decimal]:
        return [row.value for row in self.rows if row.is_district] or [row.value for row in self.rows]

    @property
    def total(self) -> Decimal:
        return sum(self._values, Decimal(0))

    @property
    def difference(self) -> Decimal | None:
        return difference(self._values, self.target)


def with_unit_targets(indicators: IndicatorQuerySet) -> IndicatorQuerySet:
    """Annotate what ``given_out`` reads, without a query of its own."""
    shares = UnitTarget.objects.filter(indicator=OuterRef("pk")).order_by("department__ordinal")
    row = JSONObject(
        name="department__short_name",
        group="department__parent__short_name",
        kind="department__kind",
        value=Cast("value", TextField()),
    )
    return indicators.annotate(said_shares=ArraySubquery(shares.values(row=row)))


def given_out(indicator: Indicator, target: Decimal | None) -> GivenOut:
    """The shares of an indicator that was read ``with_unit_targets``."""
    rows = [
        Given(row["name"], row["group"] or "", Decimal(row["value"]), row["kind"] == DISTRICT)
        for row in indicator.said_shares
    ]
    return GivenOut(target, rows)


def split_of(indicator: Indicator) -> Split:
    """The split of an indicator that has ``target_value`` (1 query); a closed unit is in it while it has a share."""
    mine = UnitTarget.objects.filter(indicator=indicator, department=OuterRef("pk"))
    units = Department.objects.filter(kind__in=(DISTRICT, *BELOW)).annotate(share=Subquery(mine.values("value")[:1]))
    units = units.filter(Q(is_active=True) | Q(share__isnull=False))
    return Split(indicator, indicator.target_value, [Share(unit, unit.share) for unit in units])
