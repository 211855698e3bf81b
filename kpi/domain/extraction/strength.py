"""How firmly something is promised: the word, and its grade."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kpi.domain.values import Strength

_FIRM = re.compile(
    r"(?P<must>确保|务必|必须|坚决|严格|保证|守住|守牢|扛牢|不得|控制在)|(?P<aim>力争|争取|奋力|力求|争创|努力|预期)"
)
_PLAIN = re.compile(
    r"(?P<support>推动|推进|加快|支持|促进|鼓励|引导|探索|深化|完善|加强|强化|提升|优化|健全|培育|打造|持续|大力|着力|积极|稳步|逐步|深入|继续"
    r"|统筹|抓好|办好|实施|落实|建设|发展|扩大|提高|开展|做好)"
)
# How far a firm word can stand before what it governs.
FARTHEST = 150


@dataclass(frozen=True)
class Firmness:
    """The word as the report has it, and its grade."""

    word: str
    grade: Strength


def firmness(text: str, start: int, place: int) -> Firmness | None:
    """How firmly what stands at ``place`` is promised: by its own clause, else by the last firm word before it.

    ``start`` is where the quoted clause begins. A firm word (确保, 力争) holds for items behind it that have no verb.
    """
    own = _FIRM.search(text, start, place) or _PLAIN.search(text, start, place)
    if own is None:
        begin = max(text.rfind("；", 0, place) + 1, place - FARTHEST)
        own = next(reversed(list(_FIRM.finditer(text, begin, place))), None)
    return Firmness(own[0], Strength(own.lastgroup or "")) if own else None
