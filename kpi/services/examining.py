"""What a report's content is held against before it is filed: earlier figures, its lamp, what it must prove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from kpi.domain.errors import DomainError
from kpi.domain.evidence import Need, need_of
from kpi.domain.guards import question
from kpi.domain.periods import Period as Month
from kpi.domain.rag import Assessment
from kpi.domain.values import Kind, Rag
from kpi.models import Indicator, Period, Submission
from kpi.selectors.content import Content, has_figure_in_force, in_force
from kpi.selectors.standing import Figure, RuleBook, assess_figure
from kpi.services.content import check_complete, with_last_figure


class FigureInDoubt(DomainError):
    """A figure to look at once more: sent again as ``sure_of`` it is filed (422)."""


def earlier_reports(indicator: Indicator, period: Period) -> list[Submission]:
    """The reports of the year's earlier periods that count, oldest first (1 query).

    Their content is the approved one, also while a correction is under way; those without a figure, because there was
    none yet, are left out.
    """
    found = Submission.objects.ever_approved().with_standing().select_related("period").order_by("period__code")
    found = found.filter(indicator=indicator, period__code__lt=period.code, period__report_id=period.report_id)
    return [in_force(each) for each in found if has_figure_in_force(each)]


def last_approved(indicator: Indicator, before: Period) -> Submission | None:
    """The latest of the earlier reports: what “last month” means on the form."""
    return next(reversed(earlier_reports(indicator, before)), None)


def figures_before(indicator: Indicator, period: Period) -> list[Decimal]:
    """Their figures, oldest first."""
    return [found.value for found in earlier_reports(indicator, period) if found.value is not None]


def examine(
    *,
    indicator: Indicator,
    period: Period,
    content: Content,
    earlier: Sequence[Submission],
    rules: RuleBook,
    sure_of: Decimal | None = None,
    is_corrected: bool = False,
    has_evidence: bool = False,
) -> Content:
    """The content as it would be filed; writes nothing and asks the database nothing.

    ``earlier`` is what ``earlier_reports`` gives. ``is_corrected``: a version was approved before, so this is a
    correction, whatever the form says.

    Raises ``ContentInvalid`` or ``FigureInDoubt``.
    """
    last = earlier[-1] if earlier else None
    content = with_last_figure(content, last)
    content = replace(content, is_correction=content.is_correction or is_corrected)
    lamp = assess_figure(indicator, period=Month.parse(period.code), figure=content.figure(), rules=rules)
    doubt = None if content.value == sure_of else _doubt(indicator, content, earlier, plan=lamp.expected)
    # A slip of the unit may claim a completion: the figure is asked about first, and only then for its proof.
    is_proved = has_evidence or doubt is not None
    need = None if is_proved else evidence_need(indicator, content, lamp, last=last, rules=rules)
    check_complete(indicator=indicator, content=content, last=last, assessment=lamp, unproved=need)
    if doubt is not None:
        raise doubt
    return content


def _doubt(
    indicator: Indicator, content: Content, earlier: Sequence[Submission], *, plan: Decimal | None
) -> FigureInDoubt | None:
    """The question to raise where the figure looks like a slip of hand or unit."""
    if content.is_correction or content.no_progress or content.value is None:
        return None
    doubt = question(
        kind=Kind(indicator.kind),
        value=content.value,
        earlier=[found.value for found in earlier if found.value is not None],
        plan=plan,
        target=indicator.target_value,
    )
    if doubt is None:
        return None
    return FigureInDoubt(f"doubt_{doubt.doubt}", value=content.value, unit=indicator.unit, **doubt.params)


def evidence_need(
    indicator: Indicator, content: Content, lamp: Assessment, *, last: Submission | None, rules: RuleBook
) -> Need | None:
    """Why this content needs evidence; ``last`` is what ``last_approved`` gives, ``lamp`` the content's own."""
    last_rag = None
    if last is not None and lamp.rag is Rag.DONE:
        last_rag = assess_figure(
            indicator, period=Month.parse(last.period.code), figure=Figure.of(last), rules=rules
        ).rag
    return need_of(
        is_demanded=indicator.evidence_required,
        rag=lamp.rag,
        last_rag=last_rag,
        is_correction=content.is_correction,
        no_progress=content.no_progress,
    )
