"""Last year's indicators beside the new year: what goes on, what changed, what ends, and what nobody has decided."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.db.models import OuterRef, Subquery

from kpi.domain.anchors import Anchor, Place, place_all
from kpi.domain.values import Rag
from kpi.models import AssessmentSnapshot, Indicator, Report
from kpi.selectors.configuration import plan_part

# What makes a successor another task than before, as the list says it.
COMPARED = ("kind", "unit", "comparator", "target_value", "lead_department_id")


class Standing(StrEnum):
    """What has been decided of an indicator of last year."""

    OPEN = "open"
    CONTINUES = "continues"
    CHANGED = "changed"
    ENDS = "ends"


@dataclass(frozen=True)
class Result:
    """The last published word on an indicator: figure, lamp and the month they are of (``2025-12``)."""

    actual: Decimal | None
    rag: Rag
    month: str


@dataclass(frozen=True)
class Heir:
    """An indicator of last year, its successors, what it came to, and where its phrase stands in the new text.

    ``is_shared``: its phrase has other indicators too.
    """

    indicator: Indicator
    successors: Sequence[Indicator]
    result: Result | None
    place: Place | None
    quote: str
    is_shared: bool

    @property
    def standing(self) -> Standing:
        if not self.successors:
            return Standing.ENDS if self.indicator.ended_because else Standing.OPEN
        return Standing.CHANGED if self.changes else Standing.CONTINUES

    @property
    def changes(self) -> list[str]:
        """In what the successors differ, as field names."""
        return [
            name
            for name in COMPARED
            if any(getattr(each, name) != getattr(self.indicator, name) for each in self.successors)
        ]

    @property
    def is_proposed(self) -> bool:
        """Whether it is proposed to go on: its phrase is in the new text, or it was not finished."""
        if self.standing is not Standing.OPEN:
            return False
        return self.place is not None or self.result is None or self.result.rag is not Rag.DONE


def heirs(report: Report) -> list[Heir]:
    """Every active indicator of the year before ``report``, in report order (4 queries)."""
    earlier = list(_of_year(report.year - 1).filter(is_active=True))
    successors: dict[int, list[Indicator]] = defaultdict(list)
    for found in _of_year(report.year).filter(predecessor__report__year=report.year - 1):
        successors[found.predecessor_id].append(found)
    last, owners = results(found.pk for found in earlier), Counter(found.commitment_id for found in earlier)
    undecided = [found for found in earlier if found.pk not in successors and not found.ended_because]
    places = _places(report, undecided)
    return [
        Heir(
            indicator=found,
            successors=successors[found.pk],
            result=last.get(found.pk),
            place=place,
            quote=report.text[place.start : place.end] if place else "",
            is_shared=owners[found.commitment_id] > 1,
        )
        for found in earlier
        for place in [places.get(found.commitment.code)]
    ]


def _of_year(year: int):
    found = Indicator.objects.filter(report__year=year).with_target(date(year, 12, 31))
    return found.select_related("report", "commitment", "lead_department").order_by("commitment__start", "code")


def results(indicators: Iterable[int]) -> dict[int, Result]:
    """What each indicator came to, as published last (1 query); those never published with a figure are not in it."""
    last = AssessmentSnapshot.objects.filter(indicator=OuterRef("indicator")).order_by("-period__code", "-edition")
    found = AssessmentSnapshot.objects.filter(
        indicator__in=list(indicators), pk=Subquery(last.values("pk")[:1])
    ).select_related("override")
    return {
        each.indicator_id: Result(
            each.actual, Rag(each.override.reviewed_rag if each.override else each.rag), each.source_period
        )
        for each in found
        if each.source_period
    }


def _places(report: Report, indicators: Sequence[Indicator]) -> Mapping[str, Place]:
    """Where the phrases of some indicators stand in the new text, by the commitment's code; not those in doubt."""
    first = plan_part(report.text)
    # By their words alone: what stands around them is new every year.
    anchors = {found.commitment.code: Anchor(found.commitment.quote) for found in indicators}
    placed = place_all(report.text[first:], anchors) if report.text else {}
    return {
        code: replace(found, start=first + found.start, end=first + found.end)
        for code, found in placed.items()
        if isinstance(found, Place)
    }
