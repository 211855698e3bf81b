"""A period's scores from draft to final.

Each step is one transaction: right, version and state are checked, the row moves, a step is appended, an audit entry
and notices are written. Wrong person is ``NotPermitted`` (403), an old version ``StaleVersion``, a state that no longer
allows it ``IllegalTransition`` (both 409), what is missing ``ContentInvalid`` (422).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time

from django.db import IntegrityError, transaction
from django.utils.timezone import localtime

from accounts import audit
from accounts.models import Department
from accounts.permissions import Actor
from kpi.domain.errors import DomainError, IllegalTransition, StaleVersion
from kpi.domain.official import one_line
from kpi.domain.periods import Period as Month
from kpi.domain.score_runs import UNDER_WAY, Answer, ScoreState, ScoreVerb, check_final, next_state
from kpi.domain.scoring import Score, rounded
from kpi.models import Period, ScoreLine, ScoreRun, ScoreSheet, ScoreStep, ScoringScheme
from kpi.selectors import schemes, score_sources
from kpi.selectors import scores as selector
from kpi.selectors.calendar import work_calendar
from kpi.services import periods, permissions, score_carrying, score_notices
from kpi.services.content import require_reason

S, V = ScoreState, ScoreVerb
# Answers are taken until the end of the last day's office hours.
CLOSES_AT = time(18, 0)
MOST_REASON = 500


@transaction.atomic
def draft(*, period: Period, reason: str = "", actor: Actor, now: datetime) -> ScoreRun:
    """Compute a locked month's scores by the scheme in force on its last day.

    A further edition takes over what was corrected before, where the line is the same. It needs a ``reason`` while the
    month's snapshots are the ones that were scored. Raises ``score_period_open``, ``score_no_scheme``,
    ``score_under_way``, or ``ContentInvalid`` for the missing reason.
    """
    permissions.require_supervisor(actor)
    # Neither locked, reopened nor drafted by somebody else until this transaction ends.
    periods.hold_year(period)
    locked = Period.objects.select_related("report").get(pk=period.pk)
    if locked.locked_at is None:
        raise IllegalTransition("score_period_open", period=locked.code)
    scheme = _scheme_for(locked)
    ground = score_sources.gather(locked)
    last = _last(locked)
    words = _reason_for(last, ground.edition, reason)
    if last is not None and last.state in UNDER_WAY:
        _withdraw(last, actor, now)
    made = ScoreRun.objects.create(
        period=locked,
        edition=ScoreRun.objects.filter(period=locked).count() + 1,
        scheme=scheme,
        snapshot_edition=ground.edition,
        state=S.DRAFT,
        reason=words,
        prepared_by=actor.user,
        prepared_at=now,
    )
    _store(made, score_sources.judge(ground, schemes.stored(scheme)))
    record(made, V.DRAFT, actor, now, text=words)
    if last is not None:
        score_carrying.carry_over(last, made, actor=actor, now=now)
        recompute(made)
    return made


def _scheme_for(period: Period) -> ScoringScheme:
    """The scheme in force on the month's last day, held as it is until scores rest on it."""
    found = schemes.scheme_on(Month.parse(period.code).last_day)
    if found is None:
        raise DomainError("score_no_scheme", period=period.code)
    return ScoringScheme.objects.select_for_update(no_key=True).get(pk=found.pk)


def _last(period: Period) -> ScoreRun | None:
    """The edition that a new one follows: what was discarded never counted."""
    found = ScoreRun.objects.filter(period=period).exclude(state=S.DISCARDED)
    return found.select_related("period__report").order_by("-edition").first()


def _reason_for(last: ScoreRun | None, snapshot_edition: int, reason: str) -> str:
    if last is None or last.snapshot_edition != snapshot_edition:
        return ""
    if last.state in UNDER_WAY:
        raise IllegalTransition("score_under_way", period=last.period.code)
    return require_reason(one_line(reason))[:MOST_REASON]


def _withdraw(run: ScoreRun, actor: Actor, now: datetime) -> None:
    """The month was reopened under it: it is not finished any more."""
    run.state = next_state(S(run.state), V.SUPERSEDE)
    run.save(update_fields=["state"])
    record(run, V.SUPERSEDE, actor, now)
    score_notices.withdrawn(run, now=now)


def _store(run: ScoreRun, found: Iterable[score_sources.Sheet]) -> None:
    lines: list[ScoreLine] = []
    for each in found:
        key = "department" if isinstance(each.unit, Department) else "post"
        sheet = ScoreSheet.objects.create(run=run, **{key: each.unit}, **results(each.score))
        for line in each.lines:
            line.sheet = sheet
        lines += each.lines
    ScoreLine.objects.bulk_create(lines)


def results(score: Score) -> dict[str, object]:
    """What a sheet keeps of its score."""
    return {
        "base": None if score.base is None else rounded(score.base),
        "deduction": rounded(score.deduction),
        "bonus": rounded(score.bonus),
        "total": score.total,
        "measured_weight": score.measured,
        "left_out_weight": score.left_out,
    }


