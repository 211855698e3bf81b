"""What units say about their score within the window, and what the office does with it: a reply, a corrected line, a
case put on record. Both values of a line are kept, and every case has its reason from the closed list."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.db import transaction

from accounts.permissions import Actor
from kpi.domain.errors import DomainError
from kpi.domain.official import one_line, plain_text
from kpi.domain.score_runs import ANSWERS, CorrectionReason, ScoreState, ScoreVerb, check_answer, next_state
from kpi.domain.scoring import BY_HAND, FULL, TWICE, ScoreBasis, ScoreReason
from kpi.domain.values import parse_number
from kpi.models import ScoreCorrection, ScoreLine, ScoreRun, ScoreSheet
from kpi.selectors import schemes
from kpi.selectors import scores as selector
from kpi.services import permissions, score_notices, scores
from kpi.services.content import MAX_TEXT, ContentInvalid, FieldError, require_reason

S, V = ScoreState, ScoreVerb
MOST_BASIS = 200
MOST_WORDS = 500


@transaction.atomic
def answer(*, sheet: ScoreSheet, verb: ScoreVerb, text: str, actor: Actor, now: datetime) -> None:
    """The judged unit accepts its score or objects to it, as often as it likes until the window closes.

    Raises ``NotPermitted`` ``score_not_yours``, ``score_answer_late``, or ``ContentInvalid`` for an objection without
    words.
    """
    assert verb in ANSWERS
    run = scores.lock(sheet.run)
    next_state(S(run.state), verb)
    check_answer(selector.viewer_of(actor, sheet), now=now, until=run.answers_until)
    said = plain_text(text)
    words = require_reason(said, "text") if verb is V.OBJECT else _short(said, "text", MAX_TEXT)
    _note(run)
    scores.record(run, verb, actor, now, sheet=sheet, text=words)
    score_notices.answered(run, sheet, text=words, is_objection=verb is V.OBJECT, now=now)


@transaction.atomic
def reply(*, sheet: ScoreSheet, text: str, actor: Actor, now: datetime) -> None:
    """The office answers a unit. Raises ``ContentInvalid`` without words."""
    permissions.require_supervisor(actor)
    run = scores.lock(sheet.run)
    next_state(S(run.state), V.REPLY)
    words = require_reason(plain_text(text), "reply")
    _note(run)
    scores.record(run, V.REPLY, actor, now, sheet=sheet, text=words)
    score_notices.replied(run, sheet, text=words, now=now)


@transaction.atomic
def correct(
    *, line: ScoreLine, value: str, is_left_out: bool, reason: str, words: str, actor: Actor, now: datetime
) -> ScoreCorrection:
    """Put another value in place of a line's: of a task the share in per cent, or leaving it out; of a case its points,
    at most those it was computed with.

    Raises ``ContentInvalid`` with every field that needs a correction.
    """
    permissions.require_supervisor(actor)
    run = scores.lock(line.sheet.run)
    next_state(S(run.state), V.CORRECT)
    made = _read(line, run, value, is_left_out, reason, words)
    made.actor, made.at = actor.user, now
    before = _value_in_force(line)
    made.save()
    sheet = _summed_up(run, line.sheet)
    scores.record(
        run,
        V.CORRECT,
        actor,
        now,
        sheet=sheet,
        text=made.words,
        before={"line": line.pk, "value": before},
        after={"line": line.pk, "value": _value_of(made), "reason": made.reason, "total": str(sheet.total)},
    )
    _tell(run, sheet, made.words, now)
    return made


@transaction.atomic
def add_case(*, sheet: ScoreSheet, reason: str, basis: str, actor: Actor, now: datetime) -> ScoreLine:
    """Put a case on record that no report shows, with the document it rests on; its points are the scheme's.

    Raises ``ContentInvalid``: only reasons of the closed list that the scheme has a line for, and only with a document.
    """
    permissions.require_supervisor(actor)
    run = scores.lock(sheet.run)
    next_state(S(run.state), V.ADD)
    rules = schemes.stored(run.scheme).rules
    errors: list[FieldError] = []
    if sheet.department_id is None or reason not in BY_HAND or reason not in rules:
        errors.append(FieldError("reason", "score_reason_unknown"))
    document = _words(basis, "basis", MOST_BASIS, errors)
    if errors:
        raise ContentInvalid(errors)
    made = ScoreLine.objects.create(
        sheet=sheet,
        reason=reason,
        points=rules[ScoreReason(reason)].points,
        month=run.period.code,
        basis=document,
    )
    fresh = _summed_up(run, sheet)
    after = {"line": made.pk, "reason": reason, "points": str(made.points), "total": str(fresh.total)}
    scores.record(run, V.ADD, actor, now, sheet=fresh, text=document, after=after)
    _tell(run, fresh, document, now)
    return made


def _summed_up(run: ScoreRun, sheet: ScoreSheet) -> ScoreSheet:
    fresh = ScoreSheet.objects.select_related("department", "post").get(pk=sheet.pk)
    scores.recompute(run, fresh)
    _note(run)
    return fresh


def _note(run: ScoreRun) -> None:
    """Whoever looked before this has not seen it."""
    run.version += 1
    run.save(update_fields=["version"])


def _tell(run: ScoreRun, sheet: ScoreSheet, words: str, now: datetime) -> None:
    """The unit hears of a change of what it was shown, and of nothing before that."""
    if run.state == S.OPINION:
        score_notices.corrected(run, sheet, words=words, now=now)


def _read(line: ScoreLine, run: ScoreRun, value: str, is_left_out: bool, reason: str, words: str) -> ScoreCorrection:
    made, errors = ScoreCorrection(line=line, reason=reason), []
    try:
        _take_value(made, line, run, value, is_left_out)
    except DomainError as problem:
        errors.append(FieldError("value", problem.code, problem.params))
    if reason not in set(CorrectionReason) - {CorrectionReason.CARRIED_OVER}:
        errors.append(FieldError("reason", "score_correction_reason"))
    made.words = _words(words, "words", MOST_WORDS, errors)
    if errors:
        raise ContentInvalid(errors)
    return made


def _take_value(made: ScoreCorrection, line: ScoreLine, run: ScoreRun, value: str, is_left_out: bool) -> None:
    """The new value of a line. Raises ``DomainError``: unreadable, out of bounds, or the one it has."""
    if line.reason:
        most = line.points if line.reason != ScoreReason.EXCESS else _cap(run)
        made.points = _within(value, most)
    elif is_left_out:
        made.is_left_out = True
    else:
        most = TWICE if run.scheme.basis == ScoreBasis.PROPORTIONAL else FULL
        made.share = str(Fraction(_within(value, Decimal(int(most * 100)))) / 100)
    if _value_of(made) == _value_in_force(line):
        raise DomainError("score_correction_same")


def _cap(run: ScoreRun) -> Decimal:
    return run.scheme.lines.get(reason=ScoreReason.EXCESS).cap


def _within(value: str, most: Decimal) -> Decimal:
    found = parse_number(value, decimals=2)
    if not 0 <= found <= most:
        raise DomainError("score_out_of_bounds", most=f"{most:f}")
    return found


def _value_of(made: ScoreCorrection) -> str:
    """Share, points or that it is left out, as one text."""
    if made.is_left_out:
        return "left_out"
    return made.share or f"{made.points:.2f}"


def _value_in_force(line: ScoreLine) -> str:
    last = line.corrections.order_by("id").last()
    if last is not None:
        return _value_of(last)
    if line.left_out:
        return "left_out"
    # An excess is per cent of a task's points: no correction, which is in points, says the same.
    return line.share or (f"{line.points:.2f}" if line.reason != ScoreReason.EXCESS else "")


def _short(text: str, field: str, most: int) -> str:
    if len(text) > most:
        raise ContentInvalid([FieldError(field, "text_too_long", {"limit": most, "length": len(text)})])
    return text


def _words(text: str, field: str, most: int, errors: list[FieldError]) -> str:
    """A text that must be there, on one line; what is wrong with it joins the ``errors``."""
    try:
        return _short(require_reason(one_line(text), field), field, most)
    except ContentInvalid as problem:
        errors.extend(problem.errors)
        return ""
