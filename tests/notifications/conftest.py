"""Robots, the server they live on and a mail server, shared by the tests of sending."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from notifications.models import Robot
from tests.notifications.remote import put_robot
from tests.stubs import RobotServer, robot_server


@pytest.fixture
def hooks(tmp_path, settings) -> Iterator[RobotServer]:
    """The stub, named in the settings as the only relay."""
    with robot_server(tmp_path / "deliveries.jsonl") as server:
        settings.ROBOT_RELAYS = [server.origin]
        yield server


@pytest.fixture
def new_robot(db, hooks) -> Callable[..., Robot]:
    """Puts a robot of a unit on record, reached at the stub."""

    def create(
        channel: str = "wecom", department: str = "agriculture", key: str = "key-of-the-group", secret: str = ""
    ) -> Robot:
        return put_robot(hooks, channel, department, key, secret)

    return create


OK = "250 OK"


class Mail:
    """Answers each step of SMTP as it is told and keeps what it accepted. Nobody's sign-in is accepted."""

    def __init__(self) -> None:
        self.mail = self.rcpt = self.data = OK
        self.auth = "535 5.7.8 authentication failed"
        self.hangs_up_after_data = False
        self.accepted: list[bytes] = []

    async def handle_MAIL(self, server, session, envelope, address, options) -> str:
        envelope.mail_from = address
        return self.mail

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server, session, envelope) -> str:
        if self.data == OK:
            self.accepted.append(envelope.content)
        if self.hangs_up_after_data:
            server.transport.abort()
        return self.data


@pytest.fixture
def mail(settings) -> Iterator[Mail]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    handler = Mail()
    controller = Controller(
        handler, hostname="127.0.0.1", port=port, auth_require_tls=False,
        authenticator=lambda *_arguments: AuthResult(success=False, handled=False, message=handler.auth),
    )  # fmt: skip
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield handler
    controller.stop()
