"""Failures with a stable code and parameters; the edges turn them into words and status codes."""

from __future__ import annotations

from collections.abc import Mapping


class DomainError(Exception):
    """Something the rules refuse. ``code`` is stable, ``params`` feed the sentence (422 unless a subclass)."""

    def __init__(self, code: str, **params: object):
        super().__init__(code, params)
        self.code = code
        self.params: Mapping[str, object] = params


class IllegalTransition(DomainError):
    """The wrong state for this step (409): not the same as the wrong person."""


class StaleVersion(DomainError):
    """Somebody else wrote in the meantime (409); ``params`` hold ``given`` and ``current``."""


class PeriodClosed(DomainError):
    """The reporting period takes no writes (409)."""


class NotPermitted(DomainError):
    """The wrong person for this step (403)."""
