"""The product as it must not be: it says “saved” before it saves. For the negative control only."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterable

from config.wsgi import application as honest

# Long enough that a kill finds some answers given and not yet meant.
LATER = 0.05
# How many it owes at most: each is a thread with a connection of its own.
OWED = threading.Semaphore(4)


def application(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    if environ["REQUEST_METHOD"] != "POST":
        return honest(environ, start_response)
    body = environ["wsgi.input"].read()
    kept = dict(environ) | {"wsgi.input": io.BytesIO(body)}
    OWED.acquire()
    threading.Thread(target=_do, args=(kept,), daemon=True).start()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"saved"]


def _do(environ: dict[str, object]) -> None:
    time.sleep(LATER)
    b"".join(honest(environ, lambda *_: None))
    OWED.release()
