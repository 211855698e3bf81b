"""Guessing one account's password from many addresses, which a count by account and address alone does not see.

Ten wrong passwords are read, from wherever; after that all addresses but those the person signed in from before wait:
a minute, then twice as long after each further wrong one, half an hour at most. Who tries meanwhile is refused at once
and unread, so that no thread sleeps. From an address of their own nobody waits for others and none of their own
mistakes counts here (five of them lock that address, ``accounts.lockout``): a leader cannot be kept out of the office.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Case, F, Value, When

from accounts.models import GuessedAccount, KnownAddress, User

FREE = 10
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=30)
# A day without a wrong password begins the count anew: who paces the tries by that has ten a day.
FORGOTTEN_AFTER = timedelta(days=1)
KNOWN_FOR = timedelta(days=90)


def wait_after(failures: int) -> timedelta:
    """How long strangers wait after that many wrong passwords."""
    if failures < FREE:
        return timedelta(0)
    # Beyond five doublings it is the longest in any case, and no timedelta holds 2 to the power of a crowd.
    return min(FIRST_WAIT * 2 ** min(failures - FREE, 5), LONGEST_WAIT)


def is_known(account: str, address: str, now: datetime) -> bool:
    """Whether the person of that name signed in from there within 90 days (1 query)."""
    since = now - KNOWN_FOR
    return KnownAddress.objects.filter(user__username__iexact=account, address=address, seen_at__gt=since).exists()


def wait_left(account: str, now: datetime) -> timedelta:
    """How long a stranger's try for ``account`` has to wait, zero for not at all (1 query)."""
    guessed = GuessedAccount.objects.filter(account=account).first()
    if guessed is None:
        return timedelta(0)
    return max(guessed.failed_at + wait_after(guessed.failures) - now, timedelta(0))


def note_failure(account: str, now: datetime) -> None:
    """Count a wrong password from an address that is not known. One statement, exact whatever runs beside it."""
    is_old = When(failed_at__lte=now - FORGOTTEN_AFTER, then=Value(1))
    one_more = Case(is_old, default=F("failures") + 1)
    _row, is_first = GuessedAccount.objects.get_or_create(account=account, defaults={"failures": 1, "failed_at": now})
    if not is_first:
        GuessedAccount.objects.filter(account=account).update(failures=one_more, failed_at=now)


def note_at_home(user: User, address: str, now: datetime) -> None:
    """Remember where somebody signed in from, once nothing more is asked of them."""
    if address:
        KnownAddress.objects.update_or_create(user=user, address=address, defaults={"seen_at": now})


def forgive(account: str) -> None:
    GuessedAccount.objects.filter(account=account).delete()


def sweep(now: datetime) -> None:
    """Forget what counts no more: where somebody was is kept no longer than it serves."""
    GuessedAccount.objects.filter(failed_at__lte=now - FORGOTTEN_AFTER).delete()
    KnownAddress.objects.filter(seen_at__lte=now - KNOWN_FOR).delete()
