"""What a row of months says that one lamp cannot: runs and usual variation. Hints stand beside a lamp, never for it.

Two months compared say little; these look at several. Limits as on a control chart are not drawn: a cumulative year has
too few points for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from kpi.domain.values import Rag

RUN = 3
# Earlier paces needed before one of them can be called usual: by chance alone a new one is outside them 2 times in 5.
KNOWN_PACES = 4


class Hint(StrEnum):
    """In the order in which they deserve attention."""

    SHORT_WHILE_GREEN = "short_while_green"
    THREE_FALLS = "three_falls"
    THREE_AMBERS = "three_ambers"
    USUAL = "usual"


def hints(
    *, lamps: Sequence[Rag], shares: Sequence[Decimal], paces: Sequence[Decimal], is_short: bool
) -> tuple[Hint, ...]:
    """What to say beside the present lamp.

    ``lamps`` are those of the months in force, oldest first; ``shares`` the achieved shares of the plan (more is
    better) of the months that had a figure of their own; ``paces`` what was done ÷ planned step by step; ``is_short``:
    the forecast misses the target. Nothing known gives no hint.
    """
    found = []
    if is_short and lamps and lamps[-1] is Rag.GREEN:
        found.append(Hint.SHORT_WHILE_GREEN)
    last = shares[-RUN - 1 :]
    if len(last) > RUN and all(after < before for before, after in pairwise(last)):
        found.append(Hint.THREE_FALLS)
    if len(lamps) >= RUN and all(lamp is Rag.AMBER for lamp in lamps[-RUN:]):
        found.append(Hint.THREE_AMBERS)
    *earlier, pace = paces or [Decimal(0)]
    if len(earlier) >= KNOWN_PACES and min(earlier) <= pace <= max(earlier):
        found.append(Hint.USUAL)
    return tuple(found)
