"""Questions a figure raises before it is submitted. They ask and never block: the person may know better.

Both rules are this product's own. They are meant for slips of hand and unit, so they stay silent where history, plan
and target say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from kpi.domain.values import Kind

ASKED_KINDS = (Kind.CUMULATIVE, Kind.POINT_IN_TIME)
# Times the usual monthly step, and the months “usual” looks back.
JUMP_FACTOR = 3
USUAL_MONTHS = 3
# Times the largest known reference from which a figure is out of scale.
OUT_OF_SCALE = 50
# Units people mix up, most frequent first: 亩 for 万亩, 元 for 千元, 元 for 亿元, a share for per cent.
POWERS = (Decimal(10_000), Decimal(1_000), Decimal(100_000_000), Decimal(100))
PLAUSIBLE_FROM, PLAUSIBLE_TO = Decimal("0.2"), Decimal(5)
TENTH = Decimal("0.1")


class Doubt(StrEnum):
    """What looks odd about a figure."""

    JUMP = "jump"
    UNIT_SLIP = "unit_slip"


@dataclass(frozen=True)
class Question:
    """One doubt. ``params``: ``factor`` = times the usual step; ``meant`` = the figure in the indicator's own unit."""

    doubt: Doubt
    params: Mapping[str, Decimal]


def question(
    *, kind: Kind, value: Decimal | None, earlier: Sequence[Decimal], plan: Decimal | None, target: Decimal | None
) -> Question | None:
    """What to ask about ``value``, if anything: one question for one figure.

    All figures are in the indicator's unit; ``earlier`` are the approved ones of the year's earlier months, oldest
    first; ``plan`` is the planned figure to date.
    """
    if value is None or kind not in ASKED_KINDS:
        return None
    references = [known for known in (*earlier[-1:], plan, target) if known is not None and known > 0]
    meant = _meant(value, references)
    if meant is not None:
        return Question(Doubt.UNIT_SLIP, {"meant": meant})
    if plan is not None and value <= plan:
        return None
    factor = _times_usual(value, _steps(kind, earlier), earlier)
    return Question(Doubt.JUMP, {"factor": factor.quantize(TENTH)}) if factor > JUMP_FACTOR else None


def _meant(value: Decimal, references: Sequence[Decimal]) -> Decimal | None:
    """The figure that was probably meant: the last one, the plan or the target, whichever is known first, decides."""
    if not references or value < OUT_OF_SCALE * max(references):
        return None
    candidates = (value / power for power in POWERS)
    return next((each for each in candidates if PLAUSIBLE_FROM <= each / references[0] <= PLAUSIBLE_TO), None)


def _steps(kind: Kind, earlier: Sequence[Decimal]) -> list[Decimal]:
    """Monthly steps; a cumulative year starts from nothing."""
    start = [Decimal(0)] if kind is Kind.CUMULATIVE else []
    known = [*start, *earlier]
    return [after - before for before, after in pairwise(known)]


def _times_usual(value: Decimal, steps: Sequence[Decimal], earlier: Sequence[Decimal]) -> Decimal:
    """This month's step in times the usual one; 0 where nothing is usual yet."""
    forward = [step for step in steps[-USUAL_MONTHS:] if step > 0]
    if len(earlier) < 2 or not forward:
        return Decimal(0)
    return (value - earlier[-1]) * len(forward) / sum(forward)
