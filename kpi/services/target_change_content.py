"""A request to change a target as it is typed: read field by field, judged by the rules, and shown again as typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from kpi import labels
from kpi.domain import replanning as rules
from kpi.domain.periods import Period as Month
from kpi.domain.replanning import FIXED_TARGET, Held, Subject, Wish
from kpi.domain.values import Kind
from kpi.models import Indicator, TargetChange
from kpi.services.content import FieldError, Reader, decimals_of, plain

Raw = Mapping[str, Any]
PLAN, NODE = "plan_", "node_"
WORDS_AT_LEAST = 10


@dataclass(frozen=True)
class Asked:
    """What a form asks for, in the columns of a case."""

    reason: str
    text: str
    wish: Wish

    def as_fields(self) -> dict[str, Any]:
        return {"reason": self.reason, "text": self.text, **wish_fields(self.wish)}


def wish_fields(wish: Wish) -> dict[str, Any]:
    """A wish in the columns of a case."""
    return {
        "target": wish.target,
        "final_due_on": wish.final_due_on,
        "plan": {str(month): "" if value is None else str(value) for month, value in wish.plan.items()},
        "nodes": {str(ordinal): day.isoformat() for ordinal, day in wish.nodes.items()},
    }


def as_json(change: TargetChange) -> dict[str, Any]:
    """What a case asks for, as its thread and the audit trail keep it."""
    return {
        "reason": str(change.reason),
        "text": change.text,
        "target": None if change.target is None else str(change.target),
        "final_due_on": change.final_due_on.isoformat() if change.final_due_on else None,
        "plan": dict(change.plan),
        "nodes": dict(change.nodes),
    }


def editable_months(indicator: Indicator, first: Month) -> tuple[Month, ...]:
    """The months whose planned value may be asked to change: from ``first`` to the end of the year.

    None for milestones, whose curve follows from their nodes.
    """
    if indicator.kind == Kind.MILESTONE:
        return ()
    return Month.range(first, Month(indicator.report.year, 12))


def shown(indicator: Indicator, held: Held, first: Month, change: TargetChange | None = None) -> dict[str, str]:
    """The fields as they would have been typed: what holds, with what a case asks for over it."""
    plan = {month: held.plan.get(month) for month in editable_months(indicator, first)}
    raw = {
        "reason": change.reason if change else "",
        "text": change.text if change else "",
        "target": plain(change.target if change and change.target is not None else held.target, indicator),
        "final_due_on": ((change and change.final_due_on) or held.final_due_on).isoformat(),
        **{f"{PLAN}{month}": plain(value, indicator) for month, value in plan.items()},
        **{f"{NODE}{ordinal}": day.isoformat() for ordinal, day in held.nodes.items()},
    }
    if change is not None:
        asked = {Month.parse(month): value for month, value in change.plan.items()}
        raw |= {
            f"{PLAN}{month}": plain(Decimal(value) if value else None, indicator)
            for month, value in asked.items()
            if month in plan
        }
        raw |= {f"{NODE}{ordinal}": day for ordinal, day in change.nodes.items()}
    return raw


def read(
    raw: Raw, *, indicator: Indicator, subject: Subject, held: Held, first: Month, today: date
) -> tuple[Asked, Sequence[FieldError]]:
    """As much as can be read, and what is wrong with it: first what cannot be read, then what the rules refuse."""
    reader = Reader(raw)
    reason, text = reader.choice("reason", labels.CHANGE_REASON), reader.text("text")
    if not raw.get("reason"):
        reader.fail("reason", "change_reason_required")
    if len(text) < WORDS_AT_LEAST:
        reader.fail("text", "change_words_too_few", at_least=WORDS_AT_LEAST)
    problems = len(reader.errors)
    wish = rules.without_same(held, _wish(reader, indicator, held, first))
    if len(reader.errors) == problems:
        for flaw in rules.flaws(subject, held, wish, today):
            reader.fail(flaw.field, flaw.code, **flaw.params)
    return Asked(reason, text, wish), reader.errors


def _wish(reader: Reader, indicator: Indicator, held: Held, first: Month) -> Wish:
    target = None if indicator.kind in FIXED_TARGET else reader.number("target", decimals=decimals_of(indicator))
    nodes = {ordinal: reader.day(f"{NODE}{ordinal}") for ordinal in held.nodes}
    return Wish(
        target=target,
        final_due_on=reader.day("final_due_on"),
        plan=_plan(reader, indicator, first),
        nodes={ordinal: day for ordinal, day in nodes.items() if day is not None},
    )


def _plan(reader: Reader, indicator: Indicator, first: Month) -> dict[Month, Decimal | None]:
    """The months the form names; one it does not name stays as it is."""
    names = {month: f"{PLAN}{month}" for month in editable_months(indicator, first)}
    decimals = decimals_of(indicator)
    return {month: reader.number(name, decimals=decimals) for month, name in names.items() if name in reader.raw}


def refilled(raw: Raw, *, indicator: Indicator, held: Held, first: Month) -> tuple[dict[str, Any], FieldError | None]:
    """The form with its planned values stretched to the target that was typed, or what is wrong with that target."""
    reader, decimals = Reader(raw), decimals_of(indicator)
    target = reader.number("target", decimals=decimals)
    if target is None:
        return dict(raw), reader.errors[0] if reader.errors else FieldError("target", "number_required")
    plan = rules.rescaled(held, target, first, decimals=decimals)
    return {**raw, **{f"{PLAN}{month}": plain(value, indicator) for month, value in plan.items()}}, None
