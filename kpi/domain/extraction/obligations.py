"""From one sentence that looks ahead to what it promises."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from kpi.domain.extraction import explaining, metrics
from kpi.domain.extraction.clauses import Piece, clauses, pieces
from kpi.domain.extraction.comparators import Bound, bounds
from kpi.domain.extraction.deadlines import Deadline, Governing, deadlines, governing
from kpi.domain.extraction.past import past_spans
from kpi.domain.extraction.strength import Firmness, firmness
from kpi.domain.extraction.targets import Target, targets
from kpi.domain.values import Comparator, Kind


@dataclass(frozen=True)
class Obligation:
    """A promise at ``text[start:end]`` of a folded sentence; ``value`` and ``number`` (its place) go together."""

    start: int
    end: int
    kind: Kind
    metric: str
    value: Decimal | None
    unit: str
    comparator: Comparator | None
    deadline: str | None
    firmness: Firmness | None
    confidence: float
    why: str
    number: tuple[int, int] | None


# Sentences about the spirit of the year promise nothing of their own.
_FRAMING = re.compile(
    r"总体要求|总的要求|指导思想|以习近平|为指导|总基调|各位代表|让我们|感谢|意义重大|迎接|上述目标|新时代|党的二十"
)
# Clauses that only lead to the next one.
_LEAD_IN = re.compile(
    r"以[^，]*?(?:为|作为)|围绕|抢抓|依托|按照|根据|通过|立足|针对|坚持以|在[^，]*(?:同时|基础上|中|下)$|充分发挥|发挥|紧扣|对标|聚焦|把[^，]*作为"
)
SHORTEST_CLAUSE = 3
# What must not happen at all.
_NEVER = re.compile(r"坚决遏制|坚决防止|坚决杜绝|零发生|不再?发生")
_RESULT = re.compile(
    r"建成|竣工|完工|投产|投用|通车|开工|出台|制定|完成|启用|试运[营行]|开园|落地|编制|贯通|交付|营业|运营|验收|开通|开业|办好|举办|通水|并网|投入使用"
)


def obligations(text: str, year: int | None, *, is_headed: bool) -> list[Obligation]:
    """All promises of a sentence in their order. ``is_headed``: headings say that this part looks ahead."""
    past = past_spans(text, year)
    found = targets(text, past)
    told = deadlines(text, year)
    with_numbers = list(_quantified(text, found, told, is_headed=is_headed))
    taken = [*((each.start, each.end) for each in with_numbers), *past]
    return sorted(
        [*with_numbers, *_unquantified(text, taken, told)], key=lambda each: (each.start, each.number or (0, 0))
    )


def _quantified(
    text: str, found: Sequence[Target], told: Sequence[Deadline], *, is_headed: bool
) -> Iterator[Obligation]:
    amounts = [each.amount for each in found]
    own_bounds = bounds(text, amounts)
    inherited = ""
    for piece in pieces(text, amounts):
        for order, index in enumerate(piece.amounts):
            inherited = metrics.metric(text, piece.start, piece.end, amounts[index], order, inherited)
            yield _with_number(text, piece, found[index], own_bounds[index], told, inherited, is_headed=is_headed)


def _with_number(
    text: str, piece: Piece, target: Target, bound: Bound, told: Sequence[Deadline], metric: str, *, is_headed: bool
) -> Obligation:
    amount = target.amount
    due = governing(text, amount.start, told)
    return Obligation(
        start=piece.start,
        end=piece.end,
        kind=metrics.kind(text[piece.start : amount.start], amount, bound.comparator, is_per_unit=target.is_per_unit),
        metric=metric,
        value=amount.value,
        unit=amount.unit,
        comparator=bound.comparator,
        deadline=due.deadline.month if due else None,
        firmness=firmness(text, piece.start, amount.start),
        confidence=explaining.confidence(target, bound, due, is_headed=is_headed),
        why=explaining.why(text, target, bound, due),
        number=(amount.start, amount.end),
    )


def _unquantified(text: str, taken: Sequence[tuple[int, int]], told: Sequence[Deadline]) -> Iterator[Obligation]:
    """Clauses without a number: a named result, with or without a date, or a way of working."""
    if _FRAMING.search(text):
        return
    led_from: int | None = None
    for start, end in clauses(text):
        is_taken = any(first < end and start < last for first, last in taken)
        if is_taken or end - start < SHORTEST_CLAUSE:
            led_from = None
        elif led_from is None and (_LEAD_IN.match(text, start, end) or _is_time(start, end, told)):
            led_from = start
        else:
            yield _without_number(text, start if led_from is None else led_from, end, told)
            led_from = None


def _is_time(start: int, end: int, told: Sequence[Deadline]) -> bool:
    """Whether a clause is nothing but a time: “9月底前，…”."""
    return any(start <= each.start and each.end <= end and end - start <= each.end - each.start + 2 for each in told)


def _without_number(text: str, start: int, end: int, told: Sequence[Deadline]) -> Obligation:
    # Of several (“5月点火、10月投产”) the last one ends it.
    inside = next((each for each in reversed(told) if start <= each.start < end), None)
    due = Governing(inside, is_carried=False) if inside else None
    is_result = due is not None or _RESULT.search(text, start, end) is not None
    sure = explaining.DATED if due else explaining.RESULT if is_result else explaining.QUALITATIVE
    kind = Kind.MILESTONE if is_result else Kind.STAGE
    return Obligation(
        start=start,
        end=end,
        kind=Kind.BOTTOM_LINE if _NEVER.search(text, start, end) else kind,
        metric=text[start:end][: metrics.LONGEST],
        value=None,
        unit="",
        comparator=None,
        deadline=due.deadline.month if due else None,
        firmness=firmness(text, start, end),
        confidence=sure,
        why=explaining.why_without_number(text, due),
        number=None,
    )
