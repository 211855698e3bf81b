"""How firmly something is promised: the word, and its grade."""

from __future__ import annotations

import re

from kpi.domain.values import Strength

_WORDS: tuple[tuple[Strength, tuple[str, ...]], ...] = (
    (Strength.MUST, ("确保", "务必", "必须", "坚决", "严格", "保证", "守住", "守牢", "扛牢", "不得", "控制在")),
    (Strength.AIM, ("力争", "争取", "奋力", "力求", "争创", "努力", "预期")),
    (
        Strength.SUPPORT,
        (
            *("推动", "推进", "加快", "支持", "促进", "鼓励", "引导", "探索", "深化", "完善", "加强", "强化", "提升", "优化", "健全", "培育", "打造", "持续"),
            *("大力", "着力", "积极", "稳步", "逐步", "深入", "继续", "统筹", "抓好", "办好", "实施", "落实", "建设", "发展", "扩大", "提高", "开展", "做好"),
        ),
    ),
)
_GRADES = {word: grade for grade, words in _WORDS for word in words}
_ANY = re.compile("|".join(_GRADES))
_FIRM = re.compile("|".join(word for grade, words in _WORDS[:2] for word in words))


def strength(text: str, start: int, place: int) -> tuple[str, Strength] | None:
    """The word that governs what stands at ``place``: the last firm one of the sentence so far, else its clause's own.

    ``start`` is where the quoted clause begins. A firm word (确保, 力争) holds for the items behind it.
    """
    begin = text.rfind("；", 0, place) + 1
    firm = [found[0] for found in _FIRM.finditer(text, begin, place)]
    own = _ANY.search(text, start, max(place, start))
    word = firm[-1] if firm else own[0] if own else None
    return None if word is None else (word, _GRADES[word])
