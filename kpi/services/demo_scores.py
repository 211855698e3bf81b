"""The trial's scores: a quarter that is final and months that the units are answering, computed from the sample figures
and marked as samples. Nobody is told. Never run in production."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.utils.timezone import localtime

from accounts.models import User
from accounts.permissions import Actor, actor_for
from kpi.domain.score_runs import CorrectionReason, ScoreState, ScoreVerb, next_state
from kpi.domain.scoring import ScoreReason
from kpi.models import Period, Report, ScoreCorrection, ScoreLine, ScoreRun, ScoreSheet
from kpi.services import scores
from kpi.services.demo_review import Record, records

S, V = ScoreState, ScoreVerb


def load_scores(path: Path, report: Report, now: datetime) -> int:
    """Take the steps of the file as far as they had come by ``now``, for months that were locked; how many runs."""
    locked = {period.code: period for period in report.periods.filter(locked_at__isnull=False)}
    runs: dict[str, ScoreRun] = {}
    for row in records(path):
        at = datetime.fromisoformat(row["at"])
        if at <= now and row["period"] in locked:
            actor = actor_for(User.objects.get(username=row["user"]), localtime(at).date())
            _step(runs, locked[row["period"]], row, actor, at)
    return len(runs)


def _step(runs: dict[str, ScoreRun], period: Period, row: Record, actor: Actor, at: datetime) -> None:
    verb = ScoreVerb(row["verb"])
    if verb is V.DRAFT:
        made = runs[period.code] = scores.draft(period=period, actor=actor, now=at)
        made.is_sample = True
        made.save(update_fields=["is_sample"])
        return
    run = runs[period.code]
    if not row["unit"]:
        _move(run, verb, actor, at)
        return
    sheet = run.sheets.select_related("department").get(department__code=row["unit"])
    if verb is V.CORRECT:
        _waive(sheet, row, actor, at)
        scores.recompute(run, sheet)
    scores.record(run, verb, actor, at, sheet=sheet, text=row["text"])


def _move(run: ScoreRun, verb: ScoreVerb, actor: Actor, at: datetime) -> None:
    state = next_state(S(run.state), verb)
    fields: Mapping[str, object] = {"approved_by": actor.user, "finalised_at": at}
    if verb is V.OPEN:
        fields = {"opened_by": actor.user, "opened_at": at, "answers_until": scores.answers_until(run, at)}
    for name, value in fields.items():
        setattr(run, name, value)
    scores.move(run, state, verb, actor, at)


def _waive(sheet: ScoreSheet, row: Record, actor: Actor, at: datetime) -> None:
    """The unit's first late report is not held against it."""
    late = ScoreLine.objects.filter(sheet=sheet, reason=ScoreReason.LATE).order_by("id").first()
    if late is not None:
        ScoreCorrection.objects.create(
            line=late,
            points=Decimal(0),
            reason=CorrectionReason.NOT_ATTRIBUTABLE,
            words=row["text"],
            actor=actor.user,
            at=at,
        )
