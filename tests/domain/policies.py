"""The reminder policy as it is shipped, read from its file."""

from __future__ import annotations

import json
from datetime import time
from pathlib import Path

from kpi.domain.hours import OfficeHours
from kpi.domain.reminders import Audience, Ladder, Policy, Step

FILE = Path(__file__).resolve().parents[2] / "fixtures" / "reminders.json"


def shipped_policy() -> Policy:
    (stored,) = json.loads(FILE.read_text("utf-8"))
    at = time.fromisoformat
    hours = OfficeHours(at(stored["opens_at"]), at(stored["closes_at"]), tuple(map(at, stored["slots"])))
    return Policy(stored["effective_from"], tuple(map(_step, stored["steps"])), hours, stored["most_pushes"])


def _step(stored: dict) -> Step:
    return Step(
        **stored
        | {
            "ladder": Ladder(stored["ladder"]),
            "at": time.fromisoformat(stored["at"]),
            "audience": tuple(map(Audience, stored["audience"])),
        }
    )
