"""The demo people: signed in, and lending their signatures."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from accounts import clock, sessions
from accounts.models import Delegation, Department, User
from tests.conftest import NOW

TODAY = NOW.date()


def lend(
    head: str = "nyj_head",
    delegate: str = "nyj_staff",
    department: str = "agriculture",
    *,
    first: date = TODAY,
    last: date = TODAY + timedelta(days=5),
) -> Delegation:
    """Put a delegation on record as it is, whatever a service would say."""
    giver = User.objects.get(username=head)
    return Delegation.objects.create(
        head=giver,
        delegate=User.objects.get(username=delegate),
        department=Department.objects.get(code=department),
        starts_on=first,
        ends_on=last + timedelta(days=1),
        reason="外出学习",
        created_by=giver,
        created_at=NOW,
    )


def session_of(username: str) -> str:
    """The key of a session that is stored already, as signing in leaves it."""
    user, session = User.objects.get(username=username), sessions.SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    sessions.begin(session, now=clock.real_now(), address="127.0.0.1", agent="")
    session.save()
    return session.session_key
