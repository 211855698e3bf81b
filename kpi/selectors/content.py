"""What a report says, as a value: the content of the row, or of the version that counts while the row is corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from kpi.domain.values import SubmissionState
from kpi.models import Period, Submission
from kpi.selectors.standing import Figure

FIGURES = ("value", "numerator", "denominator")


@dataclass(frozen=True)
class Content:
    """The typed content of one submission; field names are those of ``Submission``."""

    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    covered_units: tuple[str, ...] = ()
    completed_nodes: Mapping[str, str] = field(default_factory=dict)
    no_progress: bool = False
    is_unpublished: bool = False
    is_correction: bool = False
    narrative: str = ""
    deviation_reasons: tuple[str, ...] = ()
    measures: str = ""
    catch_up_period: str = ""
    outlook: str = ""
    source_note: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Content:
        """Content as history keeps it; a field that is younger than the entry has its empty value."""
        known = {each.name: stored[each.name] for each in fields(cls) if each.name in stored}
        known |= {name: Decimal(known[name]) for name in FIGURES if known.get(name) is not None}
        known |= {name: tuple(known.get(name, ())) for name in ("covered_units", "deviation_reasons")}
        return cls(**known)

    def figure(self) -> Figure:
        """The part the lamp depends on."""
        nodes = {int(ordinal): date.fromisoformat(day) for ordinal, day in self.completed_nodes.items()}
        return Figure(self.value, nodes)

    def without_figure(self) -> Content:
        """The same words with nothing said about how far things are."""
        return replace(self, value=None, numerator=None, denominator=None, covered_units=(), completed_nodes={})

    def as_fields(self) -> dict[str, Any]:
        """Values for the model's fields."""
        return {
            **asdict(self),
            "covered_units": list(self.covered_units),
            "deviation_reasons": list(self.deviation_reasons),
            "completed_nodes": dict(self.completed_nodes),
        }

    def as_json(self) -> dict[str, Any]:
        """The same for history and audit: figures as text, so that no digit is lost."""
        return {name: str(value) if isinstance(value, Decimal) else value for name, value in self.as_fields().items()}


def content_of(submission: Submission) -> Content:
    """The content a stored submission holds."""
    held = {each.name: getattr(submission, each.name) for each in fields(Content)}
    lists = {name: tuple(held[name]) for name in ("covered_units", "deviation_reasons")}
    return Content(**held | lists)


def content_in_force(submission: Submission) -> Content | None:
    """The content that counts: the approved one, also while a correction of it is under way.

    ``submission`` must carry ``standing`` (``with_standing``) unless it is approved.
    """
    if submission.state == SubmissionState.APPROVED:
        return content_of(submission)
    if submission.approved_at is None or submission.standing is None:
        return None
    return Content.from_json(submission.standing)


def has_figure_in_force(submission: Submission) -> bool:
    """Whether the report counts, and names a figure rather than that there is none yet."""
    content = content_in_force(submission)
    return content is not None and not content.is_unpublished


def in_force(submission: Submission) -> Submission:
    """The submission with the content that counts in place of a correction under way; never to be saved."""
    content = content_in_force(submission)
    if content is not None:
        for name, value in content.as_fields().items():
            setattr(submission, name, value)
    return submission


# What a new report takes over from the last approved one. The figure and the account of progress are asked for anew.
CARRIED = (
    "covered_units",
    "completed_nodes",
    "deviation_reasons",
    "measures",
    "catch_up_period",
    "outlook",
    "source_note",
)


def carried(last: Submission | None, period: Period) -> Content:
    """What a new report of ``period`` starts with: text, choices and ticks of the last approved one that still hold.

    A month by which to catch up is kept while it lies ahead.
    """
    if last is None:
        return Content()
    before = content_of(last)
    kept = {name: getattr(before, name) for name in CARRIED}
    if before.catch_up_period <= period.code:
        kept["catch_up_period"] = ""
    has_ticks = before.covered_units or before.completed_nodes
    return Content(**kept, value=before.value if has_ticks else None)


def carried_fields(content: Content) -> list[str]:
    """The names of the fields that carried something over, in the form's order."""
    return [name for name in CARRIED if getattr(content, name)]
