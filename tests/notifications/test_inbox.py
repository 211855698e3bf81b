"""The inbox divided into its parts; reading, putting away, putting off and taking all that back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Department, User
from notifications import digest, outbox, selectors, services
from notifications.messages import EVENT_GROUPS, KINDS, NEXT
from notifications.models import Dispatch, Notice
from notifications.selectors import SNOOZED, TABS
from tests.conftest import NOW
from tests.messages import put, put_many

LATER = NOW + timedelta(hours=7)


@pytest.fixture
def reader(db) -> User:
    """With notices in every part of the inbox, and some that are not in it yet."""
    for kind in ("report.due", "directive.issued", "directive.copied", "submission.approved"):
        put(kind)
    services.archive(notices=rows(put("report.due")), now=NOW)
    services.snooze(notices=rows(put("submission.returned")), until=LATER)
    services.snooze(notices=rows(put("directive.copied")), until=LATER)
    put("report.overdue", not_before=LATER)
    put("report.due", subject_code="A07")
    outbox.cancel(subject_code="A07", period="2025-06", kinds=("report.due",), now=NOW)
    return User.objects.get(username="nyj_staff")


def rows(*notices: Notice):
    return Notice.objects.filter(pk__in=[notice.pk for notice in notices])


def state_of(notice: Notice) -> tuple[bool, bool]:
    """Whether it is read and whether it is archived."""
    notice.refresh_from_db()
    return notice.read_at is not None, notice.archived_at is not None


def test_the_numbers_at_the_tabs_are_those_of_the_lists(reader):
    counts = selectors.counts(reader, NOW)
    assert counts == {"action": 2, "about": 3, "archived": 1, SNOOZED: 2}
    assert counts == {part: selectors.inbox(reader, part, NOW).count() for part in (*TABS, SNOOZED)}


def test_each_notice_is_in_exactly_one_part_before_and_after_it_comes_back(reader):
    for moment in (NOW, LATER):
        parts = [set(selectors.inbox(reader, part, moment).values_list("pk", flat=True)) for part in (*TABS, SNOOZED)]
        here = set(Notice.objects.filter(recipient=reader, not_before__lte=moment).values_list("pk", flat=True))
        assert set.union(*parts) == here and sum(map(len, parts)) == len(here)


def test_what_is_put_off_leaves_bell_and_digest_and_comes_back_unread(db):
    notice = put()
    person = notice.recipient
    services.mark_read(notices=rows(notice), now=NOW)
    assert services.snooze(notices=rows(notice), until=LATER) == 1
    assert selectors.unread_count(person, NOW) == 0 and not selectors.asking(person, NOW).exists()
    assert selectors.unread_count(person, LATER) == 1 and selectors.asking(person, LATER).count() == 1
    services.wake(notices=rows(notice))
    assert selectors.asking(person, NOW).get() == notice


def test_a_digest_lists_what_the_inbox_asks_for(reader):
    letter = Dispatch(channel="email", recipient=reader)
    assert {notice.pk for notice in digest.open_for(letter, NOW)} == {
        notice.pk for notice in selectors.inbox(reader, "action", NOW)
    }


def test_what_is_settled_cannot_be_put_off(db):
    notice = put()
    outbox.cancel(subject_code="A06", period="2025-06", kinds=("report.due",), now=NOW)
    assert services.snooze(notices=rows(notice), until=LATER) == 0


def test_undo_gives_back_exactly_what_was_put_away_in_one_go(db):
    earlier, read, unread, strangers = put(), put(), put(), put(to="gxj_staff")
    services.archive(notices=rows(earlier, strangers), now=NOW - timedelta(minutes=5))
    services.mark_read(notices=rows(read), now=NOW - timedelta(minutes=4))
    assert services.archive(notices=selectors.asking(read.recipient, NOW), now=NOW) == 2
    services.archive(notices=rows(strangers), now=NOW)
    assert services.undo(user=read.recipient, moment=NOW) == 2
    assert [state_of(each) for each in (earlier, read, unread, strangers)] == [
        (True, True),
        (True, False),
        (False, False),
        (True, True),
    ]


def test_undo_of_reading_makes_unread_again(db):
    notice = put()
    services.mark_read(notices=rows(notice), now=NOW)
    assert services.undo(user=notice.recipient, moment=NOW) == 1
    assert state_of(notice) == (False, False)


def test_the_same_code_of_another_year_is_another_group_and_the_newest_comes_first(db):
    put(now=NOW - timedelta(days=1))
    put(now=NOW - timedelta(hours=1), period="2026-01", url="/2026/reports/2026-01/A06/")
    put("robot.disabled", subject_code="", url="/manage/")
    put("extension.asked", subject_code="", department=unit("agriculture"), now=NOW - timedelta(hours=2))
    person = User.objects.get(username="nyj_staff")
    found = selectors.in_groups(selectors.inbox(person, "action", NOW))
    assert [notice.group for notice in found] == ["other", "2026-A06", f"d-{unit('agriculture').pk}", "2025-A06"]
    assert selectors.of_group(selectors.inbox(person, "action", NOW), "2025-A06").get().period == "2025-06"


def unit(code: str) -> Department:
    return Department.objects.get(code=code)


def test_a_group_stays_together_over_pages(db):
    put_many(300)
    person = User.objects.get(username="nyj_staff")
    groups = [notice.group for notice in selectors.in_groups(selectors.inbox(person, "action", NOW))]
    begun = [group for place, group in enumerate(groups) if place == 0 or groups[place - 1] != group]
    assert len(begun) == len(set(begun))


def test_every_kind_is_in_a_group_and_says_what_comes_next_if_it_asks():
    assert {kind.group for kind in KINDS.values()} == set(EVENT_GROUPS)
    assert set(NEXT) == {code for code, kind in KINDS.items() if kind.needs_action}
