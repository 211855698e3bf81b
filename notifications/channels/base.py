"""What every channel does: take a person's address and words, and say how it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Message:
    """One message to one address; ``message_id`` stays the same when it is sent again."""

    address: str
    subject: str
    text: str
    message_id: str


class TemporaryFailure(Exception):
    """Worth another try later."""


class PermanentFailure(Exception):
    """No try will ever succeed: the address or the account is wrong."""


class ChannelAdapter(Protocol):
    """Sends or raises ``TemporaryFailure`` or ``PermanentFailure``; never decides whether to send."""

    def send(self, message: Message) -> None: ...
