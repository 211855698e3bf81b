"""Everything that is logged anywhere while a test looks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class Memory(logging.Handler):
    """Everything that is logged anywhere, tracebacks included."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "mail.log":  # the far end's own
            return
        self.lines.append(self.format(record))


@contextmanager
def everything_logged() -> Iterator[Memory]:
    """Everything at DEBUG, as a trial may set it."""
    memory, loggers = Memory(), [logging.getLogger(), logging.getLogger("django")]
    usual = [logger.level for logger in loggers]
    loggers[0].addHandler(memory)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    try:
        yield memory
    finally:
        for logger, level in zip(loggers, usual, strict=True):
            logger.setLevel(level)
        loggers[0].removeHandler(memory)
