"""Two months day by day with the year's holidays, through the real planner, the real outbox and a real mail server.

What must come is worked out anew by a naive oracle that knows neither the planner nor the obligations.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime, time, timedelta
from email import message_from_bytes
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Membership, Role, User
from kpi.domain import reminders as domain
from kpi.models import Indicator, Period, ReminderPolicy
from kpi.services import reminders
from notifications import sending
from notifications.models import Delivery, Dispatch, Heartbeat, Notice
from tests.notifications.test_sending import server as server

ZONE = ZoneInfo("Asia/Shanghai")
FIRST, LAST = date(2025, 1, 2), date(2025, 3, 2)
# Three days without planner and senders, across the last report's due day of the quarter before.
OUTAGE = (datetime(2025, 2, 10, 12, 0, tzinfo=ZONE), datetime(2025, 2, 13, 12, 0, tzinfo=ZONE))
# Twice a workday, once on any other day.
BEATS = (time(9, 1), time(16, 1))
# One month whose window lies around 春节 and its make-up days, one behind it.
WINDOWS = {
    "2025-01": (datetime(2025, 1, 15, tzinfo=ZONE), datetime(2025, 2, 10, 18, 0, tzinfo=ZONE)),
    "2025-02": (datetime(2025, 2, 12, tzinfo=ZONE), datetime(2025, 2, 21, 18, 0, tzinfo=ZONE)),
}
CODES = ("A06", "A08", "T01")


@pytest.fixture
def year(db):
    """Three tasks that nobody ever files, two open months, nothing locked, nothing else going on."""
    from django.db import connection

    ReminderPolicy.objects.update(brake_count=0)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in ("coSignature", "ragoverride", "assessmentsnapshot", "evidence", "review", "submission"):
            cursor.execute(f"DELETE FROM kpi_{table.lower()}")
        for table in ("directiveentry", "directivecopy", "directive"):
            cursor.execute(f"DELETE FROM kpi_{table}")
        cursor.execute(
            "UPDATE kpi_period SET locked_at = NULL, opens_at = opens_at + interval '2 years',"
            " due_at = due_at + interval '2 years', grace_ends_at = grace_ends_at + interval '2 years'"
        )
        for code, (opens_at, due_at) in WINDOWS.items():
            cursor.execute(
                "UPDATE kpi_period SET opens_at = %s, due_at = %s, grace_ends_at = %s WHERE code = %s",
                [opens_at, due_at, due_at + timedelta(days=2), code],
            )
        cursor.execute("UPDATE kpi_indicator SET is_active = (code = ANY(%s)), frequency = 'monthly'", [list(CODES)])
        for code in CODES:
            for month in WINDOWS:
                cursor.execute(
                    "INSERT INTO kpi_planpoint (indicator_id, period, value) SELECT id, %s, 1 FROM kpi_indicator"
                    " WHERE code = %s ON CONFLICT DO NOTHING",
                    [month, code],
                )
        cursor.execute("SET LOCAL session_replication_role = origin")


@cache
def is_workday(day: date) -> bool:
    stored = json.loads((Path("fixtures") / f"workdays-{day.year}.json").read_text("utf-8"))
    if any(found["day"] == day.isoformat() for found in stored["makeup_workdays"]):
        return True
    return day.weekday() < 5 and all(found["day"] != day.isoformat() for found in stored["holidays"])


def beats(start: date = FIRST, last: date = LAST) -> list[datetime]:
    days = [start + timedelta(days=number) for number in range((last - start).days + 1)]
    moments = [datetime.combine(day, at, ZONE) for day in days for at in (BEATS if is_workday(day) else BEATS[:1])]
    return [moment for moment in moments if not OUTAGE[0] <= moment < OUTAGE[1]]


def shifted(day: date, count: int) -> date:
    step = 1 if count > 0 else -1
    while count:
        day += timedelta(days=step)
        count -= step if is_workday(day) else 0
    return day


def wanted(moments: list[datetime]) -> set[tuple[str, str, str, int]]:
    """(user name, task, month, level): at each beat, for each person, the highest step that has come by then."""
    steps = json.loads(Path("fixtures/reminders.json").read_text("utf-8"))[0]["steps"]
    found = set()
    for indicator in Indicator.objects.filter(code__in=CODES):
        held = Membership.objects.filter(user__is_active=True)
        people = {
            "staff": held.filter(role=Role.STAFF, department=indicator.lead_department_id),
            "head": held.filter(role=Role.HEAD, department=indicator.lead_department_id),
            "supervisor": held.filter(role=Role.SUPERVISOR),
            "leader": held.filter(role=Role.LEADER, post=indicator.accountable_post_id),
        }
        for month, (opens_at, due_at) in WINDOWS.items():
            for step in (step for step in steps if step["ladder"] == "report"):
                step["moment"] = datetime.combine(
                    shifted(due_at.date(), step["offset_workdays"]), time.fromisoformat(step["at"]), ZONE
                )
            for audience, memberships in people.items():
                for name in memberships.values_list("user__username", flat=True):
                    for moment in moments:
                        come = [
                            step["level"]
                            for step in steps
                            if step["ladder"] == "report" and audience in step["audience"] and step["moment"] <= moment
                        ]
                        if come and opens_at <= moment:
                            found.add((name, indicator.code, month, max(come)))
    return found


def walk(moments: list[datetime]) -> None:
    """Two beats at each moment, then a sender."""
    for moment in moments:
        reminders.tick(now=moment)
        reminders.tick(now=moment)
        sending.send_due(clock=lambda moment=moment: moment)


def planned() -> list[tuple[str, str, str, int]]:
    kept = Notice.objects.filter(kind__startswith="report.").exclude(context__has_key="skipped_by")
    return list(kept.values_list("recipient__username", "subject_code", "period", "level"))


def test_every_notice_comes_once_over_two_months_with_a_holiday_and_an_outage(year, server):
    moments = beats()
    assert date(2025, 2, 8) in {moment.date() for moment in moments if is_workday(moment.date())}, "a Saturday at work"
    assert date(2025, 1, 29) not in {moment.date() for moment in moments if is_workday(moment.date())}, "春节"
    walk(moments)
    assert Counter(planned()) == Counter(wanted(moments)), "every one, once, and nothing else"
    # Everything that is pushed went out, once, in the one letter of its slot.
    mails = Delivery.objects.filter(channel="email")
    overtaken = mails.filter(state="cancelled", notice__state__in=("superseded", "expired"))
    assert mails.filter(state="sent").count() + overtaken.count() == mails.count()
    letters = Dispatch.objects.filter(state="sent")
    assert len(server.accepted) == letters.count() == letters.values("recipient", "slot").distinct().count() > 20
    assert {message_from_bytes(mail)["Message-ID"] for mail in server.accepted} == {
        f"<{letter.uuid}@{_domain()}>" for letter in letters
    }
    assert all(len(mail["To"].split(",")) == 1 for mail in map(message_from_bytes, server.accepted))
    # Nobody was disturbed outside the hours of a workday.
    sent_at = [letter.sent_at.astimezone(ZONE) for letter in letters]
    assert all(is_workday(at.date()) and time(8, 30) <= at.time() < time(18, 0) for at in sent_at)
    # At most two pushes a person, month and cycle.
    pushes = {
        (push.recipient_id, push.period, *push.context["push"])
        for push in Notice.objects.filter(context__has_key="push")
    }
    assert max(Counter((who, period, group) for who, period, group, *_rest in pushes).values()) == 2


def _domain() -> str:
    from django.conf import settings

    return settings.MAIL_DOMAIN


def test_a_rule_of_today_equals_loses_notices(year, monkeypatch):
    """Negative control: a step that is due only on its own day is lost with the day."""
    real = domain.Steps.moments

    def only_today(self, owed):
        return tuple((step, at) for step, at in real(self, owed) if at.date() == only_today.day)

    monkeypatch.setattr(domain.Steps, "moments", only_today)
    moments = beats(date(2025, 2, 5), date(2025, 2, 14))
    for moment in moments:
        only_today.day = moment.date()
        reminders.tick(now=moment)
    lost = wanted(moments) - set(planned())
    assert {level for _name, _code, _month, level in lost} & {3, 4}, "due in the outage, and gone with it"


def test_silence_is_made_good_with_the_highest_step_and_one_digest(year, server):
    """R6: an hour, three days, and 35 days over a month's end; then the clock is set back two hours."""
    start = datetime(2025, 1, 22, 8, 0, tzinfo=ZONE)
    walk([start])
    for silence in (timedelta(hours=1), timedelta(days=3), timedelta(days=35)):
        start += silence + timedelta(hours=1)
        start = start.replace(hour=9, minute=5) if silence.days else start
        before = Counter(planned())
        walk([start])
        new = Counter(planned()) - before
        assert max(Counter((name, code, month) for name, code, month, _level in new).values(), default=1) == 1
        assert set(new) <= wanted([start])
        letters = Counter(Dispatch.objects.filter(sent_at=start).values_list("recipient", "channel"))
        assert max(letters.values(), default=1) == 1, "one digest a person and channel"
    assert set(planned()) >= wanted([start]), "nothing is missing"
    # What was skipped is on record.
    for name, code, month, level in wanted([start]):
        rows = Notice.objects.filter(recipient__username=name, subject_code=code, period=month)
        assert set(rows.filter(level__lt=level).values_list("state", flat=True)) <= {"superseded", "expired"}
        lower = {found for found in _levels_of(name, code) if found < level}
        assert set(rows.filter(level__lt=level).values_list("level", flat=True)) == lower
    count, letters, mark = (
        Notice.objects.count(),
        len(server.accepted),
        Heartbeat.objects.get(name="tick").business_time,
    )
    for minutes in range(0, 120, 30):
        walk([start - timedelta(hours=2) + timedelta(minutes=minutes)])
    assert (Notice.objects.count(), len(server.accepted)) == (count, letters), "a step back sends nothing"
    assert Heartbeat.objects.get(name="tick").business_time == mark


