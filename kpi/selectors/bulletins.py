"""The month's bulletin as it reads: facts of one scoreboard, the sentences made of them, and the edits in their places.

Nothing is counted here that the scoreboard does not count: a locked month is read from its snapshots, directives as
they stood at that lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.utils.timezone import localtime
from django.utils.translation import override

from accounts.models import Department
from accounts.permissions import Actor
from kpi import labels, wording
from kpi.domain.bulletin_record import AnnexRow, Content, Edit, compose, from_json
from kpi.domain.bulletin_text import (
    Counts,
    Directives,
    Facts,
    Item,
    Options,
    UnitMonth,
    UnitReports,
    checks,
    draft,
)
from kpi.domain.bulletins import DEMANDS
from kpi.domain.directives import DirectiveState
from kpi.domain.official import one_line, tight
from kpi.domain.values import Rag, Timeliness
from kpi.models import AssessmentSnapshot, Bulletin, Indicator, Period, Submission
from kpi.models.querysets import IndicatorQuerySet
from kpi.selectors import cockpit, directives, scoreboard
from kpi.selectors.reporting import UnitReporting, reporting
from kpi.selectors.scoreboard import Row, Scoreboard

# The document is Chinese, whoever looks at it.
LANGUAGE = "zh-hans"
S = DirectiveState
IN_HAND = (S.RECEIVED, S.IN_HAND)
IN_REVIEW = (S.REPLIED, S.IN_REVIEW)


def moment_of(period: Period, now: datetime) -> datetime:
    """What is known up to: the lock of a locked month, else now."""
    return period.locked_at or now


def indicators_of(year: int, actor: Actor, moment: datetime) -> IndicatorQuerySet:
    """A year's indicators with what a bulletin says beside their rows. ``actor`` must read all directives."""
    return Indicator.objects.of_year(year).with_supporting().with_directives(actor, moment)


def board_of(period: Period, actor: Actor, now: datetime) -> Scoreboard:
    """The scoreboard of the month, approved figures only (6 queries)."""
    year = period.report.year
    found = indicators_of(year, actor, moment_of(period, now))
    return scoreboard.build(year=year, now=now, period_code=period.code, indicators=found)


def live(bulletin: Bulletin, actor: Actor, now: datetime) -> tuple[Content, Scoreboard]:
    """The draft as it reads now (7 queries). ``bulletin`` is read ``with_record``."""
    board = board_of(bulletin.period, actor, now)
    with override(LANGUAGE):
        moment = moment_of(bulletin.period, now)
        reports = cockpit.explanations((row for row in board.rows if row.rag in cockpit.BAD), moment)
        facts = facts_of(board, reports, moment)
        sections = draft(facts, options_of(bulletin))
        annex = [_annex_row(row, reports.get(row.indicator.code)) for row in _bad(board)]
    return compose(sections, edits_of(bulletin), annex, checks(facts)), board


def frozen(bulletin: Bulletin) -> Content | None:
    """The text as it was sent for approval or published; ``None`` for a draft."""
    return from_json(bulletin.content) if bulletin.content else None


def options_of(bulletin: Bulletin) -> Options:
    demands = tuple((code, DEMANDS[code]) for code in bulletin.demands if code in DEMANDS)
    return Options(bulletin.has_good, bulletin.has_praise, bulletin.has_reminder, demands)


def edits_of(bulletin: Bulletin) -> Mapping[str, Edit]:
    """The last word about each paragraph, where it was not put back."""
    last = {row["key"]: row for row in bulletin.edit_rows or ()}
    return {
        key: Edit(row["text"], row["reason"], row["by"], row["at"], row["figures"])
        for key, row in last.items()
        if not row["is_reset"]
    }


