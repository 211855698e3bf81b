"""What a further edition takes over from the one before: corrections of lines that are the same, and what was put on
record by hand."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from datetime import datetime

from accounts.permissions import Actor
from kpi.domain.score_runs import CorrectionReason
from kpi.domain.scoring import BY_HAND
from kpi.models import ScoreCorrection, ScoreLine, ScoreRun, ScoreSheet
from kpi.selectors import schemes
from kpi.selectors.scores import lines_of


def carry_over(last: ScoreRun, made: ScoreRun, *, actor: Actor, now: datetime) -> None:
    """Put the office's decisions of ``last`` on the lines of ``made`` that were computed as theirs were (9 queries).

    A line whose figures differ now is judged anew, and a reason the scheme no longer has falls away.
    """
    rules = schemes.stored(made.scheme).rules
    sheets = {_unit(sheet): sheet for sheet in made.sheets.all()}
    earlier = [line for line in _lines(last) if _unit(line.sheet) in sheets]
    kept = [line for line in earlier if line.reason in BY_HAND and line.reason in rules]
    ScoreLine.objects.bulk_create(
        ScoreLine(
            sheet=sheets[_unit(line.sheet)],
            reason=line.reason,
            points=rules[line.reason].points,
            month=line.month,
            basis=line.basis,
        )
        for line in kept
    )
    same = {_key(line): line for line in _lines(made)}
    ScoreCorrection.objects.bulk_create(
        _again(line, same[_key(line)], actor, now) for line in earlier if line.in_force and _key(line) in same
    )


def _lines(run: ScoreRun) -> Iterable[ScoreLine]:
    sheets = {sheet.pk: sheet for sheet in run.sheets.all()}
    for pk, lines in lines_of(sheets.values()).items():
        for line in lines:
            line.sheet = sheets[pk]
            yield line


def _unit(sheet: ScoreSheet) -> tuple[int | None, int | None]:
    return sheet.department_id, sheet.post_id


def _key(line: ScoreLine) -> Hashable:
    """Whose line it is, of what, and what it was computed from."""
    computed = (line.weight, line.share, line.left_out, line.actual, line.yardstick, line.points)
    return (
        _unit(line.sheet),
        line.indicator_id,
        line.role,
        line.reason,
        line.month,
        line.review_id,
        line.basis,
        computed,
    )


def _again(line: ScoreLine, new: ScoreLine, actor: Actor, now: datetime) -> ScoreCorrection:
    said = line.in_force
    return ScoreCorrection(
        line=new,
        share=said.share,
        is_left_out=said.is_left_out,
        points=said.points,
        reason=CorrectionReason.CARRIED_OVER,
        words=said.words,
        actor=actor.user,
        at=now,
    )
