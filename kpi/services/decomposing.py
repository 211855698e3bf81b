"""The acts on proposed phrases: accept, correct, set aside, reopen, split, merge, add an own one, and take back.

Every act locks the draft, is one version of it, and leaves an audit entry. What it replaced is kept for the next
``undo``. A phrase that somebody else changed since the page was made is refused, not overwritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.anchors import occurrences
from kpi.domain.decomposition import (
    LONGEST,
    SHORTEST,
    Origin,
    Span,
    SpanState,
    SpanVerb,
    Sureness,
    cut,
    do_cross,
    joined,
    neighbour,
    next_state,
    trimmed,
)
from kpi.domain.errors import DomainError, IllegalTransition, StaleVersion
from kpi.domain.readings import (
    Piece,
    Reading,
    brought_together,
    numbered,
    own_reading,
    plan_sentences,
    shared_out,
    unread,
)
from kpi.models import Commitment, Decomposition, ProposedSpan
from kpi.services.content import ContentInvalid, FieldError
from kpi.services.decomposition_content import core_problems
from kpi.services.decompositions import Naming, held, stored_pieces
from kpi.services.indicator_content import Directory
from kpi.services.plaintext import with_line_ends_of

Rows = Sequence[ProposedSpan]
PLAIN_REASON = "背景表述，不单独立项"
LONGEST_REASON = 200
# More than one field of the form will ever be read.
LONGEST_TYPED = 2001


def reading_of(span: ProposedSpan) -> Reading:
    return Reading.of_json(span.reading)


@transaction.atomic
def decide(
    *,
    draft: Decomposition,
    pk: int,
    version: int,
    verb: SpanVerb,
    typed: Mapping[str, Any],
    reason: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Accept, correct, set aside, reopen or drop one phrase; ``typed`` are the fields that were corrected.

    Raises ``NotPermitted``, ``IllegalTransition``, ``StaleVersion``, or ``ContentInvalid`` where what it says is not
    yet a task.
    """
    stored = held(draft, actor)
    span = _span(stored, pk, version)
    to = next_state(SpanState(span.state), verb, Origin(span.origin))
    before = [_row(span)]
    if to is SpanState.GONE:
        span.delete()
        _done(stored, f"span.{verb}", before, _left_behind(stored, span), actor, now)
        return
    if to is SpanState.ACCEPTED:
        span.task = _accepted(stored, span, typed, now)
    span.state = str(to)
    span.context_reason = (reason.strip()[:LONGEST_REASON] or PLAIN_REASON) if to is SpanState.CONTEXT else ""
    _done(stored, f"span.{verb}", before, [span], actor, now)


def _left_behind(draft: Decomposition, span: ProposedSpan) -> Rows:
    """The sentence of a phrase that was taken out, so that it is not forgotten; nothing where another holds it."""
    begins, ends = span.sentence_start, span.sentence_end
    is_held = draft.spans.filter(start__lt=ends, end__gt=begins).exists()
    if is_held or (begins, ends) not in plan_sentences(draft.text, draft.year):
        return []
    piece = unread(draft.text, (begins, ends), span.reading["section"])
    return stored_pieces(draft, [piece], Origin.MACHINE)


