"""From one sentence that looks ahead to the commitments in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from kpi.domain.extraction import clauses, metrics
from kpi.domain.extraction.amounts import Amount, Form, amounts
from kpi.domain.extraction.comparators import shared
from kpi.domain.extraction.contexts import is_described, past_spans, start_spans
from kpi.domain.extraction.deadlines import Deadline, deadlines, governing
from kpi.domain.extraction.names import names
from kpi.domain.extraction.strength import strength
from kpi.domain.values import Comparator, Kind, Strength


@dataclass(frozen=True)
class Found:
    """A commitment at ``text[start:end]`` of a folded sentence; without a number ``value`` is ``None``."""

    start: int
    end: int
    kind: Kind
    metric: str
    value: Decimal | None
    unit: str
    comparator: Comparator | None
    deadline: str | None
    strength: str | None
    grade: Strength | None
    confidence: float
    why: str
    number: tuple[int, int] | None = None


_EACH = re.compile(
    r"每(?:一)?个?(?P<unit>县（市、区）|县（区）|市县|县市区|区县|县区|县|区|市州|市|乡镇（街道）|镇（街道）|镇街|乡镇街道|乡镇|镇|乡|街道|社区|行政村|建制村|贫困村|村居|村|园区|学校|部门|单位|产业链)(?![民长级])"
)
_NOUNS = (("企业", "家"), ("公司", "家"), ("机构", "家"), ("景区", "家"), ("医院", "家"), ("酒店", "家"), ("高校", "所"), ("学校", "所"), ("项目", "个"))
_FRAMING = re.compile(r"总体要求|总的要求|指导思想|以习近平|为指导|总基调|各位代表|让我们|感谢|意义重大|迎接|上述目标|新时代|党的二十")
_LEAD_IN = re.compile(r"^(?:以[^，]*?(?:为|作为)|围绕|抢抓|依托|按照|根据|通过|立足|针对|坚持以|在[^，]*(?:同时|基础上|中|下)$|充分发挥|发挥|紧扣|对标|聚焦|把[^，]*作为)")
_LABEL_LENGTH = 13
_DELIVERED = re.compile(r"建成|竣工|完工|投产|投用|通车|开工|出台|制定|完成|启用|试运[营行]|开园|落地|编制|贯通|交付|营业|运营|验收|开通|开业|办好|举办|通水|并网|供水|投入使用")


def commitments(text: str, year: int | None, *, is_label: bool = False) -> list[Found]:
    """All commitments of a sentence. ``is_label``: it may be the run-in heading of its paragraph."""
    targets = _targets(text, year)
    told = deadlines(text, year)
    comparators = shared(text, targets)
    past = past_spans(text, year)
    found: list[Found] = []
    inherited = ""
    for piece in clauses.pieces(text, targets):
        for order, index in enumerate(piece.amounts):
            made = _quantified(text, piece, targets[index], order, comparators[index], told, inherited)
            found.append(made)
            inherited = made.metric
    covered = [(each.start, each.end) for each in found]
    found.extend(_unquantified(text, covered, past, told, is_label=is_label))
    return sorted(found, key=lambda each: (each.start, each.number or (each.start, each.start)))


def _targets(text: str, year: int | None) -> list[Amount]:
    """The numbers that are to be reached."""
    if not re.search(r"[0-9一二两三四五六七八九十百千万亿半番零首榜前覆]", text):
        return []
    barred = [*names(text), *past_spans(text, year), *start_spans(text)]
    kept: list[Amount] = []
    for each in amounts(text):
        if each.form is not Form.RANK and _touches(each, barred):
            continue
        if each.form is Form.RANK and _touches(each, [*past_spans(text, year), *start_spans(text)]):
            continue
        if not is_described(text, each, kept):
            kept.append(_per_unit(text, _with_unit(text, each)))
    return kept


def _touches(amount: Amount, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start < amount.end and amount.start < end for start, end in spans)


def _with_unit(text: str, amount: Amount) -> Amount:
    if amount.form is not Form.FIRST_ONES:
        return amount
    before = text[max(0, amount.start - 20) : amount.start]
    named = [(before.rfind(noun), unit) for noun, unit in _NOUNS if noun in before]
    return replace(amount, unit=max(named)[1] if named else "个")


def _per_unit(text: str, amount: Amount) -> Amount:
    """“每个乡镇引进1家以上”: 家/乡镇. Ranks and shares have no such unit."""
    begin = max(text.rfind(mark, 0, amount.start) for mark in "，；。：") + 1
    each = list(_EACH.finditer(text, begin, amount.start))
    if not each or amount.form in (Form.RANK, Form.COVERAGE, Form.MULTIPLE) or amount.unit in ("%", "个百分点", "‰"):
        return amount
    return replace(amount, unit=f"{amount.unit}/{each[-1]['unit']}")


def _quantified(
    text: str,
    piece: clauses.Piece,
    amount: Amount,
    order: int,
    comparator: tuple[Comparator, str],
    told: list[Deadline],
    inherited: str,
) -> Found:
    due = governing(text, amount.start, told)
    firm = strength(text, piece.start, amount.start)
    words = metrics.metric(text, piece.start, piece.end, amount, order, inherited)
    meaning, read_from = comparator
    return Found(
        start=piece.start,
        end=piece.end,
        kind=metrics.kind(text[piece.start : amount.start], amount, meaning),
        metric=words,
        value=amount.value,
        unit=amount.unit,
        comparator=meaning,
        deadline=due.month if due else None,
        strength=firm[0] if firm else None,
        grade=firm[1] if firm else None,
        confidence=0.9,
        why=_why(text, amount, meaning, read_from, due),
        number=(amount.start, amount.end),
    )


def _why(text: str, amount: Amount, meaning: Comparator, read_from: str, due: Deadline | None) -> str:
    written = text[amount.start : amount.end]
    parts = [f"数字取自“{written}”", f"“{read_from}”读作{meaning}" if read_from else "没有限定词，读作="]
    parts.append(f"时限取自“{text[due.start : due.end]}”" if due else "未写明时限")
    return "；".join(parts)


def _unquantified(
    text: str, covered: Sequence[tuple[int, int]], past: Sequence[tuple[int, int]], told: list[Deadline], *, is_label: bool
) -> Iterator[Found]:
    """Clauses without a number: a named result with or without a date, or a way of working."""
    if _FRAMING.search(text):
        return
    parts = clauses.clauses(text)
    if is_label and len(parts) == 1 and parts[0][1] - parts[0][0] <= _LABEL_LENGTH:
        return
    waiting: int | None = None
    for start, end in parts:
        free = not any(first < end and start < last for first, last in (*covered, *past))
        if not free or end - start < 4:
            waiting = None
            continue
        if _LEAD_IN.match(text[start:end]) and waiting is None:
            waiting = start
            continue
        yield _plain(text, start if waiting is None else waiting, end, told)
        waiting = None


def _plain(text: str, start: int, end: int, told: list[Deadline]) -> Found:
    due = next((each for each in told if start <= each.start < end), None)
    firm = strength(text, start, end)
    is_result = due is not None or _DELIVERED.search(text, start, end) is not None
    return Found(
        start=start,
        end=end,
        kind=Kind.MILESTONE if is_result else Kind.STAGE,
        metric=text[start:end][:60],
        value=None,
        unit="",
        comparator=None,
        deadline=due.month if due else None,
        strength=firm[0] if firm else None,
        grade=firm[1] if firm else None,
        confidence=0.7 if due else 0.5,
        why="没有数字" + (f"；时限取自“{text[due.start : due.end]}”" if due else "；未写明时限"),
    )
