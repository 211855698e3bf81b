"""A worker that has gone deaf connects anew.

The transport takes no more calls than a worker has hands free, and frees a hand when the call's acknowledgement has
reached the broker. An acknowledgement that a frozen broker did not take is logged and forgotten: the hand stays full
for ever, though there is nothing in it, and with the last of them the worker is connected, alive and deaf.
"""

from __future__ import annotations

from typing import Any

from celery import bootsteps
from celery.worker.state import reserved_requests

CHECK_SECONDS = 5.0


class Listening(bootsteps.StartStopStep):
    """Looks every few seconds; what it finds twice in a row is no coincidence."""

    requires = {"celery.worker.consumer.tasks:Tasks"}

    def __init__(self, parent: Any, **options: Any):
        super().__init__(parent, **options)
        self._timer: Any = None
        self._was_deaf = False

    def start(self, parent: Any) -> None:
        self._was_deaf = False
        self._timer = parent.timer.call_repeatedly(CHECK_SECONDS, self._check, (parent,))

    def stop(self, parent: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _check(self, consumer: Any) -> None:
        """Raising an error of the connection's makes the worker close it and open another."""
        is_deaf = seems_deaf(consumer.task_consumer.channel.qos, len(reserved_requests))
        if is_deaf and self._was_deaf:
            self._was_deaf = False
            raise ConnectionError("acknowledgements were lost: connecting anew")
        self._was_deaf = is_deaf


def seems_deaf(qos: Any, in_hand: int) -> bool:
    """Whether the transport takes no more calls although there are hands free."""
    return not qos.can_consume() and in_hand < qos.prefetch_count
