"""The tick over real tables: nothing twice, the right person, and what was done is not asked for again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import Membership, Role, User
from kpi.services import reminders, submissions
from kpi.services.settling import DUE_KINDS
from notifications.models import Delivery, Heartbeat, Notice
from tests.conftest import NOW
from tests.content import FARMLAND, indicator, read
from tests.races import in_parallel

HOUR = timedelta(hours=1)


def sent(code: str = "A06", username: str = "nyj_staff") -> list[Notice]:
    found = Notice.objects.filter(kind__in=DUE_KINDS, subject_code=code, recipient__username=username)
    return list(found.order_by("created_at", "level"))


def file(actor, june, now: datetime = NOW):
    return submissions.submit(
        indicator=indicator("A06"), period=june, content=read("A06", FARMLAND), version=0,
        actor=actor("nyj_staff"), now=now,
    )  # fmt: skip


def test_two_ticks_at_once_write_each_notice_once(committed_db):
    outcomes = in_parallel(*[lambda: reminders.tick(now=NOW)] * 3)
    assert all(isinstance(outcome, int) for outcome in outcomes), outcomes
    assert sum(outcomes) == Notice.objects.filter(state="open").count() > 0


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


def test_filing_cancels_what_still_reminds_of_it(actor, june):
    reminders.tick(now=NOW)
    assert {notice.state for notice in sent()} == {"open"}
    file(actor, june)
    assert {notice.state for notice in sent()} == {"cancelled"}
    assert not Delivery.objects.filter(notice__in=sent(), state="queued").exists()
    assert reminders.tick(now=NOW + HOUR) == 0


def test_a_return_starts_a_new_cycle_of_reminders(actor, june):
    reminders.tick(now=NOW)
    filed = file(actor, june)
    submissions.return_for_revision(
        submission=filed, version=filed.version, actor=actor("nyj_head"), now=NOW, reason="请补充验收面积来源"
    )
    assert reminders.tick(now=NOW + HOUR) > 0
    assert sent()[-1].cycle == 2


def test_a_clock_that_was_set_back_plans_nothing_until_it_has_passed_its_mark(db):
    reminders.tick(now=NOW)
    unit = Membership.objects.get(user__username="nyj_staff").department
    newcomer = User.objects.get(username="kjj_staff")
    Membership.objects.create(user=newcomer, role=Role.STAFF, department=unit, starts_on=NOW.date())
    assert reminders.tick(now=NOW - 2 * HOUR) == 0 and not sent("A06", "kjj_staff")
    assert Heartbeat.objects.get(name="tick").business_time == NOW, "the mark stays"
    assert reminders.tick(now=NOW) > 0 and sent("A06", "kjj_staff")