def _levels_of(name: str, code: str) -> set[int]:
    """The levels of the report ladder in which a person hears of a task."""
    steps = json.loads(Path("fixtures/reminders.json").read_text("utf-8"))[0]["steps"]
    lead = Indicator.objects.get(code=code).lead_department_id
    held = Membership.objects.filter(user=User.objects.get(username=name))
    roles = {found.role for found in held if found.department_id in (None, lead)}
    return {step["level"] for step in steps if step["ladder"] == "report" and roles & set(step["audience"])}


def test_a_forecast_says_what_the_ticks_will_do(year):
    now, until = datetime(2025, 2, 5, 12, 0, tzinfo=ZONE), datetime(2025, 2, 11, 12, 0, tzinfo=ZONE)
    reminders.tick(now=now)
    before = set(planned())
    foreseen = {
        (found.recipient.username, found.owed.about.code, found.owed.period, found.step.level)
        for found in reminders.forecast(now=now, until=until)
    }
    count = Notice.objects.count()
    assert foreseen and Period.objects.filter(locked_at=None).exists() and Notice.objects.count() == count
    moments = [now + timedelta(hours=hours) for hours in range(1, 145, 3)]
    for moment in moments:
        reminders.tick(now=min(moment, until))
    assert set(planned()) - before == foreseen
