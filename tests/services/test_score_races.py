"""A correction beside the final word: whichever comes first, what is final is what its lines come to."""

from __future__ import annotations

from threading import Barrier

from kpi.domain.errors import IllegalTransition, StaleVersion
from kpi.domain.scoring import ScoreReason
from kpi.models import ScoreCorrection, ScoreLine, ScoreRun, ScoreSheet
from kpi.selectors import scores as selector
from kpi.services import score_answers, scores
from tests.bulletins import of_office
from tests.races import in_parallel
from tests.scores import AFTER, fresh, line_of, opened, sheet_of

UNIT = "commerce"


def late(run: ScoreRun) -> ScoreLine:
    found = sheet_of(run, UNIT).lines.filter(reason=ScoreReason.LATE).first()
    return line_of(sheet_of(run, UNIT), found.indicator.code, ScoreReason.LATE)


def both(run: ScoreRun, line: ScoreLine) -> list[object]:
    """Made final by one person while another corrects a line; what became of each."""
    corrector, second = of_office("dcs_1"), of_office("dcs_2")
    said = {"value": "0", "is_left_out": False, "reason": "not_attributable", "words": "经核实，有记录"}
    return in_parallel(
        lambda: scores.finalise(run=run, version=run.version, actor=second, now=AFTER),
        lambda: score_answers.correct(line=line, **said, actor=corrector, now=AFTER),
    )


def agrees(sheet: ScoreSheet) -> bool:
    """Whether the result is that of the lines as they stand corrected."""
    kept = ScoreSheet.objects.select_related("run__scheme").get(pk=sheet.pk)
    selector.attach_lines([kept], kept.run.scheme)
    return kept.total == kept.score.total


def test_the_correction_counts_or_is_refused(committed_db):
    run = fresh(opened())
    done, corrected = both(run, late(run))
    assert isinstance(done, StaleVersion) != isinstance(corrected, IllegalTransition), (done, corrected)
    assert agrees(sheet_of(run, UNIT))


def test_without_the_lock_one_would_not_know_of_the_other(committed_db, monkeypatch):
    """Negative control: each waits until the other has looked, so that only the row's lock could part them."""
    run, meet = fresh(opened()), Barrier(2, timeout=20)

    def unlocked(found: ScoreRun, version: int | None = None) -> ScoreRun:
        seen = fresh(found)
        meet.wait()
        return seen

    monkeypatch.setattr(scores, "lock", unlocked)
    done, corrected = both(run, late(run))
    assert not isinstance(done, StaleVersion) and not isinstance(corrected, IllegalTransition)
    assert isinstance(done, ScoreRun) or isinstance(corrected, ScoreCorrection)
