"""A period's scores as they are looked at: who may see which sheet, what stands on it, who has answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.db.models import Max, OuterRef, Prefetch, Q, QuerySet, Subquery

from accounts.permissions import Actor
from kpi.domain.score_runs import ANSWERS, UNDER_WAY, Answer, ScoreState, ScoreVerb, Viewer, answer_of
from kpi.domain.scoring import BONUSES, BY_HAND, DEDUCTIONS, Score, ScoreReason, places, rounded
from kpi.models import (
    AssessmentSnapshot,
    Period,
    ScoreCorrection,
    ScoreLine,
    ScoreRun,
    ScoreSheet,
    ScoreStep,
    ScoringScheme,
)
from kpi.selectors import schemes
from kpi.selectors.score_sources import extra_of, item_of, score_of

V = ScoreVerb


def viewer_of(actor: Actor, sheet: ScoreSheet) -> Viewer:
    """Who the actor is to the unit that a sheet judges."""
    if sheet.post_id is not None:
        is_own = actor.is_leader and sheet.post_id in actor.post_ids
        return Viewer(actor.is_supervisor, actor.is_leader, is_own, is_own)
    is_own = sheet.department_id in actor.department_ids
    return Viewer(actor.is_supervisor, actor.is_leader, is_own, actor.is_head_of(sheet.department_id))


def visible_sheets(actor: Actor) -> Q:
    """``Viewer.may_see`` for lists: the office all; of what was opened to the units leaders all, others their own."""
    if actor.is_supervisor:
        return Q()
    opened = Q(run__opened_at__isnull=False)
    return opened if actor.is_leader else opened & Q(department__in=actor.department_ids)


def _runs(year: int, actor: Actor) -> QuerySet[ScoreRun]:
    snapshots = AssessmentSnapshot.objects.filter(period=OuterRef("period")).order_by("-edition")
    found = ScoreRun.objects.filter(period__report__year=year).annotate(
        latest_snapshot=Subquery(snapshots.values("edition")[:1])
    )
    if not actor.is_supervisor:
        found = found.filter(opened_at__isnull=False)
    people = ("prepared_by", "opened_by", "approved_by", "superseded_by")
    return found.select_related("period__report", "scheme", *people)


def of_year(year: int, actor: Actor) -> list[ScoreRun]:
    """Runs the actor may know of, the latest month first, each with the sheets of theirs (2 queries)."""
    own = ScoreSheet.objects.filter(visible_sheets(actor)).select_related("department", "post")
    own = own.filter(Q(department__in=actor.department_ids) | Q(post__in=actor.post_ids))
    found = _runs(year, actor).prefetch_related(Prefetch("sheets", own, to_attr="own"))
    return list(found.order_by("-period__code", "-edition"))


def of_period(year: int, code: str, actor: Actor) -> list[ScoreRun]:
    """The editions of a month the actor may know of, the latest first (1 query)."""
    return list(_runs(year, actor).filter(period__code=code).order_by("-edition"))


def in_force(period: Period) -> ScoreRun | None:
    """What stands for a month towards everybody: the final edition, else the one the units are answering (1 query)."""
    found = ScoreRun.objects.filter(period=period, state__in=[ScoreState.FINAL, ScoreState.OPINION])
    # "final" sorts before "opinion".
    return found.select_related("scheme", "period__report", "prepared_by", "approved_by").order_by("state").first()


def is_overtaken(run: ScoreRun) -> bool:
    """Whether the month was reopened since. ``run`` comes from here."""
    return run.period.locked_at is None or run.latest_snapshot != run.snapshot_edition


def latest_snapshot(period: Period) -> int:
    """The last edition of a month's snapshots, 0 before any (1 query)."""
    return AssessmentSnapshot.objects.filter(period=period).aggregate(last=Max("edition"))["last"] or 0


def sheets_of(run: ScoreRun, which: Q) -> list[ScoreSheet]:
    """Some of the run's sheets with their results: departments in official order, then posts; each with its ``answer``
    (2 queries)."""
    found = run.sheets.filter(which).select_related("department", "post")
    sheets = sorted(found, key=_official)
    said = answers(run)
    for sheet in sheets:
        sheet.answer = said.get(sheet.pk, Answer.NONE)
    return sheets


def _official(sheet: ScoreSheet) -> tuple[bool, int, str]:
    return sheet.post_id is not None, sheet.unit.ordinal, sheet.unit.code


def attach_lines(sheets: Sequence[ScoreSheet], used: ScoringScheme) -> None:
    """Give each sheet its ``rows`` (lines with the correction in force), their exact ``score`` and the ``scheme`` it
    was made by (4 queries)."""
    scheme = schemes.stored(used)
    by_sheet = lines_of(sheets)
    for sheet in sheets:
        sheet.rows = by_sheet[sheet.pk]
        sheet.score = score_of(sheet.rows, scheme)
        sheet.scheme = scheme


