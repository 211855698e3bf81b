"""What an answer of the far end means. Its own code decides, never the HTTP status.

Each channel has one table of these; ``docs/channels.md`` shows the same tables (tests keep them equal).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.channels.base import (
    MessageRefused,
    OutOfOrder,
    PermanentFailure,
    RateLimited,
    TemporaryFailure,
)
from notifications.channels.redaction import redacted

# How much of the far end's own words is kept.
MOST_SAID = 120
# Platforms have used several codes for it; the words have stayed.
TOO_OFTEN = ("too fast", "too many", "frequency", "freq out of limit", "rate limit", "限流", "频率", "太快")


class Meaning(StrEnum):
    """What happens next; the values stand in the tables of ``docs/channels.md``."""

    SENT = "sent"
    BUSY = "try again"
    RATE = "pause"
    REFUSED = "message dead"
    WRONG_ADDRESS = "address dead"
    OUT_OF_ORDER = "channel waits"


class Answer(NamedTuple):
    """``words`` are what the office reads."""

    meaning: Meaning
    words: Promise | str


Answers = Mapping[int | str, Answer]
SENT = Answer(Meaning.SENT, gettext_lazy("已发送"))


def judge(answers: Answers, code: object, said: str, pause: timedelta, *secrets: str) -> None:
    """Return where the far end has accepted; raise the failure that its answer means.

    An answer nobody knows is never taken for success: it is tried again and given up in the end.
    """
    said = " ".join(redacted(said, *secrets).split())[:MOST_SAID]
    known = answers.get(code) if isinstance(code, int | str) and not isinstance(code, bool) else None
    if known is None or known.meaning is Meaning.REFUSED:
        known = _by_words(said) or known or UNKNOWN
    if known.meaning is Meaning.SENT:
        return
    shown = str(known.words)
    if known is UNKNOWN:
        shown = _("%(words)s：%(said)s") % {"words": shown, "said": said or "--"}
    _fail(known.meaning, shown, str(code), pause)


UNKNOWN = Answer(Meaning.BUSY, gettext_lazy("对方返回了未知的结果"))
ASKED_TO_WAIT = Answer(Meaning.RATE, gettext_lazy("发送太频繁，被限流"))


def _by_words(said: str) -> Answer | None:
    return ASKED_TO_WAIT if any(word in said.lower() for word in TOO_OFTEN) else None


def _fail(meaning: Meaning, words: str, code: str, pause: timedelta) -> None:
    match meaning:
        case Meaning.RATE:
            raise RateLimited(words, code, pause)
        case Meaning.REFUSED:
            raise MessageRefused(words, code)
        case Meaning.WRONG_ADDRESS:
            raise PermanentFailure(words, code)
        case Meaning.OUT_OF_ORDER:
            raise OutOfOrder(words, code)
        case _:
            raise TemporaryFailure(words, code)
