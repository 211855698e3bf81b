"""From children to a parent: totals of districts, coverage of units, counts of lamps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

from kpi.domain.values import Rag


class Method(StrEnum):
    """How the figures of the parts give the figure of the whole."""

    SUM = "sum"
    MAX = "max"
    LATEST = "latest"
    COVERAGE = "coverage"


METHODS: Mapping[Method, Callable[[Sequence[Decimal]], Decimal]] = {
    Method.SUM: lambda parts: sum(parts, Decimal(0)),
    Method.MAX: max,
    Method.LATEST: lambda parts: parts[-1],
    # A unit counts as covered from its first one on: a city total cannot prove “each”.
    Method.COVERAGE: lambda parts: Decimal(sum(part >= 1 for part in parts)),
}


def roll_up(method: Method, parts: Sequence[Decimal | None]) -> Decimal | None:
    """The whole from its parts in order; a missing part is left out, not taken for zero; none at all is ``None``."""
    known = [part for part in parts if part is not None]
    return METHODS[method](known) if known else None


def ratio(parts: Sequence[tuple[Decimal, Decimal]]) -> Decimal | None:
    """Per cent of the summed numerators in the summed denominators; ``None`` where the denominators are zero."""
    whole = sum((denominator for _, denominator in parts), Decimal(0))
    if not whole:
        return None
    return sum((numerator for numerator, _ in parts), Decimal(0)) * 100 / whole


def counts(lamps: Iterable[Rag]) -> Mapping[Rag, int]:
    """How many of each lamp; every lamp is named, also with zero."""
    found = Counter(lamps)
    return {rag: found[rag] for rag in Rag}
