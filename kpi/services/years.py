"""Opening the next year (年度滚动): its report and months. What is valid by date (due rules, reminder and lamp rules,
units, posts) goes on by itself. Opening twice changes nothing; what would be done is shown before it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.db import transaction
from django.utils.timezone import localtime

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.calendar import WorkCalendar
from kpi.domain.errors import DomainError
from kpi.models import Period, Report, WorkdayOverride
from kpi.selectors.calendar import calendar_of, due_rule
from kpi.selectors.editions import checksum
from kpi.services import editions, loading, periods, permissions

WINDOW = ("opens_at", "due_at", "grace_ends_at")
# Before it no work report was ever followed up here; and zones had offsets in seconds.
EARLIEST_YEAR = 2000
LONGEST_TITLE = 200
# On record as the reason of the first edition with words.
FIRST_TEXT = "补录报告原文"


@dataclass(frozen=True)
class Opening:
    """What opening a year does, or has just done.

    ``report`` is ``None`` while there is none. ``added`` and ``moved`` are months with their new windows; a month that
    has opened already is never moved. ``new_days`` of the working calendar come with the product, ``guessed`` years
    have none. ``sets_text``: the report gets its words.
    """

    year: int
    title: str
    text: str
    report: Report | None
    sets_text: bool
    added: Sequence[Period]
    moved: Sequence[Period]
    new_days: int
    guessed: tuple[int, ...]

    @property
    def is_needed(self) -> bool:
        return self.report is None or bool(self.sets_text or self.added or self.moved or self.new_days)


def preview(*, year: int, text: str, title: str, folder: Path, now: datetime) -> Opening:
    """What ``open_year`` would do (5 queries). ``folder`` holds ``workdays-<year>.json``.

    Raises ``DomainError``: ``year_too_early``, ``year_too_far``, ``year_out_of_order``, ``year_has_text``,
    ``edition_too_long``, ``text_has_control_characters`` or ``text_too_long`` for the title.
    """
    report = Report.objects.filter(year=year).first()
    _check(year, report, text, title, now)
    known = {day: is_workday for day, is_workday in WorkdayOverride.objects.values_list("day", "is_workday")}
    shipped = {each.day: each.is_workday for each in loading.calendar_days(folder) if each.day not in known}
    calendar = calendar_of((known | shipped).items())
    added, moved = _months(report or Report(year=year), calendar, now)
    return Opening(
        year=year,
        title=title.strip() or _first_line(text) or f"{year}年政府工作报告",
        text=text,
        report=report,
        sets_text=bool(text.strip()) and not (report and report.text),
        added=added,
        moved=moved,
        new_days=len(shipped),
        guessed=calendar.unknown_years([year]),
    )


def _check(year: int, report: Report | None, text: str, title: str, now: datetime) -> None:
    if year < EARLIEST_YEAR:
        raise DomainError("year_too_early", first=EARLIEST_YEAR)
    if year > localtime(now).year + 1:
        raise DomainError("year_too_far", year=year)
    latest = Report.objects.order_by("-year").values_list("year", flat=True).first()
    if latest is not None and year > latest + 1:
        raise DomainError("year_out_of_order", year=year, next=latest + 1)
    if report and report.text and text.strip() and text != report.text:
        raise DomainError("year_has_text", year=year)
    if len(title.strip()) > LONGEST_TITLE:
        raise DomainError("text_too_long", limit=LONGEST_TITLE, length=len(title.strip()))
    if text.strip():
        editions.check_text(text)


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:LONGEST_TITLE]


def _months(report: Report, calendar: WorkCalendar, now: datetime) -> tuple[list[Period], list[Period]]:
    """Months that are missing, and months to come whose window is another than the rules give now."""
    rule = due_rule(date(report.year, 1, 1))
    wanted = periods.planned_periods(report, calendar=calendar, rule=rule)
    stored = {found.code: found for found in Period.objects.filter(report__year=report.year)}
    added = [period for period in wanted if period.code not in stored]
    moved = []
    for period in wanted:
        found = stored.get(period.code)
        if found and found.opens_at > now and any(getattr(found, name) != getattr(period, name) for name in WINDOW):
            for name in WINDOW:
                setattr(found, name, getattr(period, name))
            moved.append(found)
    return added, moved


@transaction.atomic
def open_year(*, year: int, text: str, title: str, folder: Path, actor: Actor | None, now: datetime) -> Opening:
    """Do what ``preview`` shows; raises as it does, or ``NotPermitted``. ``actor`` is ``None`` for the command only."""
    if actor is not None:
        permissions.require_supervisor(actor)
    opening = preview(year=year, text=text, title=title, folder=folder, now=now)
    if not opening.is_needed:
        return opening
    loading.load_calendar(folder)
    report, is_new = Report.objects.get_or_create(
        year=year, defaults={"title": opening.title, "text": opening.text, "sha256": checksum(opening.text)}
    )
    if opening.sets_text and not is_new:
        # Commitments carried over from last year find their places by the same way as in a corrected text.
        editions.correct_report(
            report=report, text=opening.text, base_sha256=report.sha256, reason=FIRST_TEXT, actor=actor, now=now
        )
    for period in opening.added:
        period.report = report
    Period.objects.bulk_create(opening.added, ignore_conflicts=True)
    for period in opening.moved:
        period.save(update_fields=WINDOW)
    told = {
        "text": opening.sets_text,
        "months": [period.code for period in opening.added],
        "moved": [period.code for period in opening.moved],
        "days": opening.new_days,
    }
    user = actor.user if actor else None
    audit.record(action="year.opened", obj=report, actor=user, now=now, after=told)
    return opening
