"""What ``manage.py check --deploy`` asks beside Django's own questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from accounts.models import User


@register(Tags.security, deploy=True)
def check_no_trial(**_: Any) -> list[CheckMessage]:
    """A trial has known passwords and another day than today."""
    wrong = []
    if settings.TRIAL or settings.TRIAL_PASSWORD:
        wrong.append(Error("the trial's settings are in use", hint="set DJANGO_SETTINGS_MODULE", id="accounts.E001"))
    if settings.CLOCK_OFFSET:
        wrong.append(Error("the clock is shifted", hint="only the trial's is", id="accounts.E002"))
    return wrong


@register(Tags.security, deploy=True)
def check_no_inline_scripts(**_: Any) -> list[CheckMessage]:
    """What somebody typed into a page must never run there."""
    if "unsafe-inline" in str(settings.CONTENT_SECURITY_POLICY):
        return [Error("CONTENT_SECURITY_POLICY lets scripts in a page run", id="accounts.E003")]
    return []


@register(Tags.security, deploy=True)
def check_no_superuser(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Nobody stands above the three administrators; asked where the database is (``--database default``)."""
    if not databases:
        return []
    found = User.objects.filter(is_superuser=True, is_active=True).values_list("username", flat=True)
    hint = "switch the account off; roles grant rights, that flag goes around them"
    return [Error(f"{name} is an active superuser", hint=hint, id="accounts.E004") for name in found]
