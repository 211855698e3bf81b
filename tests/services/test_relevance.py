"""Before a message leaves: is it still owed, and still by this person? And what was done is asked for no more."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Delegation, Department, Membership, Role, User
from accounts.services import Holding, create_user, end_membership
from kpi.domain.directives import DirectiveKind
from kpi.models import Directive, Period, Submission
from kpi.services import directives, periods, relevance, reminders, submissions
from kpi.services.directives import Wish
from notifications import sending
from notifications.models import Notice
from tests.conftest import NOW
from tests.content import indicator
from tests.notifications.test_sending import server as server

DAY = timedelta(days=1)


def of(username: str, **fields) -> list[Notice]:
    return list(Notice.objects.filter(recipient__username=username, **fields).order_by("id"))


def states(found: list[Notice]) -> set[str]:
    return set(Notice.objects.filter(pk__in=[notice.pk for notice in found]).values_list("state", flat=True))


def disable(membership: Membership) -> None:
    User.objects.filter(pk=membership.user_id).update(is_active=False)


def move(membership: Membership) -> None:
    Membership.objects.filter(pk=membership.pk).update(department=Department.objects.get(code="science"))


def revoke(membership: Membership) -> None:
    end_membership(membership=membership, last_day=NOW.date() - DAY, actor=None, now=NOW)


@pytest.mark.parametrize("change", [disable, move, revoke])
def test_a_reminder_goes_to_whoever_has_the_duty_when_it_is_sent(db, server, change):
    """S10: queued, then the person changes, then it is run."""
    held = Membership.objects.get(user__username="nyj_staff", role=Role.STAFF)
    unit = held.department
    create_user(
        username="nyj_new", display_name="继任填报人（示例）", password="x" * 16, actor=None, now=NOW,
        holdings=[Holding(Role.STAFF, NOW.date() + DAY, department=unit)],
    )  # fmt: skip
    User.objects.filter(username="nyj_new").update(email="new@example.org")
    later = NOW.replace(day=3)
    reminders.tick(now=later - timedelta(minutes=30))
    Membership.objects.filter(user__username="nyj_new").delete()
    queued = of("nyj_staff", kind="report.due", subject_code="A06")
    reminders.tick(now=later)
    queued += of("nyj_staff", kind="report.due", subject_code="A06", state="open")
    assert "open" in states(queued)
    change(held)
    Membership.objects.create(
        user=User.objects.get(username="nyj_new"), role=Role.STAFF, department=unit, starts_on=NOW.date()
    )
    sending.send_due(clock=lambda: later)
    assert not any(b"nyj_staff@" in mail for mail in server.accepted)
    assert "open" not in states(queued)
    reminders.tick(now=later + timedelta(minutes=1))
    assert of("nyj_new", subject_code="A06", state="open"), "the current owner hears of it"
    sending.send_due(clock=lambda: later.replace(hour=16))
    assert any(b"new@example.org" in mail for mail in server.accepted)


def test_a_lent_signature_that_was_taken_back_is_reminded_no_more(db, server):
    held = Membership.objects.get(user__username="nyj_staff", role=Role.STAFF)
    head = User.objects.get(username="nyj_head")
    lent = Delegation.objects.create(
        department=held.department, head=head, delegate=held.user, starts_on=date(2025, 1, 1),
        ends_on=date(2025, 12, 31), reason="出差", created_by=head, created_at=NOW,
    )  # fmt: skip
    due = Period.objects.get(code="2025-06").due_at + DAY
    reminders.tick(now=due.replace(hour=2))
    mine = of("nyj_staff", subject_code="A06", level=4)
    assert states(mine) == {"open"}
    Delegation.objects.filter(pk=lent.pk).update(revoked_at=NOW, revoked_by=head)
    assert not relevance.standing(mine, due) & {notice.pk for notice in mine}


def test_asking_again_costs_the_same_for_one_and_for_all(db):
    reminders.tick(now=NOW.replace(day=15))
    found = list(Notice.objects.select_related("recipient").filter(state="open"))
    kinds = {notice.kind: notice for notice in found}
    assert len(found) > 100 and len(kinds) >= 4
    counts = []
    for chosen in (list(kinds.values()), found):
        with CaptureQueriesContext(connection) as captured:
            standing = relevance.standing(chosen, NOW.replace(day=15))
        counts.append(len(captured))
        assert standing == {notice.pk for notice in chosen}, "what was just planned stands"
    assert counts[0] == counts[1] <= 10


@pytest.fixture
def waiting(db):
    """A reminder of a report that waits for its signature, and of one that waits for its review."""
    reminders.tick(now=NOW.replace(day=15))

    def find(kind: str) -> Submission:
        notice = Notice.objects.filter(kind=kind, state="open").first()
        return Submission.objects.select_related("indicator__lead_department", "period__report").get(
            indicator__code=notice.subject_code, period__code=notice.period
        )

    return find


def about(submission: Submission, *kinds: str) -> list[Notice]:
    code, period = submission.indicator.code, submission.period.code
    return list(Notice.objects.filter(subject_code=code, period=period, kind__in=kinds))


def test_signing_and_returning_end_the_waiting(waiting, actor):
    for_signature, for_review = waiting("signoff.waiting"), waiting("review.waiting")
    reminded = about(for_signature, "signoff.waiting"), about(for_review, "review.waiting")
    assert all(states(found) >= {"open"} for found in reminded)
    head = User.objects.get(
        memberships__role=Role.HEAD, memberships__department=for_signature.indicator.lead_department
    )
    submissions.sign_off(submission=for_signature, version=for_signature.version, actor=actor(head.username), now=NOW)
    submissions.return_for_revision(
        submission=for_review, version=for_review.version, actor=actor("dcs_1"), now=NOW, reason="请补充数据来源"
    )
    assert all("open" not in states(found) for found in reminded)


def test_a_directive_ends_the_lamps_reminders_and_a_reply_its_own(db, actor):
    reminders.tick(now=NOW)
    lamp = Notice.objects.filter(kind="lamp.red", state="open").first()
    found = indicator(lamp.subject_code, "2025-05")
    leader = actor("dcs_1")
    wish = Wish(
        DirectiveKind.INSTRUCT, "请查明原因", found.lead_department, (), NOW.date() + 2 * DAY, found.accountable_post
    )
    sent = directives.issue(indicator=found, wish=wish, form_key=uuid4(), actor=leader, now=NOW)
    assert states([lamp]) == {"cancelled"}
    later = NOW + 4 * DAY
    reminders.tick(now=later)
    mine = list(Notice.objects.filter(kind__startswith="directive.", url__endswith=f"/{sent.pk}/", level__gt=0))
    assert states(mine) >= {"open"}
    # A later day begins its ladder afresh: what reminded of the old one stands no more.
    Directive.objects.filter(pk=sent.pk).update(due_on=NOW.date() + 20 * DAY)
    reminders.tick(now=later + timedelta(minutes=1))
    assert "open" not in states(mine)


def test_a_closed_month_is_reminded_of_no_more_and_its_lamps_begin_to_be(db, actor, june):
    over = june.grace_ends_at + DAY
    reminders.tick(now=over)
    asked = Notice.objects.filter(period="2025-06", kind__in=("report.overdue", "signoff.waiting"), state="open")
    before = list(asked)
    assert before
    old = list(Notice.objects.filter(kind="lamp.red", period="2025-05", state="open"))
    periods.lock_period(period=june, typed_code="2025-06", actor=actor("dcs_1"), now=over)
    assert "open" not in states(before)
    reminders.tick(now=over + timedelta(minutes=1))
    assert Notice.objects.filter(kind="lamp.red", period="2025-06", state="open").exists()
    assert "open" not in states(old), "the newer month's lamp is the news"


def test_the_leaders_link_opens_a_directive_that_only_needs_sending(db, as_user):
    due = Period.objects.get(code="2025-06").due_at
    reminders.tick(now=due + 8 * DAY)
    notice = Notice.objects.filter(kind="report.overdue", level=6, state="open").select_related("recipient").first()
    page = as_user(notice.recipient.username).get(notice.url)
    assert page.status_code == 200
    assert "请尽快补报，并说明未按时报送的原因</textarea>" in page.content.decode()
    office = of("dcs_1", kind="report.overdue", level=5)
    assert all("/directives/" not in found.url for found in office)
