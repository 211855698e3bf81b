"""Sessions end after half an hour without use and half a day in any case; each is listed and can be ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts import clock, sessions
from accounts.models import AuditEntry, User, UserSession

PAGE = "/account/"
IDLE, LONGEST, MINUTE = sessions.IDLE.total_seconds(), sessions.LONGEST.total_seconds(), 60


def aged(client: Client, *, unused: float = 0, old: float = 0) -> Client:
    """The client's session as it will be when that many seconds have passed."""
    kept = client.session
    kept[sessions.SEEN] -= unused
    kept[sessions.BEGAN] -= max(old, unused)
    kept.save()
    return client


@pytest.mark.parametrize(
    ("unused", "old", "expected"),
    [
        (0, 0, ""),
        (IDLE - 1, 0, ""),
        (IDLE, 0, "idle"),
        (0, LONGEST - 1, ""),
        (0, LONGEST, "longest"),
        (IDLE, LONGEST, "idle"),
    ],
)
def test_a_session_is_over_at_its_limits(unused, old, expected):
    now = clock.real_now()
    kept = {sessions.SEEN: now.timestamp() - unused, sessions.BEGAN: now.timestamp() - old}
    assert sessions.reason_to_end(kept, now) == expected


def test_a_session_without_a_clock_is_over():
    assert sessions.reason_to_end({}, clock.real_now()) == "idle"


@pytest.mark.parametrize(
    ("age", "reason", "said"),
    [({"unused": IDLE}, "idle", "30 分钟没有操作"), ({"old": LONGEST}, "longest", "登录满 12 小时")],
)
def test_whoever_was_away_signs_in_again_and_is_told_why(as_user, age, reason, said):
    client = aged(as_user("nyj_staff"), **age)
    key = client.session.session_key
    answer = client.get("/2025/todo/", follow=True)
    assert answer.redirect_chain[-1][0] == "/login/?next=/2025/todo/" and said in answer.content.decode()
    assert not UserSession.objects.filter(session_key=key).exists()
    assert AuditEntry.objects.filter(action="session.expired").latest("seq").reason == reason


def test_use_puts_the_end_off_and_what_a_page_asks_by_itself_does_not(as_user):
    client = aged(as_user("dcs_1"), unused=2 * MINUTE)
    before = client.session[sessions.SEEN]
    client.get("/2025/exports/jobs/", headers={"X-Background": "1"})
    assert client.session[sessions.SEEN] == before
    client.get("/2025/exports/jobs/")
    assert client.session[sessions.SEEN] > before


def test_within_a_minute_nothing_is_written(as_user):
    client = aged(as_user("dcs_1"), unused=MINUTE - 10)
    before = client.session[sessions.SEEN]
    client.get(PAGE)
    assert client.session[sessions.SEEN] == before


def test_sessions_are_listed_and_ended_elsewhere(as_user):
    here, there, stranger = as_user("nyj_staff"), as_user("nyj_staff"), as_user("nyj_head")
    page = here.get(PAGE).content.decode()
    assert page.count("退出此处") == 1 and "本机" in page
    for client in (here, there):
        assert client.session.session_key not in page, "whoever reads the page could sign in with it"
    handle = UserSession.objects.get(session_key=there.session.session_key).handle
    stranger.post("/account/sessions/end/", {"handle": handle})
    assert there.get(PAGE).status_code == 200, "a stranger ends nothing of others"
    here.post("/account/sessions/end/", {"handle": handle})
    assert there.get(PAGE).status_code == 302 and here.get(PAGE).status_code == 200
    entry = AuditEntry.objects.filter(action="session.ended").latest("seq")
    assert (entry.object_label, entry.after) == (str(User.objects.get(username="nyj_staff")), {"count": 1})


def test_a_session_is_shown_with_its_browser(client, db):
    agent = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/90.0 Safari/537.36"
    client.post("/login/", {"username": "nyj_staff", "password": "trial-2025-zjj"}, headers={"User-Agent": agent})
    assert "Chrome · Windows" in client.get(PAGE).content.decode()


def test_all_others_are_ended_at_once(as_user):
    here, *others = [as_user("nyj_staff") for _ in range(3)]
    here.post("/account/sessions/end/")
    assert [client.get(PAGE).status_code for client in others] == [302, 302] and here.get(PAGE).status_code == 200


def test_the_security_administrator_ends_all_of_a_person(as_user):
    victim, admin = as_user("mayor"), as_user("secadmin")
    chosen = {"action": "sign_out_everywhere", "_selected_action": [User.objects.get(username="mayor").pk]}
    answer = admin.post("/manage/admin/accounts/user/", chosen, follow=True)
    assert "已结束 1 处登录" in answer.content.decode()
    assert victim.get("/2025/cockpit/").status_code == 302


@pytest.mark.parametrize("change", ["password", "switched off"])
def test_a_new_password_or_a_switched_off_account_ends_them(as_user, change):
    client, user = as_user("nyj_staff"), User.objects.get(username="nyj_staff")
    assert client.get(PAGE).status_code == 200
    if change == "password":
        user.set_password("another-password-1")
    else:
        user.is_active = False
    user.save()
    assert client.get(PAGE).status_code == 302


def test_the_administration_has_no_door_of_its_own(client, as_user):
    assert client.get("/manage/admin/login/")["Location"] == "/login/?next=/manage/admin/"
    assert as_user("nyj_staff").get("/manage/admin/login/").status_code == 403
    assert as_user("sysadmin").get("/manage/admin/login/")["Location"] == "/manage/admin/"


def test_old_sessions_are_swept(as_user):
    client = as_user("nyj_staff")
    UserSession.objects.filter(session_key=client.session.session_key).update(
        expire_date=clock.real_now() - timedelta(days=1)
    )
    sessions.SessionStore.clear_expired()
    assert not UserSession.objects.filter(user__username="nyj_staff").exists()
    assert not Session.objects.exists(), "Django's own table is not used"
