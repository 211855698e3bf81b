"""One account tried from many addresses: strangers wait, longer each time, whoever is at home does not; exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.backends import ModelBackend
from django.db import connections
from django.test import Client

from accounts import clock, guessing, lockout, tasks
from accounts.models import AuditEntry, GuessedAccount, KnownAddress, User

RIGHT, WRONG = "trial-2025-zjj", "not-the-password"
AT_HOME, ON_A_JOURNEY = "192.0.2.1", "192.0.2.200"


def attempt(password: str = WRONG, *, username: str = "mayor", address: str = ON_A_JOURNEY):
    """One try by a browser without a cookie: 302 is in, 422 is wrong, 429 is refused."""
    return Client(REMOTE_ADDR=address).post("/login/", {"username": username, "password": password})


def crowd(count: int, **tried: str) -> list[int]:
    """The answers to so many wrong passwords, each from an address of its own."""
    return [attempt(address=f"198.51.100.{number}", **tried).status_code for number in range(count)]


def later(**after: int) -> None:
    """As if that much time had passed since the last wrong one."""
    row = GuessedAccount.objects.get()
    row.failed_at -= timedelta(**after)
    row.save()


@pytest.fixture
def at_home(db) -> Callable[[str], int]:
    """The mayor has signed in from the office before."""
    assert attempt(RIGHT, address=AT_HOME).status_code == 302
    return lambda password: attempt(password, address=AT_HOME).status_code


@pytest.mark.parametrize(
    ("failures", "minutes"), [(0, 0), (9, 0), (10, 1), (11, 2), (12, 4), (14, 16), (15, 30), (16, 30), (10**9, 30)]
)
def test_the_wait_doubles_from_the_tenth_up_to_half_an_hour(failures, minutes):
    assert guessing.wait_after(failures) == timedelta(minutes=minutes)


def test_ten_are_read_and_then_strangers_wait_but_not_who_is_at_home(at_home):
    assert crowd(12) == [422] * 10 + [429] * 2
    refused = attempt(RIGHT)
    assert refused.status_code == 429 and 0 < int(refused["Retry-After"]) <= 60
    assert "1 分钟内只能从以前登录过的电脑登录" in refused.content.decode()
    assert AuditEntry.objects.latest("seq").action == "session.slowed"
    assert at_home(RIGHT) == 302


def test_each_further_wrong_one_doubles_the_wait_and_a_refused_one_does_not(db):
    crowd(10)
    for minutes in (1, 2, 4):
        later(seconds=60 * minutes - 5)
        assert attempt(RIGHT).status_code == 429
        later(seconds=5)
        assert attempt().status_code == 422
    assert GuessedAccount.objects.get().failures == 13


def test_who_has_waited_comes_in_and_is_at_home_there(db):
    crowd(10)
    later(minutes=1)
    assert attempt(RIGHT).status_code == 302
    assert attempt(RIGHT).status_code == 302, "known by now"
    assert attempt(RIGHT, address="192.0.2.201").status_code == 302, "the minute is over for everybody"


def test_a_day_without_begins_the_count_anew(db):
    crowd(10)
    later(days=1)
    assert crowd(3) == [422] * 3
    assert GuessedAccount.objects.get().failures == 3


def test_mistakes_at_home_slow_nobody(at_home):
    assert [at_home(WRONG) for _ in range(5)] == [422] * 4 + [429]
    assert not GuessedAccount.objects.exists()
    assert attempt(RIGHT).status_code == 302


def test_one_address_that_is_locked_does_not_use_up_the_ten(db):
    assert [attempt().status_code for _ in range(12)] == [422] * 4 + [429] * 8
    assert GuessedAccount.objects.get().failures == 5


def test_a_name_nobody_has_is_answered_alike(db):
    assert crowd(11, username="nobody_here") == [422] * 10 + [429]


def test_ways_to_write_the_name_share_the_count(db):
    names = ("mayor", "MAYOR", "Mayor", "ｍａｙｏｒ", " mayor", "mayor ", "ｍＡｙｏｒ", "mayoR")
    tried = [attempt(username=name, address=f"198.51.100.{place}").status_code for place, name in enumerate(names * 2)]
    assert Counter(tried) == {422: 10, 429: 6}
    assert GuessedAccount.objects.get().account == "mayor"


def test_a_forged_header_makes_nobody_at_home(at_home):
    crowd(10)
    forged = {"X-Forwarded-For": AT_HOME, "X-Real-IP": AT_HOME, "Forwarded": f"for={AT_HOME}"}
    sent = {"username": "mayor", "password": RIGHT}
    assert Client(REMOTE_ADDR=ON_A_JOURNEY).post("/login/", sent, headers=forged).status_code == 429


def test_half_a_sign_in_makes_nobody_at_home(db, settings):
    settings.SECOND_FACTOR_ROLES = ["leader"]
    assert attempt(RIGHT).status_code == 302
    assert not KnownAddress.objects.exists()


def test_home_is_forgotten_after_ninety_days(at_home):
    KnownAddress.objects.update(seen_at=clock.real_now() - guessing.KNOWN_FOR)
    crowd(10)
    assert at_home(RIGHT) == 429
    later(days=1)
    tasks.sweep_sessions()
    assert not KnownAddress.objects.exists() and not GuessedAccount.objects.exists()


def test_the_system_administrator_lets_them_in_at_once(as_user):
    crowd(10)
    chosen = {"action": "unlock_sign_in", "_selected_action": [User.objects.get(username="mayor").pk]}
    as_user("sysadmin").post("/manage/admin/accounts/user/", chosen)
    assert attempt(RIGHT).status_code == 302


def test_the_password_page_is_no_place_to_guess_either(as_user):
    """A session that was left open opens the page; five wrong ones close it, and the right one no longer helps."""
    client, new = as_user("mayor"), "Harvest.moon-88"
    sent = {"new_password1": new, "new_password2": new}
    for typed in (*[WRONG] * 5, RIGHT):
        answer = client.post("/account/password/", sent | {"old_password": typed})
        assert answer.status_code == 422
    assert "连续输错 5 次" in answer.content.decode()
    assert AuditEntry.objects.filter(action="password.refused").count() == 6
    kept = str(list(AccessAttempt.objects.values()))
    assert WRONG not in kept and new not in kept


def at_once(count: int) -> Counter[int]:
    """The answers to wrong passwords that come together, each from an address of its own."""

    def one(number: int) -> int:
        try:
            return attempt(address=f"198.51.100.{number}").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as pool:
        return Counter(pool.map(one, range(count)))


def test_of_a_hundred_addresses_at_once_ten_are_read(committed_db):
    assert at_once(100) == {422: 10, 429: 90}
    assert GuessedAccount.objects.get().failures == 10


def test_without_waiting_for_each_other_more_are_read(committed_db, monkeypatch):
    """Negative control: a count that is asked before and written after lets through whatever is under way."""
    all_were_let_through = Barrier(12, timeout=30)

    def wait_and_read(self, *args, read=ModelBackend.authenticate, **kwargs):
        all_were_let_through.wait()
        return read(self, *args, **kwargs)

    def each_address_alone(kind: int, name: str, lock=lockout._lock) -> None:
        if kind != lockout.ACCOUNT:
            lock(kind, name)

    monkeypatch.setattr(ModelBackend, "authenticate", wait_and_read)
    monkeypatch.setattr(lockout, "_lock", each_address_alone)
    assert at_once(12) == {422: 12}
