"""The number at the bell, and whether the page of group robots is this reader's."""

from __future__ import annotations

from django.http import HttpRequest

from accounts import clock
from notifications.policies import may_manage_robots
from notifications.selectors import unread_count


def unread(request: HttpRequest) -> dict[str, object]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "unread_count": unread_count(user, clock.now()),
        "may_manage_robots": may_manage_robots(getattr(request, "actor", None)),
    }
