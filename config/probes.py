"""Is the process alive, and can it answer? Only the database can make it unready: Redis is optional for truth."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import redis
from django.conf import settings
from django.db import Error, ProgrammingError, connection
from django.http import HttpRequest, HttpResponse

from notifications import health

# Together less than two seconds: a proxy must not wait for a frozen database.
DATABASE_SECONDS, REDIS_SECONDS = 1.4, 0.3
# A question that got no answer for so long is given up: the database may have moved to another machine.
GIVEN_UP_AFTER = 10.0


def livez(request: HttpRequest) -> HttpResponse:
    """Asks nothing of anybody: a restart of this process would not mend what it depends on."""
    return HttpResponse("ok", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """503 without the database; what else is wrong stands in the body and takes nobody out of service."""
    silent = question.answer()
    if silent is None:
        return HttpResponse("database unreachable", content_type="text/plain", status=503)
    wrong = [f"{name} silent" for name in silent] + ([] if _redis_answers() else ["redis unreachable"])
    return HttpResponse(f"degraded: {', '.join(wrong)}" if wrong else "ok", content_type="text/plain")


class Question:
    """Asks the database in a thread of its own, because a connection to a frozen server blocks without a limit.

    One question at a time: while none is answered, no more connections are opened.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked_at = 0.0
        self._pending: Future[tuple[str, ...]] | None = None

    def answer(self) -> tuple[str, ...] | None:
        """The parts of reminders that are silent; ``None`` without an answer in time."""
        try:
            return self._ask().result(timeout=DATABASE_SECONDS)
        except (TimeoutError, Error):
            return None

    def _ask(self) -> Future[tuple[str, ...]]:
        with self._lock:
            now = time.monotonic()
            if self._pending is None or self._pending.done() or now - self._asked_at > GIVEN_UP_AFTER:
                self._pending, self._asked_at = Future(), now
                threading.Thread(target=_answer_in, args=(self._pending,), daemon=True).start()
            return self._pending


def _answer_in(pending: Future[tuple[str, ...]]) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        pending.set_result(_silent())
    except Exception as problem:  # whoever asked is told
        pending.set_exception(problem)
    finally:
        connection.close()


def _silent() -> tuple[str, ...]:
    try:
        ages = health.ages()
    except ProgrammingError:
        return ("reminders (no tables)",)
    return tuple(name for name in ("tick", "send") if health.is_silent(ages[name]))


def _redis_answers() -> bool:
    limits = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **limits) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


question = Question()
