"""One clock for all servers: the database's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts import clock

CLOSE = timedelta(milliseconds=100)


@pytest.fixture
def wrong_by(monkeypatch, settings):
    """A server whose own clock goes wrong by so much."""
    real = timezone.now  # noqa: TID251 — the clock itself is tested
    settings.CLOCK_OFFSET = timedelta(0)
    monkeypatch.setattr(clock, "_skew", timedelta(0))

    def go_wrong(much: timedelta) -> None:
        monkeypatch.setattr(timezone, "now", lambda: real() + much)

    yield go_wrong


@pytest.mark.parametrize("seconds", [-7200, -2, 2, 90])
def test_a_server_whose_clock_is_wrong_follows_the_database(db, wrong_by, seconds):
    right = timezone.now()  # noqa: TID251
    wrong_by(timedelta(seconds=seconds))
    assert abs(clock.now() - right) > CLOSE, "negative control: nothing measured yet"
    clock.follow_database(connection)
    assert abs(clock.now() - right) < CLOSE


def test_each_new_connection_measures_anew(db, wrong_by):
    from django.db.backends.signals import connection_created

    wrong_by(timedelta(seconds=2))
    connection_created.send(sender=type(connection), connection=connection)
    assert clock._skew < timedelta(seconds=-1.9)
