"""What an auditor asks of the trail, as it was typed, and what is known of the chain, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.chain_checks import CHECKPOINT_IS_OLD, Standing
from kpi import trail_words
from kpi.selectors import trail
from kpi.selectors.trail import KIND, Filters

LONGEST = {"text": 60, "person": 60, "action": 60, "outcome": 20, "thing": 100}
DAYS = ("since", "until")
# The night's check may be missed once before it is worth a colour.
CHECK_IS_OLD = timedelta(hours=49)


@dataclass(frozen=True)
class Asked:
    """The form: what was typed, what is wrong with it by field, and the filters it comes to."""

    typed: Mapping[str, str]
    errors: Mapping[str, Promise | str]
    filters: Filters

    @classmethod
    def read(cls, sent: Mapping[str, str]) -> Asked:
        typed = {name: sent.get(name, "").strip()[:most] for name, most in LONGEST.items()}
        typed |= {name: sent.get(name, "").strip()[:10] for name in DAYS}
        errors: dict[str, Promise | str] = {}
        days = {name: _day(name, typed[name], errors) for name in DAYS}
        if not errors and days["since"] and days["until"] and days["since"] > days["until"]:
            errors["until"] = _("止日不能早于起日")
        if typed["action"] and not _is_action(typed["action"]):
            errors["action"] = _("没有这类动作，请从列表中选择")
        if typed["outcome"] and typed["outcome"] not in trail_words.OUTCOME:
            errors["outcome"] = _("没有这种结果，请从列表中选择")
        person = typed["person"]
        is_account = bool(person) and person.lower() not in trail.SYSTEM
        people = trail.people_named(person) if is_account else None
        if people == ():
            errors["person"] = _("没有这个用户名或姓名；查系统自动做的事，请填“系统”")
        return cls(typed, errors, Filters(**{name: typed[name] for name in LONGEST}, **days, people=people))


def _day(name: str, text: str, errors: dict[str, Promise | str]) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        errors[name] = _("日期请写成 2025-07-02 的样子")
        return None


def _is_action(text: str) -> bool:
    return text.removeprefix(KIND) in trail_words.KINDS if text.startswith(KIND) else trail_words.is_known(text)


def place(text: str) -> int | None:
    """An entry's number out of an address; anything else is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


@dataclass(frozen=True)
class Light:
    """A state as colour, shape and word together."""

    css: str
    sign: str
    word: Promise | str


def chain_light(standing: Standing, now: datetime) -> Light:
    """What the last finished check of the chain says, and whether it is recent."""
    last = standing.last
    if last is None:
        return Light("", "○", _("尚未校验"))
    if not last.is_intact:
        return Light("tag-bad", "✕", _("记录不完整"))
    if last.finished_at is not None and now - last.finished_at > CHECK_IS_OLD:
        return Light("tag-warn", "!", _("校验已过期"))
    return Light("tag-good", "✓", _("记录完整"))


def checkpoint_light(standing: Standing, real_now: datetime) -> Light:
    """Whether the head of the chain was lately written down outside the database."""
    age = standing.checkpoint_age(real_now)
    if age is None:
        return Light("tag-warn", "!", _("还没有库外留痕"))
    if age > CHECKPOINT_IS_OLD:
        return Light("tag-warn", "!", _("库外留痕已过期"))
    return Light("tag-good", "✓", _("库外留痕正常"))