def _accepted(draft: Decomposition, span: ProposedSpan, typed: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    reading, words = reading_of(span), draft.text[span.start : span.end]
    task = _with_range_end({**span.task, **_short(typed)}, reading)
    problems = core_problems(task, Directory.load(draft.year), draft.year)
    if problems:
        raise ContentInvalid(problems)
    return Naming.of(draft, now).named(task, words, span.reading)


def _short(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value[:LONGEST_TYPED] if isinstance(value, str) else value for name, value in typed.items()}


def _with_range_end(task: dict[str, Any], reading: Reading) -> dict[str, Any]:
    """The near end of a range is reached by reaching the range; the far end must be reached itself."""
    chosen = {"low": (reading.value, "range"), "high": (reading.high, ">=")}.get(task.get("range_end", ""))
    if chosen is None or chosen[0] is None or not reading.is_range:
        return task
    return task | {"target": f"{chosen[0].normalize():f}", "comparator": chosen[1]}


@transaction.atomic
def decide_many(*, draft: Decomposition, chosen: Mapping[int, int], verb: SpanVerb, actor: Actor, now: datetime) -> int:
    """Accept or set aside several phrases (key to the version that was looked at) in one act; how many it were.

    Raises as ``decide``; nothing is written unless all can be.
    """
    stored = held(draft, actor)
    if not chosen:
        raise DomainError("decomposition_nothing_chosen")
    spans = _spans(stored, chosen)
    before = [_row(span) for span in spans]
    directory, naming = Directory.load(stored.year), Naming.of(stored, now)
    for span in spans:
        to = next_state(SpanState(span.state), verb, Origin(span.origin))
        if to is SpanState.ACCEPTED:
            if core_problems(span.task, directory, stored.year):
                raise DomainError("span_needs_a_look", quote=stored.text[span.start : span.end][:30])
            words = stored.text[span.start : span.end]
            span.task = naming.named(span.task, words, span.reading)
        span.state, span.context_reason = str(to), PLAIN_REASON if to is SpanState.CONTEXT else ""
    _done(stored, f"span.{verb}", before, spans, actor, now)
    return len(spans)


def is_sure(span: ProposedSpan) -> bool:
    """Whether it may be accepted together with others, unread."""
    return span.state == SpanState.PROPOSED and reading_of(span).sureness is Sureness.SURE


@transaction.atomic
def split(*, draft: Decomposition, pk: int, version: int, at: int, actor: Actor, now: datetime) -> None:
    """Cut a phrase in two before ``at``; each part takes the numbers that stand in it. Raises as ``decide``, or
    ``split_place``."""
    stored = held(draft, actor)
    span = _span(stored, pk, version)
    rows = _of_place(stored, (span.start, span.end))
    parts = cut(stored.text, (span.start, span.end), at)
    readings = shared_out([reading_of(row) for row in rows], parts, stored.text)
    _reshape(stored, SpanVerb.SPLIT, rows, readings, actor, now)


@transaction.atomic
def merge(*, draft: Decomposition, pk: int, version: int, step: int, actor: Actor, now: datetime) -> None:
    """Join a phrase with the one before (``step`` -1) or behind it (1) in the same sentence. Raises as ``decide``,
    ``merge_no_neighbour`` or ``merge_too_long``."""
    stored = held(draft, actor)
    span = _span(stored, pk, version)
    place = (span.start, span.end)
    siblings = stored.spans.filter(sentence_start=span.sentence_start, sentence_end=span.sentence_end)
    other = neighbour(list(siblings.values_list("start", "end")), place, step=step)
    if other is None:
        raise DomainError("merge_no_neighbour")
    rows = [*_of_place(stored, min(place, other)), *_of_place(stored, max(place, other))]
    whole = joined(place, other)
    readings = brought_together([reading_of(row) for row in rows], stored.text[slice(*whole)])
    _reshape(stored, SpanVerb.MERGE, rows, [(whole, each) for each in readings], actor, now)


def _reshape(
    draft: Decomposition,
    verb: SpanVerb,
    rows: Rows,
    readings: Iterable[tuple[Span, Reading]],
    actor: Actor,
    now: datetime,
) -> None:
    for row in rows:
        next_state(SpanState(row.state), verb, Origin(row.origin))
    before = [_row(row) for row in rows]
    sentence = (rows[0].sentence_start, rows[0].sentence_end)
    ProposedSpan.objects.filter(pk__in=[row.pk for row in rows]).delete()
    pieces = numbered(Piece(place, 0, sentence, reading) for place, reading in readings)
    # An own phrase stays one that may be taken back.
    origin = Origin.OWN if all(row.origin == Origin.OWN for row in rows) else Origin.RESHAPED
    _done(draft, f"span.{verb}", before, stored_pieces(draft, pieces, origin), actor, now)


@transaction.atomic
def add_own(*, draft: Decomposition, quote: str, start: int, actor: Actor, now: datetime) -> ProposedSpan:
    """A phrase that a person chose, word for word; of several places the one nearest to ``start``.

    A whole sentence in which nothing was read gives way to it. Raises ``NotPermitted``, ``IllegalTransition``, or
    ``ContentInvalid`` at ``quote``.
    """
    stored = held(draft, actor)
    words = with_line_ends_of(stored.text, quote).strip()
    if not SHORTEST <= len(words) <= LONGEST:
        raise _at_quote("quote_length", least=SHORTEST, most=LONGEST)
    places = occurrences(stored.text, words)
    if not places:
        raise _at_quote("quote_not_in_text")
    begins = min(places, key=lambda each: abs(each - start))
    place = trimmed(stored.text, begins, begins + len(words))
    given_way = _make_room(stored, place)
    sentence, section = _surroundings(stored, place)
    reading = own_reading(stored.text[slice(*place)], section)
    before = [_row(row) for row in given_way]
    ProposedSpan.objects.filter(pk__in=[row.pk for row in given_way]).delete()
    made = stored_pieces(stored, [Piece(place, 0, sentence, reading)], Origin.OWN)
    _done(stored, "span.added", before, made, actor, now)
    return made[0]


def _at_quote(code: str, **params: object) -> ContentInvalid:
    return ContentInvalid([FieldError("quote", code, params)])


def _make_room(draft: Decomposition, place: Span) -> Rows:
    """Undecided phrases of the machine that the chosen one covers or lies in; anything else is in its way."""
    touched = list(draft.spans.filter(start__lt=place[1], end__gt=place[0]))
    for row in touched:
        if row.state != SpanState.PROPOSED or row.origin == Origin.OWN:
            raise _at_quote("own_phrase_crosses", quote=draft.text[row.start : row.end][:40])
    if draft.report_id:
        held_by = Commitment.objects.filter(
            report=draft.report_id, is_anchored=True, start__lt=place[1], end__gt=place[0]
        ).first()
        if held_by and (do_cross((held_by.start, held_by.end), place) or held_by.start == place[0]):
            raise _at_quote("quote_overlaps", commitment=held_by.code, quote=held_by.quote)
    return touched


def _surroundings(draft: Decomposition, place: Span) -> tuple[Span, str]:
    """The sentence around a phrase, or the phrase itself where none is; the chapter of the phrase before it."""
    sentence = next((each for each in plan_sentences(draft.text, draft.year) if each[0] <= place[0] < each[1]), place)
    near = draft.spans.filter(start__lte=place[0]).order_by("-start").first() or draft.spans.first()
    return sentence, near.reading["section"] if near else ""


@transaction.atomic
def save_details(
    *, draft: Decomposition, typed: Mapping[int, Mapping[str, Any]], versions: Mapping[int, int], actor: Actor,
    now: datetime,
) -> int:  # fmt: skip
    """Keep what was typed into the details of accepted phrases, right or wrong; how many changed.

    Raises ``NotPermitted``, ``IllegalTransition`` or ``StaleVersion``, and then keeps nothing.
    """
    stored = held(draft, actor)
    before, changed = [], []
    for span in _spans(stored, {pk: versions.get(pk, 0) for pk in typed}):
        fields = typed[span.pk]
        next_state(SpanState(span.state), SpanVerb.CORRECT, Origin(span.origin))
        task = {**span.task, **_short(fields)}
        if _meant(task) == _meant(span.task):
            continue
        before.append(_row(span))
        # A lead that was chosen by hand needs no reason of ours.
        if task.get("lead") != span.task.get("lead"):
            task["lead_reason"] = ""
        span.task = _with_range_end(task, reading_of(span))
        changed.append(span)
    if changed:
        _done(stored, "span.detailed", before, changed, actor, now)
    return len(changed)


def _meant(task: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in task.items() if value not in ("", None, [], False)}


@transaction.atomic
def undo(*, draft: Decomposition, version: int, actor: Actor, now: datetime) -> None:
    """Take the latest act back, as long as it is the latest. Raises as ``held``, or ``decomposition_no_undo``."""
    stored = held(draft, actor, version=version)
    last = stored.last_act
    if not last:
        raise IllegalTransition("decomposition_no_undo")
    stored.spans.filter(pk__in=last["after"]).delete()
    rows = [ProposedSpan(**{**row, "version": stored.version + 1}) for row in last["before"]]
    ProposedSpan.objects.bulk_create(rows)
    stored.last_act = {}
    _count_up(stored, now)
    told = [_said(stored, row) for row in rows]
    audit.record(action="decomposition.undone", obj=stored, actor=actor.user, now=now, after={"phrases": told})


def _span(draft: Decomposition, pk: int, version: int) -> ProposedSpan:
    return _spans(draft, {pk: version})[0]


def _spans(draft: Decomposition, versions: Mapping[int, int]) -> Rows:
    """The phrases as they were looked at, in the order of the text (1 query)."""
    found = list(draft.spans.filter(pk__in=versions))
    if len(found) != len(versions) or any(span.version != versions[span.pk] for span in found):
        raise StaleVersion("span_stale")
    return found


def _of_place(draft: Decomposition, place: Span) -> Rows:
    return list(draft.spans.filter(start=place[0], end=place[1]))


def _row(span: ProposedSpan) -> dict[str, Any]:
    """A row as it is stored, so that it can be put back."""
    return {field.attname: getattr(span, field.attname) for field in span._meta.concrete_fields}


def _done(
    draft: Decomposition, action: str, before: Sequence[Mapping[str, Any]], after: Rows, actor: Actor, now: datetime
) -> None:
    _count_up(draft, now, save=False)
    for span in after:
        span.version = draft.version
    fresh = [span for span in after if span.pk is None]
    ProposedSpan.objects.bulk_create(fresh)
    ProposedSpan.objects.bulk_update(
        [span for span in after if span not in fresh], ["state", "task", "context_reason", "version"]
    )
    draft.last_act = {"action": action, "before": list(before), "after": [span.pk for span in after]}
    draft.save(update_fields=["version", "changed_at", "last_act"])
    audit.record(
        action=action,
        obj=draft,
        actor=actor.user,
        now=now,
        before={"phrases": [_said(draft, ProposedSpan(**row)) for row in before]},
        after={"phrases": [_said(draft, span) for span in after]},
    )


def _count_up(draft: Decomposition, now: datetime, *, save: bool = True) -> None:
    draft.version, draft.changed_at = draft.version + 1, now
    if save:
        draft.save(update_fields=["version", "changed_at", "last_act"])


def _said(draft: Decomposition, span: ProposedSpan) -> dict[str, Any]:
    """A phrase as the audit trail tells of it."""
    told = {"quote": draft.text[span.start : span.end], "state": span.state}
    names = ("name", "kind", "target", "unit", "comparator", "lead", "final_due_on")
    if span.state == SpanState.ACCEPTED:
        told |= {name: span.task.get(name, "") for name in names}
    return told | ({"reason": span.context_reason} if span.context_reason else {})
