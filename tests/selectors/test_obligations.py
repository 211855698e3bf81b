"""What is owed, against the scoreboard over random months; who hears of it; and what a scan of a great many costs."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localtime

from accounts.models import Department, Membership, Role, User
from kpi.domain.periods import Period as Month
from kpi.domain.reminders import Audience, Ladder
from kpi.domain.values import Kind, Rag, SubmissionState
from kpi.models import (
    AssessmentSnapshot,
    Extension,
    Indicator,
    Period,
    ReminderStep,
    Report,
    Submission,
    Unlock,
)
from kpi.selectors import periods as period_selector
from kpi.selectors import scoreboard
from kpi.selectors.obligations import LAMPS, owed_at
from kpi.selectors.publication import Frozen, bad_runs
from kpi.services import demo, periods, reminders
from notifications.models import Notice
from tests.conftest import NOW
from tests.many import ask_monthly, records, widen

HOUR = timedelta(hours=1)
OCTOBER = NOW.replace(month=10, day=30)


def random_months(seed: int, *, locked_to: str) -> None:
    """June to September filed in every state, deliverables completed or not, corrections, more time, one month
    reopened."""
    chance = Random(seed)
    report = Report.objects.get(year=2025)
    people = demo._people()
    indicators = {found.code: found for found in report.indicators.select_related("lead_department")}
    for period in report.periods.filter(code__gte="2025-06", code__lte="2025-09").order_by("code"):
        if not period.submissions.exists():
            rows = [
                _sometimes_done(row, indicators, chance)
                for row in records([*indicators.values()], period, is_open=True, seed=seed)
            ]
            demo._load_month(period, rows, indicators, people, period.due_at)
        if period.code <= locked_to:
            periods.close(period=period, user=None, now=period.grace_ends_at + HOUR)
    open_ones = report.periods.filter(code__gt=locked_to, code__lte="2025-09")
    for submission in Submission.objects.filter(period__in=open_ones, state="approved"):
        if chance.random() < 0.3:
            submission.state = chance.choice(["draft", "returned", "submitted"])
            submission.save()
    office = User.objects.get(username="dcs_1")
    for period in open_ones:
        for unit in chance.sample(list(Department.objects.filter(led_indicators__isnull=False).distinct()), 5):
            decided = period.due_at + timedelta(days=chance.choice([-2, 2]))
            Extension.objects.create(
                period=period, department=unit, reason="验收单后到", asked_by=office, asked_at=decided,
                decided_by=office, decided_at=decided, until=max(decided, period.due_at) + timedelta(days=3),
            )  # fmt: skip


def _sometimes_done(row, indicators, chance: Random):
    indicator = indicators[row["indicator"]]
    if chance.random() < 0.4 and indicator.kind == Kind.STAGE:
        return row | {"value": "4"}
    if chance.random() < 0.4 and indicator.kind == Kind.MILESTONE:
        nodes = indicator.milestones.all()
        return row | {"value": str(len(nodes)), "completed_nodes": ";".join(f"{n.key}=2025-05-30" for n in nodes)}
    return row


def reopen(period: Period) -> None:
    one, two = (User.objects.get(username=name) for name in ("dcs_1", "dcs_2"))
    Unlock.objects.create(
        period=period,
        reason="统计有误",
        asked_by=one,
        asked_at=OCTOBER,
        decided_by=two,
        decided_at=OCTOBER,
        is_confirmed=True,
    )
    Period.objects.filter(pk=period.pk).update(locked_at=None)


def unfiled_by_scoreboard(now: datetime) -> Counter:
    """The reports of open months that were not reopened, as every page shows them."""
    board = scoreboard.build(year=2025, now=now)
    reopened = set(Unlock.objects.filter(is_confirmed=True, relocked_at=None).values_list("period", flat=True))
    still_open = {period.pk for period in period_selector.open_ones(list(board.periods), now)} - reopened
    return Counter(
        (row.indicator.code, month.period.code, month.cycle, localtime(month.window.due_for_unit))
        for row in board.rows
        for month in row.months
        if month.period.pk in still_open and month.is_unfiled
    )


def unfiled(now: datetime) -> Counter:
    return Counter(
        (owed.about.code, owed.period, owed.cycle, owed.anchor) for owed in owed_at(now, ladders=[Ladder.REPORT])
    )


@pytest.mark.parametrize(("seed", "locked_to"), [(1, "2025-05"), (2, "2025-06"), (3, "2025-07")])
def test_unfiled_is_what_the_scoreboard_calls_unfiled(db, seed, locked_to):
    random_months(seed, locked_to=locked_to)
    if seed % 2:
        reopen(Period.objects.get(code=locked_to))
    wanted = unfiled_by_scoreboard(OCTOBER)
    assert unfiled(OCTOBER) == wanted and len(wanted) > 30
    closed = {Kind.MILESTONE, Kind.STAGE}
    owing = {code for code, *_rest in wanted}
    assert set(Indicator.objects.filter(kind__in=closed).values_list("code", flat=True)) - owing, "some are completed"


def test_what_waits_for_a_signature_or_a_review_counts_from_when_it_began(db):
    waiting = owed_at(NOW, ladders=[Ladder.SIGN_OFF, Ladder.REVIEW])
    stored = Submission.objects.filter(period__code="2025-06", state__in=["submitted", "signed_off"])
    assert {(owed.pk, owed.anchor) for owed in waiting} == {
        (each.pk, each.submitted_at if each.state == SubmissionState.SUBMITTED else each.signed_off_at)
        for each in stored
    }
    assert {owed.ladder for owed in waiting} == {Ladder.SIGN_OFF, Ladder.REVIEW}


def test_the_contact_and_who_signs_for_a_head_hear_of_it(db):
    contact = Membership.objects.get(user__username="nyj_head", role=Role.HEAD)
    contact.is_contact = True
    contact.save()
    owed = next(owed for owed in owed_at(NOW, codes=["A06"]) if owed.ladder is Ladder.REPORT)
    names = {audience: {User.objects.get(pk=pk).username for pk in people} for audience, people in owed.people.items()}
    assert names[Audience.CONTACT] == names[Audience.HEAD] == {"nyj_head"}
    assert names[Audience.STAFF] == {"nyj_staff"} and names[Audience.SUPERVISOR] == {"dcs_1", "dcs_2"}
    assert len(names[Audience.LEADER]) == 1


def frozen(*lamps: str) -> list[Frozen]:
    """Months from January on: the lamp's first letter, in lower case where no report was asked for."""
    rags = {"r": Rag.RED, "a": Rag.AMBER, "g": Rag.GREEN, "-": None}
    return [
        Frozen(str(Month(2025, number)), rags[lamp.lower()], rags[lamp.lower()], lamp.isupper(), NOW)
        for number, lamp in enumerate(lamps, start=1)
    ]


