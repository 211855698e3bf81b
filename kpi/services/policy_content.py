"""What the form of the reminder rules says, read into typed content: every problem at its field, all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from kpi import labels
from kpi.domain.reminders import DUE_LADDERS, Audience, Ladder
from kpi.models import ReminderPolicy, ReminderStep
from kpi.services.content import ContentInvalid, FieldError

MOST_SLOTS = 4
MOST_STEPS = 12
MOST_BASIS = 200
# The furthest a step may be from its anchor, in workdays.
EARLIEST, LATEST = -20, 40
COUNTS = {"most_pushes": (0, 20), "brake_count": (0, 100_000), "brake_minutes": (1, 1440)}

Raw = Mapping[str, Any]


@dataclass(frozen=True)
class StepContent:
    """One step as the form names it; its level is its place in the ladder."""

    ladder: Ladder
    offset_workdays: int
    at: time
    audience: tuple[Audience, ...]
    is_pushed: bool
    passes_quiet_hours: bool
    drafts_directive: bool


@dataclass(frozen=True)
class PolicyContent:
    """Everything a version of the rules says."""

    effective_from: date
    opens_at: time
    closes_at: time
    slots: tuple[time, ...]
    most_pushes: int
    brake_count: int
    brake_minutes: int
    basis: str
    steps: tuple[StepContent, ...]

    def as_fields(self) -> dict[str, Any]:
        names = ("effective_from", "opens_at", "closes_at", "most_pushes", "brake_count", "brake_minutes", "basis")
        return {name: getattr(self, name) for name in names} | {"slots": list(self.slots)}


def step_name(ladder: str, place: int, what: str = "") -> str:
    """The field of a step, e.g. ``report-2-at``; ``place`` counts from 1."""
    return f"{ladder}-{place}-{what}" if what else f"{ladder}-{place}"


def raw_of(policy: ReminderPolicy, steps: Sequence[ReminderStep]) -> dict[str, Any]:
    """A stored version as it would have been typed."""
    raw: dict[str, Any] = {
        "effective_from": policy.effective_from.isoformat(),
        "opens_at": f"{policy.opens_at:%H:%M}",
        "closes_at": f"{policy.closes_at:%H:%M}",
        "basis": policy.basis,
    } | {name: str(getattr(policy, name)) for name in COUNTS}
    for place in range(1, MOST_SLOTS + 1):
        raw[f"slot_{place}"] = f"{policy.slots[place - 1]:%H:%M}" if place <= len(policy.slots) else ""
    for ladder in Ladder:
        mine = sorted((step for step in steps if step.ladder == ladder), key=lambda step: step.level)
        raw[f"{ladder}-count"] = len(mine)
        for place, step in enumerate(mine, start=1):
            raw |= _raw_step(step, place)
    return raw


def _raw_step(step: ReminderStep, place: int) -> dict[str, Any]:
    values = {
        "offset": str(step.offset_workdays),
        "at": f"{step.at:%H:%M}",
        "audience": list(step.audience),
        "pushed": step.is_pushed,
        "passes": step.passes_quiet_hours,
        "drafts": step.drafts_directive,
    }
    return {step_name(step.ladder, place, what): value for what, value in values.items()}


def read(raw: Raw, *, today: date) -> PolicyContent:
    """The content of a form. Raises ``ContentInvalid`` with every field that needs a correction."""
    reader = _Reader(raw)
    opens_at, closes_at = reader.clock("opens_at"), reader.clock("closes_at")
    if opens_at and closes_at and opens_at >= closes_at:
        reader.fail("closes_at", "hours_out_of_order", opens=f"{opens_at:%H:%M}")
    content = PolicyContent(
        effective_from=reader.future_day("effective_from", today),
        opens_at=opens_at or time.min,
        closes_at=closes_at or time.max,
        slots=reader.slots(opens_at, closes_at),
        basis=reader.basis(),
        steps=tuple(step for ladder in Ladder for step in reader.ladder(ladder)),
        **{name: reader.count(name, *limits) for name, limits in COUNTS.items()},
    )
    if reader.errors:
        raise ContentInvalid(reader.errors)
    return content


@dataclass
class _Reader:
    """Reads field by field and remembers what was wrong; what could not be read stands in as something harmless."""

    raw: Raw
    errors: list[FieldError] = field(default_factory=list)

    def fail(self, name: str, code: str, **params: object) -> None:
        self.errors.append(FieldError(name, code, params))

    def text(self, name: str) -> str:
        return str(self.raw.get(name) or "").strip()

    def clock(self, name: str) -> time | None:
        try:
            return time.fromisoformat(self.text(name)).replace(second=0, microsecond=0, tzinfo=None)
        except ValueError:
            self.fail(name, "time_malformed")
            return None

    def future_day(self, name: str, today: date) -> date:
        try:
            day = date.fromisoformat(self.text(name))
        except ValueError:
            self.fail(name, "date_malformed")
            return today
        if day <= today:
            self.fail(name, "policy_day_begun", today=today.isoformat())
        return day

    def count(self, name: str, least: int, most: int) -> int:
        text = self.text(name)
        if not (text.isascii() and text.isdecimal() and len(text) < 8 and least <= int(text) <= most):
            self.fail(name, "count_malformed", least=least, most=most)
            return least
        return int(text)

    def basis(self) -> str:
        text = " ".join(self.text("basis").split()).replace("\x00", "")
        if len(text) > MOST_BASIS:
            self.fail("basis", "text_too_long", limit=MOST_BASIS, length=len(text))
        return text

    def slots(self, opens_at: time | None, closes_at: time | None) -> tuple[time, ...]:
        """The digest times in order, each once, inside the hours."""
        named = [f"slot_{place}" for place in range(1, MOST_SLOTS + 1) if self.text(f"slot_{place}")]
        if not named:
            self.fail("slot_1", "slot_missing")
        found = set()
        for name in named:
            slot = self.clock(name)
            if slot and opens_at and closes_at and not opens_at <= slot < closes_at:
                self.fail(name, "slot_outside", opens=f"{opens_at:%H:%M}", closes=f"{closes_at:%H:%M}")
            found |= {slot} if slot else set()
        return tuple(sorted(found))

    def ladder(self, ladder: Ladder) -> list[StepContent]:
        """Its steps, each later than the one before. The ladder of reports has one at least; others may be empty."""
        steps: list[StepContent] = []
        for place in range(1, count_of(self.raw, ladder) + 1):
            step = self._step(ladder, place)
            if step and steps and (step.offset_workdays, step.at) <= (steps[-1].offset_workdays, steps[-1].at):
                self.fail(step_name(ladder, place, "offset"), "step_out_of_order", level=place, before=place - 1)
            steps += [step] if step else []
        if ladder is Ladder.REPORT and not count_of(self.raw, ladder):
            self.fail(f"{ladder}-add", "step_missing")
        return steps

    def _step(self, ladder: Ladder, place: int) -> StepContent | None:
        before = len(self.errors)
        offset, at = self._offset(ladder, place), self.clock(step_name(ladder, place, "at"))
        audience = self._audience(ladder, place)
        if len(self.errors) > before or at is None:
            return None
        flags = [bool(self.raw.get(step_name(ladder, place, what))) for what in ("pushed", "passes", "drafts")]
        return StepContent(ladder, offset, at, audience, *flags)

    def _offset(self, ladder: Ladder, place: int) -> int:
        name = step_name(ladder, place, "offset")
        try:
            offset = int(self.text(name)[:4])
        except ValueError:
            self.fail(name, "count_malformed", least=EARLIEST, most=LATEST)
            return 0
        if not EARLIEST <= offset <= LATEST:
            self.fail(name, "count_malformed", least=EARLIEST, most=LATEST)
        elif offset < 0 and ladder not in DUE_LADDERS:
            self.fail(name, "step_before_it_began")
        return offset

    def _audience(self, ladder: Ladder, place: int) -> tuple[Audience, ...]:
        name = step_name(ladder, place, "audience")
        chosen = set(self.raw.get(name) or ())
        found = tuple(audience for audience in labels.AUDIENCE if audience in chosen)
        if not found:
            self.fail(name, "step_for_nobody")
        return found


def count_of(raw: Raw, ladder: Ladder) -> int:
    """How many steps of a ladder the form holds."""
    text = str(raw.get(f"{ladder}-count") or "0")
    return min(int(text), MOST_STEPS) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
