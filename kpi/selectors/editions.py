"""What a corrected edition would do to the commitments of a report, before anybody stores it; and the editions kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from kpi.domain.anchors import Anchor, Loss, Place, figures_changed, place_all
from kpi.models import Commitment, Report, ReportEdition

# How much of the text before and after a quotation is kept to find it again.
AROUND = 20


@dataclass(frozen=True)
class Move:
    """A commitment in the corrected text: its ``place`` and words there, or why it has none (``loss``).

    ``outcome`` is ``lost``, ``changed`` where words differ, ``moved`` where only the place does (or where it was lost
    before), else ``kept``.
    """

    commitment: Commitment
    outcome: str
    before: str
    quote: str = ""
    place: Place | None = None
    loss: Loss | None = None

    @property
    def is_figure_changed(self) -> bool:
        return self.place is not None and figures_changed(self.before, self.quote)


@dataclass(frozen=True)
class Correction:
    """A corrected text beside the present one, with every commitment's move in report order."""

    report: Report
    text: str
    moves: Sequence[Move]

    @cached_property
    def sha256(self) -> str:
        return checksum(self.text)

    def of(self, *outcomes: str) -> list[Move]:
        return [move for move in self.moves if move.outcome in outcomes]

    @property
    def kept(self) -> list[Move]:
        return self.of("kept")

    @property
    def moved(self) -> list[Move]:
        return self.of("moved")

    @property
    def changed(self) -> list[Move]:
        return self.of("changed")

    @property
    def lost(self) -> list[Move]:
        return self.of("lost")

    @property
    def doubtful(self) -> list[Move]:
        """Found by their words alone, in other surroundings: to be looked at before the text is stored."""
        return [move for move in self.moves if move.place is not None and move.place.is_doubtful]


def checksum(text: str) -> str:
    """SHA-256 of the text as UTF-8, as stored beside it."""
    return hashlib.sha256(text.encode()).hexdigest()


def compare(report: Report, text: str) -> Correction:
    """Where each commitment of the report would stand in ``text`` (1 query); nothing is stored."""
    commitments = list(report.commitments.order_by("start", "code"))
    anchors = {found.code: Anchor(found.quote, found.prefix, found.suffix) for found in commitments}
    places = place_all(text, anchors)
    return Correction(report, text, [_move(found, places[found.code], text) for found in commitments])


def _move(commitment: Commitment, found: Place | Loss, text: str) -> Move:
    before = commitment.quote
    if isinstance(found, Loss):
        return Move(commitment, "lost", before, loss=found)
    quote = text[found.start : found.end]
    is_where_it_was = commitment.is_anchored and commitment.start == found.start
    outcome = "changed" if quote != before else "kept" if is_where_it_was else "moved"
    return Move(commitment, outcome, before, quote, found)


def editions(report: Report) -> list[ReportEdition]:
    """The editions kept, latest first, without their texts; empty until the first correction (1 query)."""
    return list(report.editions.select_related("created_by").defer("text", "anchors"))


def unanchored(year: int) -> list[Commitment]:
    """Commitments the present text does not hold, in report order, with their active ``owners`` (1 or 2 queries)."""
    found = Commitment.objects.filter(report__year=year, is_anchored=False).prefetch_related("indicators")
    commitments = list(found)
    for commitment in commitments:
        commitment.owners = [owner for owner in commitment.indicators.all() if owner.is_active]
    return commitments
