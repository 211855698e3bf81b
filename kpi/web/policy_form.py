"""The form of the reminder rules as the page sees it: what was typed, ladder by ladder, with what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from kpi.domain.reminders import DUE_LADDERS, Ladder
from kpi.services.content import FieldError
from kpi.services.policy_content import (
    COUNTS,
    EARLIEST,
    LATEST,
    MOST_SLOTS,
    MOST_STEPS,
    count_of,
    step_name,
)
from kpi.web import ladder_words

PLAIN = ("effective_from", "opens_at", "closes_at", "basis", *COUNTS)
PARTS = ("offset", "at", "pushed", "passes", "drafts")
# A step that is added says this until it is changed, a workday after the last one.
NEW_STEP: Mapping[str, Any] = {"at": "09:00", "audience": [], "pushed": "on", "passes": "", "drafts": ""}


@dataclass(frozen=True)
class StepRow:
    """One step's fields; ``name`` begins each of their names."""

    name: str
    place: int
    values: Mapping[str, Any]
    errors: Sequence[FieldError]
    offsets: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class LadderRows:
    """A ladder's steps in order."""

    ladder: Ladder
    rows: Sequence[StepRow]
    errors: Sequence[FieldError]

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= MOST_STEPS


@dataclass(frozen=True)
class PolicyForm:
    """What stands in the fields, and the errors by field."""

    raw: Mapping[str, Any]
    errors: Mapping[str, Sequence[FieldError]]
    summary: Sequence[FieldError] = ()

    @classmethod
    def of(cls, raw: Mapping[str, Any], errors: Sequence[FieldError] = ()) -> PolicyForm:
        by_field: dict[str, list[FieldError]] = {}
        for error in errors:
            by_field.setdefault(error.field, []).append(error)
        return cls(raw, by_field, tuple(errors))

    @property
    def slots(self) -> list[tuple[str, str, Sequence[FieldError]]]:
        names = [f"slot_{place}" for place in range(1, MOST_SLOTS + 1)]
        return [(name, self.raw.get(name, ""), self.errors.get(name, ())) for name in names]

    @property
    def ladders(self) -> list[LadderRows]:
        return [
            LadderRows(
                ladder,
                [self._row(ladder, place) for place in range(1, count_of(self.raw, ladder) + 1)],
                self.errors.get(f"{ladder}-add", ()),
            )
            for ladder in Ladder
        ]

    def _row(self, ladder: Ladder, place: int) -> StepRow:
        values = {part: self.raw.get(step_name(ladder, place, part), "") for part in (*PARTS, "audience")}
        errors = [
            error for part in (*PARTS, "audience") for error in self.errors.get(step_name(ladder, place, part), ())
        ]
        return StepRow(step_name(ladder, place), place, values, errors, _offsets(ladder, str(values["offset"])))


def _offsets(ladder: Ladder, chosen: str) -> list[tuple[str, str]]:
    """The choices of when, in words; one far away is there where it was chosen before."""
    near = range(-10 if ladder in DUE_LADDERS else 0, 21)
    days = set(near)
    if chosen.lstrip("-").isdecimal() and EARLIEST <= int(chosen) <= LATEST:
        days.add(int(chosen))
    return [(str(day), ladder_words.when(ladder, day)) for day in sorted(days)]


def typed(data: QueryDict) -> dict[str, Any]:
    """The posted fields, with a step added or taken away where a button asked for it."""
    raw: dict[str, Any] = {name: data.get(name, "") for name in PLAIN}
    raw |= {f"slot_{place}": data.get(f"slot_{place}", "") for place in range(1, MOST_SLOTS + 1)}
    for ladder in Ladder:
        steps = [_step_of(data, ladder, place) for place in range(1, count_of(data, ladder) + 1)]
        steps = [step for place, step in enumerate(steps, start=1) if data.get("remove") != step_name(ladder, place)]
        if data.get("add") == ladder and len(steps) < MOST_STEPS:
            steps.append({**NEW_STEP, "offset": _after(steps)})
        raw[f"{ladder}-count"] = len(steps)
        for place, step in enumerate(steps, start=1):
            raw |= {step_name(ladder, place, part): value for part, value in step.items()}
    return raw


def _after(steps: Sequence[Mapping[str, Any]]) -> str:
    last = str(steps[-1]["offset"]) if steps else "0"
    return str(min(int(last) + 1, LATEST)) if last.lstrip("-").isdecimal() else "1"


def _step_of(data: QueryDict, ladder: Ladder, place: int) -> dict[str, Any]:
    values: dict[str, Any] = {part: data.get(step_name(ladder, place, part), "") for part in PARTS}
    return values | {"audience": data.getlist(step_name(ladder, place, "audience"))}
