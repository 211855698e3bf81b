"""Points for an indicator at the end of a period. Rounding happens once, at the end, half up to two places.

Source of the preset: the published method of 贵阳 (finished = full weight, no bonus for excess; control figures score
2 − actual ÷ target; never below 0; deductions and extra points capped at 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from kpi.domain.errors import DomainError
from kpi.domain.values import Polarity

CENT = Decimal("0.01")


@dataclass(frozen=True)
class ScoreRule:
    """``best_share`` caps the achieved share (1 = no bonus); caps are in points."""

    code: str
    best_share: Decimal = Decimal(1)
    most_deduction: Decimal = Decimal(5)
    most_bonus: Decimal = Decimal(5)


GUIYANG = ScoreRule("guiyang")


def achieved_share(actual: Decimal, target: Decimal, polarity: Polarity, rule: ScoreRule = GUIYANG) -> Decimal:
    """The share of the weight that is earned: actual ÷ target, or 2 − actual ÷ target; from 0 to ``best_share``.

    Raises ``DomainError`` ``target_not_positive``, where no share can be formed.
    """
    if target <= 0:
        raise DomainError("target_not_positive", target=target)
    share = actual / target
    if polarity is Polarity.LOWER_IS_BETTER:
        share = 2 - share
    return min(max(share, Decimal(0)), rule.best_share)


def score(
    *,
    weight: Decimal,
    actual: Decimal | None,
    target: Decimal,
    polarity: Polarity,
    deduction: Decimal = Decimal(0),
    bonus: Decimal = Decimal(0),
    rule: ScoreRule = GUIYANG,
) -> Decimal:
    """Points of one indicator; without a figure nothing is earned. Never below 0."""
    earned = Decimal(0) if actual is None else weight * achieved_share(actual, target, polarity, rule)
    points = earned + min(bonus, rule.most_bonus) - min(deduction, rule.most_deduction)
    return max(points, Decimal(0)).quantize(CENT, ROUND_HALF_UP)