@pytest.mark.parametrize(
    ("lamps", "run"),
    [
        ("GR", ("red", "2025-02")),
        ("RR", ("red", "2025-02")),
        ("RG", None),
        ("GA", None),
        ("AA", ("amber", "2025-02")),
        ("RA", None),
        ("AR", ("red", "2025-02")),
        ("A", None),
        ("GGRrr", ("red", "2025-03")),
        ("GGAaa", None),
        ("GGAaaAaa", ("amber", "2025-06")),
        ("rr", ("red", "2025-01")),
        ("R-", None),
    ],
)
def test_a_lamp_is_news_with_the_month_that_was_reported(lamps, run):
    found = bad_runs({1: frozen(*lamps)}).get(1)
    assert (found and (found.rag, found.period)) == run


def test_the_last_published_lamp_counts_as_reviewed(db):
    owed = {(each.ladder, each.about.code) for each in owed_at(NOW, ladders=LAMPS)}
    may = AssessmentSnapshot.objects.filter(period__code="2025-05").select_related("override", "indicator")
    reds = {
        each.indicator.code for each in may if (each.override.reviewed_rag if each.override else each.rag) == Rag.RED
    }
    assert reds and {code for ladder, code in owed if ladder is Ladder.RED} <= reds


def test_ten_thousand_open_obligations_are_scanned_in_ten_queries(db):
    """Seven open months of a great many indicators; one step is enough to have everything on record."""
    now = datetime.fromisoformat("2026-01-12T09:00:00+08:00")
    report = Report.objects.get(year=2025)
    ReminderStep.objects.exclude(ladder="report", level=1).delete()
    widen(report, 1500)
    ask_monthly(report)
    assert reminders.tick(now=now) >= 10_000
    count = Notice.objects.count()
    with CaptureQueriesContext(connection) as captured:
        assert reminders.tick(now=now + timedelta(minutes=1)) == 0
    said = [each["sql"] for each in captured if "SAVEPOINT" not in each["sql"]]
    assert len(said) <= 10, [sql[:200] for sql in said]
    assert Notice.objects.count() == count
