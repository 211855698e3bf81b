"""The second factor: a code from an authenticator app (TOTP, RFC 6238), or one of ten recovery codes, each good once.

Devices, codes and the slowing down after wrong ones are django-otp's. A session owes the proof from sign-in on, where
its user has a device or holds a role of ``SECOND_FACTOR_ROLES``; until it is given no page but these is open
(``DoorMiddleware``), the administration and the API included.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import MutableMapping
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django_otp import verify_token
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import audit
from accounts.models import User
from accounts.permissions import actor_for

OWES, PROVED = "owes_second_factor", "proved_second_factor"
CODES = 10
# Without what is easily mistaken: 0 and o, 1 and l.
ALPHABET = "23456789abcdefghijkmnpqrstuvwxyz"


class Outcome(StrEnum):
    """What became of a code."""

    PASSED = "passed"
    WRONG = "wrong"
    SLOWED = "slowed"  # too many wrong ones: this one was not read


def is_owed(user: User, now: datetime) -> bool:
    """Whether a new session of ``user`` must prove more than a password (2 queries)."""
    roles = actor_for(user, now.date()).roles
    return bool(roles & set(settings.SECOND_FACTOR_ROLES)) or device_of(user) is not None


def owe(session: MutableMapping[str, object], user: User, now: datetime) -> None:
    session[OWES] = is_owed(user, now)


def owes_now(session: MutableMapping[str, object], roles: frozenset[str]) -> bool:
    """Whether the session owes the proof at this request: a role that asks for it may have been granted since."""
    if session.get(OWES):
        return True
    return not session.get(PROVED) and bool(roles & set(settings.SECOND_FACTOR_ROLES))


def note_proof(session: MutableMapping[str, object]) -> None:
    session[OWES], session[PROVED] = False, True


def device_of(user: User) -> TOTPDevice | None:
    """The app that is set up, if one is."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def pending_device(user: User) -> TOTPDevice:
    """The app that is being set up: the same until it is confirmed, so that a reload shows the same picture."""
    device, _made = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "app"})
    return device


def secret_of(device: TOTPDevice) -> str:
    """As a person types it: base 32 in fours."""
    text = base64.b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


@transaction.atomic
def confirm(*, user: User, code: str, now: datetime) -> tuple[Outcome, list[str]]:
    """Take the app into use by a code it shows; any former one is forgotten. The outcome, and the recovery codes."""
    device = pending_device(user)
    outcome = _checked(user, device, code)
    if outcome is not Outcome.PASSED:
        return outcome, []
    TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
    TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)
    audit.record(action="second_factor.set_up", obj=user, actor=user, now=now)
    return outcome, renew_codes(user=user, now=now)


@transaction.atomic
def prove(*, user: User, code: str, now: datetime) -> Outcome:
    """Check a code of the app, or a recovery code, which is then used up."""
    digits = "".join(code.split())
    device = device_of(user) if digits.isdecimal() else StaticDevice.objects.filter(user=user).first()
    outcome = _checked(user, device, digits.casefold()) if device else Outcome.WRONG
    audit.record(action=f"second_factor.{outcome}", obj=user, actor=user, now=now)
    return outcome


@transaction.atomic
def renew_codes(*, user: User, now: datetime) -> list[str]:
    """Ten new recovery codes; the old ones are void. They are shown once: only this list holds them in one piece."""
    device, _made = StaticDevice.objects.get_or_create(user=user, defaults={"name": "codes"})
    device.token_set.all().delete()
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(10)) for _ in range(CODES)]
    for code in codes:
        device.token_set.create(token=code)
    audit.record(action="second_factor.codes_renewed", obj=user, actor=user, now=now)
    return codes


def codes_left(user: User) -> int:
    return sum(device.token_set.count() for device in StaticDevice.objects.filter(user=user))


@transaction.atomic
def forget(*, user: User, actor: User, now: datetime) -> None:
    """Take app and codes away: a telephone was lost. The next sign-in sets up anew where the role asks for it."""
    for devices in (TOTPDevice, StaticDevice):
        devices.objects.filter(user=user).delete()
    audit.record(action="second_factor.forgotten", obj=user, actor=actor, now=now)


def _checked(user: User, device: TOTPDevice | StaticDevice, code: str) -> Outcome:
    may_try, _details = device.verify_is_allowed()
    if not may_try:
        return Outcome.SLOWED
    return Outcome.PASSED if verify_token(user, device.persistent_id, code) else Outcome.WRONG
