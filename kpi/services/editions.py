"""Storing a corrected edition of the report: the old text is kept, every commitment is anchored anew.

The published months are not touched: what was lit in them is in their snapshots, which quote no text.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.errors import DomainError, StaleVersion
from kpi.models import Commitment, Report, ReportEdition
from kpi.selectors.editions import AROUND, Correction, Move, checksum, compare
from kpi.services.permissions import require_supervisor

MIN_REASON = 5
MAX_CHARACTERS = 300_000
ANCHOR_FIELDS = ("quote", "quote_sha256", "start", "end", "prefix", "suffix", "is_anchored")


def preview_correction(*, report: Report, text: str) -> Correction:
    """What storing ``text`` would do (1 query).

    Raises ``edition_empty``, ``edition_too_long``, ``text_has_control_characters`` or ``edition_same``.
    """
    check_text(text)
    if text == report.text:
        raise DomainError("edition_same")
    return compare(report, text)


def check_text(text: str) -> None:
    """Raise ``edition_empty``, ``edition_too_long`` or ``text_has_control_characters`` unless it may be a report."""
    if not text.strip():
        raise DomainError("edition_empty")
    if len(text) > MAX_CHARACTERS:
        raise DomainError("edition_too_long", limit=MAX_CHARACTERS, length=len(text))
    if any(ord(character) < 32 and character not in "\t\n\r" for character in text):
        raise DomainError("text_has_control_characters")


@transaction.atomic
def correct_report(
    *, report: Report, text: str, base_sha256: str, reason: str, actor: Actor | None, now: datetime
) -> Correction:
    """Store ``text`` as the report's next edition and move its commitments there.

    ``base_sha256`` is the checksum of the text the correction was compared with: another one by now is
    ``StaleVersion``. ``actor`` is ``None`` for the command only; a person must belong to the office. A reason needs 5
    characters. What cannot be placed is marked and keeps its last words.
    """
    if actor is not None:
        require_supervisor(actor)
    if len(reason.strip()) < MIN_REASON:
        raise DomainError("reason_too_short", at_least=MIN_REASON)
    current = Report.objects.select_for_update().get(pk=report.pk)
    if current.sha256 != base_sha256:
        raise StaleVersion("edition_overtaken", given=base_sha256, current=current.sha256)
    correction = preview_correction(report=current, text=text)
    before = current.sha256
    number = _keep_first(current, correction, now)
    current.text, current.sha256 = text, correction.sha256
    current.save(update_fields=["text", "sha256"])
    for move in correction.moves:
        _anchor(move, text)
    Commitment.objects.bulk_update([move.commitment for move in correction.moves], ANCHOR_FIELDS)
    user = actor.user if actor else None
    ReportEdition.objects.create(
        report=current,
        number=number + 1,
        text=text,
        sha256=current.sha256,
        anchors=_anchors([move.commitment for move in correction.moves]),
        reason=reason.strip(),
        created_by=user,
        created_at=now,
    )
    audit.record(
        action="report.corrected",
        obj=current,
        actor=user,
        now=now,
        before={"edition": number, "sha256": before},
        after={"edition": number + 1, "sha256": current.sha256, **_told(correction)},
        reason=reason.strip(),
    )
    return correction


def _keep_first(report: Report, correction: Correction, now: datetime) -> int:
    """The number of the present edition; before the first correction the text as it was loaded becomes number 1."""
    last = report.editions.order_by("-number").values_list("number", flat=True).first()
    if last is not None:
        return last
    ReportEdition.objects.create(
        report=report,
        number=1,
        text=report.text,
        sha256=report.sha256,
        anchors=_anchors([move.commitment for move in correction.moves]),
        created_at=now,
    )
    return 1


def _anchor(move: Move, text: str) -> None:
    """Put the commitment where the corrected text has it; what is lost keeps its last words and place."""
    commitment, place = move.commitment, move.place
    commitment.is_anchored = place is not None
    if place is None:
        return
    commitment.quote, commitment.quote_sha256 = move.quote, checksum(move.quote)
    commitment.start, commitment.end = place.start, place.end
    commitment.prefix = text[max(0, place.start - AROUND) : place.start]
    commitment.suffix = text[place.end : place.end + AROUND]


def _anchors(commitments: list[Commitment]) -> dict[str, list[object]]:
    return {found.code: [found.start, found.end, found.quote] for found in commitments if found.is_anchored}


def _told(correction: Correction) -> dict[str, object]:
    """What the audit entry says of the commitments: how many stayed, which moved, changed and were lost."""
    return {
        "kept": len(correction.kept),
        "moved": [move.commitment.code for move in correction.moved],
        "changed": {move.commitment.code: [move.before, move.quote] for move in correction.changed},
        "lost": {move.commitment.code: str(move.loss) for move in correction.lost},
    }
