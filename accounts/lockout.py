"""The one place where a typed password is read: at the door, and where somebody chooses another one.

Five wrong ones within ten minutes lock an account for the address they came from; ten from all addresses together slow
strangers down (``accounts.guessing``). The first count is django-axes'; what it lacks is that between its question “may
they still try?” and its count another try can slip through. Tries of one account from one address therefore wait for
each other, and those of strangers for one account likewise.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from axes.handlers.proxy import AxesProxyHandler
from axes.utils import reset
from django.contrib.auth import authenticate
from django.db import connection, transaction
from django.http import HttpRequest

from accounts import clock, guessing
from accounts.models import User

# First keys of the advisory locks; any fixed numbers that no other lock uses.
ACCOUNT_AND_ADDRESS, ACCOUNT = 2025_0329, 2025_0330


class TryRefused(Exception):
    """``code``: ``locked`` (too many wrong ones from here) or ``slowed`` (from everywhere; ``wait`` says how long).

    A ``locked`` one may have been read and found wrong: the fifth is.
    """

    def __init__(self, code: str, wait: timedelta = timedelta(0)):
        super().__init__(code)
        self.code, self.wait = code, wait


def account_of(request: HttpRequest, credentials: Mapping[str, str] | None = None) -> str:
    """The account that is tried, whatever case or width it is typed in."""
    return _folded((credentials or {}).get("username") or request.POST.get("username", ""))


def address_of(request: HttpRequest) -> str:
    return request.META.get("REMOTE_ADDR", "")


@contextmanager
def one_try_at_a_time(request: HttpRequest, username: str = "") -> Iterator[None]:
    """A transaction in which no other try of this account from this address runs, nor from another strange one.

    Whoever is at home at the address waits for nobody elsewhere: a crowd must not hold them up.
    """
    account, address = account_of(request, {"username": username}), address_of(request)
    with transaction.atomic():
        if not guessing.is_known(account, address, clock.real_now()):
            _lock(ACCOUNT, account)
        _lock(ACCOUNT_AND_ADDRESS, f"{account} {address}")
        yield


def read(request: HttpRequest, *, username: str, password: str) -> User | None:
    """Whose password it is, ``None`` if it is wrong; inside ``one_try_at_a_time``. Raises ``TryRefused``."""
    credentials = {"username": username}
    if not AxesProxyHandler.is_allowed(request, credentials):
        raise TryRefused("locked")
    account, now = account_of(request, credentials), clock.real_now()
    is_stranger = not guessing.is_known(account, address_of(request), now)
    if is_stranger and (wait := guessing.wait_left(account, now)):
        raise TryRefused("slowed", wait)
    user = authenticate(request, username=username, password=password)
    if user is None:
        if is_stranger:
            guessing.note_failure(account, now)
        if request.axes_locked_out:
            raise TryRefused("locked")
    return user


def unlock(username: str) -> int:
    """Forget an account's wrong passwords from everywhere; how many addresses there were."""
    account = _folded(username)
    guessing.forgive(account)
    return reset(username=account)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name)[:60].casefold().strip()


def _lock(kind: int, name: str) -> None:
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [kind, key])
