"""The outside world for tests of sending: an HTTP server that journals each delivery and answers as it is told.

Run in the test process as a thread (``RobotServer``) or as a process of its own (``python -m tests.stubs JOURNAL``,
which prints its port), so that tests that kill processes can use it too. The journal is one JSON object a line, on the
disk before anybody is answered.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PATHS = {
    "wecom": "/cgi-bin/webhook/send?key={key}",
    "dingtalk": "/robot/send?access_token={key}",
    "feishu": "/open-apis/bot/v2/hook/{key}",
}


@dataclass(frozen=True)
class Answer:
    """What one request gets. ``how``: ``answer``, or ``stall``, ``reset`` (before) or ``reset_after`` it is taken."""

    body: object = field(default_factory=lambda: {"errcode": 0, "errmsg": "ok", "code": 0, "msg": "ok"})
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    how: str = "answer"
    seconds: float = 30.0

    @property
    def is_accepted(self) -> bool:
        """Whether a robot of this kind would have shown the message to its group."""
        said = self.body if isinstance(self.body, dict) else {}
        code = said.get("errcode", said.get("code", 0 if said.get("accepted") else None))
        return self.how == "reset_after" or (self.how == "answer" and self.status == 200 and code == 0)


OK = Answer()


def code(number: int, words: str = "") -> Answer:
    """HTTP 200 with the platform's own code in both of its fields."""
    return Answer({"errcode": number, "errmsg": words, "code": number, "msg": words})


class RobotServer:
    """``tell(key, …)`` queues answers for a robot; afterwards it gets ``usual``. ``""`` speaks for every robot."""

    def __init__(self, journal: Path):
        self.journal = journal
        self.usual: Answer = OK
        self._told: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.port: int = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        journal.touch()

    @property
    def origin(self) -> str:
        """As ``ROBOT_RELAYS`` names it."""
        return f"http://127.0.0.1:{self.port}"

    def address(self, channel: str, key: str) -> str:
        """The hook of a robot, in the form its platform gives out."""
        return self.origin + PATHS[channel].format(key=key)

    def tell(self, key: str, *answers: Answer) -> None:
        self._told[key].extend(answers)

    def journaled(self) -> list[dict[str, object]]:
        """Everything that arrived: key, path, query, headers, body, and whether it was accepted."""
        return [json.loads(line) for line in self.journal.read_text(encoding="utf-8").splitlines()]

    def accepted(self, key: str | None = None) -> list[dict[str, object]]:
        return [each for each in self.journaled() if each["accepted"] and key in (None, each["key"])]

    def answer_for(self, key: str) -> Answer:
        with self._lock:
            told = self._told[key] or self._told[""]
            return told.popleft() if told else self.usual

    def write_down(self, entry: dict[str, object]) -> None:
        with self._lock, open(self.journal, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def wait(self, seconds: float) -> None:
        """Say nothing for so long, or until the server ends."""
        self._ended.wait(seconds)

    def start(self) -> RobotServer:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._ended.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def robot_server(journal: Path) -> Iterator[RobotServer]:
    server = RobotServer(journal).start()
    try:
        yield server
    finally:
        server.stop()


def _handler(server: RobotServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            received = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            key = _key(self.path)
            answer = server.answer_for(key)
            url = urlsplit(self.path)
            server.write_down(
                {
                    "key": key, "path": url.path, "query": parse_qs(url.query), "headers": dict(self.headers),
                    "body": json.loads(received or b"null"), "accepted": answer.is_accepted, "at": time.time(),
                }
            )  # fmt: skip
            self.close_connection = True
            if answer.how == "stall":
                server.wait(answer.seconds)
            if answer.how != "answer":
                return self._reset()
            self._say(answer)

        do_GET = do_POST

        def _say(self, answer: Answer) -> None:
            raw = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            with suppress(OSError):
                self.send_response(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(raw)

        def _reset(self) -> None:
            """End the connection with RST, as a crashed machine or a firewall does."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with suppress(OSError):
                self.connection.close()

        def log_message(self, *_arguments: object) -> None:
            """Quiet: the journal is the log."""

    return Handler


def _key(path: str) -> str:
    url = urlsplit(path)
    query = parse_qs(url.query)
    return (query.get("key") or query.get("access_token") or [url.path.rsplit("/", 1)[-1]])[0]


if __name__ == "__main__":
    with robot_server(Path(sys.argv[1])) as running:
        print(running.port, flush=True)
        sys.stdin.read()  # until whoever started it is gone
