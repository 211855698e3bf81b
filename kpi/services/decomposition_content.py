"""The details of a phrase that becomes a task: the indicator's form with a planned curve or nodes, read as a whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from kpi.domain.errors import DomainError
from kpi.domain.periods import Period as Month
from kpi.domain.plan_shapes import MONTHS, Drawing, Points, Preset, draw, end_of
from kpi.domain.readings import LONGEST_NODE
from kpi.domain.values import WHOLE_KINDS, Comparator, Kind
from kpi.models import Indicator
from kpi.selectors.planning import start_of
from kpi.services.content import ContentInvalid, FieldError, Raw, Reader
from kpi.services.indicator_content import Directory, IndicatorContent, read
from kpi.services.plan_content import MOST_NODES

# What a phrase must settle when it is accepted; the rest has time until publishing.
CORE = ("name", "kind", "unit", "comparator", "target", "decimals", "final_due_on", "strength", "range_end", "nodes")


@dataclass(frozen=True)
class Details:
    """Everything publishing writes; ``nodes`` are name and day, ``points`` planned values by month number."""

    content: IndicatorContent
    points: Points
    nodes: Sequence[tuple[str, date]]


def read_details(task: Raw, directory: Directory, year: int, last_year: Points | None = None) -> Details:
    """The details of a task. Raises ``ContentInvalid`` with every field that needs a correction."""
    raw, errors = with_codes(task, directory), []
    try:
        content = read(raw, directory)
    except ContentInvalid as problem:
        content, errors = None, [*problem.errors]
    if raw.get("comparator") == Comparator.RANGE and not raw.get("range_end"):
        errors.append(FieldError("range_end", "range_undecided"))
    reader = Reader(raw)
    nodes = _nodes(reader, year) if raw.get("kind") == Kind.MILESTONE else []
    errors += reader.errors
    if content is None or errors:
        raise ContentInvalid(errors)
    return Details(content, {} if nodes else _points(raw, content, year, last_year), nodes)


def problems_of(task: Raw, directory: Directory, year: int, last_year: Points | None = None) -> list[FieldError]:
    """What is still wrong with a task; empty once it may be published."""
    try:
        read_details(task, directory, year, last_year)
    except ContentInvalid as problem:
        return list(problem.errors)
    return []


def core_problems(task: Raw, directory: Directory, year: int) -> list[FieldError]:
    """What keeps a phrase from being accepted."""
    return [error for error in problems_of(task, directory, year) if error.field in CORE]


def with_codes(task: Raw, directory: Directory) -> dict[str, Any]:
    """The form with codes where a unit was named by its short or full name, as people type it."""
    names = {name: code for code, unit in directory.departments.items() for name in (unit.name, unit.short_name)}
    posts = {post.title: code for code, post in directory.posts.items()}
    lead, post = str(task.get("lead") or "").strip(), str(task.get("post") or "").strip()
    return {**task, "lead": names.get(lead, lead), "post": posts.get(post, post)}


def _points(raw: Raw, content: IndicatorContent, year: int, last_year: Points | None) -> Points:
    """The curve of the chosen shape, up to the month of the final date."""
    assert content.target is not None  # only milestones have none
    decimals = 0 if content.kind in WHOLE_KINDS else content.decimals
    end = end_of(content.target, content.comparator, decimals)
    due = content.final_due_on
    last_month = due.month if due is not None and due.year == year else 12
    preset = str(raw.get("preset") or Preset.EVEN)
    if preset not in set(Preset):
        raise ContentInvalid([FieldError("preset", "preset_unknown")])
    drawing = Drawing(
        start=start_of(Indicator(**content.as_fields()), end),
        end=end,
        decimals=decimals,
        chosen=_months(raw.get("months") or ()),
        last_year=last_year,
        open_months=[month for month in MONTHS if month <= last_month],
    )
    try:
        drawn = draw(Preset(preset), drawing)
    except DomainError as problem:
        raise ContentInvalid([FieldError("preset", problem.code)]) from problem
    # A quarter may end before the final date does: that has a value of its own then.
    return {**drawn, last_month: end} if preset == Preset.QUARTER_ENDS else drawn


def _months(chosen: Collection[Any]) -> list[int]:
    return [int(month) for month in map(str, chosen) if month.isdecimal() and int(month) in MONTHS]


def _nodes(reader: Reader, year: int) -> list[tuple[str, date]]:
    """A node for each line: its day, a blank, its name."""
    found: list[tuple[str, date]] = []
    for line in reader.text("nodes").splitlines()[:MOST_NODES]:
        day, _blank, name = line.strip().partition(" ")
        if not day:
            continue
        try:
            due_on = date.fromisoformat(day)
        except ValueError:
            reader.fail("nodes", "node_line", line=line.strip()[:40])
            continue
        if due_on.year != year:
            reader.fail("nodes", "node_outside_year", year=year)
        elif not name.strip():
            reader.fail("nodes", "node_name_required")
        elif len(name.strip()) > LONGEST_NODE:
            reader.fail("nodes", "text_too_long", limit=LONGEST_NODE, length=len(name.strip()))
        else:
            found.append((name.strip(), due_on))
    if not found and not reader.errors:
        reader.fail("nodes", "node_missing")
    return found


def month_codes(points: Points, year: int) -> dict[str, Decimal]:
    """Month codes in place of numbers, as planned values are stored."""
    return {str(Month(year, month)): value for month, value in points.items()}
