"""The plan editor as the page sees it: twelve cells or a list of nodes, what was typed, and its picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from kpi.domain.errors import DomainError
from kpi.domain.periods import Period as Month
from kpi.domain.plan_shapes import Preset, draw
from kpi.domain.values import parse_number
from kpi.selectors.planning import Plan, Version, drawing_of
from kpi.services import plans
from kpi.services.content import FieldError
from kpi.services.plan_content import MOST_NODES, count_of, node_field

# What parts one cell from the next where a row or a column of a workbook is pasted.
CELL_BORDER = re.compile(r"[\t\r\n;；]+")


@dataclass(frozen=True)
class Cell:
    """One month of the editor; ``code`` is its name in the form."""

    code: str
    value: str
    is_locked: bool
    errors: Sequence[FieldError]

    @property
    def month(self) -> int:
        return Month.parse(self.code).month


@dataclass(frozen=True)
class NodeRow:
    """One node of the editor; ``place`` counts from 1. ``is_kept``: it was stored before and may not be taken out."""

    place: int
    name: str
    due: str
    is_fixed: bool
    is_kept: bool
    errors: Sequence[FieldError]


@dataclass(frozen=True)
class PlanForm:
    """What stands in the editor, and the errors by field."""

    plan: Plan
    raw: Mapping[str, Any]
    summary: Sequence[FieldError] = ()

    @property
    def cells(self) -> list[Cell]:
        return [
            Cell(code, self._value(code), code in self.plan.locked, self._errors(code)) for code in self.plan.months
        ]

    def _value(self, code: str) -> str:
        """Locked months show what is stored, whatever was posted."""
        if code in self.plan.locked:
            return shown(self.plan.points.get(code), self.plan)
        return str(self.raw.get(code, ""))

    @property
    def nodes(self) -> list[NodeRow]:
        stored = {node.ordinal: node for node in self.plan.nodes}
        return [
            NodeRow(
                place=place,
                name=str(self.raw.get(node_field(place, "name"), "")),
                due=str(self.raw.get(node_field(place, "due"), "")),
                is_fixed=place in stored and stored[place].is_fixed,
                is_kept=place in stored and not self.plan.may_reorder,
                errors=[*self._errors(node_field(place, "name")), *self._errors(node_field(place, "due"))],
            )
            for place in range(1, count_of(self.raw) + 1)
        ]

    @property
    def node_errors(self) -> list[FieldError]:
        return self._errors("nodes")

    @property
    def may_add(self) -> bool:
        return count_of(self.raw) < MOST_NODES

    @property
    def points(self) -> dict[str, Decimal]:
        """What the form says as far as it can be read, by month code."""
        if self.plan.has_nodes:
            return plans.points_of(self.plan.year, [due for due in map(_day, (row.due for row in self.nodes)) if due])
        said = {cell.code: _number(cell.value, self.plan.decimals) for cell in self.cells}
        return {code: value for code, value in said.items() if value is not None}

    @property
    def labelled(self) -> list[tuple[str, FieldError]]:
        """Every error with the month or node it is at."""
        return [(self._label(error.field), error) for error in self.summary]

    def _label(self, name: str) -> str:
        if name in self.plan.months:
            return _("%(month)s月") % {"month": Month.parse(name).month}
        place = name.split("-")[1] if name.startswith("node-") else ""
        return _("节点 %(number)s") % {"number": place} if place else ""

    def _errors(self, name: str) -> list[FieldError]:
        return [error for error in self.summary if error.field == name]


def shown(value: Decimal | None, plan: Plan) -> str:
    """A planned value as it would be typed."""
    return "" if value is None else f"{value:.{plan.decimals}f}"


def _number(text: str, decimals: int) -> Decimal | None:
    try:
        return parse_number(text, decimals=decimals)
    except DomainError:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def raw_of(plan: Plan, points: Mapping[str, Decimal] | None = None) -> dict[str, Any]:
    """The plan as it would be typed; with ``points`` in place of its own."""
    said = plan.points if points is None else points
    nodes = [(node.name, node.due_on) for node in plan.nodes]
    return {code: shown(said.get(code), plan) for code in plan.months} | _raw_nodes(nodes)


def _raw_nodes(nodes: Sequence[tuple[str, date]]) -> dict[str, Any]:
    raw: dict[str, Any] = {"nodes-count": str(len(nodes))}
    for place, (name, due_on) in enumerate(nodes, start=1):
        raw |= {node_field(place, "name"): name, node_field(place, "due"): due_on.isoformat()}
    return raw


def typed(data: QueryDict, plan: Plan) -> dict[str, Any]:
    """The posted cells, or nodes with one added, taken away or moved where a button asked for it."""
    if not plan.has_nodes:
        return {code: data[code] for code in plan.months if code in data}
    count = count_of(data)
    rows = [{what: data.get(node_field(place, what), "") for what in ("name", "due")} for place in range(1, count + 1)]
    rows = list(_rearranged(rows, data, plan))
    raw: dict[str, Any] = {"nodes-count": str(len(rows))}
    for place, row in enumerate(rows, start=1):
        raw |= {node_field(place, what): text for what, text in row.items()}
    return raw


def _rearranged(rows: list[dict[str, str]], data: QueryDict, plan: Plan) -> Iterator[dict[str, str]]:
    verb, _dash, text = data.get("node", "").partition("-")
    place = int(text) - 1 if text.isdecimal() and len(text) < 3 else -1
    if verb == "remove" and 0 <= place < len(rows) and (plan.may_reorder or place >= len(plan.nodes)):
        rows.pop(place)
    elif verb == "up" and 0 < place < len(rows) and plan.may_reorder:
        rows[place - 1], rows[place] = rows[place], rows[place - 1]
    yield from rows
    if verb == "add" and len(rows) < MOST_NODES:
        yield {"name": "", "due": ""}


def shaped(plan: Plan, data: QueryDict) -> dict[str, Any]:
    """The form filled in by a preset. Raises ``DomainError`` where the preset cannot be drawn."""
    try:
        preset = Preset(data.get("preset", ""))
    except ValueError as problem:
        raise DomainError("preset_unknown", field="preset") from problem
    if plan.target is None:
        raise DomainError("target_required", field="preset")
    chosen = [int(text) for text in data.getlist("months") if text.isdecimal() and len(text) < 3]
    text = data.get("from", "").strip()
    start = parse_number(text, decimals=plan.decimals, field="from") if text else None
    drawn = draw(preset, drawing_of(plan, chosen=chosen, start=start))
    return raw_of(plan, {f"{plan.year}-{month:02d}": value for month, value in drawn.items()})


def pasted(plan: Plan, raw: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The form with a row of a workbook in its cells: twelve values for the year, fewer for the open months from the
    first one on; a blank one empties its month. Raises ``DomainError`` ``row_unreadable`` or ``row_too_long``."""
    values = [part.strip() for part in CELL_BORDER.split(text.strip("\r\n"))] if "\t" not in text else _cells(text)
    if not any(values):
        raise DomainError("row_unreadable", field="row")
    still_open = [code for code in plan.months if code not in plan.locked]
    room = plan.months if len(values) == len(plan.months) else still_open
    if len(values) > len(room):
        raise DomainError("row_too_long", field="row", given=len(values), room=len(room))
    filled = {code: value for code, value in zip(room, values, strict=False) if code not in plan.locked}
    return {**raw, **filled}


def _cells(text: str) -> list[str]:
    return [part.strip() for part in text.strip("\r\n").split("\t")]


def restored(plan: Plan, version: Version) -> dict[str, Any]:
    """The form as an earlier version had it; what is fixed by now stays as it is."""
    if not plan.has_nodes:
        return raw_of(plan, version.points)
    kept = [(node.name, node.due_on) for node in plan.nodes if not plan.may_reorder]
    earlier = [
        kept[place] if place < len(kept) and plan.nodes[place].is_fixed else node
        for place, node in enumerate(version.nodes)
    ]
    return _raw_nodes([*earlier, *kept[len(earlier) :]])
