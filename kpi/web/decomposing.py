"""The pages of a report that is being taken apart: a phrase's panel, the table of details, one task's form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kpi import labels
from kpi.domain.decomposition import Origin, SpanState, SpanVerb, neighbour, places_to_cut, verbs_for
from kpi.domain.plan_shapes import Points
from kpi.domain.readings import Reading
from kpi.models import Decomposition, ProposedSpan
from kpi.selectors.decomposition import Board, Phrase
from kpi.services.content import ContentInvalid, FieldError
from kpi.services.decomposition_content import Details, read_details, with_codes
from kpi.services.indicator_content import FLAGS, Directory
from kpi.web.configuring import GROUPS, LISTS, IndicatorForm, Spec

# What the panel of a phrase lets correct; everything else is filled in with the details.
PANEL = ("name", "kind", "comparator", "target", "unit", "decimals", "final_due_on", "strength", "range_end")
# The columns of the table of details, and how each is filled in.
COLUMNS: Sequence[tuple[str, str | Promise, str]] = (
    ("name", _("任务名称"), "text"),
    ("kind", _("类型"), "KIND"),
    ("comparator", _("比较符"), "COMPARATOR"),
    ("target", _("目标值"), "figure"),
    ("unit", _("单位"), "text"),
    ("final_due_on", _("完成时限"), "day"),
    ("lead", _("牵头单位"), "unit"),
    ("post", _("分管领导"), "post"),
    ("preset", _("计划形状"), "PRESET"),
)
PER_PAGE = 25
PLAN_FIELDS: Mapping[str, str | Promise] = {
    "preset": _("计划形状"),
    "months": _("月份"),
    "nodes": _("节点"),
    "range_end": _("区间"),
}
NAMES = tuple(spec.name for _title, specs in GROUPS for spec in specs)


def names_of_fields() -> dict[str, str | Promise]:
    """What a field is called, for a summary of errors."""
    return {spec.name: spec.label for _title, specs in GROUPS for spec in specs} | dict(PLAN_FIELDS)


@dataclass(frozen=True)
class Panel:
    """One phrase as the panel shows it: what was read of each number, and what may be done; ``lead`` by its name."""

    board: Board
    phrase: Phrase
    row: ProposedSpan
    typed: Mapping[str, Any]
    errors: Sequence[FieldError] = ()
    lead: str = ""

    @property
    def quote(self) -> str:
        return self.board.draft.text[self.row.start : self.row.end]

    @property
    def reading(self) -> Reading:
        return Reading.of_json(self.row.reading)

    @property
    def task(self) -> dict[str, Any]:
        return {**self.row.task, **self.typed}

    @property
    def verbs(self) -> frozenset[SpanVerb]:
        return verbs_for(SpanState(self.row.state), Origin(self.row.origin))

    @property
    def fields(self) -> list[tuple[Spec, Any, list[tuple[str, Any]], list[FieldError]]]:
        """The fields of the panel with value, choices and errors; a range's figures wait for its end."""
        specs = {spec.name: spec for _title, each in GROUPS for spec in each}
        waits = self.reading.is_range and not self.task.get("range_end")
        names = [name for name in PANEL if name in specs and not (waits and name in ("target", "comparator"))]
        if self.task.get("kind") == "milestone":
            names.remove("target")
        return [(specs[name], self.task.get(name, ""), _choices(specs[name]), self.errors_of(name)) for name in names]

    def errors_of(self, name: str) -> list[FieldError]:
        return [error for error in self.errors if error.field == name]

    @property
    def range_errors(self) -> list[FieldError]:
        return self.errors_of("range_end")

    @property
    def labelled(self) -> list[tuple[str | Promise, FieldError]]:
        names = names_of_fields()
        return [(names.get(error.field, ""), error) for error in self.errors]

    @property
    def cuts(self) -> list[tuple[int, str, str]]:
        """Where the phrase may be cut: the place, and the words on either side."""
        text, (start, end) = self.board.draft.text, self.phrase.span
        return [(at, text[start:at], text[at:end]) for at in places_to_cut(text, self.phrase.span)]

    @property
    def before(self) -> str:
        return self._neighbour(-1)

    @property
    def behind(self) -> str:
        return self._neighbour(1)

    def _neighbour(self, step: int) -> str:
        """The words of the phrase beside it in the same sentence, where both may still be joined; else nothing."""
        sentence = (self.row.sentence_start, self.row.sentence_end)
        near = {
            each.span: each
            for each in self.board.phrases
            if (each.first.sentence_start, each.first.sentence_end) == sentence
        }
        place = neighbour(near, self.phrase.span, step=step)
        is_free = place is not None and all(row.state == SpanState.PROPOSED for row in near[place].rows)
        return self.board.draft.text[slice(*place)] if is_free and place else ""

    @property
    def sentence_rows(self) -> list[ProposedSpan]:
        """The undecided phrases of its sentence."""
        at = (self.row.sentence_start, self.row.sentence_end)
        return [
            span
            for span in self.board.spans
            if (span.sentence_start, span.sentence_end) == at and span.state == SpanState.PROPOSED
        ]


