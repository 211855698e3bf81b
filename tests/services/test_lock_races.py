"""Two hundred locks, each at the same moment as the approval of a report: nothing is approved after its period closed.

The published lamp tells which came first: it rests on the month's own figure exactly where the approval went through.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts.models import Department, Post, User
from accounts.permissions import actor_for
from kpi.domain.errors import PeriodClosed
from kpi.domain.periods import Period as Month
from kpi.models import AssessmentSnapshot, Commitment, Indicator, Period, PlanPoint, Report, Submission, Target
from kpi.selectors.content import Content
from kpi.services import periods, submissions
from tests.conftest import NOW
from tests.races import CloseRace

RACES = 200
CLOSE = 20  # of them each side wins at least; without a load both win about 100
YEAR = 2001


@pytest.fixture
def waiting(committed_db) -> Iterator[list[Submission]]:
    """A report of its own with one indicator and two hundred months, each with a signed report."""
    report = Report.objects.create(year=YEAR, title="竞态", text="无事故。", sha256="0" * 64)
    commitment = Commitment.objects.create(
        report=report,
        code="C001",
        quote="无事故",
        start=0,
        end=3,
        quote_sha256="0" * 64,
        section="安全",
        strength="must",
    )
    indicator = Indicator.objects.create(
        report=report, commitment=commitment, code="T01", name="无事故", kind="bottom_line", unit="起",
        comparator="<=", polarity="lower", accumulation="year_to_date", strength="must", frequency="monthly",
        lead_department=Department.objects.get(code="agriculture"), accountable_post=Post.objects.first(),
        final_due_on=date(2099, 12, 31),
    )  # fmt: skip
    Target.objects.create(indicator=indicator, value=Decimal(0), effective_on=date(1990, 1, 1), reason="竞态")
    over = NOW - timedelta(days=30)
    months = Month.range(Month(YEAR, 1), Month(YEAR, 1).plus(RACES - 1))
    windows = {"opens_at": over - timedelta(days=9), "due_at": over, "grace_ends_at": over + timedelta(days=2)}
    rows = Period.objects.bulk_create([Period(report=report, code=str(month), **windows) for month in months])
    author = User.objects.get(username="nyj_staff")
    yield Submission.objects.bulk_create(
        Submission(
            indicator=indicator, period=period, state="signed_off", value=Decimal(0), narrative="本月没有事故。",
            outlook="confident", author=author, updated_at=over, first_submitted_at=over, submitted_at=over,
        )
        for period in rows
    )  # fmt: skip


def race(report: Submission, now: datetime, races: CloseRace) -> tuple[object, object]:
    """The lock of a report's period and its approval, at once; what became of both."""
    office = [actor_for(User.objects.get(username=name), now.date()) for name in ("dcs_1", "dcs_2")]
    period = Period.objects.select_related("report").get(pk=report.period_id)
    stored = Submission.objects.select_related("indicator__lead_department", "period__report").get(pk=report.pk)
    locked, approved = races.run(
        lambda: periods.lock_period(period=period, typed_code=period.code, actor=office[0], now=now),
        lambda: submissions.approve(submission=stored, version=stored.version, actor=office[1], now=now),
    )
    races.won(isinstance(approved, Submission))
    return locked, approved


def agrees(report: Submission, approved: object) -> bool:
    """Whether the lamp that was published knows of the approval exactly where there was one."""
    snapshot = AssessmentSnapshot.objects.get(period=report.period_id)
    return (snapshot.submission_id == report.pk) is isinstance(approved, Submission)


@pytest.mark.timeout(300)
def test_two_hundred_locks_against_two_hundred_approvals_leave_no_late_row(waiting):
    """The negative control is ``test_without_the_trigger_an_approval_slips_past_the_lock``."""
    races = CloseRace()
    for report in waiting:
        locked, approved = race(report, NOW, races)
        assert locked == 1, locked
        assert isinstance(approved, Submission | PeriodClosed), approved
        assert agrees(report, approved)
    assert min(races.wins) >= CLOSE, races.wins


def test_without_the_trigger_an_approval_slips_past_the_lock(waiting):
    """Negative control: what keeps the rows apart is the trigger, which waits for the lock that is being taken."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kpi_submission DISABLE TRIGGER USER")
    races = CloseRace()
    for report in waiting:
        locked, approved = race(report, NOW, races)
        assert locked == 1, locked
        if not agrees(report, approved):
            return
    raise AssertionError("no approval slipped past: the race does not show anything")


@pytest.fixture
def owed(waiting) -> list[Period]:
    """The same months, open now and owed, with nothing filed."""
    Submission.objects.filter(pk__in=[report.pk for report in waiting]).delete()
    indicator = waiting[0].indicator
    found = Period.objects.filter(report__year=YEAR).select_related("report")
    found.update(due_at=NOW + timedelta(days=1), grace_ends_at=NOW + timedelta(days=2))
    PlanPoint.objects.bulk_create(PlanPoint(indicator=indicator, period=each.code, value=0) for each in found)
    return list(found)


def race_to_file(period: Period, races: CloseRace) -> tuple[object, object]:
    """The lock of a period that is still open, and the first filing for it, at once; what became of both."""
    office, staff = (actor_for(User.objects.get(username=name), NOW.date()) for name in ("dcs_1", "nyj_staff"))
    indicator = Indicator.objects.filter(report=period.report_id).for_board(period).get()
    content = Content(value=Decimal(0), narrative="本月没有发生任何安全事故。", outlook="confident")
    locked, filed = races.run(
        lambda: periods.close(period=period, user=office.user, now=NOW),
        lambda: submissions.submit(
            indicator=indicator, period=period, content=content, version=0, actor=staff, now=NOW
        ),
    )
    races.won(isinstance(filed, Submission))
    return locked, filed


def knows_of(period: Period, filed: object) -> bool:
    """Whether what was published says “filed” exactly where the filing went through."""
    snapshot = AssessmentSnapshot.objects.get(period=period)
    return (snapshot.timeliness == "on_time") is isinstance(filed, Submission)


@pytest.mark.timeout(300)
def test_two_hundred_locks_against_two_hundred_filings_leave_no_late_row(owed):
    """The negative control is ``test_without_the_trigger_a_filing_slips_past_the_lock``."""
    races = CloseRace()
    for period in owed:
        locked, filed = race_to_file(period, races)
        assert locked == 1, locked
        assert isinstance(filed, Submission | PeriodClosed), filed
        assert knows_of(period, filed)
    assert min(races.wins) >= CLOSE, races.wins


def test_without_the_trigger_a_filing_slips_past_the_lock(owed):
    """Negative control of the filings."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE kpi_submission DISABLE TRIGGER USER")
    races = CloseRace()
    for period in owed:
        locked, filed = race_to_file(period, races)
        assert locked == 1, locked
        if not knows_of(period, filed):
            return
    raise AssertionError("no filing slipped past: the race does not show anything")
