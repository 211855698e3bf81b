"""Sessions in PostgreSQL that know their user, end after half an hour without use and after half a day in any case.

Limits: 等保三级 (GB/T 22239-2019 8.1.4.1 b) asks for a time-out; ASVS 5.0 (7.3.1, 7.3.2) leaves the length to the
house, which states 30 minutes and 12 hours. The clock is the real one, also where the trial's stands on another day.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.db.models import QuerySet

from accounts.models import User, UserSession

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
# A page asked for within a minute of the last is not worth a write.
NOTED_EVERY = timedelta(minutes=1)
BEGAN, SEEN, ORIGIN = "began_at", "seen_at", "origin"
# The longest description of a browser that is kept.
AGENT_LENGTH = 200


class SessionStore(db.SessionStore):
    """Django's own database sessions, with the user in a column."""

    @classmethod
    def get_model_class(cls) -> type[UserSession]:
        return UserSession

    def create_model_instance(self, data: dict[str, object]) -> UserSession:
        row = super().create_model_instance(data)
        row.user_id = data.get(SESSION_KEY)
        return row


@dataclass(frozen=True)
class SignedIn:
    """One of a person's sessions, as a page shows it."""

    handle: str
    began_at: datetime
    seen_at: datetime
    address: str
    agent: str
    is_this: bool


def begin(session: MutableMapping[str, object], *, now: datetime, address: str, agent: str) -> None:
    """Start the clock of a session somebody has just signed in to."""
    session[BEGAN] = session[SEEN] = now.timestamp()
    session[ORIGIN] = {"address": address, "agent": agent[:AGENT_LENGTH]}


def reason_to_end(session: MutableMapping[str, object], now: datetime) -> str:
    """``idle`` or ``longest`` for a session that is over, otherwise empty; one without a clock is over."""
    if now.timestamp() - session.get(SEEN, 0) >= IDLE.total_seconds():
        return "idle"
    return "longest" if now.timestamp() - session.get(BEGAN, 0) >= LONGEST.total_seconds() else ""


def note_use(session: MutableMapping[str, object], now: datetime) -> None:
    """Put off the end, once a minute at most."""
    if now.timestamp() - session[SEEN] >= NOTED_EVERY.total_seconds():
        session[SEEN] = now.timestamp()


def of(user: User, *, now: datetime, this: str = "") -> list[SignedIn]:
    """The person's living sessions, the latest used first; ``this`` is the key of the one that asks (1 query)."""
    found = [(row, row.get_decoded()) for row in _living(user, now)]
    alive = [(row, kept) for row, kept in found if not reason_to_end(kept, now)]
    return sorted(
        (_shown(row, kept, now, row.session_key == this) for row, kept in alive),
        key=lambda each: each.seen_at,
        reverse=True,
    )


def end(user: User, *, now: datetime, handle: str = "", but: str = "") -> int:
    """End the session named ``handle``, or all of the person's but that with the key ``but``; how many there were."""
    doomed = [
        row.session_key for row in _living(user, now) if row.session_key != but and (not handle or row.handle == handle)
    ]
    UserSession.objects.filter(session_key__in=doomed).delete()
    return len(doomed)


def _living(user: User, now: datetime) -> QuerySet[UserSession]:
    return UserSession.objects.filter(user=user, expire_date__gt=now)


def _shown(row: UserSession, kept: dict, now: datetime, is_this: bool) -> SignedIn:
    zone = now.tzinfo
    return SignedIn(
        handle=row.handle,
        began_at=datetime.fromtimestamp(kept[BEGAN], zone),
        seen_at=datetime.fromtimestamp(kept[SEEN], zone),
        address=kept[ORIGIN]["address"],
        agent=kept[ORIGIN]["agent"],
        is_this=is_this,
    )
