"""When a report has to bring evidence. Everywhere else it may: people are not asked for paper that proves nothing."""

from __future__ import annotations

from enum import StrEnum

from kpi.domain.values import Rag


class Need(StrEnum):
    """Why a report cannot be submitted without evidence."""

    CORRECTION = "correction"
    COMPLETION = "completion"
    INDICATOR = "indicator"


def need_of(
    *, is_demanded: bool, rag: Rag, last_rag: Rag | None, is_correction: bool, no_progress: bool
) -> Need | None:
    """Why evidence must be attached, the weightiest reason first; ``None`` where it may be left out.

    ``is_demanded`` is the indicator's own rule, ``rag`` the lamp the report gives, ``last_rag`` the lamp of the last
    approved report (``None`` before any). A month without progress claims nothing, so nothing has to be proved.
    """
    if is_correction:
        return Need.CORRECTION
    if no_progress:
        return None
    if rag is Rag.DONE and last_rag is not Rag.DONE:
        return Need.COMPLETION
    return Need.INDICATOR if is_demanded else None
