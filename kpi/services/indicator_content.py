"""What the form of an indicator says, read into typed content: every problem at its field, all at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Q

from accounts.models import Department, Post
from kpi import labels
from kpi.domain.values import WHOLE_KINDS, Accumulation, Comparator, Frequency, Kind, Polarity, Strength
from kpi.models import Indicator
from kpi.models.fields import FIGURE_DECIMALS
from kpi.services.content import ContentInvalid, Reader

CODE = re.compile(r"[A-Z]\d{2,3}")
LONGEST = {"name": 60, "unit": 20, "baseline_unit": 20, "section": 40}
# Where a kind leaves no choice; the form need not ask for it.
SETTLED_BY_KIND: Mapping[Kind, Mapping[str, str]] = {
    Kind.RATIO: {"unit": "%", "accumulation": Accumulation.RATIO},
    Kind.RANK: {"comparator": Comparator.RANK, "accumulation": Accumulation.POINT_IN_TIME},
    Kind.MILESTONE: {"comparator": Comparator.AT_LEAST, "accumulation": Accumulation.YEAR_TO_DATE},
    Kind.STAGE: {"comparator": Comparator.AT_LEAST, "accumulation": Accumulation.POINT_IN_TIME},
}
FLAGS = ("evidence_required", "needs_cosign", "is_lead_settled")
CHOICES = {
    "kind": Kind,
    "comparator": Comparator,
    "polarity": Polarity,
    "accumulation": Accumulation,
    "strength": Strength,
    "frequency": Frequency,
}

Raw = Mapping[str, Any]
Named = TypeVar("Named")


@dataclass(frozen=True)
class Directory:
    """What the form may name: departments and posts by code, and last year's indicators by code (3 queries).

    A department that was closed stays as long as an indicator of the year names it.
    """

    departments: Mapping[str, Department]
    posts: Mapping[str, Post]
    earlier: Mapping[str, Indicator]

    @classmethod
    def load(cls, year: int) -> Directory:
        led, supported = Q(led_indicators__report__year=year), Q(supported_indicators__report__year=year)
        named = Department.objects.filter(led | supported).order_by().values("pk")
        return cls(
            departments={unit.code: unit for unit in Department.objects.filter(Q(is_active=True) | Q(pk__in=named))},
            posts={post.code: post for post in Post.objects.all()},
            earlier={found.code: found for found in Indicator.objects.filter(report__year=year - 1).order_by("code")},
        )


@dataclass(frozen=True)
class IndicatorContent:
    """Everything the form says; ``target`` is ``None`` for milestones only, whose nodes are counted."""

    name: str
    kind: Kind
    unit: str
    decimals: int
    comparator: Comparator
    polarity: Polarity
    accumulation: Accumulation
    strength: Strength
    frequency: Frequency
    lead: Department | None
    supporting: tuple[Department, ...]
    post: Post | None
    final_due_on: date | None
    target: Decimal | None
    baseline_value: Decimal | None
    baseline_unit: str
    baseline_note: str
    definition: str
    peer_set: str
    coverage_scope: str
    evidence_required: bool
    needs_cosign: bool
    is_lead_settled: bool
    predecessor: Indicator | None
    notes: str

    def as_fields(self) -> dict[str, Any]:
        """Columns of ``Indicator``."""
        columns = (
            *("name", "kind", "unit", "decimals", "comparator", "polarity", "accumulation", "strength", "frequency"),
            *("final_due_on", "baseline_value", "baseline_unit", "baseline_note", "definition", "peer_set"),
            *("coverage_scope", "evidence_required", "needs_cosign", "predecessor", "notes"),
        )
        return {name: getattr(self, name) for name in columns} | {
            "lead_department": self.lead,
            "accountable_post": self.post,
            "is_lead_proposed": not self.is_lead_settled,
        }


def raw_of(indicator: Indicator, supporting: Iterable[Department] | None = None) -> dict[str, Any]:
    """An indicator read ``for_form`` as it would have been typed; ``supporting`` where it is not stored yet."""
    units = indicator.supporting_departments.all() if supporting is None else supporting
    columns = (
        *("name", "kind", "unit", "comparator", "polarity", "accumulation", "strength", "frequency", "baseline_unit"),
        *("baseline_note", "definition", "peer_set", "coverage_scope", "notes", "evidence_required", "needs_cosign"),
    )
    return {name: getattr(indicator, name) for name in columns} | {
        "decimals": str(indicator.decimals),
        "lead": indicator.lead_department.code,
        "supporting": sorted(unit.code for unit in units),
        "post": indicator.accountable_post.code,
        "final_due_on": indicator.final_due_on.isoformat(),
        "target": _shortest(indicator.target_value),
        "baseline_value": _shortest(indicator.baseline_value),
        "is_lead_settled": not indicator.is_lead_proposed,
        "predecessor": indicator.predecessor.code if indicator.predecessor else "",
    }


def _shortest(value: Decimal | None) -> str:
    """A figure without the zeros that precision adds: the same figure is the same text."""
    return "" if value is None else f"{value.normalize():f}"


def read(raw: Raw, directory: Directory) -> IndicatorContent:
    """The content of a form. Raises ``ContentInvalid`` with every field that needs a correction."""
    settled = SETTLED_BY_KIND.get(raw.get("kind"), {})  # type: ignore[call-overload]
    reader = Reader({**raw, **settled})
    content = _read(reader, Kind(_required_choice(reader, "kind", Kind.CUMULATIVE)), directory)
    _check_consistent(reader, content)
    if reader.errors:
        raise ContentInvalid(reader.errors)
    return content


def _read(reader: Reader, kind: Kind, directory: Directory) -> IndicatorContent:
    decimals = _decimals(reader, kind)
    comparator = Comparator(_required_choice(reader, "comparator", Comparator.AT_LEAST))
    return IndicatorContent(
        name=_required(reader, "name"),
        kind=kind,
        unit=_required(reader, "unit"),
        decimals=decimals,
        comparator=comparator,
        polarity=Polarity(_required_choice(reader, "polarity", Polarity.HIGHER_IS_BETTER)),
        accumulation=Accumulation(_required_choice(reader, "accumulation", Accumulation.YEAR_TO_DATE)),
        strength=Strength(_required_choice(reader, "strength", Strength.SUPPORT)),
        frequency=Frequency(_required_choice(reader, "frequency", Frequency.MONTHLY)),
        lead=_named(reader, "lead", directory.departments, "lead_required"),
        supporting=tuple(directory.departments[code] for code in reader.items("supporting", directory.departments)),
        post=_named(reader, "post", directory.posts, "post_of_indicator_required"),
        final_due_on=_day(reader, "final_due_on"),
        target=None if kind is Kind.MILESTONE else reader.number("target", decimals=decimals),
        baseline_value=reader.number("baseline_value", decimals=FIGURE_DECIMALS),
        baseline_unit=_short(reader, "baseline_unit"),
        baseline_note=reader.text("baseline_note"),
        definition=reader.text("definition"),
        peer_set=reader.text("peer_set"),
        coverage_scope=reader.choice("coverage_scope", labels.COVERAGE_SCOPE),
        predecessor=_named(reader, "predecessor", directory.earlier),
        notes=reader.text("notes"),
        **{name: reader.flag(name) for name in FLAGS},
    )


def _check_consistent(reader: Reader, content: IndicatorContent) -> None:
    """What one field says must fit what the others do."""
    if content.kind is Kind.COVERAGE and not content.coverage_scope:
        reader.fail("coverage_scope", "scope_required")
    if content.comparator is Comparator.RANK and content.kind is not Kind.RANK:
        reader.fail("comparator", "rank_for_ranks_only")
    if content.target is None and content.kind is not Kind.MILESTONE:
        if not str(reader.raw.get("target") or "").strip():
            reader.fail("target", "target_required")
    elif content.target is not None:
        _check_target(reader, content, content.target)
    if content.lead and content.lead in content.supporting:
        reader.fail("supporting", "lead_supports_itself", unit=content.lead.short_name)


def _check_target(reader: Reader, content: IndicatorContent, target: Decimal) -> None:
    if target < 0:
        reader.fail("target", "number_negative")
    elif content.kind is Kind.STAGE and target not in (1, 2, 3, 4):
        reader.fail("target", "stage_out_of_range")
    elif content.kind is Kind.RANK and target < 1:
        reader.fail("target", "rank_starts_at_one")


def _decimals(reader: Reader, kind: Kind) -> int:
    if kind in WHOLE_KINDS:
        return 0
    text = reader.text("decimals") or "0"
    if not text.isdecimal() or int(text) > FIGURE_DECIMALS:
        reader.fail("decimals", "count_malformed", least=0, most=FIGURE_DECIMALS)
        return FIGURE_DECIMALS
    return int(text)


def _required(reader: Reader, name: str) -> str:
    text = _short(reader, name)
    if not text:
        reader.fail(name, "field_required")
    return text


def _short(reader: Reader, name: str) -> str:
    text, limit = reader.text(name), LONGEST[name]
    if len(text) > limit:
        reader.fail(name, "text_too_long", limit=limit, length=len(text))
    return text


def _required_choice(reader: Reader, name: str, otherwise: str) -> str:
    chosen = reader.choice(name, CHOICES[name])
    if not chosen and not str(reader.raw.get(name) or "").strip():
        reader.fail(name, "field_required")
    return chosen or otherwise


def _named(reader: Reader, name: str, known: Mapping[str, Named], missing: str = "") -> Named | None:
    """What the code stands for. An empty field is refused with ``missing``, if there is such a refusal."""
    code = reader.choice(name, known)
    if not code and missing and not str(reader.raw.get(name) or "").strip():
        reader.fail(name, missing)
    return known.get(code)


def _day(reader: Reader, name: str) -> date | None:
    day = reader.day(name)
    if day is None and not str(reader.raw.get(name) or "").strip():
        reader.fail(name, "field_required")
    return day
