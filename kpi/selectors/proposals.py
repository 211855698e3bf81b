"""Who should lead a phrase, and which of last year's tasks it goes on with: proposals with the reason, for a person to
decide.

It learns from use: an indicator of an earlier year speaks for the unit that leads it on record, so that every lead that
somebody corrected counts by itself. Rules: docs/rules/proposals.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef

from accounts.models import Department
from accounts.models.departments import DepartmentKind
from kpi import wording
from kpi.domain.continuing import Earlier, continuing
from kpi.domain.ownership import Owners, Precedent, Proposal, Reason, Unit
from kpi.models import Indicator

LEADS_NOTHING = (DepartmentKind.TOWNSHIP, DepartmentKind.SUBDISTRICT)
BETWEEN_DUTIES = re.compile(r"[、，；。,;\s]+")
DISTRICT_ENDINGS = ("区", "县", "市")
MOST_REASONS = 2


@dataclass(frozen=True)
class OwnerProposal:
    """A unit, why in a sentence, and up to 1 how much speaks for it."""

    department: Department
    reason: str
    score: float


@dataclass(frozen=True)
class Continuation:
    """The indicator of last year that a phrase goes on with; ``similarity`` up to 1; why in a sentence.

    The indicator is annotated with its ``target_value`` at the end of its year.
    """

    indicator: Indicator
    similarity: float
    reason: str


class Proposer:
    """The units and the earlier tasks, read once (3 queries); what is asked of it then makes no query."""

    def __init__(self, departments: Sequence[Department], earlier: Sequence[Indicator], year: int) -> None:
        self._departments = {unit.code: unit for unit in departments}
        self._earlier = earlier
        self._year = year
        self._owners = Owners(_units(departments), [_precedent(found, year) for found in earlier])

    @classmethod
    def at(cls, on: date, year: int) -> Proposer:
        """What is known for the tasks of ``year`` on a day: units that exist, indicators of earlier years."""
        decided = Indicator.objects.filter(predecessor=OuterRef("pk"), report__year=year)
        earlier = Indicator.objects.filter(report__year__lt=year, is_active=True).with_target(on)
        return cls(
            list(Department.objects.filter(is_active=True)),
            list(
                earlier.annotate(has_successor=Exists(decided))
                .select_related("report", "commitment", "lead_department", "accountable_post")
                .prefetch_related("supporting_departments")
                .order_by("-report__year", "commitment__start", "code")
            ),
            year,
        )

    def owners(self, quote: str, metric: str = "", *, section: str = "") -> Sequence[OwnerProposal]:
        """Units for a phrase, the best first; none where nothing speaks for anybody.

        ``metric``: what is measured, where the phrase does not say it; ``section``: the headings above the phrase.
        """
        return [
            OwnerProposal(self._departments[found.code], self._why(found), found.score)
            for found in self._owners.of(quote, metric, section)
        ]

    def continued(self, quotes: Sequence[str]) -> Mapping[int, Continuation]:
        """By place in ``quotes``: the task of the year before that each goes on with; no task twice.

        Tasks that somebody ended or carried over already are decided and not proposed again.
        """
        open_ones = [found for found in self._earlier if self._is_open(found)]
        matches = continuing(quotes, [Earlier(found.commitment.quote, found.name) for found in open_ones])
        return {
            place: Continuation(
                open_ones[match.place], match.similarity, wording.continuation(open_ones[match.place], match)
            )
            for place, match in matches.items()
        }

    def _is_open(self, found: Indicator) -> bool:
        is_last_year = found.report.year == self._year - 1
        return is_last_year and not found.has_successor and not found.ended_because

    def _why(self, found: Proposal) -> str:
        return "；".join(wording.lead_reason(reason, self._named(reason)) for reason in found.reasons[:MOST_REASONS])

    def _named(self, reason: Reason) -> Indicator | None:
        return None if reason.precedent is None else self._earlier[reason.precedent]


def continued(quotes: Sequence[str], *, year: int) -> Mapping[int, Continuation]:
    """What phrases of ``year`` go on with (3 queries)."""
    return Proposer.at(date(year, 1, 1), year).continued(quotes)


def _units(departments: Sequence[Department]) -> list[Unit]:
    """A district is proposed by the names of its territory: its duties are everybody's."""
    below: dict[int, list[str]] = {}
    for unit in departments:
        if unit.kind in LEADS_NOTHING and unit.parent_id is not None:
            below.setdefault(unit.parent_id, []).append(unit.short_name)
    return [
        Unit(unit.code, places=(*_names(unit.short_name), *below.get(unit.pk, ())))
        if unit.kind == DepartmentKind.DISTRICT
        else Unit(unit.code, duties=tuple(filter(None, BETWEEN_DUTIES.split(unit.duties))))
        for unit in departments
        if unit.kind not in LEADS_NOTHING
    ]


def _names(district: str) -> tuple[str, ...]:
    """永定区 is also 永定."""
    stem = district[:-1]
    return (district, stem) if district.endswith(DISTRICT_ENDINGS) and len(stem) > 1 else (district,)


def _precedent(found: Indicator, year: int) -> Precedent:
    return Precedent(found.lead_department.code, (found.commitment.quote, found.name), year - found.report.year)
