"""What a password must be, and when it must be another one.

Two profiles, because the rules of two worlds contradict each other. ``mlps3`` is 等保三级: GB/T 22239-2019 8.1.4.1 a
asks for complexity and regular change, and the figures are those usual in its assessments. ``asvs`` is OWASP ASVS 5.0,
6.2.1 to 6.2.12: length alone, no rules of composition, no forced change.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import PastPassword, User

OWES = "owes_password"
LONGEST = 128
# What anybody who knows the office would try first.
CONTEXT = ("zhangjiajie", "zjj", "duchashi", "government", "zhengfu")


@dataclass(frozen=True)
class Profile:
    """``classes`` of lower, upper, digits and others to mix; ``remembered`` former ones; how long one ``lasts``."""

    shortest: int
    classes: int = 1
    remembered: int = 0
    lasts: timedelta | None = None


PROFILES = {
    "mlps3": Profile(shortest=12, classes=3, remembered=24, lasts=timedelta(days=90)),
    "asvs": Profile(shortest=15),
}


def profile() -> Profile:
    return PROFILES[settings.PASSWORD_POLICY]


class PolicyValidator:
    """The installation's profile, for Django's list of validators."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raises ``ValidationError`` with everything that is wrong, so that nobody has to find it out bit by bit."""
        wrong = list(self._faults(password, user))
        if wrong:
            raise ValidationError(wrong)

    def get_help_text(self) -> str:
        rule = profile()
        if rule.classes == 1:
            return _("至少 %(length)s 位") % {"length": rule.shortest}
        words = {"length": rule.shortest, "classes": rule.classes}
        return _("至少 %(length)s 位，大写、小写、数字、符号至少 %(classes)s 种") % words

    def _faults(self, password: str, user: User | None) -> Iterator[ValidationError]:
        rule = profile()
        if len(password) < rule.shortest or classes_of(password) < rule.classes:
            yield ValidationError(self.get_help_text(), code="password_too_simple")
        if len(password) > LONGEST:
            yield ValidationError(_("最多 %(limit)s 位") % {"limit": LONGEST}, code="password_too_long")
        if any(word in password.casefold() for word in CONTEXT):
            yield ValidationError(_("不要用单位、城市的名称或拼音"), code="password_in_context")
        if user is not None and user.pk and was_used(user, password, rule.remembered):
            words = {"count": rule.remembered}
            yield ValidationError(_("不能与最近 %(count)s 次用过的密码相同") % words, code="password_used")


def classes_of(password: str) -> int:
    """How many of lower case, upper case, digits and everything else it mixes."""
    kinds = {"Ll": "lower", "Lu": "upper", "Nd": "digit"}
    return len({kinds.get(unicodedata.category(letter), "other") for letter in password})


def was_used(user: User, password: str, remembered: int) -> bool:
    latest = user.passwords.values_list("password", flat=True)[:remembered]
    return any(check_password(password, each) for each in latest)


def must_change(user: User, now: datetime) -> bool:
    """Whether somebody else chose the password, or the profile says it is too old (1 query).

    An account without any on record has one from before they were kept: it is let be.
    """
    latest = user.passwords.first()
    if latest is None:
        return False
    lasts = profile().lasts
    return latest.is_temporary or (lasts is not None and now - latest.set_at >= lasts)


def owe(session: MutableMapping[str, object], user: User, now: datetime) -> None:
    session[OWES] = must_change(user, now)


@transaction.atomic
def put(*, user: User, password: str, actor: User | None, now: datetime) -> None:
    """Give ``user`` a password that was validated. Chosen by another person it must be changed at the next sign-in."""
    user.set_password(password)
    user.save(update_fields=["password"])
    is_temporary = actor is not None and actor.pk != user.pk
    PastPassword.objects.create(user=user, password=user.password, set_at=now, is_temporary=is_temporary)
    audit.record(action="password.changed", obj=user, actor=actor, now=now, after={"is_temporary": is_temporary})
