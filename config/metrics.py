"""``/metrics`` for Prometheus: how reminders are doing, read from the database at each scrape.

Nothing is counted in a process: of several web servers any may be asked, and all say the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from accounts import chain_checks, clock
from notifications import health


class Reminders(Collector):
    """What one look found."""

    def __init__(self, found: health.Health):
        self.found = found

    def collect(self) -> Iterator[Metric]:
        found = self.found
        yield _gauge("tick_age_seconds", "Since reminders were last planned; +Inf: never", _seconds(found.tick))
        yield _gauge("send_age_seconds", "Since sending last began a round; +Inf: never", _seconds(found.send))
        yield _gauge("worker_age_seconds", "Since a call last reached a worker; +Inf: never", _seconds(found.worker))
        yield _gauge("outbox_queued", "Deliveries that are due and not sent", found.queued)
        yield _gauge("outbox_oldest_due_seconds", "How long the first of them has waited", _seconds(found.oldest_due))
        yield _gauge("outbox_dead", "Messages that were given up", found.dead)
        yield _gauge("outbox_leases_expired", "Messages whose sender died, not yet taken over", found.expired_leases)
        yield _gauge("outbox_brake", "1 while sending is held until a person has looked", found.is_held)
        standing = chain_checks.standing()
        yield _gauge(
            "audit_checkpoint_age_seconds",
            "Since the audit's end was last written down; +Inf: never",
            _seconds(standing.checkpoint_age(clock.real_now())),
        )
        is_whole = standing.last is not None and standing.last.is_intact
        yield _gauge(
            "audit_chain_ok", "1 if the last check of the audit trail found it whole; 0: broken, never", is_whole
        )
        yield _gauge("audit_check_age_seconds", "Since that check ended; +Inf: never", _check_age(standing))
        yield _gauge("clock_skew_seconds", "What this server's clock is behind the database's", _seconds(found.skew))


def metrics(request: HttpRequest) -> HttpResponse:
    """404 without the token: nobody needs to know that there is something."""
    given = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
        raise Http404
    registry = CollectorRegistry()
    try:
        registry.register(Reminders(health.look(now=clock.now())))
    except Error:
        return HttpResponse("database unreachable", content_type="text/plain", status=503)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _check_age(standing: chain_checks.Standing) -> float:
    return math.inf if standing.last is None else (clock.now() - standing.last.finished_at).total_seconds()


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=float(value))


def _seconds(age: timedelta | None) -> float:
    return math.inf if age is None else age.total_seconds()
