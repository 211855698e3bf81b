"""Phrases of the report as commitments: where a chosen phrase stands, whose it is, and what will not become a task."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.anchors import occurrences
from kpi.domain.errors import DomainError
from kpi.domain.phrases import strength_of
from kpi.domain.values import Strength
from kpi.models import Commitment, Report
from kpi.selectors.editions import AROUND, checksum
from kpi.services import permissions
from kpi.services.content import ContentInvalid, FieldError, Raw, Reader, require_reason
from kpi.services.plaintext import with_line_ends_of

SHORTEST, LONGEST = 2, 300
LONGEST_SECTION = 40


@dataclass(frozen=True)
class Place:
    """A phrase in the text, and the commitment that holds it, if there is one."""

    start: int
    end: int
    commitment: Commitment | None


def place(report: Report, raw: Raw) -> Place:
    """Where the phrase ``quote`` stands; of several places the one nearest to ``start``.

    Raises ``ContentInvalid`` at ``quote``: empty, too long, not word for word in the text, or cutting into a
    commitment that begins or ends elsewhere.
    """
    quote = with_line_ends_of(report.text, str(raw.get("quote") or "")).strip()
    if not SHORTEST <= len(quote) <= LONGEST:
        raise _at_quote("quote_length", least=SHORTEST, most=LONGEST)
    wanted = int(text) if (text := str(raw.get("start") or "")).isdecimal() and len(text) < 9 else 0
    starts = occurrences(report.text, quote)
    if not starts:
        raise _at_quote("quote_not_in_text")
    start = min(starts, key=lambda each: abs(each - wanted))
    return Place(start, start + len(quote), holder(report, start, start + len(quote)))


def holder(report: Report, start: int, end: int) -> Commitment | None:
    """The commitment that holds the whole phrase, if any.

    Raises ``ContentInvalid`` where one is only cut by it, or lies inside it.
    """
    touched = Commitment.objects.filter(report=report, is_anchored=True, start__lt=end, end__gt=start)
    for commitment in touched.order_by("start"):
        if commitment.start <= start and end <= commitment.end:
            return commitment
        raise _at_quote("quote_overlaps", commitment=commitment.code, quote=commitment.quote)
    return None


def anchor(report: Report, start: int, end: int) -> dict[str, Any]:
    """The columns of a commitment that stands there, word for word."""
    text, quote = report.text, report.text[start:end]
    return {
        "quote": quote,
        "start": start,
        "end": end,
        "prefix": text[max(0, start - AROUND) : start],
        "suffix": text[end : end + AROUND],
        "quote_sha256": checksum(quote),
    }


def _at_quote(code: str, **params: object) -> ContentInvalid:
    return ContentInvalid([FieldError("quote", code, params)])


def commitment_at(report: Report, place: Place, raw: Raw, *, actor: Actor, now: datetime) -> Commitment:
    """The commitment of a phrase, made where there is none; one that was set aside becomes a task again.

    Within the caller's transaction, which holds the report.
    """
    found = place.commitment
    if found is None:
        return _new(report, place, raw, actor=actor, now=now)
    if found.is_context:
        reason, found.is_context, found.context_reason = found.context_reason, False, ""
        found.save(update_fields=["is_context", "context_reason"])
        before, after = {"is_context": True, "reason": reason}, {"is_context": False}
        audit.record(action="commitment.taken_up", obj=found, actor=actor.user, now=now, before=before, after=after)
    return found


def _new(report: Report, place: Place, raw: Raw, *, actor: Actor, now: datetime, aside_because: str = "") -> Commitment:
    columns = anchor(report, place.start, place.end)
    is_chosen = raw.get("strength") in set(Strength)
    commitment = Commitment.objects.create(
        report=report,
        code=next_code(report),
        section=_section(raw) or section_before(report, place.start),
        strength=str(raw["strength"] if is_chosen else strength_of(columns["quote"])),
        is_context=bool(aside_because),
        context_reason=aside_because,
        **columns,
    )
    after = {name: columns[name] for name in ("quote", "start", "end")} | {"is_context": commitment.is_context}
    audit.record(
        action="commitment.created", obj=commitment, actor=actor.user, now=now, after=after, reason=aside_because
    )
    return commitment


def set_aside_at(report: Report, place: Place, raw: Raw, *, reason: str, actor: Actor, now: datetime) -> Commitment:
    """A phrase that no commitment holds yet, as one that becomes no task; within the caller's transaction."""
    return _new(report, place, raw, actor=actor, now=now, aside_because=reason)


def _section(raw: Raw) -> str:
    reader = Reader(raw)
    section = reader.text("section")
    if len(section) > LONGEST_SECTION:
        raise ContentInvalid(
            [FieldError("section", "text_too_long", {"limit": LONGEST_SECTION, "length": len(section)})]
        )
    return section


def section_before(report: Report, start: int) -> str:
    """The chapter of the commitment before a place, else of the first one; empty in a report without any."""
    near = Commitment.objects.filter(report=report, is_anchored=True).exclude(section="")
    before = near.filter(start__lte=start).order_by("-start").first() or near.order_by("start").first()
    return before.section if before else ""


def next_code(report: Report) -> str:
    """The first free code behind the last one: ``C106``."""
    codes = Commitment.objects.filter(report=report).values_list("code", flat=True)
    last = max((int(code[1:]) for code in codes if code[1:].isdecimal()), default=0)
    return f"C{last + 1:03d}"


@transaction.atomic
def set_aside(*, report: Report, raw: Raw, actor: Actor, now: datetime) -> Commitment:
    """A sentence that will not become a task (不立项), with the reason.

    Raises ``NotPermitted``, ``ContentInvalid``, or ``DomainError`` ``commitment_owned`` where an indicator has it.
    """
    permissions.require_supervisor(actor)
    reason = require_reason(str(raw.get("reason") or ""))
    held = Report.objects.select_for_update().get(pk=report.pk)
    found = place(held, raw)
    if found.commitment is None:
        return set_aside_at(held, found, raw, reason=reason, actor=actor, now=now)
    commitment = found.commitment
    if commitment.indicators.filter(is_active=True).exists():
        raise DomainError("commitment_owned", commitment=commitment.code)
    commitment.is_context, commitment.context_reason = True, reason
    commitment.save(update_fields=["is_context", "context_reason"])
    after = {"is_context": True}
    audit.record(action="commitment.set_aside", obj=commitment, actor=actor.user, now=now, after=after, reason=reason)
    return commitment
