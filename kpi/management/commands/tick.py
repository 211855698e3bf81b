"""``manage.py tick``: plan and send what is due, without Celery. For cron, or for good with ``--loop``."""

import logging
import signal
import threading
import time
from collections.abc import Callable

from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections

from accounts import clock
from kpi.services import handovers, reminders
from notifications import sending
from notifications.tasks import ROUND_SECONDS

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Plan reminders that are due and send what waits; safe at any time, any number of times, beside any other."

    def add_arguments(self, parser):
        parser.add_argument("parts", nargs="*", metavar="plan|send", help="only this part (default: both)")
        parser.add_argument("--loop", type=float, metavar="SECONDS", help="again so long after each round, until TERM")

    def handle(self, *args, parts: list[str], loop: float | None, **options):
        if unknown := set(parts) - {"plan", "send"}:
            raise CommandError(f"not a part: {', '.join(sorted(unknown))}; there are plan and send")
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            # The message in hand is sent to its end; then it stops.
            signal.signal(number, lambda *_: stopping.set())
        todo = [self._plan, self._send] if not parts else [getattr(self, f"_{part}") for part in dict.fromkeys(parts)]
        while True:
            failed = self._round(todo, stopping)
            if loop is None and failed:
                raise CommandError("; ".join(failed))
            if loop is None or stopping.wait(loop):
                return
            close_old_connections()

    def _round(self, todo: list[Callable[[threading.Event], str]], stopping: threading.Event) -> list[str]:
        """Each part by itself: what cannot be planned must not keep from going out what was."""
        said, failed = [], []
        for part in todo:
            try:
                said.append(part(stopping))
            except Exception as problem:  # whatever it is, the next round is the retry
                logger.exception("the round failed")
                failed.append(f"{part.__name__.strip('_')}: {type(problem).__name__}: {problem}".strip())
        if said:
            self.stdout.write(", ".join(said))
        return failed

    def _plan(self, stopping: threading.Event) -> str:
        now = clock.now()
        handovers.carry_out_due(now=now)
        return f"{reminders.tick(now=now)} planned"

    def _send(self, stopping: threading.Event) -> str:
        ends = time.monotonic() + ROUND_SECONDS
        done = sending.send_due(clock=clock.now, may_go_on=lambda: not stopping.is_set() and time.monotonic() < ends)
        return ", ".join(f"{count} {way}" for way, count in sorted(done.items())) or "nothing to send"
