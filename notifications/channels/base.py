"""What every channel does: take an address and words, and say how it went, by the far end's own answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from notifications.channels.redaction import redacted


@dataclass(frozen=True)
class Message:
    """One message to one address; ``message_id`` and ``reference`` stay the same when it is sent again.

    ``address`` is a mail address, a telephone number or a robot's hook; ``secret`` signs for robots that ask for it.
    ``reference`` is a short code that people can quote. Neither address nor secret is ever shown or logged.
    """

    address: str = field(repr=False)
    subject: str
    text: str
    message_id: str
    reference: str
    secret: str = field(default="", repr=False)


class Failure(Exception):
    """It was not accepted. ``code`` is the far end's own, for the record; the text may be shown to the office.

    Texts often quote the far end, which may quote us: telephone numbers and whatever looks like a key are taken out.
    """

    def __init__(self, text: object, code: str = ""):
        super().__init__(redacted(str(text)))
        self.code = redacted(code)


class TemporaryFailure(Failure):
    """Worth another try later; also where nobody knows whether it arrived."""


class RateLimited(Failure):
    """The far end wants a pause; the try does not count."""

    def __init__(self, text: object, code: str, pause: timedelta):
        super().__init__(text, code)
        self.pause = pause


class OutOfOrder(Failure):
    """The channel itself does not work (sign-in refused, sender refused): no message's and no recipient's fault.

    Nothing is given up for it; everything on the channel waits until somebody has mended the settings.
    """


class PermanentFailure(Failure):
    """No try will ever succeed: the address or the key is wrong."""


class MessageRefused(PermanentFailure):
    """This message will never be accepted there; others may be, so the address stays in use."""


class ChannelAdapter(Protocol):
    """Sends or raises a ``Failure``; never decides whether to send."""

    def parts(self, message: Message) -> list[Message]:
        """The message in as many pieces as the channel's limits ask for, at least one."""

    def send(self, part: Message) -> None: ...