def recompute(run: ScoreRun, *only: ScoreSheet) -> None:
    """Sum the sheets up again, with the corrections that are in force by now."""
    sheets = list(only or run.sheets.all())
    selector.attach_lines(sheets, run.scheme)
    for sheet in sheets:
        for name, value in results(sheet.score).items():
            setattr(sheet, name, value)
        sheet.save(update_fields=list(results(sheet.score)))


@transaction.atomic
def open_for_answers(*, run: ScoreRun, version: int, actor: Actor, now: datetime) -> ScoreRun:
    """Show each unit its own score; they may answer for as many workdays as the scheme says.

    Raises ``score_overtaken`` where the month was reopened since.
    """
    permissions.require_supervisor(actor)
    periods.hold_year(run.period)
    locked = lock(run, version)
    state = next_state(S(locked.state), V.OPEN)
    _require_standing(locked)
    locked.opened_by, locked.opened_at, locked.answers_until = actor.user, now, answers_until(locked, now)
    move(locked, state, V.OPEN, actor, now)
    score_notices.opened(locked, now=now)
    return locked


def answers_until(run: ScoreRun, opened_at: datetime) -> datetime:
    """The last moment an answer is taken: so many workdays later, the day it is opened not counted (1 query)."""
    last_day = work_calendar().add_workdays(localtime(opened_at).date(), run.scheme.answer_workdays)
    return datetime.combine(last_day, CLOSES_AT, periods.ZONE)


@transaction.atomic
def discard(*, run: ScoreRun, version: int, actor: Actor, now: datetime) -> ScoreRun:
    """A draft that nobody outside the office saw is of no use; it stays on record."""
    permissions.require_supervisor(actor)
    locked = lock(run, version)
    move(locked, next_state(S(locked.state), V.DISCARD), V.DISCARD, actor, now)
    return locked


@transaction.atomic
def finalise(*, run: ScoreRun, version: int, actor: Actor, now: datetime) -> ScoreRun:
    """A second person makes the scores final; the edition before is superseded.

    Raises ``score_takes_two``, ``score_objection_open``, ``score_window_open`` or ``score_overtaken``.
    """
    permissions.require_supervisor(actor)
    periods.hold_year(run.period)
    locked = lock(run, version)
    state = next_state(S(locked.state), V.FINALISE)
    said = list(selector.answers(locked).values())
    check_final(
        is_preparer=actor.user.pk in (locked.prepared_by_id, locked.opened_by_id),
        is_over=selector.is_over(locked, now),
        waiting=locked.sheets.count() - len(said),
        unanswered=said.count(Answer.OBJECTED),
    )
    _require_standing(locked)
    for earlier in ScoreRun.objects.filter(period=locked.period_id, state=S.FINAL).select_related("period__report"):
        earlier.state, earlier.superseded_by = next_state(S(earlier.state), V.SUPERSEDE), locked
        earlier.save(update_fields=["state", "superseded_by"])
        record(earlier, V.SUPERSEDE, actor, now)
    locked.approved_by, locked.finalised_at = actor.user, now
    move(locked, state, V.FINALISE, actor, now)
    score_notices.final(locked, now=now)
    return locked


def _require_standing(run: ScoreRun) -> None:
    """The month, whose year is held, is locked, and its snapshots are those the scores rest on."""
    period = Period.objects.get(pk=run.period_id)
    if period.locked_at is None or selector.latest_snapshot(period) != run.snapshot_edition:
        raise IllegalTransition("score_overtaken", period=period.code)


def lock(run: ScoreRun, version: int | None = None) -> ScoreRun:
    """The row, locked for this transaction; with a ``version``, provided nothing was done since (``score_stale``)."""
    locked = (
        ScoreRun.objects.select_for_update(of=("self",), no_key=True)
        .select_related("period__report", "scheme")
        .get(pk=run.pk)
    )
    if version is not None and locked.version != version:
        raise StaleVersion("score_stale", given=version, current=locked.version)
    return locked


def move(run: ScoreRun, state: ScoreState, verb: ScoreVerb, actor: Actor, now: datetime) -> None:
    """Save the run in its new state. The database has the last word in a race with a reopening."""
    run.state = state
    run.version += 1
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError as problem:
        if "score_period_open" in str(problem):
            raise IllegalTransition("score_period_open", period=run.period.code) from problem
        raise
    record(run, verb, actor, now)


def record(
    run: ScoreRun,
    verb: ScoreVerb,
    actor: Actor,
    now: datetime,
    *,
    sheet: ScoreSheet | None = None,
    text: str = "",
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Append the step and an audit entry."""
    ScoreStep.objects.create(run=run, sheet=sheet, verb=verb, to_state=run.state, text=text, actor=actor.user, at=now)
    named = {"state": run.state, "period": run.period.code, "edition": run.edition, "scheme": str(run.scheme)}
    audit.record(
        action=f"score.{verb}",
        obj=sheet or run,
        actor=actor.user,
        now=now,
        before=before,
        after={**named, "snapshot_edition": run.snapshot_edition, **(after or {})},
        reason=text,
        department_code=sheet.department.code if sheet is not None and sheet.department is not None else "",
    )
