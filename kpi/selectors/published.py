"""What was published: the snapshots of locked months, without a model instance for each of some thousands."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Case, F, TextField, When
from django.db.models.functions import Cast, JSONObject

from kpi.domain.rag import Assessment
from kpi.domain.values import Rag, Timeliness
from kpi.models import AssessmentSnapshot, RagOverride
from kpi.models.querysets import OVERRIDE_COLUMNS
from kpi.selectors.history import override_from

# Looking a member up is cheaper than asking the enum for it, some thousand times a page.
RAGS = {str(rag): rag for rag in Rag}
TIMELINESS = {str(timeliness): timeliness for timeliness in Timeliness}
# What the office said about a lamp, as ``history.override_from`` reads it; only few snapshots have any.
OVERRIDE = JSONObject(
    **{name: f"override__{name}" for name in OVERRIDE_COLUMNS},
    at="override__at",
    actor_name="override__actor__display_name",
)


class Published(NamedTuple):
    """One snapshot as far as a board shows it; the fields are those of ``AssessmentSnapshot``.

    ``params_text`` (the reason's parameters) and ``override_text`` are JSON, read when they are needed.
    """

    indicator_id: int
    period_id: int
    source_period: str
    is_asked: bool
    timeliness_code: str
    is_unpublished: bool
    rag_code: str
    reason: str
    params_text: str
    ratio: Decimal | None
    gap: Decimal | None
    actual: Decimal | None
    expected: Decimal | None
    target: Decimal | None
    to_green: Decimal | None
    is_ahead: bool
    rule_code: str
    rule_version: str
    original_code: str
    override_text: str | None

    @property
    def timeliness(self) -> Timeliness | None:
        return TIMELINESS[self.timeliness_code] if self.timeliness_code else None

    @property
    def override(self) -> RagOverride | None:
        """The lamp the office set in place of the computed one."""
        return override_from(json.loads(self.override_text)) if self.override_text else None

    @property
    def original(self) -> Rag | None:
        """The lamp by the plan the year began with, where another one held."""
        return RAGS[self.original_code] if self.original_code else None

    @property
    def shown(self) -> Rag:
        """The lamp as it was published: reviewed where the office set one."""
        return RAGS[json.loads(self.override_text)["reviewed_rag"] if self.override_text else self.rag_code]

    @property
    def assessment(self) -> Assessment | None:
        """The frozen lamp as it was computed; ``None`` where there never was a figure."""
        if not self.source_period:
            return None
        return Assessment(
            RAGS[self.rag_code],
            self.reason,
            json.loads(self.params_text) if self.params_text != "{}" else {},
            self.ratio,
            self.gap,
            self.actual,
            self.expected,
            self.target,
            self.to_green,
            self.is_ahead,
            self.rule_code,
            self.rule_version,
        )


RENAMED = {
    "timeliness_code": F("timeliness"),
    "rag_code": F("rag"),
    "original_code": F("original_rag"),
    "params_text": Cast("params", TextField()),
    "override_text": Case(When(override__isnull=False, then=Cast(OVERRIDE, TextField()))),
}


class Editions(NamedTuple):
    """The last edition by indicator and period, and the one before it where a period was reopened."""

    last: dict[tuple[int, int], Published]
    earlier: dict[tuple[int, int], Published]


def load(periods: Iterable[int], indicators: Iterable[int] | None = None) -> Editions:
    """What was published for the periods (1 query); ``indicators`` ``None`` means all."""
    found = AssessmentSnapshot.objects.filter(period__in=periods)
    if indicators is not None:
        found = found.filter(indicator__in=indicators)
    last: dict[tuple[int, int], Published] = {}
    earlier: dict[tuple[int, int], Published] = {}
    for row in map(
        Published._make, found.order_by("edition").annotate(**RENAMED).values_list(*Published._fields).iterator()
    ):
        key = row.indicator_id, row.period_id
        if key in last:
            earlier[key] = last[key]
        last[key] = row
    return Editions(last, earlier)
