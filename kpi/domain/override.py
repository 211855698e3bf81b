"""Which lamp the office may set in place of the computed one. The table is tests/domain/cases/override.csv."""

from __future__ import annotations

from kpi.domain.errors import DomainError
from kpi.domain.values import Rag

# A matter of judgement. Done and not due are facts: the target is met, or there is nothing to judge by.
JUDGED = frozenset({Rag.RED, Rag.AMBER, Rag.GREEN})


def check_override(computed: Rag, reviewed: Rag) -> None:
    """Raise unless ``reviewed`` may stand in for ``computed``: ``override_not_judged``, ``override_target`` or
    ``override_same``."""
    if computed not in JUDGED:
        raise DomainError("override_not_judged")
    if reviewed not in JUDGED:
        raise DomainError("override_target")
    if reviewed is computed:
        raise DomainError("override_same")
