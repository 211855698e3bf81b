"""When a period's reports may be written, and which moment they are due for one department.

Every comparison includes the edge: what arrives at the very due moment is on time, what arrives at the very end of the
grace or of an extension is accepted. The decision table is ``tests/domain/cases/window.csv``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Phase(StrEnum):
    """Where a period stands at a moment; computed, never stored."""

    NOT_OPEN = "not_open"
    OPEN = "open"
    GRACE = "grace"
    REVIEW = "review"
    LOCKED = "locked"


@dataclass(frozen=True)
class Extension:
    """More time for one department: granted at a moment, good until another."""

    granted_at: datetime
    until: datetime


@dataclass(frozen=True)
class Window:
    """A period's window as it is for one department.

    An extension granted before the due moment moves it (延期); one granted later opens the door again and leaves the
    report late (补报).
    """

    opens_at: datetime
    due_at: datetime
    grace_ends_at: datetime
    locked_at: datetime | None = None
    extensions: Sequence[Extension] = ()

    def phase(self, now: datetime) -> Phase:
        """The period's phase, which extensions do not change."""
        if self.locked_at is not None:
            return Phase.LOCKED
        if now < self.opens_at:
            return Phase.NOT_OPEN
        if now <= self.due_at:
            return Phase.OPEN
        return Phase.GRACE if now <= self.grace_ends_at else Phase.REVIEW

    @property
    def due_for_unit(self) -> datetime:
        """The due moment after the extensions that were granted in time."""
        due = self.due_at
        for extension in sorted(self.extensions, key=lambda found: found.granted_at):
            if extension.granted_at <= due:
                due = max(due, extension.until)
        return due

    @property
    def missing_after(self) -> datetime:
        """The last moment before a report counts as missing."""
        return max(self.grace_ends_at, self.due_for_unit)

    def refusal(self, now: datetime, *, was_filed: bool) -> str | None:
        """Why a report cannot be written at ``now``; ``None`` where it can.

        What has been filed once (``was_filed``) may be revised until the lock: it was returned, withdrawn or is being
        corrected.
        """
        phase = self.phase(now)
        if phase is Phase.LOCKED:
            return "period_closed"
        if phase is Phase.NOT_OPEN:
            return "period_not_open"
        is_extended = any(extension.granted_at <= now <= extension.until for extension in self.extensions)
        if phase is Phase.REVIEW and not was_filed and not is_extended:
            return "period_over"
        return None