def lines_of(sheets: Iterable[ScoreSheet]) -> Mapping[int, list[ScoreLine]]:
    """The lines of some sheets, each with all its corrections and the one ``in_force`` (2 queries)."""
    people = Prefetch("corrections", ScoreCorrection.objects.select_related("actor").order_by("id"), to_attr="said")
    joined = ("indicator", "snapshot", "review")
    found = ScoreLine.objects.filter(sheet__in=[sheet.pk for sheet in sheets]).select_related(*joined)
    by_sheet: dict[int, list[ScoreLine]] = defaultdict(list)
    for line in found.prefetch_related(people).order_by("sheet_id", "id"):
        line.in_force = line.said[-1] if line.said else None
        by_sheet[line.sheet_id].append(line)
    return by_sheet


def find_sheet(run: ScoreRun, *, actor: Actor, department: str = "", post: str = "") -> ScoreSheet | None:
    """One unit's sheet with its lines and steps, if the actor may see it (6 queries)."""
    unit = Q(department__code=department) if department else Q(post__code=post)
    steps = Prefetch("steps", ScoreStep.objects.select_related("actor").order_by("id"), to_attr="thread")
    found = run.sheets.filter(unit).select_related("department", "post").prefetch_related(steps)
    sheet = found.first()
    if sheet is None or not viewer_of(actor, sheet).may_see(was_opened=run.opened_at is not None):
        return None
    sheet.run = run
    attach_lines([sheet], run.scheme)
    sheet.answer = answer_of([step.verb for step in sheet.thread])
    return sheet


def answers(run: ScoreRun) -> Mapping[int, Answer]:
    """How far each sheet's answer has come, by sheet id; without an entry nobody has said anything (1 query)."""
    verbs: dict[int, list[str]] = defaultdict(list)
    found = ScoreStep.objects.filter(run=run, verb__in=(*ANSWERS, V.REPLY)).order_by("id")
    for sheet, verb in found.values_list("sheet_id", "verb"):
        verbs[sheet].append(verb)
    return {sheet: answer_of(each) for sheet, each in verbs.items()}


@dataclass(frozen=True)
class Row:
    """One line as it counts: its ``points`` before any cap, ``None`` where its weight is left out; of a task the
    ``share`` they come from. A correction has taken its place in both, and stands in ``line.in_force``."""

    line: ScoreLine
    points: Decimal | None
    share: Fraction | None = None


def tasks_of(sheet: ScoreSheet) -> list[Row]:
    """The sheet's tasks with what each contributes to the base."""
    rows = []
    for line in sheet.rows:
        if not line.reason:
            item = item_of(line)
            points = sheet.score.points_of(item)
            rows.append(Row(line, None if points is None else rounded(points), item.share))
    return rows


@dataclass(frozen=True)
class Cases:
    """All cases of one reason on a sheet, with what they come to and what of it counts."""

    reason: ScoreReason
    rows: Sequence[Row]
    raw: Decimal
    counted: Decimal

    @property
    def is_capped(self) -> bool:
        return self.counted < self.raw

    @property
    def is_deduction(self) -> bool:
        return self.reason in DEDUCTIONS


def cases_of(sheet: ScoreSheet) -> list[Cases]:
    """The sheet's deductions, then its bonuses, in the order of the closed list."""
    by_reason: dict[str, list[ScoreLine]] = defaultdict(list)
    for line in sheet.rows:
        if line.reason:
            by_reason[line.reason].append(line)
    score: Score = sheet.score
    return [
        Cases(
            reason,
            [Row(line, rounded(score.amount_of(extra_of(line)))) for line in by_reason[reason]],
            rounded(score.sums[reason].raw),
            rounded(score.sums[reason].counted),
        )
        for reason in (*DEDUCTIONS, *BONUSES)
        if by_reason[reason]
    ]


def by_hand(sheet: ScoreSheet) -> list[ScoreReason]:
    """What a person may put on record on this sheet, where the scheme has a line for it; leaders have only tasks."""
    if sheet.post_id is not None:
        return []
    return [reason for reason in ScoreReason if reason in BY_HAND and reason in sheet.scheme.rules]


def ranked(sheets: Sequence[ScoreSheet]) -> Mapping[int, int]:
    """The place of each department with a score, by sheet id; the order of the sheets stays as it is."""
    scored = [sheet for sheet in sheets if sheet.department_id is not None and sheet.total is not None]
    found = places([(sheet.total, sheet.bonus) for sheet in scored])
    return {sheet.pk: place for sheet, place in zip(scored, found, strict=True)}


@dataclass(frozen=True)
class Line:
    """One locked month in the office's list, with its editions, the latest first."""

    period: Period
    editions: Sequence[ScoreRun]

    @property
    def latest(self) -> ScoreRun | None:
        return next((run for run in self.editions if run.state != ScoreState.DISCARDED), None)


def lines(periods: Iterable[Period], runs: Sequence[ScoreRun]) -> list[Line]:
    """The months that are locked, the latest first: half a year and the year's end like any other."""
    locked = [period for period in periods if period.locked_at is not None]
    return [Line(each, [run for run in runs if run.period_id == each.pk]) for each in reversed(locked)]


def is_under_way(run: ScoreRun) -> bool:
    return run.state in UNDER_WAY


def is_over(run: ScoreRun, now: datetime) -> bool:
    """Whether nobody may answer any more."""
    return run.answers_until is not None and now > run.answers_until