def _choices(spec: Spec) -> list[tuple[str, Any]]:
    return [(str(code), label.text) for code, label in getattr(labels, spec.table).items()] if spec.table else []


@dataclass(frozen=True)
class Row:
    """A line of the table of details; ``values`` in the order of ``COLUMNS``."""

    span: ProposedSpan
    task: Mapping[str, Any]
    errors: Sequence[FieldError]
    points: Points

    @property
    def quote(self) -> str:
        return self.span.quote

    @property
    def cells(self) -> Iterator[tuple[str, str | Promise, str, Any, list[FieldError]]]:
        for name, label, widget in COLUMNS:
            is_node_count = name in ("target", "preset") and self.task.get("kind") == "milestone"
            errors = [error for error in self.errors if error.field == name]
            yield name, label, "none" if is_node_count else widget, self.task.get(name, ""), errors

    @property
    def elsewhere(self) -> list[FieldError]:
        """What is wrong with fields that the table does not have."""
        shown = {name for name, _label, _widget in COLUMNS}
        return [error for error in self.errors if error.field not in shown]


def rows_of(
    draft: Decomposition, spans: Sequence[ProposedSpan], directory: Directory, shapes: Mapping[str, Points]
) -> list[Row]:
    """A row for each accepted phrase; units and posts by the names people type."""
    found = []
    for span in spans:
        span.quote = draft.text[span.start : span.end]
        details, errors = details_of(span.task, directory, draft.year, shapes)
        found.append(Row(span, named(span.task, directory), errors, details.points if details else {}))
    return found


def details_of(
    task: Mapping[str, Any], directory: Directory, year: int, shapes: Mapping[str, Points]
) -> tuple[Details | None, Sequence[FieldError]]:
    try:
        return read_details(task, directory, year, shapes.get(str(task.get("predecessor") or ""))), ()
    except ContentInvalid as problem:
        return None, problem.errors


def named(task: Mapping[str, Any], directory: Directory) -> dict[str, Any]:
    """The task with its unit's short name and its post's title in place of codes."""
    lead, post = directory.departments.get(task.get("lead", "")), directory.posts.get(task.get("post", ""))
    return {
        **task,
        "lead": lead.short_name if lead else task.get("lead", ""),
        "post": post.title if post else task.get("post", ""),
    }


def typed_row(data: QueryDict, pk: int, directory: Directory) -> dict[str, Any]:
    """What was typed into a row, codes in place of known names."""
    raw = {name: data[f"{pk}-{name}"] for name, _label, _widget in COLUMNS if f"{pk}-{name}" in data}
    return {name: value for name, value in with_codes(raw, directory).items() if name in raw}


def typed_panel(data: QueryDict) -> dict[str, Any]:
    return {name: data[name] for name in PANEL if name in data}


def typed_task(data: QueryDict) -> dict[str, Any]:
    """The whole form of one task."""
    raw: dict[str, Any] = {name: data[name] for name in (*NAMES, "preset", "nodes", "range_end") if name in data}
    raw |= {name: data.get(name) == "on" for name in FLAGS}
    return raw | {name: data.getlist(name) for name in (*LISTS, "months")}


def form_of(task: Mapping[str, Any], directory: Directory, errors: Sequence[FieldError]) -> IndicatorForm:
    """The form of an indicator, without its code and chapter: those follow from the text."""
    return IndicatorForm(task, directory, summary=tuple(errors), new_only=())


def bars(points: Points) -> list[tuple[int, Decimal, Decimal]]:
    """A small chart as twelve columns, 16 high: month, left edge and height."""
    top = max(points.values(), default=Decimal(0))
    return [
        (month, Decimal(month * 5 - 5), max(value / top * 16, Decimal("1.5")) if top else Decimal("1.5"))
        for month, value in sorted(points.items())
    ]
