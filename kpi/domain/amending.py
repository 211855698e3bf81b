"""What of an indicator may be changed when (任务配置): freely, or only until something was filed or published.

The table is tests/domain/cases/plan_changes.csv. A figure that was filed was filed in a unit and by a definition; a
month that was locked was judged by a target and a plan. What was published is changed by a target change alone, which
has its own procedure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Stage(StrEnum):
    """How far an indicator has come: nothing was ever submitted, something was, a month with it was locked."""

    OPEN = "open"
    FILED = "filed"
    LOCKED = "locked"

    @classmethod
    def of(cls, *, is_filed: bool, is_locked: bool) -> Stage:
        if is_locked:
            return cls.LOCKED
        return cls.FILED if is_filed else cls.OPEN


class Rule(StrEnum):
    """``GROW``: only to a larger number. ``ACT``: by a step of its own, with a day and its effect spelled out.
    ``CASE``: by a target change. ``FIXED``: no more in this year."""

    FREE = "free"
    GROW = "grow"
    ACT = "act"
    CASE = "case"
    FIXED = "fixed"


_FREE = (Rule.FREE, Rule.FREE, Rule.FREE)
# A figure on record means what these said when it was filed.
_MEANING = (Rule.FREE, Rule.FIXED, Rule.FIXED)
# A published lamp was judged by these.
_YARDSTICK = (Rule.FREE, Rule.FREE, Rule.CASE)

RULES: Mapping[str, tuple[Rule, Rule, Rule]] = {
    "name": _FREE,
    "strength": _FREE,
    "supporting": _FREE,
    "post": _FREE,
    "frequency": _FREE,
    "definition": _FREE,
    "peer_set": _FREE,
    "evidence_required": _FREE,
    "needs_cosign": _FREE,
    "is_lead_settled": _FREE,
    "predecessor": _FREE,
    "notes": _FREE,
    "baseline_note": _FREE,
    "lead": (Rule.FREE, Rule.ACT, Rule.ACT),
    "is_active": (Rule.ACT, Rule.ACT, Rule.ACT),
    "kind": _MEANING,
    "unit": _MEANING,
    "accumulation": _MEANING,
    "coverage_scope": _MEANING,
    "decimals": (Rule.FREE, Rule.GROW, Rule.GROW),
    "comparator": _YARDSTICK,
    "polarity": _YARDSTICK,
    "target": _YARDSTICK,
    "final_due_on": _YARDSTICK,
    "baseline_value": _YARDSTICK,
    "baseline_unit": _YARDSTICK,
    # A month's own lock counts here, not that of the months before it.
    "plan_month": _YARDSTICK,
    "node_date": _YARDSTICK,
    "node_name": _FREE,
    "node_added": _FREE,
    # Reports name the nodes that are done by their place.
    "node_removed": _MEANING,
    "unit_target": _FREE,
}


def rule_for(what: str, stage: Stage) -> Rule:
    """What holds for a field (or part) of an indicator at a stage."""
    return RULES[what][list(Stage).index(stage)]


def refusals(changed: Mapping[str, tuple[object, object]], stage: Stage) -> dict[str, Rule]:
    """Which of the changed fields (name to before and after) may not be changed so, and by what rule.

    A figure that may only grow is refused where it shrinks.
    """
    found = {name: rule_for(name, stage) for name in changed}
    return {name: rule for name, rule in found.items() if not _admits(rule, *changed[name])}


def _admits(rule: Rule, before: object, after: object) -> bool:
    if rule is Rule.GROW:
        return int(str(after)) >= int(str(before))
    return rule is Rule.FREE


def locked_changes(before: Mapping[str, object], after: Mapping[str, object], locked: Iterable[str]) -> list[str]:
    """Which locked months (or places) would say something else, in order."""
    return [each for each in sorted(set(locked)) if before.get(each) != after.get(each)]
