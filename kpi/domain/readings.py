"""What the rules read in each phrase of a report, and the task that this proposes.

``read_report`` gives the phrases, one for each number and for each promise without one; a sentence of the plan in which
nothing was read is one itself, so that nobody forgets it. ``proposed_task`` fills in the form of an indicator.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from kpi.domain import phrases
from kpi.domain.decomposition import LONGEST, SHORTEST, Span, Sureness, apart, sureness, trimmed
from kpi.domain.extraction import Extracted, Role, Side, extract, outline
from kpi.domain.plan_shapes import Preset
from kpi.domain.values import WHOLE_KINDS, Accumulation, Comparator, Kind, Polarity, Strength

LONGEST_NAME, LONGEST_UNIT, LONGEST_NODE = 60, 20, 80
NOTHING_READ = "没有读到承诺，请看这句话要不要立项"
OWN_PHRASE = "自己选的一句话"
# A rate of growth is what it is in each month; it is not gathered from nothing.
GROWTH = re.compile(r"增长|增速|涨幅|下降|降低|降幅|失业率")
# “从380元提高至1000元”: a level, not a sum of the year.
LEVEL = re.compile(r"(?:提高|提升|增加|增长|扩大)[至到]")
FIRM_WORD = re.compile(r"^(?:确保|力争|争取)(?:实现|完成)?")
# “1家/乡镇”: what each of them must have.
SCOPES = {
    "乡镇": "township",
    "街道": "township",
    "区县": "district",
    "县区": "district",
    "县": "district",
    "区": "district",
}


@dataclass(frozen=True)
class Reading:
    """What was read in a phrase; of a range ``value`` is the near end and ``high`` the far one.

    ``number`` is the place of the number, ``deadline`` is ``YYYY-MM``; words that were not read are empty.
    """

    kind: Kind
    metric: str
    value: Decimal | None = None
    high: Decimal | None = None
    unit: str = ""
    comparator: str = ""
    deadline: str = ""
    strength: str = ""
    grade: str = ""
    confidence: float = 0.0
    why: str = NOTHING_READ
    number: Span | None = None
    section: str = ""

    @property
    def is_range(self) -> bool:
        return self.high is not None

    @property
    def sureness(self) -> Sureness:
        return sureness(self.confidence, is_range=self.is_range)

    def as_json(self) -> dict[str, Any]:
        """Plain values; figures as text, so that none is changed on the way."""
        plain = asdict(self)
        return plain | {name: None if plain[name] is None else str(plain[name]) for name in ("value", "high")}

    @classmethod
    def of_json(cls, plain: Mapping[str, Any]) -> Reading:
        figures = {name: None if plain[name] is None else Decimal(plain[name]) for name in ("value", "high")}
        number = tuple(plain["number"]) if plain["number"] else None
        return cls(**{**plain, **figures, "kind": Kind(plain["kind"]), "number": number})


@dataclass(frozen=True)
class Piece:
    """A phrase at ``span`` of a sentence; several of one place say a number each, counted by ``ordinal``."""

    span: Span
    ordinal: int
    sentence: Span
    reading: Reading


def read_report(text: str, year: int, taken: Sequence[Span] = ()) -> list[Piece]:
    """Every phrase that may become a task, in the order of the text; none crosses what is ``taken`` already."""
    found = [(_clipped(each), each) for each in extract(text, year)]
    kept = [found[index] for index in apart([span for span, _each in found], taken)]
    pieces = [*_with_ranges_joined([Piece(span, 0, each.sentence, _reading_of(each)) for span, each in kept])]
    held = [*taken, *(piece.span for piece in pieces)]
    return numbered([*pieces, *_unread_sentences(text, year, held)])


def _clipped(found: Extracted) -> Span:
    return found.start, min(found.end, found.start + LONGEST)


def _reading_of(found: Extracted) -> Reading:
    return Reading(
        kind=found.kind,
        metric=found.metric,
        value=found.value,
        unit=found.unit,
        comparator=str(found.comparator or ""),
        deadline=found.deadline or "",
        strength=found.strength or "",
        grade=str(found.grade or ""),
        confidence=found.confidence,
        why=found.why,
        number=found.number,
        section=found.section,
    )


def _with_ranges_joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The two ends of a range are two numbers to the rules and one target to a person."""
    near: Piece | None = None
    for piece in pieces:
        is_end = piece.reading.comparator == Comparator.RANGE
        if near is not None and is_end and near.span == piece.span:
            yield replace(near, reading=replace(near.reading, high=piece.reading.value))
            near = None
            continue
        if near is not None:
            yield near
        near = piece if is_end else None
        if not is_end:
            yield piece
    if near is not None:
        yield near


