"""What an indicator is held to in a month: target, final date, planned curve and nodes, by the plan that held then.

The plan as it is now stands in the indicator's own rows; what held before a change of target came with it as
``former_rows`` (``FormerPlan``), oldest first. Nothing here asks the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from kpi.domain.periods import Period
from kpi.domain.rag import Node
from kpi.domain.replanning import Held
from kpi.domain.trajectory import Trajectory
from kpi.models import Indicator

NOTHING_DONE: Mapping[int, date] = {}


@dataclass(frozen=True)
class Terms:
    """What holds by one plan: by ``former``, a row of ``former_rows``, else by the indicator as it is.

    Values are read from their text when they are asked for: a board asks for few of some thousand.
    """

    indicator: Indicator
    former: Mapping[str, Any] | None = None

    @property
    def target(self) -> Decimal | None:
        """The full-year target. The present one is the indicator's ``target_value`` (``with_target``)."""
        if self.former is None:
            return self.indicator.target_value
        return None if self.former["target"] is None else Decimal(self.former["target"])

    @property
    def final_due_on(self) -> date:
        return date.fromisoformat(self.former["final_due_on"]) if self.former else self.indicator.final_due_on

    @property
    def planned(self) -> Mapping[str, str]:
        """Month to planned value as text; months that are not due are absent."""
        return self.former["plan"] if self.former else self.indicator.planned or {}

    @cached_property
    def trajectory(self) -> Trajectory:
        return Trajectory({Period.parse(code): Decimal(value) for code, value in self.planned.items()})

    def expected_at(self, month: Period) -> Decimal | None:
        """The planned value at the end of a month; ``None`` means not due."""
        value = self.planned.get(str(month))
        return None if value is None else Decimal(value)

    @property
    def node_rows(self) -> Sequence[Mapping[str, Any]]:
        return self.former["nodes"] if self.former else self.indicator.node_rows

    def with_plan(self, plan: Mapping[str, str], nodes: Sequence[Mapping[str, Any]]) -> Terms:
        """The same target and date by another curve and other nodes."""
        return Terms(self.indicator, self.as_row() | {"plan": plan, "nodes": nodes})

    def as_row(self) -> dict[str, Any]:
        """Its columns in a ``FormerPlan``, as JSON could hold them: the figure and the day are text."""
        return {
            "target": None if self.target is None else str(self.target),
            "final_due_on": self.final_due_on.isoformat(),
            "plan": dict(self.planned),
            "nodes": list(self.node_rows),
        }

    @property
    def held(self) -> Held:
        """The same as the rules of a change read it."""
        nodes = {node.ordinal: node.due_on for node in self.nodes()}
        return Held(self.target, self.final_due_on, self.trajectory.points, nodes)

    def nodes(self, done: Mapping[int, date] = NOTHING_DONE) -> tuple[Node, ...]:
        """The milestones, with the days they were completed by ordinal."""
        return tuple(
            Node(row["ordinal"], row["name"], date.fromisoformat(row["due_on"]), done.get(row["ordinal"]))
            for row in self.node_rows
        )


def terms_at(indicator: Indicator, month: Period) -> Terms:
    """What holds in ``month``: the first former plan that was replaced later, else the present one."""
    if not indicator.former_rows:
        return Terms(indicator)
    code = str(month)
    return Terms(indicator, next((row for row in indicator.former_rows if row["replaced_from"] > code), None))


def original_terms(indicator: Indicator) -> Terms:
    """What the year began with; the present terms where nothing was changed."""
    return Terms(indicator, indicator.former_rows[0] if indicator.former_rows else None)


def yardstick(indicator: Indicator, month: Period) -> Terms:
    """What scores measure by in ``month``: what holds then, but a plan that was replaced too late stays."""
    return kept_terms(indicator, month) or terms_at(indicator, month)


def kept_terms(indicator: Indicator, month: Period) -> Terms | None:
    """The plan that was replaced too late by ``month`` and so stays the yardstick, where there is one."""
    kept = (row for row in indicator.former_rows if row["stays_yardstick"] and row["replaced_from"] <= str(month))
    found = next(kept, None)
    return None if found is None else Terms(indicator, found)


def is_changed_by(indicator: Indicator, month: Period) -> bool:
    """Whether another plan than the year's first one holds in ``month``."""
    return bool(indicator.former_rows) and indicator.former_rows[0]["replaced_from"] <= str(month)
