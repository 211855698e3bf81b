"""What the plan editor's form says, read into values: every problem at its field, all at once.

Fields: a month's code for its planned value; ``nodes-count`` and ``node-<place>-name``, ``-due`` for milestones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from kpi.domain.amending import locked_changes
from kpi.domain.periods import Period as Month
from kpi.domain.values import Kind
from kpi.selectors.planning import Plan
from kpi.services.content import STAGES, ContentInvalid, Reader

MOST_NODES = 24
LONGEST_NAME = 80

Raw = Mapping[str, Any]


@dataclass(frozen=True)
class NodeContent:
    name: str
    due_on: date


def node_field(place: int, what: str) -> str:
    """The field of a node, e.g. ``node-2-due``; ``place`` counts from 1."""
    return f"node-{place}-{what}"


def read_points(raw: Raw, plan: Plan) -> dict[str, Decimal]:
    """Planned values by month code; a blank month is not in it, a locked one is as it was.

    Raises ``ContentInvalid`` with every month that needs a correction.
    """
    reader = Reader(raw)
    values: dict[str, Decimal] = {}
    for code in plan.months:
        if code in plan.locked and code not in raw:
            continue
        value = reader.number(code, decimals=plan.decimals)
        if value is None:
            continue
        _check(reader, code, value, plan.kind)
        values[code] = value
    asked = [code for code in plan.locked if code in raw]
    for code in locked_changes(plan.points, values, asked):
        reader.fail(code, "plan_month_locked", month=Month.parse(code).month)
    if reader.errors:
        raise ContentInvalid(reader.errors)
    return values


def _check(reader: Reader, code: str, value: Decimal, kind: Kind) -> None:
    if value < 0:
        reader.fail(code, "number_negative")
    elif kind is Kind.STAGE and value not in STAGES:
        reader.fail(code, "stage_out_of_range")
    elif kind is Kind.RANK and value < 1:
        reader.fail(code, "rank_starts_at_one")


def read_nodes(raw: Raw, plan: Plan) -> list[NodeContent]:
    """The milestones in their order. Raises ``ContentInvalid`` with every field that needs a correction."""
    reader = Reader(raw)
    nodes = [_node(reader, place, plan) for place in range(1, count_of(raw) + 1)]
    _check_fixed(reader, nodes, plan)
    if not nodes:
        reader.fail("nodes", "node_missing")
    if reader.errors:
        raise ContentInvalid(reader.errors)
    return [node for node in nodes if node]


def count_of(raw: Raw) -> int:
    """How many nodes the form has, within bounds."""
    text = str(raw.get("nodes-count", ""))
    return min(int(text), MOST_NODES) if text.isdecimal() and len(text) < 4 else 0


def _node(reader: Reader, place: int, plan: Plan) -> NodeContent | None:
    name_field, due_field = node_field(place, "name"), node_field(place, "due")
    name, due_on = reader.text(name_field), reader.day(due_field)
    if not name:
        reader.fail(name_field, "node_name_required")
    elif len(name) > LONGEST_NAME:
        reader.fail(name_field, "text_too_long", limit=LONGEST_NAME, length=len(name))
    if due_on is None:
        if not str(reader.raw.get(due_field) or "").strip():
            reader.fail(due_field, "node_day_required")
        return None
    if due_on.year != plan.year:
        reader.fail(due_field, "node_outside_year", year=plan.year)
    return NodeContent(name, due_on)


def _check_fixed(reader: Reader, nodes: Sequence[NodeContent | None], plan: Plan) -> None:
    """Places stay once something was filed; days stay once their month is locked, and none is set into one."""
    stored = {node.ordinal: node for node in plan.nodes}
    if not plan.may_reorder and len(nodes) < len(stored):
        reader.fail("nodes", "nodes_fixed")
    for place, node in enumerate(nodes, start=1):
        was = stored.get(place)
        if node is None or (was and was.due_on == node.due_on):
            continue
        if was and was.is_fixed:
            reader.fail(node_field(place, "due"), "node_day_locked", day=was.due_on.isoformat())
        elif str(Month.of(node.due_on)) in plan.locked:
            reader.fail(node_field(place, "due"), "node_month_locked", month=node.due_on.month)
