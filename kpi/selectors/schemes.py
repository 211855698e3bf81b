"""The scoring schemes: the one in force on a day, and a stored one as the domain's value."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from kpi.domain.scoring import OwnWeight, ReasonRule, Scheme, ScoreBasis, ScoreReason
from kpi.domain.values import Strength
from kpi.models import ScoringLine, ScoringScheme, ScoringWeight


def scheme_on(day: date) -> ScoringScheme | None:
    """The scheme in force on ``day`` (1 query); ``None`` before the first one begins."""
    return ScoringScheme.objects.filter(is_default=True, effective_from__lte=day).order_by("-effective_from").first()


def stored(scheme: ScoringScheme) -> Scheme:
    """A stored scheme as the domain's value (2 queries)."""
    weights = scheme.weights.select_related("indicator")
    return as_scheme(scheme, scheme.lines.all(), ((each.indicator.code, each) for each in weights))


def as_scheme(
    scheme: ScoringScheme, lines: Iterable[ScoringLine], weights: Iterable[tuple[str, ScoringWeight]]
) -> Scheme:
    """The same of rows that need not be stored; ``weights`` come with their indicators' codes."""
    return Scheme(
        basis=ScoreBasis(scheme.basis),
        lead_weight=scheme.lead_weight,
        supporting_weight=scheme.supporting_weight,
        weights={
            Strength.MUST: scheme.weight_must,
            Strength.AIM: scheme.weight_aim,
            Strength.SUPPORT: scheme.weight_support,
        },
        rules={ScoreReason(line.reason): ReasonRule(line.points, line.cap, line.key_points) for line in lines},
        most_deduction=scheme.most_deduction,
        most_bonus=scheme.most_bonus,
        bonus_breaks_ties_only=scheme.bonus_breaks_ties_only,
        own={code: OwnWeight(each.weight, each.is_key) for code, each in weights},
    )
