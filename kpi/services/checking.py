"""Is a year's set of indicators whole? Counts and gaps, for ``manage.py check_report``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from kpi.domain.plan_shapes import ends_at_target
from kpi.domain.values import Comparator, Kind, Polarity
from kpi.models import Commitment, Indicator, Report


@dataclass(frozen=True)
class CheckResult:
    """``counts`` say what was found, ``gaps`` what is missing, in words a person can act on."""

    counts: dict[str, int]
    gaps: tuple[str, ...]


def check_report(report: Report) -> CheckResult:
    """Check text, ownership, anchors, planned curves and leads of one year (4 queries)."""
    commitments = list(report.commitments.prefetch_related("indicators"))
    indicators = list(
        Indicator.objects.of_year(report.year)
        .with_target(date(report.year, 12, 31))
        .select_related("lead_department")
        .prefetch_related("plan_points", "milestones")
    )
    gaps = [
        *_text_gaps(report),
        *(gap for commitment in commitments for gap in _commitment_gaps(report, commitment)),
        *(gap for indicator in indicators for gap in _indicator_gaps(indicator)),
    ]
    return CheckResult(_counts(commitments, indicators, report), tuple(gaps))


def _counts(commitments: list[Commitment], indicators: list[Indicator], report: Report) -> dict[str, int]:
    to_own = [commitment for commitment in commitments if not commitment.is_context]
    return {
        "clauses": len(commitments),
        "context": len(commitments) - len(to_own),
        "commitments": len(to_own),
        "owned": sum(_is_owned(commitment) for commitment in to_own),
        "anchored": sum(_is_anchored(report, commitment) for commitment in commitments),
        "indicators": len(indicators),
        "curve_ends_at_target": sum(_ends_at_target(indicator) for indicator in indicators),
        "exactly_one_lead": sum(indicator.lead_department_id is not None for indicator in indicators),
    }


def _text_gaps(report: Report) -> Iterator[str]:
    if hashlib.sha256(report.text.encode()).hexdigest() != report.sha256:
        yield f"{report.year}: the stored text differs from its checksum"


def _commitment_gaps(report: Report, commitment: Commitment) -> Iterator[str]:
    if not _is_anchored(report, commitment):
        yield f"{commitment.code}: the quotation is not at {commitment.start}–{commitment.end} of the text"
    if not commitment.is_context and not _is_owned(commitment):
        yield f"{commitment.code}: no indicator owns it: {commitment.quote}"
    if commitment.is_context and _is_owned(commitment):
        yield f"{commitment.code}: marked as context but an indicator owns it"


def _is_owned(commitment: Commitment) -> bool:
    return any(indicator.is_active for indicator in commitment.indicators.all())


def _is_anchored(report: Report, commitment: Commitment) -> bool:
    start, end, text = commitment.start, commitment.end, report.text
    return (
        commitment.is_anchored
        and text[start:end] == commitment.quote
        and text[:start].endswith(commitment.prefix)
        and text[end:].startswith(commitment.suffix)
        and hashlib.sha256(commitment.quote.encode()).hexdigest() == commitment.quote_sha256
    )


def _indicator_gaps(indicator: Indicator) -> Iterator[str]:
    if not indicator.lead_department.is_active:
        yield f"{indicator.code}: its lead department is no longer active"
    if indicator.target_value is None:
        yield f"{indicator.code}: has no target"
    elif not _ends_at_target(indicator):
        yield f"{indicator.code}: the planned curve does not end at the target {indicator.target_value}"
    if indicator.kind == Kind.MILESTONE and not indicator.milestones.all():
        yield f"{indicator.code}: has no milestones"


def _ends_at_target(indicator: Indicator) -> bool:
    """The last planned month must meet the target by the indicator's own comparator."""
    points = list(indicator.plan_points.all())
    if not points or indicator.target_value is None:
        return False
    last = max(points, key=lambda point: point.period).value
    return ends_at_target(last, indicator.target_value, Comparator(indicator.comparator), Polarity(indicator.polarity))