def facts_of(board: Scoreboard, reports: Mapping[str, Submission], moment: datetime) -> Facts:
    """The month in numbers and names, in official order. Words come in the language that is active."""
    before = board.previous_counts
    units = [_unit_reports(unit) for unit in reporting(board).units]
    months = [((unit.department.code, unit.department.short_name), _unit_month(unit)) for unit in cockpit.units(board)]
    year, month = board.period.code.split("-")
    return Facts(
        year=int(year),
        month=int(month),
        as_of=wording.short_day(localtime(moment)),
        counts=_counts(board),
        reds_before=before[Rag.RED] if before else None,
        ambers_before=before[Rag.AMBER] if before else None,
        newly_done=tuple(_good(each.row) for each in cockpit.changes(board) if each.direction == "done"),
        ahead=tuple(_good(row) for row in board.rows if _is_ahead(row)),
        reds=tuple(_behind(row, reports) for row in board.rows if row.rag is Rag.RED),
        ambers=tuple(_behind(row, reports) for row in board.rows if row.rag is Rag.AMBER),
        asked=cockpit.reporting(board).asked,
        units=tuple(units),
        directives=_directives(board, moment),
        praised=tuple(unit for unit, each in months if each.may_be_praised),
        reminded=tuple(unit for unit, each in months if each.is_to_be_reminded),
    )


def _counts(board: Scoreboard) -> Counts:
    lamps = board.counts
    ahead = sum(_is_ahead(row) for row in board.rows)
    on_plan = sum(row.rag is Rag.GREEN and not _is_ahead(row) for row in board.rows)
    return Counts(
        total=len(board.rows),
        done=lamps[Rag.DONE],
        ahead=ahead,
        on_plan=on_plan,
        red=lamps[Rag.RED],
        amber=lamps[Rag.AMBER],
        not_due=lamps[Rag.NOT_DUE],
        adjusted=board.adjusted,
    )


def _is_ahead(row: Row) -> bool:
    """Green and past the rule's bound; a lamp the office set is on plan at most."""
    return row.rag is Rag.GREEN and row.current.override is None and bool(row.assessment and row.assessment.is_ahead)


def _good(row: Row) -> Item:
    return _item(row, wording.reason(row.assessment, row.indicator))


def _behind(row: Row, reports: Mapping[str, Submission]) -> Item:
    return _item(row, wording.gap(row.assessment, row.indicator), reports.get(row.indicator.code))


def _item(row: Row, figures: str, report: Submission | None = None) -> Item:
    indicator = row.indicator
    return Item(
        code=indicator.code,
        name=one_line(indicator.name),
        lead=indicator.lead_department.short_name,
        figures=tight(one_line(figures)),
        lamp=str(labels.RAG_SPOKEN.get(row.rag, labels.RAG[row.rag].text)),
        supporting=tuple(indicator.supporting_names),
        reasons=tuple(labels.words(labels.DEVIATION, report.deviation_reasons)) if report else (),
        measures=one_line(report.measures) if report else "",
        catch_up=wording.month(report.catch_up_period) if report and report.catch_up_period else "",
        is_adjusted=row.current.override is not None,
    )


def _bad(board: Scoreboard) -> list[Row]:
    """Reds, then ambers, each in the order of the report."""
    return [row for rag in cockpit.BAD for row in board.rows if row.rag is rag]


def _annex_row(row: Row, report: Submission | None) -> AnnexRow:
    item = _item(row, wording.gap(row.assessment, row.indicator), report)
    # A lamp the office set does not follow from the figures: say so beside them.
    figures = f"{item.figures}（经督查室复核调整）" if item.is_adjusted else item.figures
    reasons = "、".join(item.reasons)
    return AnnexRow(item.code, item.name, item.lead, figures, item.lamp, reasons, item.measures, item.catch_up)


def _unit_reports(unit: UnitReporting) -> UnitReports:
    month = unit.months[-1]
    counts = month.counts
    return UnitReports(
        unit.department.code,
        unit.department.short_name,
        month.asked,
        counts[Timeliness.ON_TIME],
        counts[Timeliness.LATE],
        counts[Timeliness.MISSING],
    )


def _unit_month(unit: cockpit.Unit) -> UnitMonth:
    lamps = Counter(row.rag for row in unit.rows)
    asked = [row.current.timeliness for row in unit.rows if row.current.is_asked]
    return UnitMonth(
        name=unit.department.short_name,
        due=len(unit.rows) - lamps[Rag.NOT_DUE],
        red=lamps[Rag.RED],
        amber=lamps[Rag.AMBER],
        asked=len(asked),
        on_time=asked.count(Timeliness.ON_TIME),
        missing=asked.count(Timeliness.MISSING),
    )


