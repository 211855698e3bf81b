"""Redis frozen: nothing blocks, nothing is lost. Only the wake-ups are missing, and any tick makes up for them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings

from kpi.services import reminders
from notifications.models import Delivery
from tests.conftest import NOW
from tests.content import FARMLAND


@pytest.fixture
def frozen_redis() -> Iterator[redis.Redis]:
    """The tests' own Valkey, stopped by signal; frozen is worse than gone, because connections hang."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1)
    process = client.info()["process_id"]
    os.kill(process, signal.SIGSTOP)
    try:
        yield client
    finally:
        os.kill(process, signal.SIGCONT)


def test_filing_and_planning_go_on(as_user, frozen_redis):
    with pytest.raises(redis.RedisError):
        frozen_redis.ping()  # it really is frozen
    client = as_user("nyj_staff")
    answer = client.post("/2025/reports/2025-06/A06/", FARMLAND | {"action": "submit", "version": "0"})
    assert answer.status_code == 302
    assert "待审签：A06" in as_user("nyj_head").get("/inbox/").content.decode()
    assert client.get("/readyz").status_code == 200
    assert reminders.tick(now=NOW) > 0
    assert Delivery.objects.filter(channel="email", state="queued").exists()
