"""The trial's mailbox: outgoing mail as files, so that a visitor can read what would have been sent."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path


@dataclass(frozen=True)
class Letter:
    """One sent message; ``name`` is its file's."""

    name: str
    to: str
    subject: str
    text: str


def letters(folder: Path, most: int = 100) -> list[Letter]:
    """The newest messages first; an empty list while there is no folder."""
    files = sorted(folder.glob("*.eml"), reverse=True) if folder.is_dir() else []
    return [_read(path) for path in files[:most]]


def _read(path: Path) -> Letter:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    return Letter(path.stem, str(message["To"]), str(message["Subject"]), body.get_content() if body else "")
