"""Who might lead a phrase, and which task of last year it goes on with; with reasons, never decided."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from accounts.models import Department
from kpi.models import Indicator

WORDS = re.compile(r"[、，,；;。\s]+")
NOT_TEXT = re.compile(r"[^一-鿿A-Za-z]+")
# Below it two phrases only share the words of the genre.
ALIKE = 0.6
LEADING_KINDS = ("city_unit", "district", "other")


@dataclass(frozen=True)
class OwnerProposal:
    department: Department
    reason: str
    score: float


@dataclass(frozen=True)
class Continuation:
    indicator: Indicator
    similarity: float
    reason: str


def owners(quote: str, metric: str, *, on: date) -> Sequence[OwnerProposal]:
    """Departments whose duties are named in a phrase, best first (1 query)."""
    units = Department.objects.filter(is_active=True, kind__in=LEADING_KINDS).order_by("ordinal", "code")
    found = [each for unit in units for each in _proposal(unit, quote + metric)]
    return sorted(found, key=lambda each: -each.score)


def _proposal(unit: Department, words: str) -> Iterator[OwnerProposal]:
    place = unit.name.removesuffix("人民政府")
    if unit.kind == "district" and place in words:
        yield OwnerProposal(unit, f"句中写明“{place}”", 1.0)
        return
    named = [(len(duty), duty) for duty in WORDS.split(unit.duties) if len(duty) > 1 and duty in words]
    if named:
        length, duty = max(named)
        yield OwnerProposal(unit, f"职责含“{duty}”", min(0.9, 0.4 + 0.1 * length))
        return
    shared = max((_longest_shared(duty, words) for duty in WORDS.split(unit.duties) if duty), key=len, default="")
    if len(shared) > 1:
        yield OwnerProposal(unit, f"职责中有“{shared}”", min(0.5, 0.15 * len(shared)))


def _longest_shared(duty: str, words: str) -> str:
    parts = (duty[start:end] for start in range(len(duty)) for end in range(len(duty), start + 1, -1))
    return max((part for part in parts if part in words), key=len, default="")


def continued(quotes: Sequence[str], *, year: int) -> Mapping[int, Continuation]:
    """The task of the year before that each phrase goes on with, by the phrase's place (1 query)."""
    earlier = Indicator.objects.filter(report__year=year - 1, is_active=True).select_related(
        "commitment", "lead_department", "accountable_post"
    )
    known = [(found, _pairs(found.commitment.quote)) for found in earlier.prefetch_related("supporting_departments")]
    best = {}
    for place, quote in enumerate(quotes):
        pairs = _pairs(quote)
        alike = max(((_likeness(pairs, theirs), found) for found, theirs in known), key=_first, default=None)
        if alike and alike[0] >= ALIKE:
            reason = f"去年“{alike[1].commitment.quote}”"
            best[place] = Continuation(alike[1], round(alike[0], 2), reason)
    return best


def _first(pair: tuple[float, Indicator]) -> float:
    return pair[0]


def _pairs(words: str) -> set[str]:
    """Neighbouring characters without figures: those are new every year."""
    plain = NOT_TEXT.sub("", words)
    return {plain[place : place + 2] for place in range(len(plain) - 1)}


def _likeness(one: set[str], other: set[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0
