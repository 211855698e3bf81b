"""Five wrong passwords within ten minutes, by account and address; exact under parallel tries, deaf to headers."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.backends import ModelBackend
from django.db import connections, transaction
from django.test import Client

from accounts import clock, lockout
from accounts.models import AuditEntry, User

RIGHT, WRONG = "trial-2025-zjj", "not-the-password"
ACROSS_TOWN = "192.0.2.77"


def attempt(password: str = WRONG, username: str = "mayor", address: str = "192.0.2.1", **headers: str) -> int:
    """The status of one try by a stranger's browser: 302 is in, 422 is wrong, 429 is locked."""
    client = Client(REMOTE_ADDR=address)
    return client.post("/login/", {"username": username, "password": password}, headers=headers).status_code


def test_the_fifth_wrong_password_locks_and_the_right_one_no_longer_helps(db):
    assert [attempt() for _ in range(5)] == [422] * 4 + [429]
    assert attempt(RIGHT) == 429
    actions = AuditEntry.objects.filter(object_type="accounts.user").order_by("-seq").values_list("action", flat=True)
    assert list(actions[:6]) == ["session.locked"] * 2 + ["session.sign_in_failed"] * 4


def test_the_page_says_how_long_and_what_to_do(client, db):
    for _ in range(5):
        answer = client.post("/login/", {"username": "mayor", "password": WRONG})
    page = answer.content.decode()
    assert "10 分钟" in page and 'value="mayor"' in page


def test_nobody_locks_somebody_out_from_elsewhere(db):
    for _ in range(9):
        attempt(address=ACROSS_TOWN)
    assert attempt(RIGHT, address=ACROSS_TOWN) == 429
    assert attempt(RIGHT) == 302


def test_a_right_password_begins_the_count_anew(db):
    assert [attempt() for _ in range(4)] == [422] * 4
    assert attempt(RIGHT) == 302
    assert [attempt() for _ in range(4)] == [422] * 4


def test_after_ten_minutes_it_opens_again(db):
    for _ in range(5):
        attempt()
    AccessAttempt.objects.update(attempt_time=clock.real_now() - timedelta(minutes=10, seconds=1))
    assert attempt(RIGHT) == 302


def test_forged_headers_gain_no_try(db):
    tries = [attempt(**{"X-Forwarded-For": f"198.51.100.{n}", "X-Real-IP": f"198.51.100.{n}"}) for n in range(8)]
    assert tries == [422] * 4 + [429] * 4


def test_another_browser_gains_no_try(db):
    assert [attempt(**{"User-Agent": f"browser {n}"}) for n in range(7)] == [422] * 4 + [429] * 3


@pytest.mark.parametrize("written", ["MAYOR", "Mayor", "ｍａｙｏｒ", " mayor"])
def test_another_way_to_write_the_name_gains_no_try(db, written):
    for _ in range(5):
        attempt()
    assert attempt(username=written) == 429


def test_a_name_nobody_has_is_locked_alike(db):
    assert [attempt(username="nobody_here") for _ in range(6)] == [422] * 4 + [429] * 2


def test_the_system_administrator_unlocks(as_user):
    for _ in range(5):
        attempt()
    chosen = {"action": "unlock_sign_in", "_selected_action": [User.objects.get(username="mayor").pk]}
    as_user("sysadmin").post("/manage/admin/accounts/user/", chosen)
    assert attempt(RIGHT) == 302
    assert AuditEntry.objects.filter(action="session.unlocked").latest("seq").after == {"addresses": 1}


def test_no_password_is_kept_of_what_was_typed(db):
    attempt("a-secret-typed-wrong")
    assert "a-secret-typed-wrong" not in str(AccessAttempt.objects.values().get())


def at_once(count: int) -> Counter[int]:
    def one(_number: int) -> int:
        try:
            return attempt()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        return Counter(pool.map(one, range(count)))


def test_of_a_hundred_tries_at_once_five_are_read(committed_db):
    assert at_once(100) == {422: 4, 429: 96}
    assert AccessAttempt.objects.get().failures_since_start == 5


def test_without_waiting_for_each_other_more_are_read(committed_db, monkeypatch):
    """Negative control: django-axes alone lets through what is under way when the fifth is counted."""
    all_were_let_through = Barrier(10, timeout=30)

    def wait_and_read(self, *args, read=ModelBackend.authenticate, **kwargs):
        all_were_let_through.wait()
        return read(self, *args, **kwargs)

    monkeypatch.setattr(ModelBackend, "authenticate", wait_and_read)
    monkeypatch.setattr(lockout, "one_try_at_a_time", lambda *_asked: transaction.atomic())
    at_once(10)
    assert AccessAttempt.objects.get().failures_since_start == 10