def _unread_sentences(text: str, year: int, held: Sequence[Span]) -> Iterator[Piece]:
    for sentence in plan_sentences(text, year):
        start, end = trimmed(text, *sentence)
        if end - start < SHORTEST or any(first < end and start < last for first, last in held):
            continue
        yield unread(text, sentence)


def unread(text: str, sentence: Span, section: str = "") -> Piece:
    """A whole sentence in which nothing was read."""
    start, end = trimmed(text, *sentence)
    reading = Reading(Kind.STAGE, one_line(text[start:end])[:LONGEST_NAME], section=section)
    return Piece((start, min(end, start + LONGEST)), 0, sentence, reading)


def plan_sentences(text: str, year: int) -> list[Span]:
    """The sentences that somebody has to own."""
    found = outline(text, year).sentences
    return [each.span for each in found if each.side is Side.PLAN and each.role is Role.SENTENCE]


def numbered(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces in the order of the text, those of one place counted from 0."""
    seen: dict[Span, int] = {}
    ordered = []
    for piece in sorted(pieces, key=lambda each: (each.span, each.reading.number or (0, 0))):
        ordinal = seen[piece.span] = seen.get(piece.span, -1) + 1
        ordered.append(replace(piece, ordinal=ordinal))
    return ordered


def one_line(words: str) -> str:
    """A phrase without the line breaks that the paper put into it."""
    return re.sub(r"\s*\n\s*", "", words).strip()


def shared_out(readings: Sequence[Reading], parts: Sequence[Span], text: str) -> list[tuple[Span, Reading]]:
    """The readings of a phrase over its parts: each where its number stands; a part without one reads nothing."""
    found: list[tuple[Span, Reading]] = []
    for part in parts:
        own = [each for each in readings if each.number and part[0] <= each.number[0] and each.number[1] <= part[1]]
        section = readings[0].section
        found += [(part, each) for each in own] or [(part, own_reading(text[slice(*part)], section))]
    return found


def brought_together(readings: Sequence[Reading], words: str) -> list[Reading]:
    """The readings of phrases that became one: every number stays; without any the whole is read as one promise."""
    numbers = [each for each in readings if each.value is not None]
    return numbers or [replace(readings[0], metric=one_line(words)[:LONGEST_NAME])]


def own_reading(words: str, section: str) -> Reading:
    """What a phrase that a person chose says by itself."""
    said = phrases.read(words)
    has_number = said.kind in (Kind.CUMULATIVE, Kind.RATIO, Kind.RANK) and said.target is not None
    return Reading(
        kind=said.kind,
        metric=one_line(words)[:LONGEST_NAME],
        value=said.target if has_number else None,
        unit=said.unit if has_number else "",
        comparator=str(said.comparator) if has_number else "",
        deadline=f"{said.due_on:%Y-%m}" if said.due_on else "",
        grade=str(phrases.strength_of(words)),
        why=OWN_PHRASE,
        section=section,
    )


def proposed_task(
    reading: Reading, words: str, year: int, *, is_shared: bool, units: Mapping[str, int]
) -> dict[str, Any]:
    """The fields of an indicator's form, as they would be typed; what nobody can know is empty.

    ``units`` counts townships and districts by scope. ``is_shared``: the phrase says other numbers too.
    """
    due = _due(reading.deadline, year)
    task: dict[str, Any] = {
        "name": _name(reading, words, is_shared=is_shared),
        "strength": reading.grade or str(Strength.SUPPORT),
        "final_due_on": due.isoformat(),
        "frequency": "monthly",
        "preset": str(Preset.EVEN),
        "months": [],
        "nodes": "",
        "range_end": "",
        "coverage_scope": "",
        "decimals": "0",
        "polarity": str(Polarity.HIGHER_IS_BETTER),
        "comparator": str(Comparator.AT_LEAST),
    }
    return task | _measured(reading, one_line(words), due, year, units)


def _name(reading: Reading, words: str, *, is_shared: bool) -> str:
    if is_shared and reading.value is not None:
        return f"{reading.metric}{reading.value.normalize():f}{reading.unit}"[:LONGEST_NAME]
    return FIRM_WORD.sub("", one_line(words))[:LONGEST_NAME]


def _due(deadline: str, year: int) -> date:
    if not deadline:
        return date(year, 12, 31)
    due_year, month = (int(part) for part in deadline.split("-"))
    return date(due_year, month, monthrange(due_year, month)[1])


def _measured(reading: Reading, words: str, due: date, year: int, units: Mapping[str, int]) -> dict[str, Any]:
    if reading.value is None:
        return _unmeasured(reading, words, due, year)
    counted, _slash, each = reading.unit.partition("/")
    if each in SCOPES:
        scope = SCOPES[each]
        return {
            "kind": str(Kind.COVERAGE),
            "unit": "个区县" if scope == "district" else "个乡镇",
            "accumulation": str(Accumulation.YEAR_TO_DATE),
            "coverage_scope": scope,
            "target": str(units.get(scope) or ""),
            "definition": f"达到{reading.value.normalize():f}{counted}要求的{each}数",
        }
    if reading.comparator == Comparator.RANK:
        settled = {"kind": str(Kind.RANK), "unit": "位", "accumulation": str(Accumulation.POINT_IN_TIME)}
        return settled | {"comparator": "rank", "target": _plain(reading.value)}
    return _figure(reading, words)


def _figure(reading: Reading, words: str) -> dict[str, Any]:
    assert reading.value is not None
    is_rate = reading.unit in ("%", "个百分点") and GROWTH.search(words) is not None
    kind = Kind.RATIO if reading.unit == "%" else reading.kind
    if is_rate or (kind is Kind.CUMULATIVE and LEVEL.search(words)):
        kind = Kind.POINT_IN_TIME
    is_less = reading.comparator in (Comparator.AT_MOST, Comparator.LESS_THAN)
    return {
        "kind": str(kind if kind is not Kind.COVERAGE else Kind.CUMULATIVE),
        "unit": reading.unit[:LONGEST_UNIT],
        "decimals": "0" if kind in WHOLE_KINDS else str(_places(reading)),
        "target": _plain(reading.value),
        "comparator": reading.comparator or str(Comparator.EQUAL),
        "polarity": str(Polarity.LOWER_IS_BETTER if is_less else Polarity.HIGHER_IS_BETTER),
        "accumulation": str(_accumulation(kind, is_rate=is_rate)),
    }


def _accumulation(kind: Kind, *, is_rate: bool) -> Accumulation:
    if is_rate:
        return Accumulation.PERIOD
    if kind is Kind.RATIO:
        return Accumulation.RATIO
    return Accumulation.POINT_IN_TIME if kind is Kind.POINT_IN_TIME else Accumulation.YEAR_TO_DATE


def _places(reading: Reading) -> int:
    exponents = [
        Decimal(end).normalize().as_tuple().exponent for end in (reading.value, reading.high) if end is not None
    ]
    return min(4, max(0, *(-int(each) for each in exponents), 0))


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _unmeasured(reading: Reading, words: str, due: date, year: int) -> dict[str, Any]:
    """A bottom line where the words draw one; a named result as one node on its day; else four stages by quarter."""
    if phrases.read(words).kind is Kind.BOTTOM_LINE:
        said = phrases.read(words)
        settled = {"kind": str(said.kind), "unit": said.unit, "comparator": str(said.comparator), "target": "0"}
        return settled | {"polarity": str(said.polarity), "accumulation": str(said.accumulation)}
    if reading.kind is Kind.MILESTONE:
        day = min(due, date(year, 12, 31))
        return {
            "kind": str(Kind.MILESTONE),
            "unit": "个节点",
            "accumulation": str(Accumulation.YEAR_TO_DATE),
            "nodes": f"{day.isoformat()} {FIRM_WORD.sub('', words)[:LONGEST_NODE]}",
        }
    return {
        "kind": str(Kind.STAGE),
        "unit": "阶段",
        "target": "4",
        "accumulation": str(Accumulation.POINT_IN_TIME),
        "frequency": "quarterly",
        "preset": str(Preset.QUARTER_ENDS),
    }
