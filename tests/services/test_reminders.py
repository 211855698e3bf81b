"""The tick over real tables: nothing twice, nothing lost over an outage, no storm after it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from kpi.services import reminders, submissions
from kpi.services.notices import DUE_KINDS
from notifications.models import Delivery, Notice
from tests.conftest import NOW
from tests.content import FARMLAND, indicator, read
from tests.races import in_parallel

HOUR = timedelta(hours=1)


def walk(start: datetime, days: int, *, outage: range = range(0)) -> None:
    """The tick twice every four hours for some days, silent during an outage (in days from the start)."""
    for hour in range(1, days * 24, 4):
        if hour // 24 in outage:
            continue
        reminders.tick(now=start + hour * HOUR)
        reminders.tick(now=start + hour * HOUR)


def sent(code: str = "A06", username: str = "nyj_staff") -> list[Notice]:
    found = Notice.objects.filter(kind__in=DUE_KINDS, subject_code=code, recipient__username=username)
    return list(found.order_by("created_at", "id"))


@pytest.mark.timeout(300)  # 252 ticks over the whole board: on a busy machine longer than the usual limit
def test_every_step_comes_once_however_often_the_tick_runs(db):
    walk(NOW.replace(hour=0) - timedelta(days=7), 21)
    keys = list(Notice.objects.values_list("key", flat=True))
    assert len(keys) == len(set(keys))
    levels = [notice.level for notice in sent()]
    assert levels == sorted(set(levels)) and len(levels) >= 3


def test_an_outage_is_caught_up_with_the_highest_step_only(db):
    start = NOW.replace(hour=0)
    walk(start, 3)
    before = len(sent())
    walk(start, 12, outage=range(0, 11))
    after = sent()[before:]
    assert len(after) == 1, "one notice after eight silent days, not one for each"
    assert after[0].kind == "report.overdue"


def test_filing_cancels_what_still_reminds_of_it(actor, june):
    reminders.tick(now=NOW)
    assert {notice.state for notice in sent()} == {"open"}
    submissions.submit(
        indicator=indicator("A06"), period=june, content=read("A06", FARMLAND), version=0,
        actor=actor("nyj_staff"), now=NOW,
    )  # fmt: skip
    assert {notice.state for notice in sent()} == {"cancelled"}
    left = Delivery.objects.filter(notice__in=sent(), state="queued")
    assert not left.exists()
    assert reminders.tick(now=NOW + HOUR) == 0


def test_two_ticks_at_once_write_each_notice_once(committed_db):
    outcomes = in_parallel(*[lambda: reminders.tick(now=NOW)] * 3)
    assert all(isinstance(outcome, int) for outcome in outcomes), outcomes
    count = Notice.objects.filter(kind__in=DUE_KINDS).count()
    assert sum(outcomes) == count > 0


def test_without_the_unique_key_there_would_be_doubles(db):
    """Negative control: the constraint is what makes any number of ticks safe."""
    reminders.tick(now=NOW)
    row = Notice.objects.filter(kind__in=DUE_KINDS).first()
    row.pk = None
    with pytest.raises(IntegrityError, match="key"), transaction.atomic():
        row.save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'notifications_notice'::regclass AND contype = 'u'"
        )
        (name,) = cursor.fetchone()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE notifications_notice DROP CONSTRAINT {name}")
    row.pk = None
    row.save(force_insert=True)
    assert Notice.objects.filter(key=row.key).count() == 2


def test_a_return_starts_a_new_cycle_of_reminders(actor, june):
    reminders.tick(now=NOW)
    filed = submissions.submit(
        indicator=indicator("A06"), period=june, content=read("A06", FARMLAND), version=0,
        actor=actor("nyj_staff"), now=NOW,
    )  # fmt: skip
    submissions.return_for_revision(
        submission=filed, version=filed.version, actor=actor("nyj_head"), now=NOW, reason="请补充验收面积来源"
    )
    assert reminders.tick(now=NOW + HOUR) > 0
    assert sent()[-1].cycle == 2


def test_a_successor_is_reminded_not_the_predecessor(actor, june):
    from accounts.models import Membership, Role, User
    from accounts.services import Holding, create_user, end_membership

    old = Membership.objects.get(user__username="nyj_staff", role=Role.STAFF)
    end_membership(membership=old, last_day=NOW.date(), actor=None, now=NOW)
    create_user(
        username="nyj_new", display_name="继任填报人（示例）", password="x" * 16, actor=None, now=NOW,
        holdings=[Holding(Role.STAFF, NOW.date(), department=old.department)],
    )  # fmt: skip
    reminders.tick(now=NOW)
    assert sent("A06", "nyj_new") and not sent("A06", "nyj_staff")
    assert User.objects.get(username="nyj_staff").is_active
