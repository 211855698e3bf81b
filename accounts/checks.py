"""What ``manage.py check --deploy`` says of the accounts themselves."""

from __future__ import annotations

from django.core.checks import CheckMessage, Error, Info
from django.db import DatabaseError

from accounts.models import User


def no_superuser(**_asked: object) -> list[CheckMessage]:
    """Administration goes by roles, three of them apart; a superuser would be all of them at once."""
    try:
        found = list(User.objects.filter(is_superuser=True, is_active=True).values_list("username", flat=True))
    except DatabaseError:
        return [Info("No database in reach: whether a superuser is left was not looked at.", id="accounts.I001")]
    if not found:
        return []
    hint = "Take the flag from them: update accounts_user set is_superuser = false."
    return [Error(f"Active superusers: {', '.join(found)}.", hint=hint, id="accounts.E001")]
