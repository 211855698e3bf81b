"""Wrong passwords: five within ten minutes by account and address, counted exactly however many come at once.

The counting is django-axes'; what it lacks is that between its question “may they still try?” and its count another try
can slip through. Tries of one account from one address therefore wait for each other.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from axes.utils import reset
from django.db import connection, transaction
from django.http import HttpRequest

# First key of the advisory locks; any fixed number that no other lock uses.
LOCKS = 2025_0329


def account_of(request: HttpRequest, credentials: Mapping[str, str] | None = None) -> str:
    """The account that is tried, whatever case or width it is typed in."""
    typed = (credentials or {}).get("username") or request.POST.get("username", "")
    return unicodedata.normalize("NFKC", typed)[:60].casefold()


def address_of(request: HttpRequest) -> str:
    return request.META.get("REMOTE_ADDR", "")


@contextmanager
def one_try_at_a_time(request: HttpRequest) -> Iterator[None]:
    """A transaction in which no other try of this account from this address runs."""
    name = f"{account_of(request)} {address_of(request)}".encode()
    key = int.from_bytes(hashlib.sha256(name).digest()[:4], signed=True)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCKS, key])
        yield


def is_locked(request: HttpRequest) -> bool:
    """Whether the latest try of this request was refused unread, or was the last one allowed."""
    return getattr(request, "axes_locked_out", False)


def unlock(username: str) -> int:
    """Forget an account's wrong passwords from everywhere; how many addresses there were."""
    return reset(username=username.casefold())
