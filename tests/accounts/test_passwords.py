"""What a password must be by profile, when it must be another one, and what a change ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from accounts import clock, passwords
from accounts.models import AuditEntry, User

PAGE, OLD, NEW = "/account/password/", "trial-2025-zjj", "Harvest.moon-88"


@pytest.fixture
def user(db) -> User:
    return User.objects.get(username="nyj_staff")


def faults(password: str, user: User | None = None) -> set[str]:
    try:
        validate_password(password, user)
    except ValidationError as problem:
        return {each.code for each in problem.error_list}
    return set()


@pytest.mark.parametrize(
    ("policy", "password", "expected"),
    [
        ("mlps3", "Short.moon8", {"password_too_simple"}),  # 11
        ("mlps3", "Short.moon88", set()),  # 12, four classes
        ("mlps3", "short-moon-8", set()),  # three
        ("mlps3", "short-moon--", {"password_too_simple"}),  # two
        ("mlps3", "一二三四五六七八九十甲乙", {"password_too_simple"}),  # one class: no case, no digit
        ("mlps3", "X.8" + "a" * 126, {"password_too_long"}),  # 129
        ("mlps3", "Zhangjiajie-2025", {"password_in_context"}),
        ("asvs", "sixteen letters or", set()),  # no rule of composition
        ("asvs", "fourteenletter", {"password_too_simple"}),
    ],
)
def test_each_profile_asks_for_its_own(settings, policy, password, expected):
    settings.PASSWORD_POLICY = policy
    assert faults(password) == expected


def test_none_of_the_latest_may_come_back(user, settings):
    now = clock.now()
    for number in range(3):
        passwords.put(user=user, password=f"Harvest.moon-{number}", actor=user, now=now + timedelta(minutes=number))
    assert faults("Harvest.moon-0", user) == {"password_used"}
    settings.PASSWORD_POLICY = "asvs"
    assert faults("Harvest.moon-0-long", user) == set()


@pytest.mark.parametrize(
    ("policy", "age", "by_another", "expected"),
    [
        ("mlps3", timedelta(days=90) - timedelta(seconds=1), False, False),
        ("mlps3", timedelta(days=90), False, True),
        ("mlps3", timedelta(0), True, True),
        ("asvs", timedelta(days=900), False, False),
        ("asvs", timedelta(0), True, True),
    ],
)
def test_when_it_must_be_another(user, settings, policy, age, by_another, expected):
    settings.PASSWORD_POLICY = policy
    now = clock.now()
    actor = User.objects.get(username="sysadmin") if by_another else user
    passwords.put(user=user, password=NEW, actor=actor, now=now - age)
    assert passwords.must_change(user, now) is expected


def test_an_account_from_before_passwords_were_kept_is_let_be(user):
    assert not passwords.must_change(user, clock.now())


def test_a_password_given_by_an_administrator_is_changed_before_anything_else(user, as_user):
    row = {"username": user.username, "display_name": user.display_name, "is_active": "on", "new_password": NEW}
    as_user("sysadmin").post(f"/manage/admin/accounts/user/{user.pk}/change/", row)
    client = Client()
    client.post("/login/", {"username": user.username, "password": NEW})
    assert client.get("/2025/todo/")["Location"] == f"{PAGE}?next=/2025/todo/"
    assert "别人给的" in client.get(PAGE).content.decode()
    same = {"old_password": NEW, "new_password1": NEW, "new_password2": NEW}
    assert client.post(PAGE, same).status_code == 422, "the same one again"
    other = same | {"new_password1": "Autumn.moon-99", "new_password2": "Autumn.moon-99", "next": "/2025/todo/"}
    assert client.post(PAGE, other)["Location"] == "/2025/todo/"
    assert client.get("/2025/todo/").status_code == 200
    changes = AuditEntry.objects.filter(action="password.changed").order_by("seq").values_list("after", flat=True)
    assert [each["is_temporary"] for each in changes] == [True, False]


def test_a_change_signs_out_everywhere_else_and_stays_here(user, as_user):
    here, there = as_user("nyj_staff"), as_user("nyj_staff")
    answer = here.post(PAGE, {"old_password": OLD, "new_password1": NEW, "new_password2": NEW}, follow=True)
    assert "其他地方的登录已退出" in answer.content.decode()
    assert here.get("/account/").status_code == 200 and there.get("/account/").status_code == 302


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_changed(user, as_user):
    answer = as_user("nyj_staff").post(PAGE, {"old_password": "x", "new_password1": "short", "new_password2": "other"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"old_password", "new_password2"}
    user.refresh_from_db()
    assert user.check_password(OLD)


def test_the_api_names_what_is_owed(user):
    passwords.put(user=user, password=NEW, actor=User.objects.get(username="sysadmin"), now=clock.now())
    client = Client()
    client.post("/login/", {"username": user.username, "password": NEW})
    assert client.get("/api/v1/2025/indicators/").json()["code"] == "password_required"