def _directives(board: Scoreboard, moment: datetime) -> Directives:
    """How many stand where; nothing of what they say."""
    found = [each for row in board.rows for each in directives.of_row(row.indicator, moment)]
    said = [each for each in found if each.state is not S.WITHDRAWN]
    states = Counter(each.state for each in said)
    return Directives(
        total=len(said),
        waiting=states[S.ISSUED],
        in_hand=sum(states[state] for state in IN_HAND),
        in_review=sum(states[state] for state in IN_REVIEW),
        closed=states[S.CLOSED],
        overdue=sum(each.is_overdue for each in said),
    )


@dataclass(frozen=True)
class Concerned:
    """Who hears of it: departments that are named, and the posts in charge of the tasks that are named."""

    departments: Sequence[str]
    posts: Sequence[str]


def concerned(content: Content, board: Scoreboard) -> Concerned:
    """By code, from the paragraphs and the annex as they stand (1 query)."""
    said = [each.paragraph for part in content.parts for each in part.shown]
    codes = {name.partition(":")[2] for paragraph in said for name in paragraph.figures} - {""}
    codes |= {row.code for row in content.annex}
    rows = [row for row in board.rows if row.indicator.code in codes]
    leads = {row.indicator.lead_department.code for row in rows}
    # Paragraphs of single red tasks name the supporting units too.
    items = {paragraph.key.partition(":")[2] for paragraph in said if paragraph.key.startswith("item:")}
    supporting = Department.objects.filter(
        supported_indicators__in=[row.indicator.pk for row in rows if row.indicator.code in items]
    )
    units = {unit.department.code for unit in cockpit.units(board)} & codes
    posts = {row.indicator.accountable_post.code for row in rows if row.indicator.accountable_post}
    return Concerned(sorted(leads | units | set(supporting.values_list("code", flat=True))), sorted(posts))


def snapshots_of(board: Scoreboard) -> Mapping[str, int]:
    """The latest edition of each locked month up to the board's own (1 query)."""
    found = AssessmentSnapshot.objects.filter(
        period__report=board.period.report_id, period__code__lte=board.period.code, period__locked_at__isnull=False
    )
    return dict(found.values_list("period__code").annotate(last=Max("edition")).order_by("period__code"))


def of_period(*, year: int, code: str, actor: Actor) -> list[Bulletin]:
    """The editions of a month the actor may read, the latest first, each with its record (1 query)."""
    return list(_with_latest(Bulletin.objects.visible_to(actor).filter(period__report__year=year, period__code=code)))


def _with_latest(found: QuerySet[Bulletin]) -> QuerySet[Bulletin]:
    snapshots = AssessmentSnapshot.objects.filter(period=OuterRef("period")).order_by("-edition")
    people = ("drafted_by", "sent_by", "approved_by", "superseded_by", "period__report")
    return (
        found.with_record()
        .annotate(latest_snapshot=Subquery(snapshots.values("edition")[:1]))
        .select_related(*people)
        .order_by("-edition")
    )


def is_overtaken(bulletin: Bulletin) -> bool:
    """Whether the month was reopened since: its snapshots have a later edition, or it is open again."""
    if bulletin.snapshot_edition is None:
        return False
    return bulletin.period.locked_at is None or bulletin.latest_snapshot != bulletin.snapshot_edition


@dataclass(frozen=True)
class Line:
    """One month in the office's list, with its editions, the latest first."""

    period: Period
    editions: Sequence[Bulletin]

    @property
    def latest(self) -> Bulletin | None:
        return self.editions[0] if self.editions else None


def of_year(*, year: int, actor: Actor) -> list[Bulletin]:
    """Without their texts, the latest month first (1 query)."""
    found = Bulletin.objects.visible_to(actor).filter(report__year=year).select_related("period__report", "approved_by")
    return list(found.defer("content").order_by("-period__code", "-edition"))


def lines(periods: Iterable[Period], bulletins: Sequence[Bulletin], now: datetime) -> list[Line]:
    """Months that have opened, the latest first."""
    opened = [period for period in periods if period.opens_at <= now]
    return [Line(each, [one for one in bulletins if one.period_id == each.pk]) for each in reversed(opened)]


def next_number(report_id: int) -> int:
    """The first number after the year's highest (1 query)."""
    last = Bulletin.objects.filter(report=report_id).aggregate(last=Max("number"))["last"]
    return (last or 0) + 1
